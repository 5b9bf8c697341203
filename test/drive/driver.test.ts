// The driver against a simulated target: open loop, conservation, bounds, stops, retries.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quantile } from '../../src/measure/distribution.js';
import { OUTCOME_INDEX, type Outcome } from '../../src/measure/outcome.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import { type Answer, type Simulated, simulate, type TargetModel } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const QUICK: Answer = { serviceUs: 5_000, status: 200 };
const VISITOR: ConnectionPolicy = { kind: 'visitor', perVisitor: null, idleUs: 60e6 };

function count(result: Simulated, outcome: Outcome): number {
  return sumGroups(result.snapshot).counts.outcomes[OUTCOME_INDEX[outcome]] as number;
}

function assertConserved(result: Simulated): void {
  const { counts } = sumGroups(result.snapshot);
  assert.equal(counts.planned, result.plannedTotal, 'planned equals what the schedule predicts');
  assert.equal(
    counts.outcomes.reduce((sum, n) => sum + n, 0),
    counts.planned,
    'planned = Σ outcomes',
  );
  for (const [windowS, second] of result.snapshot.seconds) {
    for (const stream of second.streams) {
      const settled = stream.outcomes.reduce((sum, n) => sum + n, 0);
      assert.equal(settled, stream.planned, `second ${windowS}`);
    }
  }
  const arrived = [...result.log.arrived.values()].reduce((sum, n) => sum + n, 0);
  assert.equal(counts.attempts, arrived, 'attempts = what the target saw');
  assert.deepEqual(
    result.windows,
    [...result.windows].sort((a, b) => a - b),
    'windows close in order',
  );
}

/** A target that does everything that targets do, drawn from the seed. */
const erratic: TargetModel = (_seq, _atUs, uniform) => {
  const what = uniform('what');
  const serviceUs = 1_000 + uniform('service') * 200_000;
  if (what < 0.1) return { serviceUs: Number.POSITIVE_INFINITY, status: 0 };
  if (what < 0.2) return { serviceUs, status: 0, failure: 'reset' };
  if (what < 0.25) return { serviceUs, status: 0, failure: 'protocol' };
  return { serviceUs, status: what < 0.4 ? 503 : 200 };
};

describe('the driver', () => {
  it('settles every arrival exactly once, whatever the target does and however connections are had', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom<ConnectionPolicy>(
          VISITOR,
          { kind: 'visitor', perVisitor: 1, idleUs: 500_000 },
          { kind: 'fresh' },
          { kind: 'pool', size: 3 },
        ),
        fc.constantFrom(5, 50, 1e9),
        (seed, connections, inFlightMax) => {
          const { plan, inputs } = steadyPlan({
            ratePerSec: 60,
            seconds: 5,
            seed,
            connections,
            timeoutUs: 1e6,
          });
          assertConserved(simulate({ plan, inputs, seed, target: erratic, inFlightMax }));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('sends on time while the target stands still', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 500, seconds: 10 });
    const result = simulate({
      plan,
      inputs,
      target: () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 }),
    });
    assertConserved(result);
    assert.equal(count(result, 'timeout'), result.plannedTotal);
    for (const slice of result.snapshot.slices.values())
      assert.ok((quantile(slice.lag, 1)?.us ?? 0) <= 1_000);
  });

  it('gives timeouts a response of at least the timeout', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 50, seconds: 5, timeoutUs: 2e6 });
    const result = simulate({
      plan,
      inputs,
      target: () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 }),
    });
    const p50 = sumGroups(result.snapshot).response.quantile(0.5);
    assert.ok(p50?.atLeast === true && p50.us >= 2e6 && p50.us < 2.02e6);
  });

  it('sheds above the in-flight bound, and says so', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 200, seconds: 5 });
    const result = simulate({
      plan,
      inputs,
      target: () => ({ serviceUs: 1e6, status: 200 }),
      inFlightMax: 50,
    });
    assertConserved(result);
    assert.ok(count(result, 'shed') > 0);
    assert.equal(count(result, 'shed') + count(result, 'ok'), result.plannedTotal);
  });

  it('starts late where the schedule is, and counts what it missed as unsent', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10 });
    const result = simulate({ plan, inputs, target: () => QUICK, startedAtUs: 4e6 });
    assertConserved(result);
    const missed = [...result.snapshot.seconds]
      .filter(([s]) => s < 4)
      .reduce((sum, [, { streams }]) => sum + (streams[0]?.planned ?? 0), 0);
    assert.equal(count(result, 'unsent'), missed);
    assert.equal(count(result, 'ok'), result.plannedTotal - missed);
  });

  it('cuts what is overdue though the loop stalls in every turn', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 20, seconds: 2, timeoutUs: 1e6 });
    const { snapshot, plannedTotal } = simulate({
      plan,
      inputs,
      target: () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 200 }),
      arrange: (world) => {
        for (let atUs = 0; atUs < 20e6; atUs += 20_000) world.stallGenerator(atUs, atUs + 19_000);
      },
    });
    const { counts } = sumGroups(snapshot);
    assert.equal(counts.outcomes[OUTCOME_INDEX.timeout], plannedTotal);
    assert.ok((snapshot.ends[0]?.wallUs ?? 0) < 4e6);
  });

  it('never fires what is due longer ago than its timeout: it is unsent, and the run is no longer than that', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10, timeoutUs: 1e6 });
    const result = simulate({
      plan,
      inputs,
      target: () => QUICK,
      arrange: (world) => world.stallGenerator(2e6, 6e6),
    });
    assertConserved(result);
    assert.ok(Math.abs(count(result, 'unsent') - 300) < 60, `${count(result, 'unsent')} unsent`);
  });

  it('closes the longest idle connection where no more may be open', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10 });
    const result = simulate({ plan, inputs, target: () => QUICK, connectionsMax: 20 });
    assertConserved(result);
    assert.equal(count(result, 'ok'), result.plannedTotal);
    assert.ok(result.log.openMax <= 21, `${result.log.openMax} open at once`);
  });

  it('stops: sends nothing more, drains what is under way, cuts what does not end', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10 });
    const slow: TargetModel = (seq) => ({
      serviceUs: seq % 2 === 0 ? 500_000 : Number.POSITIVE_INFINITY,
      status: 200,
    });
    const result = simulate({
      plan,
      inputs,
      target: slow,
      arrange: (world, driver) => world.at(3e6, () => driver.stop(1e6)),
    });
    const { counts } = sumGroups(result.snapshot);
    assert.equal(result.reason, 'stopped');
    assert.ok(counts.planned < result.plannedTotal);
    assert.equal(
      counts.outcomes.reduce((sum, n) => sum + n, 0),
      counts.planned,
    );
    assert.ok(count(result, 'stopped') > 50 && count(result, 'ok') > 50);
    assert.ok(Math.max(...result.snapshot.seconds.keys()) <= 3);
  });

  it('tries a reset on a kept connection once more, and counts the attempt', () => {
    const { plan, inputs } = steadyPlan({
      ratePerSec: 20,
      seconds: 20,
      visits: { requests: 4, thinkUs: 1e6 },
    });
    const seen = new Set<number>();
    const result = simulate({
      plan,
      inputs,
      target: (seq) => {
        const first = !seen.has(seq);
        seen.add(seq);
        return first && seq % 3 === 0 ? { serviceUs: 100, status: 0, failure: 'reset' } : QUICK;
      },
    });
    assertConserved(result);
    const { counts } = sumGroups(result.snapshot);
    const again = counts.attempts - counts.sent;
    assert.ok(again > 0, 'some were tried again');
    // A reset on a connection's first request is no race: it stands.
    assert.ok(count(result, 'reset') > 0);
    assert.equal(count(result, 'reset') + count(result, 'ok'), result.plannedTotal);
  });

  it('makes a pool wait, and no other policy', () => {
    const target: TargetModel = () => ({ serviceUs: 20_000, status: 200 });
    const waitP99 = (connections: ConnectionPolicy) => {
      const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10, connections });
      const { snapshot } = simulate({ plan, inputs, target });
      return Math.max(...[...snapshot.slices.values()].map((slice) => quantile(slice.wait, 0.99)?.us ?? 0));
    };
    assert.ok(waitP99({ kind: 'pool', size: 1 }) > 1e6, 'one connection at 20 ms carries 50 a second of 100');
    assert.ok(waitP99(VISITOR) < 1_000);
    assert.ok(waitP99({ kind: 'fresh' }) < 1_000);
  });

  it('opens a connection a visitor, and one a request when fresh', () => {
    const opened = (connections: ConnectionPolicy) => {
      const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 10, connections });
      const result = simulate({ plan, inputs, target: () => QUICK });
      return { opened: result.log.opened, total: result.plannedTotal };
    };
    const fresh = opened({ kind: 'fresh' });
    assert.equal(fresh.opened, fresh.total);
    const visitor = opened(VISITOR);
    assert.ok(visitor.opened < visitor.total / 2);
    assert.ok(opened({ kind: 'pool', size: 5 }).opened <= 5);
  });

  it('sends as n shards exactly what it sends as one', () => {
    const target: TargetModel = () => QUICK;
    const { plan, inputs } = steadyPlan({ ratePerSec: 50, seconds: 5, lanes: 16 });
    const whole = [...simulate({ plan, inputs, target }).log.arrived.keys()].sort((a, b) => a - b);
    for (let n = 1; n <= 16; n++) {
      const union = Array.from({ length: n }, (_, i) => [
        ...simulate({ plan, inputs, target, shard: { i, n } }).log.arrived.keys(),
      ]).flat();
      assert.deepEqual(
        union.sort((a, b) => a - b),
        whole,
        `${n} shards`,
      );
    }
  });
});
