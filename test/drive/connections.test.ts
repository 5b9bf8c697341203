// Every connection model in simulation, over seeds: who shares a connection, when it opens and when it is closed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maximum } from '../../src/measure/distribution.js';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import { type Arrived, type Simulated, simulate, type TargetModel } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const CONNECT_US = 200;
const IDLE_US = 3e6;

/** Answers within 1 to 400 ms; one in twenty connections breaks instead. */
const lively: TargetModel = (_seq, _atUs, uniform) => {
  const serviceUs = 1_000 + Math.floor(uniform('service') * 400_000);
  return uniform('breaks') < 0.05 ? { serviceUs, status: 0, failure: 'reset' } : { serviceUs, status: 200 };
};

/** Stands still for two seconds in the middle, then answers all that came. */
const stalling: TargetModel = (_seq, atUs) => ({
  serviceUs: atUs > 4e6 && atUs < 6e6 ? 6e6 - atUs + 1_000 : 1_000,
  status: 200,
});

function run(connections: ConnectionPolicy, seed: number, target = lively): Simulated {
  const visits = { requests: 5, thinkUs: 1e6 };
  const { plan, inputs } = steadyPlan({ ratePerSec: 40, seconds: 10, seed, connections, visits });
  return simulate({ plan, inputs, seed, target, connectUs: CONNECT_US });
}

function byConnection({ log }: Simulated): Map<number, Arrived[]> {
  const groups = new Map<number, Arrived[]>();
  for (const request of log.requests) {
    const group = groups.get(request.connection) ?? [];
    group.push(request);
    groups.set(request.connection, group);
  }
  return groups;
}

const VISITOR: ConnectionPolicy & { kind: 'visitor' } = {
  kind: 'visitor',
  perVisitor: null,
  idleUs: IDLE_US,
};
const POLICIES: Record<string, ConnectionPolicy> = {
  visitor: VISITOR,
  'visitor, one each': { kind: 'visitor', perVisitor: 1, idleUs: IDLE_US },
  fresh: { kind: 'fresh' },
  pool: { kind: 'pool', size: 7 },
};

describe('connections of visitors', () => {
  it('are never shared, and new visitors have none', () => {
    for (const seed of SEEDS) {
      const result = run(VISITOR, seed);
      for (const requests of byConnection(result).values()) {
        assert.equal(new Set(requests.map(({ visitor }) => visitor)).size, 1);
      }
      const visitors = new Set(result.log.requests.map(({ visitor }) => visitor));
      assert.ok(result.log.opened >= visitors.size);
    }
  });

  it('are kept between the requests of a visit and closed after its last', () => {
    for (const seed of SEEDS) {
      const kept: ConnectionPolicy = { ...VISITOR, idleUs: 60e6 };
      const result = run(kept, seed, () => ({ serviceUs: 50_000, status: 200 }));
      for (const [connection, requests] of byConnection(result)) {
        const last = requests.at(-1);
        if (last?.endsVisit) assert.equal(result.log.closed.get(connection), last.atUs + 50_000);
      }
      const visitors = new Set(result.log.requests.map(({ visitor }) => visitor));
      assert.equal(result.log.opened, visitors.size, 'nobody who is answered within a think time needs two');
      assert.equal(result.log.open, 0, 'none is left');
    }
  });

  it('are closed after the idle time that was declared, and opened again for who comes back', () => {
    for (const seed of SEEDS) {
      const visits = { requests: 3, thinkUs: 4e6 };
      const { plan, inputs } = steadyPlan({
        ratePerSec: 10,
        seconds: 30,
        seed,
        connections: VISITOR,
        visits,
      });
      const result = simulate({
        plan,
        inputs,
        seed,
        target: () => ({ serviceUs: 10_000, status: 200 }),
        connectUs: CONNECT_US,
      });
      assert.equal(
        result.log.opened,
        result.log.requests.length,
        'each is back only after its connection went',
      );
      const endUs = result.log.requests.at(-1)?.atUs ?? 0;
      for (const [connection, [request]] of byConnection(result)) {
        assert.ok(request !== undefined);
        const closedUs = result.log.closed.get(connection);
        if (request.endsVisit || closedUs === undefined || closedUs > endUs) continue;
        // A sweep comes with a turn of the loop: every 50 ms at least while nothing is due.
        assert.ok(closedUs >= request.atUs + IDLE_US, `closed after ${closedUs - request.atUs}`);
      }
    }
  });

  it('are as many as were declared at most, and further requests of the visitor wait', () => {
    for (const seed of SEEDS) {
      const result = run({ kind: 'visitor', perVisitor: 1, idleUs: IDLE_US }, seed, stalling);
      const open = new Map<number, number>();
      for (const { visitor, connection } of result.log.requests) {
        const known = open.get(visitor);
        if (known !== undefined && known !== connection)
          assert.ok(result.log.closed.has(known), 'a second one only after the first has gone');
        open.set(visitor, connection);
      }
    }
  });
});

describe('fresh connections', () => {
  it('carry one request each and are gone with it', () => {
    for (const seed of SEEDS) {
      const result = run({ kind: 'fresh' }, seed);
      assert.equal(result.log.opened, result.log.requests.length);
      assert.equal(result.log.open, 0);
    }
  });
});

describe('a pool', () => {
  it('never has more open than it is large, and serves whoever came first', () => {
    for (const seed of SEEDS) {
      const result = run({ kind: 'pool', size: 7 }, seed);
      assert.ok(result.log.openMax <= 7);
      assert.equal(result.log.open, 0);
    }
    const crowded = run({ kind: 'pool', size: 1 }, 1, () => ({ serviceUs: 30_000, status: 200 }));
    const seqs = crowded.log.requests.map(({ seq }) => seq);
    const due = crowded.log.requests.map(({ atUs }) => atUs);
    assert.equal(new Set(seqs).size, seqs.length);
    assert.deepEqual(
      due,
      [...due].sort((a, b) => a - b),
    );
  });
});

describe('whatever the connections', () => {
  it('a target that stands still delays no arrival that needs no answer before', () => {
    for (const [name, connections] of Object.entries(POLICIES)) {
      for (const seed of SEEDS.slice(0, 5)) {
        const result = run(connections, seed, stalling);
        for (const { lag } of result.snapshot.slices.values()) {
          assert.equal(maximum(lag)?.us, 0, `${name}: everything was fired when it was due`);
        }
        if (name !== 'visitor' && name !== 'fresh') continue;
        for (const { wait } of result.snapshot.slices.values()) {
          assert.ok(
            (maximum(wait)?.us ?? 0) <= CONNECT_US,
            `${name}: and went out as soon as it was connected`,
          );
        }
      }
    }
  });

  it('the same seed has the same run', () => {
    for (const connections of Object.values(POLICIES)) {
      assert.deepEqual(run(connections, 5).log.requests, run(connections, 5).log.requests);
    }
  });
});
