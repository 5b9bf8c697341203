// The headline simulation: a stalled target shows in service, a stalled generator in lag or in tainted replies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addDistributions,
  type Distribution,
  emptyDistribution,
  quantile,
} from '../../src/measure/distribution.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import { addTails } from '../../src/measure/snapshot.js';
import { draw, drawKey } from '../../src/random.js';
import { type Answer, type Simulated, simulate } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const BASE: Answer = { serviceUs: 5_000, status: 200 };

function parts(snapshot: Snapshot) {
  let lag: Distribution = emptyDistribution(7);
  let service = lag;
  let tail = { buckets: [], parts: [] } as Parameters<typeof addTails>[0];
  let tainted = 0;
  for (const slice of snapshot.slices.values()) {
    lag = addDistributions(lag, slice.lag);
    service = addDistributions(service, slice.service);
    tail = addTails(tail, slice.tail);
    tainted += slice.tainted;
  }
  // Operations that took 50 ms and more: what they were made of.
  const slow = tail.parts.filter((part) => part.responseUs / part.count > 50_000);
  const sum = (field: 'responseUs' | 'oursUs' | 'serviceUs') =>
    slow.reduce((total, part) => total + part[field], 0);
  const p99 = (of: Distribution) => quantile(of, 0.99)?.us ?? 0;
  return {
    lagP99Us: p99(lag),
    serviceP99Us: p99(service),
    tainted,
    slow: slow.reduce((total, { count }) => total + count, 0),
    oursShare: sum('oursUs') / Math.max(1, sum('responseUs')),
  };
}

function assertConserved({ snapshot, plannedTotal, log }: Simulated): void {
  let planned = 0;
  let settled = 0;
  for (const { counts } of snapshot.groups.values()) {
    planned += counts.planned;
    settled += counts.outcomes.reduce((sum, n) => sum + n, 0);
  }
  assert.equal(planned, plannedTotal);
  assert.equal(settled, plannedTotal);
  assert.ok(log.arrived.size <= plannedTotal);
}

/** When the stall begins and how long it lasts: 300 ms to 2 s. */
function stallOf(seed: number): { fromUs: number; toUs: number } {
  const key = drawKey(seed, 'stall');
  const fromUs = 3e6 + Math.floor(draw(key, 0) * 4e6);
  return { fromUs, toUs: fromUs + 300_000 + Math.floor(draw(key, 1) * 1.7e6) };
}

describe('blame', () => {
  for (const seed of SEEDS) {
    it(`a target that stands still shows in service, not in us (seed ${seed})`, () => {
      const { fromUs, toUs } = stallOf(seed);
      const { plan, inputs } = steadyPlan({ ratePerSec: 200, seconds: 12, seed });
      const result = simulate({
        plan,
        inputs,
        seed,
        target: (_seq, atUs) =>
          atUs >= fromUs && atUs < toUs ? { serviceUs: toUs - atUs + 5_000, status: 200 } : BASE,
      });
      assertConserved(result);
      const seen = parts(result.snapshot);
      assert.ok(
        seen.slow > 0.8 * 200 * ((toUs - fromUs - 50_000) / 1e6),
        `only ${seen.slow} slow operations`,
      );
      assert.ok(seen.oursShare < 0.01, `${seen.oursShare} of the slow was called ours`);
      assert.ok(seen.serviceP99Us > 100_000);
      assert.ok(seen.lagP99Us < 1_000);
      assert.equal(seen.tainted, 0);
    });

    it(`a generator that stands still shows in lag and tainted replies, not in the target (seed ${seed})`, () => {
      const { fromUs, toUs } = stallOf(seed);
      const { plan, inputs } = steadyPlan({ ratePerSec: 200, seconds: 12, seed });
      const result = simulate({
        plan,
        inputs,
        seed,
        target: () => BASE,
        arrange: (world) => world.stallGenerator(fromUs, toUs),
      });
      assertConserved(result);
      const seen = parts(result.snapshot);
      assert.ok(
        seen.slow > 0.7 * 200 * ((toUs - fromUs - 50_000) / 1e6),
        `only ${seen.slow} slow operations`,
      );
      assert.ok(seen.oursShare > 0.9, `only ${seen.oursShare} of the slow was called ours`);
      const gapUs = result.health.reduce((sum, { gapUs }) => sum + gapUs, 0);
      assert.ok(
        Math.abs(gapUs - (toUs - fromUs)) < 5_000,
        `gaps of ${gapUs} µs for a stall of ${toUs - fromUs}`,
      );
    });

    it(`a stall of ours in the middle of a slow answer is not made the target's excuse (seed ${seed})`, () => {
      const { fromUs } = stallOf(seed);
      const { plan, inputs } = steadyPlan({ ratePerSec: 50, seconds: 12, seed });
      const result = simulate({
        plan,
        inputs,
        seed,
        // Every answer takes two seconds; we stand still for 300 ms in the middle of some.
        target: () => ({ serviceUs: 2e6, status: 200 }),
        arrange: (world) => world.stallGenerator(fromUs, fromUs + 300_000),
      });
      assertConserved(result);
      const seen = parts(result.snapshot);
      assert.ok(seen.oursShare < 0.01, `${seen.oursShare} was called ours`);
    });
  }

  it('an answer that came in time is no timeout because we read it late', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10, seed: 1, timeoutUs: 1e6 });
    const result = simulate({
      plan,
      inputs,
      target: () => ({ serviceUs: 300_000, status: 200 }),
      arrange: (world) => world.stallGenerator(4e6, 6.5e6),
    });
    const timeouts = [...result.snapshot.groups.values()].reduce(
      (sum, { counts }) => sum + (counts.outcomes[3] ?? 0),
      0,
    );
    assert.equal(timeouts, 0);
  });
});
