// A recorded night in simulation: what was recorded is kept beside what is replayed, whatever becomes of the replay.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { evaluateGate } from '../../src/judge/gates/gates.js';
import { sumRecorded } from '../../src/judge/recorded.js';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { mergeAll } from '../../src/measure/merge.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import type { Row } from '../../src/recording/row.js';
import type { Plan, PlanInputs, RecordingStream } from '../../src/scenario/plan.js';
import { curveOf, streamOf } from '../support/plans.js';
import { inputOf } from '../support/recorded-simulation.js';
import { type SimulationOptions, simulate, type TargetModel } from '../support/simulation.js';
import { ERRORS_RECORDED, P99_RECORDED } from '../support/snapshots.js';

const ORIGIN_US = 1_763_659_560_000_000;
const TIMEOUT_US = 2e6;

function row(sinceUs: number, client: string, status?: number, durationUs?: number, path = '/'): Row {
  return {
    startUs: ORIGIN_US + sinceUs,
    durationUs,
    method: 'GET',
    host: undefined,
    path,
    status,
    bytes: undefined,
    client,
    clientClass: 'person',
    headers: undefined,
    body: undefined,
  };
}

/** Twenty seconds; from the eighth on every third request fails, and every tenth is answered too late. */
const NIGHT: readonly Row[] = Array.from({ length: 1200 }, (_, i) => {
  const sinceUs = Math.floor((i * 20e6) / 1200);
  const bad = sinceUs >= 8e6;
  const status = bad && i % 3 === 0 ? 503 : i % 50 === 1 ? 404 : 200;
  const durationUs = bad && i % 10 === 5 ? 3e6 : 40_000 + 100 * (i % 97);
  return row(sinceUs, `c${i % 40}`, status, durationUs, i % 4 === 0 ? '/cart' : '/products/7');
});
const FAILED_THEN = NIGHT.filter(
  ({ status, durationUs = 0 }) => status === 503 || durationUs > TIMEOUT_US,
).length;

function planOf(
  rows: readonly Row[],
  more: Partial<RecordingStream> = {},
): Pick<SimulationOptions, 'plan' | 'inputs' | 'rows'> {
  const night: RecordingStream = {
    kind: 'recording',
    name: 'night',
    amplify: 1,
    read: {},
    fold: false,
    ids: [],
    pace: null,
    digests: ['0'],
    fromUs: null,
    toUs: null,
    where: null,
    hosts: null,
    writes: [],
    ...more,
  };
  const plan: Plan = {
    format: 1,
    seed: 3,
    lanes: 16,
    speed: 1,
    timeoutUs: TIMEOUT_US,
    connections: { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
    headers: {},
    tenants: null,
    routes: [
      { name: 'cart', expect: [[200, 399]], match: { method: null, path: '/cart' } },
      { name: 'other', expect: [[200, 399]], match: null },
    ],
    // A stream beside it that nobody recorded.
    streams: [night, streamOf('promo')],
  };
  const promo = { kind: 'rate' as const, curve: curveOf([[10, 20, 20]]), values: {} };
  const inputs: PlanInputs = { streams: [inputOf(rows), promo] };
  return { plan, inputs, rows: [rows] };
}

const GOOD: TargetModel = () => ({ serviceUs: 5_000, status: 200 });
/** Fails more than that night, and now and then never answers. */
const WORSE: TargetModel = (_seq, _atUs, uniform) => {
  if (uniform('never') < 0.05) return { serviceUs: Number.POSITIVE_INFINITY, status: 0 };
  return { serviceUs: 5_000, status: uniform('status') < 0.6 ? 503 : 200 };
};
const MISSING: TargetModel = () => ({ serviceUs: 5_000, status: 404 });

/** What the recording says of all rows, by the definition that the replay has. */
function recordedSide(snapshot: Snapshot) {
  const { counts, duration } = sumRecorded(snapshot);
  assert.ok(counts.recorded !== null);
  const { planned, failed, statuses } = counts.recorded;
  const durations = [0.1, 0.5, 0.9, 0.99, 1].map((q) => duration.quantile(q));
  return {
    planned,
    failed,
    statuses: [...statuses].sort((a, b) => a[0] - b[0]),
    durations,
    count: duration.count,
    cuts: duration.cuts,
    mean: duration.mean(),
  };
}

describe('a recorded night', () => {
  it('is told as it was recorded, by one definition of error', () => {
    const { snapshot } = simulate({ ...planOf(NIGHT), target: GOOD });
    const { planned, failed, statuses, cuts, count } = recordedSide(snapshot);
    assert.deepEqual([planned, failed], [1200, FAILED_THEN]);
    const of = (status: number) => NIGHT.filter((one) => one.status === status).length;
    assert.deepEqual(
      statuses,
      [200, 404, 503].map((status) => [status, of(status)]),
    );
    assert.equal(cuts, NIGHT.filter(({ durationUs = 0 }) => durationUs > TIMEOUT_US).length);
    assert.equal(count, planned - failed + cuts);
    assert.deepEqual(brokenConservation(snapshot), []);
  });

  it('passes a gate on the recording where the target is better, and fails it where it is worse', () => {
    const results = (target: TargetModel) => {
      const gates = [ERRORS_RECORDED, P99_RECORDED];
      const { snapshot } = simulate({ ...planOf(NIGHT), target, gates });
      assert.deepEqual(brokenConservation(snapshot), []);
      return gates.map((gate) => evaluateGate(snapshot, gate).result);
    };
    assert.deepEqual(results(GOOD), ['pass', 'pass']);
    assert.deepEqual(results(WORSE), ['fail', 'fail']);
  });

  it('is the same whatever becomes of the replay: a worse target, a stalled generator, a late start', () => {
    const base = recordedSide(simulate({ ...planOf(NIGHT), target: GOOD }).snapshot);
    const others: Partial<SimulationOptions>[] = [
      { target: WORSE },
      { inFlightMax: 1 },
      { startedAtUs: 5e6 },
      { arrange: (world) => world.stallGenerator(4e6, 9e6) },
    ];
    for (const other of others) {
      const { snapshot } = simulate({ ...planOf(NIGHT), target: GOOD, ...other });
      assert.deepEqual(recordedSide(snapshot), base);
      assert.deepEqual(brokenConservation(snapshot), []);
    }
  });

  it('counts clones as their originals', () => {
    const { snapshot } = simulate({ ...planOf(NIGHT, { amplify: 3 }), target: GOOD });
    const { planned, failed } = recordedSide(snapshot);
    assert.deepEqual([planned, failed], [3600, 3 * FAILED_THEN]);
  });

  it('counts a 404 where there was an answer as an unknown id, and a recorded 404 that comes again as ok', () => {
    const { snapshot } = simulate({ ...planOf(NIGHT), target: MISSING });
    const { counts } = sumRecorded(snapshot);
    assert.equal(counts.recorded?.unknownIds, NIGHT.filter(({ status }) => status === 200).length);
    assert.equal(counts.outcomes[0], NIGHT.filter(({ status }) => status === 404).length);
  });

  it('is whole again when its shards are merged', () => {
    const gates = [ERRORS_RECORDED];
    const shards = [0, 1, 2].map(
      (i) => simulate({ ...planOf(NIGHT), target: WORSE, shard: { i, n: 3 }, gates }).snapshot,
    );
    const whole = simulate({ ...planOf(NIGHT), target: WORSE, gates }).snapshot;
    const merged = mergeAll(shards);
    assert.deepEqual(recordedSide(merged), recordedSide(whole));
    for (const [windowS, { streams }] of whole.seconds) {
      const { planned, failed } = streams[0]?.recorded ?? {};
      const again = merged.seconds.get(windowS)?.streams[0]?.recorded;
      assert.deepEqual([again?.planned, again?.failed], [planned, failed], `second ${windowS}`);
    }
    assert.deepEqual(evaluateGate(merged, ERRORS_RECORDED).bound, evaluateGate(whole, ERRORS_RECORDED).bound);
  });

  it('is counted row by row, whatever was logged', () => {
    const logged = fc.record({
      sinceUs: fc.nat(5_000_000),
      client: fc.nat(9),
      status: fc.constantFrom(undefined, 200, 304, 404, 429, 499, 500, 503),
      durationUs: fc.oneof(fc.constant(undefined), fc.nat(4_000_000)),
    });
    fc.assert(
      fc.property(fc.array(logged, { minLength: 1, maxLength: 60 }), (some) => {
        const rows = some
          .sort((a, b) => a.sinceUs - b.sinceUs)
          .map(({ sinceUs, client, status, durationUs }) => row(sinceUs, `c${client}`, status, durationUs));
        const { snapshot } = simulate({ ...planOf(rows), target: WORSE });
        const known = rows.filter(({ status }) => status !== undefined);
        const { counts, duration } = sumRecorded(snapshot);
        assert.equal(counts.recorded?.planned ?? 0, known.length);
        const inTime = ({ durationUs = 0 }: Row) => durationUs <= TIMEOUT_US;
        const ok = known.filter((one) => inTime(one) && [200, 304, 404].includes(one.status as number));
        assert.equal(counts.recorded?.failed ?? 0, known.length - ok.length);
        const timed = ok.filter(({ durationUs }) => durationUs !== undefined).length;
        const cuts = known.filter((one) => !inTime(one)).length;
        assert.deepEqual([duration.count, duration.cuts], [timed + cuts, cuts]);
        assert.deepEqual(brokenConservation(snapshot), []);
      }),
      { numRuns: 60 },
    );
  });
});
