// A thread that is gone: its share is counted exactly as the schedule has it, and the whole still adds up.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { judge } from '../../src/judge/verdict.js';
import { OUTCOME_INDEX } from '../../src/measure/outcome.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import type { Plan, PlanInputs } from '../../src/scenario/plan.js';
import { countStream } from '../../src/schedule/forecast.js';
import type { Shard } from '../../src/schedule/lanes.js';
import { countLost } from '../../src/workers/lost.js';
import { Watchdog } from '../../src/workers/watchdog.js';
import { journalText, ResultFolder, simulateJournal } from '../support/journals.js';
import { plans } from '../support/plans.js';
import { arrivalsOf, inputOf } from '../support/recorded-simulation.js';
import { planOf, row } from '../support/recordings.js';

const folder = new ResultFolder();
after(() => folder.remove());

const PHASES = [{ name: 'steady', startS: 0, endS: 1e9 }] as const;

/** Planned by second, all of it unsent. */
async function lostBySecond(plan: Plan, inputs: PlanInputs, shard: Shard, fromS: number, untilUs: number) {
  const open = () => () => rowsOnce();
  const lost = await countLost({ plan, inputs, phases: PHASES, secrets: {}, open, shard, fromS, untilUs });
  const bySecond = new Map<number, number>();
  for (const { windowS, planned, outcomes, sent } of lost.cells) {
    assert.equal(outcomes[OUTCOME_INDEX.unsent], planned);
    assert.equal(sent, 0);
    bySecond.set(windowS, (bySecond.get(windowS) ?? 0) + planned);
  }
  return bySecond;
}

const ROWS = Array.from({ length: 400 }, (_, i) => row(i * 25_000, { client: `c${i % 40}` }));
async function* rowsOnce() {
  yield ROWS.slice(0, 150);
  yield ROWS.slice(150);
}

describe('what a lost thread had due', () => {
  it('is counted second by second as the forecast counts it', async () => {
    const share = fc.record({ i: fc.integer({ min: 0, max: 3 }), fromS: fc.nat(20), lengthS: fc.nat(40) });
    await fc.assert(
      fc.asyncProperty(plans, share, async ({ plan, inputs }, { i, fromS, lengthS }) => {
        const shard = { i, n: 4 };
        const expected = new Map<number, number>();
        plan.streams.forEach((stream, s) => {
          const input = inputs.streams[s];
          if (stream.kind !== 'rate' || input?.kind !== 'rate') return;
          countStream(plan, stream, s, input, shard).perSecond.forEach((n, second) => {
            if (n === 0 || second < fromS || second >= fromS + lengthS) return;
            expected.set(second, (expected.get(second) ?? 0) + n);
          });
        });
        const found = await lostBySecond(plan, inputs, shard, fromS, (fromS + lengthS) * 1e6);
        assert.deepEqual([...found].sort(byKey), [...expected].sort(byKey));
      }),
      { numRuns: 40 },
    );
  });

  it('is counted of a recording by reading it again, up to the stop', async () => {
    const plan = planOf({});
    const inputs = { streams: [inputOf(ROWS)] };
    const shard = { i: 1, n: 2 };
    const [fromS, untilUs] = [3, 7_400_000];
    const expected = new Map<number, number>();
    for (const arrivals = arrivalsOf(plan, 0, ROWS, shard); arrivals.dueUs < untilUs; arrivals.advance()) {
      const second = Math.floor(arrivals.dueUs / 1e6);
      if (second >= fromS) expected.set(second, (expected.get(second) ?? 0) + 1);
    }
    assert.ok(expected.size > 3);
    assert.deepEqual(await lostBySecond(plan, inputs, shard, fromS, untilUs), expected);
  });

  for (const atUs of [0, 700_000, 6_300_000, 11_000_000, 19_999_999]) {
    it(`is unsent when it dies at ${atUs} µs, and planned = Σ outcomes = what was due by then`, async () => {
      const { lines, dueUs } = await simulateJournal({ atUs });
      const { snapshot } = await folder.read(journalText(lines));
      const { counts } = sumGroups(snapshot);
      assert.equal(counts.planned, dueUs.filter((due) => due < atUs).length);
      assert.deepEqual(brokenConservation(snapshot), []);
      for (const [windowS, { streams }] of snapshot.seconds) {
        const due = dueUs.filter((us) => us < atUs && Math.floor(us / 1e6) === windowS).length;
        const all = streams.reduce((sum, { planned }) => sum + planned, 0);
        assert.equal(all, due);
      }
      if (atUs > 0) assert.ok((counts.outcomes[OUTCOME_INDEX.unsent] as number) > 0);
      const { verdict, reasons } = judge(snapshot);
      assert.equal(verdict, 'untrustworthy');
      assert.ok(reasons.some(({ id }) => id === 'worker_failed'));
    });
  }
});

describe('the watchdog', () => {
  it('names a thread once when it has been silent for too many ticks, and no other', () => {
    const dog = new Watchdog(3, 2e6);
    const dead: number[][] = [];
    for (let tick = 1; tick <= 30; tick++) {
      dog.heard(0);
      if (tick === 5) dog.dismiss(2);
      dead.push(dog.tick());
    }
    assert.deepEqual(dead.findIndex((of) => of.length > 0) + 1, 11);
    assert.deepEqual(dead.flat(), [1]);
    dog.heard(1);
    assert.deepEqual(dog.tick(), []);
  });

  it('leaves a thread alone for as long as a request may take', () => {
    const dog = new Watchdog(1, 30e6);
    assert.equal(dog.silentS, 30);
    for (let tick = 1; tick <= 30; tick++) assert.deepEqual(dog.tick(), []);
    assert.deepEqual(dog.tick(), [0]);
  });
});

function byKey([a]: [number, number], [b]: [number, number]): number {
  return a - b;
}
