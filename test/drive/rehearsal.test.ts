// The rehearsal before a run: it ends by itself, and goes to a server of its own and nowhere else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Exchange } from '../../src/drive/exchange.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { Transport } from '../../src/drive/transports/transport.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import { WHOLE } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { rehearse } from '../../src/workers/rehearsal.js';
import { steadyPlan } from '../support/steady-plan.js';

function arrivalsOf({ plan, inputs }: ReturnType<typeof steadyPlan>) {
  const [stream] = plan.streams;
  const [input] = inputs.streams;
  if (stream?.kind !== 'rate' || input?.kind !== 'rate') throw new Error('no rate');
  return new RateArrivals(plan, stream, 0, input, WHOLE, {});
}

describe('a rehearsal', () => {
  const policies: readonly ConnectionPolicy[] = [
    { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
    { kind: 'fresh' },
    { kind: 'pool', size: 4 },
  ];
  for (const connections of policies) {
    it(`with connections by ${connections.kind} sends the first arrivals to loopback, and ends`, async () => {
      const steady = steadyPlan({ ratePerSec: 50, seconds: 4, connections });
      const targets: ResolvedTarget[] = [];
      const answered: number[] = [];
      await rehearse({
        plan: steady.plan,
        phases: [{ name: 'steady', startS: 0, endS: 4 }],
        arrivals: arrivalsOf(steady),
        transport: (target, clock, startUs) => {
          targets.push(target);
          const inner = new UndiciTransport(target, clock, startUs);
          return {
            close: () => inner.close(),
            connection: (host, sessions, listener) =>
              inner.connection(host, sessions, {
                opened: (opening) => listener.opened(opening),
                closed: (connection) => listener.closed(connection),
                settled: (connection, exchange, usable) => {
                  answered.push(exchange.answer.status);
                  listener.settled(connection, exchange, usable);
                },
              }),
          };
        },
      });
      assert.deepEqual(
        targets.map(({ addresses }) => addresses),
        [['127.0.0.1']],
      );
      assert.ok(answered.length > 0 && answered.includes(200));
    });
  }

  it('of a target that never answers is cut', async () => {
    const steady = steadyPlan({ ratePerSec: 50, seconds: 4 });
    let sent = 0;
    const deaf: Transport = {
      connection: (_host, _sessions, listener) => ({
        streamsMax: 1,
        send: () => sent++,
        abort(exchange: Exchange, failure) {
          exchange.failure = failure;
          listener.settled(this, exchange, false);
        },
        close: () => {},
      }),
      close: () => {},
    };
    await rehearse({
      plan: steady.plan,
      phases: [{ name: 'steady', startS: 0, endS: 4 }],
      arrivals: arrivalsOf(steady),
      transport: () => deaf,
    });
    await turn();
    assert.ok(sent > 0);
  });
});
