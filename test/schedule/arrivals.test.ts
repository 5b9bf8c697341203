// Laws of the schedule: shards unite, order, numbers, visits, and counting.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Plan, PlanInputs, RateInput, RateStream } from '../../src/scenario/plan.js';
import { type Arrivals, emptyRequest, MergedArrivals } from '../../src/schedule/arrivals.js';
import { countArrivals, countStream } from '../../src/schedule/forecast.js';
import { lanesOf, overlap, type Shard, shareOf, WHOLE, workerShard } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { curveOf, planOf, plans, streamOf } from '../support/plans.js';

interface Listed {
  readonly seq: number;
  readonly dueUs: number;
  readonly stream: number;
  readonly visitor: number;
  readonly endsVisit: boolean;
  readonly path: string;
}

function open(plan: Plan, inputs: PlanInputs, shard: Shard): Arrivals {
  return new MergedArrivals(
    plan.streams.map(
      (stream, i) =>
        new RateArrivals(plan, stream as RateStream, i, inputs.streams[i] as RateInput, shard, {}),
    ),
  );
}

function list(plan: Plan, inputs: PlanInputs, shard: Shard = WHOLE): Listed[] {
  const arrivals = open(plan, inputs, shard);
  const request = emptyRequest();
  const listed: Listed[] = [];
  for (; arrivals.dueUs !== Number.POSITIVE_INFINITY; arrivals.advance()) {
    arrivals.request(request);
    const { seq, dueUs, stream, visitor, endsVisit } = arrivals;
    listed.push({ seq, dueUs, stream, visitor, endsVisit, path: request.path });
  }
  return listed;
}

const inOrder = (a: Listed, b: Listed) => a.dueUs - b.dueUs || a.stream - b.stream || a.seq - b.seq;

describe('a schedule', () => {
  it('is the union of its shards, exactly, for any number of them', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 16 }), ({ plan, inputs }, wanted) => {
        const n = Math.min(wanted, plan.lanes);
        const whole = list(plan, inputs);
        const union = Array.from({ length: n }, (_, i) => list(plan, inputs, { i, n })).flat();
        assert.deepEqual(union.sort(inOrder), whole);
      }),
      { numRuns: 60 },
    );
  });

  it('comes in due order, ties by stream and seq, with every seq once', () => {
    fc.assert(
      fc.property(plans, ({ plan, inputs }) => {
        const listed = list(plan, inputs);
        assert.deepEqual([...listed].sort(inOrder), listed);
        assert.equal(new Set(listed.map(({ seq }) => seq)).size, listed.length);
      }),
      { numRuns: 40 },
    );
  });

  it('is the same for one seed and another for another', () => {
    const curves = [curveOf([[20, 50, 50]])];
    const of = (seed: number) => planOf([streamOf('a')], curves, { seed });
    const times = (seed: number) => list(of(seed).plan, of(seed).inputs).map(({ dueUs }) => dueUs);
    assert.deepEqual(times(1), times(1));
    assert.notDeepEqual(times(1), times(2));
  });

  it('is counted without being walked', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 8 }), ({ plan, inputs }, n) => {
        for (const shard of [WHOLE, { i: n - 1, n }]) {
          const listed = list(plan, inputs, shard);
          assert.equal(countArrivals(plan, inputs, [], shard), listed.length);
          plan.streams.forEach((stream, i) => {
            const own = listed.filter((arrival) => arrival.stream === i);
            const count = countStream(plan, stream as RateStream, i, inputs.streams[i] as RateInput, shard);
            assert.equal(count.arrivals, own.length);
            assert.equal(count.visitors, new Set(own.map(({ visitor }) => visitor)).size);
            for (const { dueUs } of own) assert.ok((count.perSecond[Math.floor(dueUs / 1e6)] ?? 0) > 0);
          });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('deals arrivals to visitors: one at a time, think apart, no more than a visit has', () => {
    fc.assert(
      fc.property(plans, ({ plan, inputs }) => {
        const listed = list(plan, inputs);
        plan.streams.forEach((stream, i) => {
          const { requests, thinkUs } = (stream as RateStream).visits;
          const visits = new Map<number, Listed[]>();
          for (const arrival of listed) {
            if (arrival.stream !== i) continue;
            visits.set(arrival.visitor, [...(visits.get(arrival.visitor) ?? []), arrival]);
          }
          for (const visit of visits.values()) {
            assert.ok(visit.length <= requests);
            visit.forEach((arrival, k) => {
              assert.equal(arrival.endsVisit, k + 1 === requests);
              assert.equal((arrival.seq - arrival.visitor) % plan.lanes, 0, 'a visitor lives in one lane');
              const before = visit[k - 1];
              if (before !== undefined) assert.ok(arrival.dueUs - before.dueUs >= thinkUs);
            });
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  it('puts even arrivals at the areas ℓ + ½, ℓ + ½ + L, …', () => {
    const { plan, inputs } = planOf([streamOf('e', { arrivals: 'even' })], [curveOf([[10, 8, 8]])], {
      lanes: 8,
    });
    const times = list(plan, inputs).map(({ dueUs }) => dueUs);
    assert.deepEqual(
      times,
      Array.from({ length: 80 }, (_, n) => Math.floor(((n + 0.5) / 8) * 1e6)),
    );
  });

  it('follows the curve: time-rescaled gaps are exponential', () => {
    // Kolmogorov–Smirnov on the areas of one lane's gaps would test the draw; on merged arrivals it tests the sum.
    const { plan, inputs } = planOf(
      [streamOf('p')],
      [
        curveOf([
          [100, 10, 90],
          [100, 90, 10],
        ]),
      ],
      { seed: 5 },
    );
    const times = list(plan, inputs).map(({ dueUs }) => dueUs / 1e6);
    const area = (t: number) =>
      t <= 100 ? 10 * t + 0.4 * t * t : 5000 + 90 * (t - 100) - 0.4 * (t - 100) ** 2;
    const gaps = times.map((t, i) => area(t) - area(times[i - 1] ?? 0)).sort((a, b) => a - b);
    const d = Math.max(...gaps.map((g, i) => Math.abs((i + 1) / gaps.length - (1 - Math.exp(-g)))));
    assert.ok(d < 1.63 / Math.sqrt(gaps.length), `D = ${d}`);
    assert.ok(Math.abs(times.length - 10_000) < 4 * 100);
  });

  it('waits where the next arrival of a stream is not known yet', () => {
    const part = {
      dueUs: Number.NaN,
      seq: 0,
      visitor: 0,
      stream: 0,
      endsVisit: false,
      advance() {},
      request() {},
    };
    const other = { ...part, dueUs: 5, stream: 1 };
    const merged = new MergedArrivals([part, other]);
    assert.ok(Number.isNaN(merged.dueUs));
    part.dueUs = 7;
    merged.refresh();
    assert.equal(merged.dueUs, 5);
  });
});

describe('shards', () => {
  const shard = fc
    .integer({ min: 1, max: 24 })
    .chain((n) => fc.integer({ min: 0, max: n - 1 }).map((i) => ({ i, n })));

  it('overlap exactly when they share a lane', () => {
    fc.assert(
      fc.property(shard, shard, (a, b) => {
        const lanes = a.n * b.n;
        const shared = lanesOf(a, lanes).some((lane) => lane % b.n === b.i);
        assert.equal(overlap(a, b), shared);
      }),
    );
  });

  it('of workers make up the shard', () => {
    fc.assert(
      fc.property(shard, fc.integer({ min: 1, max: 6 }), (own, w) => {
        const parts = Array.from({ length: w }, (_, j) => lanesOf(workerShard(own, j, w), 1024)).flat();
        assert.deepEqual(
          parts.sort((a, b) => a - b),
          lanesOf(own, 1024),
        );
      }),
    );
  });

  it('share a cap so that the shares sum to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 64 }), (total, n) => {
        const shares = Array.from({ length: n }, (_, i) => shareOf(total, { i, n }));
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          total,
        );
      }),
    );
  });
});
