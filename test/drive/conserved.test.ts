// Conservation and fidelity of whole simulated runs: whatever happens, the counts agree, and lateness is told as ours.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isComplete } from '../../src/judge/facts.js';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { fidelityOf } from '../../src/judge/validity/fidelity.js';
import { infidelity } from '../../src/judge/validity/infidelity.js';
import { mergeAll } from '../../src/measure/merge.js';
import { OUTCOME_INDEX } from '../../src/measure/outcome.js';
import { absorbLine, type ResultLine, readLine, writeLine } from '../../src/measure/result-file.js';
import { emptySnapshot, type Snapshot, sumGroups } from '../../src/measure/snapshot.js';
import type { ConnectionPolicy, Plan } from '../../src/scenario/plan.js';
import { captureOf, flowPlan, stepOf } from '../support/flow-plan.js';
import { type SimulationOptions, simulate, type TargetModel } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const POLICIES: readonly ConnectionPolicy[] = [
  { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
  { kind: 'visitor', perVisitor: 1, idleUs: 500_000 },
  { kind: 'fresh' },
  { kind: 'pool', size: 3 },
];

/** A target that does everything that targets do, drawn from the seed. */
const erratic: TargetModel = (seq, _atUs, uniform, { path }) => {
  const what = uniform('what');
  const serviceUs = 1_000 + uniform('service') * 400_000;
  if (what < 0.05) return { serviceUs: Number.POSITIVE_INFINITY, status: 0 };
  if (what < 0.1) return { serviceUs, status: 0, failure: 'reset' };
  if (what < 0.12) return { serviceUs, status: 0, failure: 'local' };
  if (what < 0.2) return { serviceUs, status: 503 };
  const body = path === '/add' ? JSON.stringify({ cart: `c${seq}` }) : 'a page';
  return { serviceUs, status: 200, body };
};

/** What can happen to a run. */
interface Fate {
  readonly seed: number;
  readonly isFlow: boolean;
  readonly connections: ConnectionPolicy;
  readonly inFlightMax: number;
  readonly stall: { readonly fromUs: number; readonly lengthUs: number } | null;
  readonly startedAtUs: number;
  readonly stopUs: number | null;
  readonly crowd: Pick<Plan, 'retries' | 'reloads' | 'abandon'>;
}

/** Clients that retry and people who reload, fast enough for a run of seconds. */
const CROWDS: readonly Fate['crowd'][] = [
  {},
  {
    retries: {
      attempts: 3,
      on: ['timeout', 'reset'],
      statuses: [503],
      methods: ['GET'],
      timeoutUs: 500_000,
      backoff: { baseUs: 100_000, factor: 2, maxUs: 1e6, jitter: 'full' },
      budget: 0.2,
      retryAfterMaxUs: 1e6,
    },
    abandon: { chance: 0.5, slowerUs: 300_000 },
  },
  {
    reloads: { afterUs: 200_000, chance: 0.6, wait: { medianUs: 100_000, sigma: 0.8 }, times: 2 },
    abandon: { chance: 1, slowerUs: null },
  },
];

const fates: fc.Arbitrary<Fate> = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  isFlow: fc.boolean(),
  connections: fc.constantFrom(...POLICIES),
  inFlightMax: fc.constantFrom(5, 50, 1e9),
  stall: fc.option(fc.record({ fromUs: fc.nat(14e6), lengthUs: fc.nat(4e6) })),
  startedAtUs: fc.constantFrom(0, 0, 300_000, 3e6),
  stopUs: fc.option(fc.nat(15e6)),
  crowd: fc.constantFrom(...CROWDS),
});

const STEPS = [
  stepOf('/product', 1),
  stepOf('/add', 0.5, { captures: [captureOf('cart')] }),
  stepOf('/cart/{cart}', 1),
];

/** A run across the end of a slice. */
function optionsOf(fate: Fate): SimulationOptions {
  const { seed, connections, stall, stopUs, crowd } = fate;
  const { plan, inputs } = fate.isFlow
    ? flowPlan({ steps: STEPS, seconds: 13, ratePerSec: 30, more: { seed, connections, timeoutUs: 1e6 } })
    : steadyPlan({ ratePerSec: 40, seconds: 13, seed, connections, timeoutUs: 1e6 });
  return {
    plan: { ...plan, ...crowd },
    inputs,
    seed,
    target: erratic,
    inFlightMax: fate.inFlightMax,
    startedAtUs: fate.startedAtUs,
    arrange: (world, driver) => {
      if (stall !== null) world.stallGenerator(stall.fromUs, stall.fromUs + stall.lengthUs);
      if (stopUs !== null) world.at(fate.startedAtUs + stopUs, () => driver.stop(500_000));
    },
  };
}

/** The same through the lines of a result file. */
function readBack({ head, ...snapshot }: Snapshot): Snapshot {
  const lines: ResultLine[] = [
    ...[...snapshot.slices.values()].map((slice) => ({ kind: 'slice' as const, slice })),
    ...[...snapshot.emissions.values()].map((emission) => ({ kind: 'emission' as const, emission })),
    ...snapshot.ends.map((end) => ({ kind: 'end' as const, end })),
  ];
  const read = emptySnapshot(head);
  for (const line of lines) absorbLine(read, readLine(writeLine(line)));
  return { ...read, seconds: snapshot.seconds, groups: snapshot.groups, tenants: snapshot.tenants };
}

describe('a run', () => {
  it('is conserved and within its own plan, whatever happens to it', () => {
    const seen = {
      complete: 0,
      unsent: 0,
      shed: 0,
      unfilled: 0,
      stopped: 0,
      abandoned: 0,
      retried: 0,
      reloaded: 0,
    };
    fc.assert(
      fc.property(fates, (fate) => {
        const { snapshot } = simulate(optionsOf(fate));
        assert.deepEqual(brokenConservation(snapshot), []);
        const of = fidelityOf(snapshot);
        assert.ok(of === null || (of.score >= 0 && of.score <= 1));
        assert.deepEqual(fidelityOf(readBack(snapshot)), of);
        const { counts } = sumGroups(snapshot);
        if (isComplete(snapshot)) seen.complete++;
        seen.retried += counts.induced?.retries ?? 0;
        seen.reloaded += counts.induced?.reloads ?? 0;
        for (const name of ['shed', 'unsent', 'stopped', 'unfilled', 'abandoned'] as const)
          seen[name] += counts.outcomes[OUTCOME_INDEX[name]] as number;
      }),
      { numRuns: 60, seed: 11 },
    );
    for (const [what, n] of Object.entries(seen)) assert.ok(n > 0, `some were ${what}`);
  });

  it('of shards is conserved by each, and by their sum, which is the whole', () => {
    fc.assert(
      fc.property(fates, fc.integer({ min: 2, max: 4 }), (fate, n) => {
        const options = optionsOf({ ...fate, stall: null, stopUs: null, inFlightMax: 1e9 });
        const parts = Array.from({ length: n }, (_, i) => simulate({ ...options, shard: { i, n } }).snapshot);
        for (const part of parts) assert.deepEqual(brokenConservation(part), []);
        const sum = mergeAll(parts);
        assert.ok(isComplete(sum));
        assert.deepEqual(brokenConservation(sum), []);
        const whole = simulate(options).snapshot;
        assert.equal(sumGroups(sum).counts.planned, sumGroups(whole).counts.planned);
      }),
      { numRuns: 12, seed: 11 },
    );
  });
});

describe('fidelity', () => {
  const plan = () => steadyPlan({ ratePerSec: 100, seconds: 10, timeoutUs: 5e6 });

  it('of a run on time is over 99.9 %', () => {
    const { snapshot } = simulate({ ...plan(), target: () => ({ serviceUs: 5_000, status: 200 }) });
    assert.ok((fidelityOf(snapshot)?.score ?? 0) > 0.999);
  });

  it('is not touched by a target that stands still, nor by steps that wait for it', () => {
    const still: TargetModel = (_seq, atUs) => ({ serviceUs: Math.max(1_000, 7e6 - atUs), status: 200 });
    const flow = flowPlan({ steps: STEPS, seconds: 13, ratePerSec: 30 });
    for (const run of [plan(), flow]) {
      const { snapshot } = simulate({ ...run, target: still });
      const of = fidelityOf(snapshot);
      assert.ok((of?.score ?? 0) > 0.999, `${of?.score}`);
      assert.equal(of?.seconds.off, 0);
      assert.deepEqual(infidelity(snapshot, of, []), []);
    }
  });

  it('of a generator that stands still for two of ten seconds is far below 99 %, and the run invalid', () => {
    const { snapshot } = simulate({
      ...plan(),
      target: () => ({ serviceUs: 5_000, status: 200 }),
      arrange: (world) => world.stallGenerator(4e6, 6e6),
    });
    const of = fidelityOf(snapshot);
    assert.ok(of !== null && of.score < 0.9 && of.score > 0.75, `${of?.score}`);
    assert.deepEqual(
      infidelity(snapshot, of, []).map(({ id, level }) => `${level} ${id}`),
      ['invalid fidelity'],
    );
  });
});
