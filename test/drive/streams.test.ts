// Connections that carry several exchanges, in simulation over seeds: who shares one, how a pool spreads, GOAWAY.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import { type Simulated, simulate, type TargetModel } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const SEEDS = Array.from({ length: 15 }, (_, i) => i + 1);
const STREAMS_MAX = 10;

const VISITOR: ConnectionPolicy = { kind: 'visitor', perVisitor: null, idleUs: 3e6 };
const POLICIES: Record<string, ConnectionPolicy> = {
  visitor: VISITOR,
  'visitor, one each': { kind: 'visitor', perVisitor: 1, idleUs: 3e6 },
  fresh: { kind: 'fresh' },
  pool: { kind: 'pool', size: 4 },
};

/** Answers within 10 ms to 2 s: visitors come back before they are answered. */
const slow: TargetModel = (_seq, _atUs, uniform) => ({
  serviceUs: 10_000 + Math.floor(uniform('service') * 2e6),
  status: 200,
});

/** Sends one in fifteen connections away, resets one in thirty streams, never answers one in sixty. */
const rough: TargetModel = (seq, atUs, uniform, seen) => {
  const answer = slow(seq, atUs, uniform, seen);
  if (uniform('away') < 1 / 15) return { ...answer, goesAway: true };
  if (uniform('broken') < 1 / 30) return { ...answer, failure: 'reset' };
  return uniform('lost') < 1 / 60 ? { ...answer, serviceUs: Number.POSITIVE_INFINITY } : answer;
};

function run(connections: ConnectionPolicy, seed: number, target: TargetModel, ratePerSec = 40): Simulated {
  const visits = { requests: 30, thinkUs: 100_000 };
  const { plan, inputs } = steadyPlan({ ratePerSec, seconds: 8, seed, connections, visits });
  return simulate({ plan, inputs, seed, target, streamsMax: STREAMS_MAX });
}

/** Requests that each connection carried at once, at most, where each takes so long. */
function loads({ log }: Simulated, serviceUs: number): Map<number, number> {
  const most = new Map<number, number>();
  const under = new Map<number, number[]>();
  for (const { connection, atUs } of log.requests) {
    const open = (under.get(connection) ?? []).filter((sentUs) => sentUs + serviceUs > atUs);
    open.push(atUs);
    under.set(connection, open);
    most.set(connection, Math.max(most.get(connection) ?? 0, open.length));
  }
  return most;
}

describe('connections that carry several exchanges', () => {
  it('settle every arrival once, whatever befalls them', () => {
    for (const [name, connections] of Object.entries(POLICIES)) {
      for (const seed of SEEDS) {
        const { snapshot, plannedTotal, log } = run(connections, seed, rough);
        let planned = 0;
        let settled = 0;
        let attempts = 0;
        for (const { streams } of snapshot.seconds.values()) {
          for (const counts of streams) {
            planned += counts.planned;
            attempts += counts.attempts;
            for (const n of counts.outcomes) settled += n;
          }
        }
        assert.equal(planned, plannedTotal, name);
        assert.equal(settled, plannedTotal, name);
        assert.equal(attempts, log.requests.length, `${name}: attempts are what the target saw`);
        assert.equal(log.open, 0, `${name}: none is left open`);
      }
    }
  });

  it('are sent nothing more once they were told to go away', () => {
    for (const connections of Object.values(POLICIES)) {
      for (const seed of SEEDS) {
        const goneUs = new Map<number, number>();
        const result = run(connections, seed, (seq, atUs, uniform, seen) => {
          const answer = rough(seq, atUs, uniform, seen);
          if (answer.goesAway) goneUs.set(seq, atUs + answer.serviceUs / 2);
          return answer;
        });
        const away = new Map<number, number>();
        for (const { seq, connection } of result.log.requests) {
          const atUs = goneUs.get(seq);
          if (atUs !== undefined) away.set(connection, Math.min(away.get(connection) ?? atUs, atUs));
        }
        assert.ok(away.size > 0);
        for (const { connection, atUs } of result.log.requests) {
          assert.ok(atUs <= (away.get(connection) ?? Number.POSITIVE_INFINITY));
        }
      }
    }
  });

  it('try again what was not looked at, on a new connection as well, and it is answered', () => {
    for (const seed of SEEDS) {
      let first = true;
      const { log, snapshot, plannedTotal } = run({ kind: 'pool', size: 1 }, seed, () => {
        const goesAway = first;
        first = false;
        return { serviceUs: 200_000, status: 200, goesAway };
      });
      assert.ok([...log.arrived.values()].some((times) => times === 2));
      assert.equal(log.opened, 2);
      let ok = 0;
      for (const { streams } of snapshot.seconds.values()) ok += streams[0]?.outcomes[0] ?? 0;
      assert.equal(ok, plannedTotal);
    }
  });
});

describe('a visitor', () => {
  it('has one connection for all that is under way', () => {
    for (const seed of SEEDS) {
      const { log } = run(VISITOR, seed, slow);
      const known = new Map<number, number>();
      let shared = 0;
      for (const { visitor, connection, atUs } of log.requests) {
        const before = known.get(visitor);
        if (before === connection) shared++;
        else if (before !== undefined) assert.ok((log.closed.get(before) ?? atUs + 1) <= atUs);
        known.set(visitor, connection);
      }
      assert.ok(shared > 0);
    }
  });

  it('opens another only where that has no room', () => {
    const never: TargetModel = () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 });
    const { log } = run(VISITOR, 1, never, 100);
    const counts = new Map<number, number>();
    for (const { connection } of log.requests) counts.set(connection, (counts.get(connection) ?? 0) + 1);
    for (const n of counts.values()) assert.ok(n <= STREAMS_MAX);
  });
});

describe('a pool', () => {
  it('opens all of its connections and spreads over them by load', () => {
    const serviceUs = 500_000;
    for (const seed of SEEDS) {
      const result = run({ kind: 'pool', size: 4 }, seed, () => ({ serviceUs, status: 200 }));
      assert.equal(result.log.opened, 4);
      const most = [...loads(result, serviceUs).values()];
      assert.equal(most.length, 4);
      // What one carries more than another is one exchange, and their highest loads come at the same time.
      assert.ok(Math.max(...most) - Math.min(...most) <= 2, most.join());
    }
  });

  it('lets an exchange wait where no connection has room, and serves whoever came first', () => {
    for (const seed of SEEDS) {
      const serviceUs = 500_000;
      const result = run({ kind: 'pool', size: 1 }, seed, () => ({ serviceUs, status: 200 }));
      assert.equal(result.log.openMax, 1);
      const [load] = loads(result, serviceUs).values();
      assert.equal(load, STREAMS_MAX);
    }
  });
});
