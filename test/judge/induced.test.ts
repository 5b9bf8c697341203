// Induced load as it is judged and told: amplification over the run, its phases, and its worst ten seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inducedLoad } from '../../src/judge/induced.js';
import { judge } from '../../src/judge/verdict.js';
import { OUTCOME_INDEX } from '../../src/measure/outcome.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import { summarise } from '../../src/report/json.js';
import { paintFor } from '../../src/report/paint.js';
import { SUMMARY } from '../../src/report/summary-schema.js';
import { textReport } from '../../src/report/text.js';
import type { Retries } from '../../src/scenario/retry-plan.js';
import { simulate } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const RETRIES: Retries = {
  attempts: 3,
  on: [],
  statuses: [503],
  methods: ['GET'],
  timeoutUs: 2e6,
  backoff: { baseUs: 50_000, factor: 2, maxUs: 1e6, jitter: 'full' },
  budget: null,
  retryAfterMaxUs: null,
};

/** A minute at 50/s, in which everything fails from 0:20 to 0:30. */
function minute(parts: {
  readonly retries?: Retries;
  readonly abandon?: { chance: number; slowerUs: null };
}) {
  const { plan, inputs } = steadyPlan({ ratePerSec: 50, seconds: 60, timeoutUs: 2e6 });
  const { snapshot } = simulate({
    plan: { ...plan, ...parts },
    inputs,
    target: (_seq, atUs) => ({ serviceUs: 2_000, status: atUs >= 20e6 && atUs < 30e6 ? 503 : 200 }),
  });
  return snapshot;
}

test('amplification is attempts for each operation: in all, by phase, and in the worst ten seconds', () => {
  const snapshot = minute({ retries: RETRIES });
  const induced = inducedLoad(snapshot);
  assert.ok(induced !== null);
  const { counts } = sumGroups(snapshot);
  assert.equal(induced.whole.operations, counts.planned);
  assert.equal(induced.whole.again, counts.attempts - counts.planned);
  assert.equal(induced.whole.amplification, counts.attempts / counts.planned);
  assert.equal(induced.worst?.fromS, 20);
  assert.ok((induced.worst?.amplification ?? 0) > 2.8 && (induced.worst?.amplification ?? 0) <= 3.1);
  const [phase] = induced.phases;
  assert.deepEqual(phase, { phase: 'steady', ...induced.whole });
  const sent = induced.slices.reduce((sum, { operations, again }) => sum + operations + again, 0);
  assert.equal(sent, counts.attempts);
  assert.equal(inducedLoad(minute({})), null);
});

test('reports tell it where the plan has retries or visitors who leave, and else say nothing', () => {
  const lines = (snapshot: ReturnType<typeof minute>) =>
    textReport(snapshot, judge(snapshot), { width: 100, paint: paintFor(0) }).replace(/\n {12}/g, ' ');
  const retried = minute({ retries: { ...RETRIES, budget: 0.2 } });
  const text = lines(retried);
  assert.match(text, /Retries +[\d,]+ retries, 1\.\d\d attempts a request at the worst \(0:[23]0\)/);
  assert.match(text, /of the load was induced; the budget refused [\d,]+ retries/);
  assert.match(text, /RETRIES +first attempts +sent again +attempts a request/);
  const left = minute({ abandon: { chance: 1, slowerUs: null } });
  const abandoned = sumGroups(left).counts.outcomes[OUTCOME_INDEX.abandoned];
  assert.match(lines(left), new RegExp(`Retries +\\d+ visits abandoned, with ${abandoned} requests`));
  assert.doesNotMatch(lines(minute({})), /retries/i);
  for (const snapshot of [retried, left, minute({})]) {
    const summary = SUMMARY.parse(summarise(snapshot, judge(snapshot)));
    assert.equal(summary.induced?.again, inducedLoad(snapshot)?.whole.again);
  }
});
