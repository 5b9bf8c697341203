// Bursts: arrivals of one due time go out together, and what a turn has no time for goes out first in the next.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Driver } from '../../src/drive/driver.js';
import type { Exchange } from '../../src/drive/exchange.js';
import type { Clock } from '../../src/drive/pacing/clock.js';
import { NO_STALL_SOURCE } from '../../src/drive/stall-causes.js';
import type { Connection, ConnectionListener, Transport } from '../../src/drive/transports/transport.js';
import { Conversation } from '../../src/drive/visits/conversation.js';
import type { Arrivals, PlannedRequest } from '../../src/schedule/arrivals.js';
import { steadyPlan } from '../support/steady-plan.js';

const DUE_US = 5_000;
const COUNT = 1_000;

/** Time passes when it is looked at: reading the clock is the work of this world. */
class WorkingClock implements Clock {
  us = 0;
  wakeUs = Number.POSITIVE_INFINITY;
  callback: () => void = () => {};

  constructor(readonly costUs: number) {}

  nowUs(): number {
    this.us += this.costUs;
    return this.us;
  }

  wakeAt(atUs: number, callback: () => void): void {
    this.wakeUs = atUs;
    this.callback = callback;
  }

  /** The next turn of the loop. */
  turn(): void {
    this.us = Math.max(this.us, this.wakeUs);
    this.callback();
  }
}

/** As many arrivals as are wanted, all due at once. */
class Burst implements Arrivals {
  dueUs = DUE_US;
  seq = 0;
  visitor = 0;
  stream = 0;
  endsVisit = true;

  advance(): void {
    this.seq++;
    this.visitor++;
    if (this.seq === COUNT) this.dueUs = Number.POSITIVE_INFINITY;
  }

  request(into: PlannedRequest): void {
    into.path = `/?id=${this.seq}`;
  }
}

/** Notes what is sent; answers when it is told to. */
class Recording implements Transport {
  readonly sent: number[] = [];
  readonly open: (() => void)[] = [];

  connection(_host: string | null, _sessions: unknown, listener: ConnectionListener): Connection {
    const connection: Connection = {
      streamsMax: 1,
      send: (exchange: Exchange) => {
        this.sent.push(exchange.seq);
        exchange.sentUs = exchange.firedUs;
        exchange.attempts++;
        this.open.push(() => {
          exchange.answer.status = 200;
          exchange.endUs = exchange.firedUs + 100;
          listener.settled(connection, exchange, true);
        });
      },
      abort: () => assert.fail('nothing is overdue'),
      close: () => {},
    };
    return connection;
  }

  close(): void {}
}

function burst(costUs: number) {
  const { plan } = steadyPlan({ ratePerSec: 1, seconds: 1 });
  const clock = new WorkingClock(costUs);
  const transport = new Recording();
  const published: number[] = [];
  let done = '';
  const driver = new Driver({
    plan,
    phases: [{ name: 'steady', startS: 0, endS: 1 }],
    arrivals: new Burst(),
    clock,
    transport,
    conversation: new Conversation(plan, { protocol: 'http:', host: 'shop.test' }, clock),
    shard: '0/1',
    inFlightMax: 1e9,
    connectionsMax: 1e9,
    run: 'burst',
    loopUtilisation: () => 0,
    stalls: NO_STALL_SOURCE,
    publish: () => published.push(transport.sent.length),
    stopRequested: () => assert.fail('nobody asked for it'),
    done: (why) => {
      done = why;
    },
  });
  driver.start(0);
  return { clock, transport, published, done: () => done };
}

describe('a burst', () => {
  it('of a thousand arrivals goes out in one turn where there is time for it', () => {
    const { clock, transport } = burst(0.1);
    assert.deepEqual(transport.sent, []);
    clock.turn();
    assert.equal(transport.sent.length, COUNT);
    assert.ok(clock.us - DUE_US < 2_500);
  });

  it('that takes longer lets answers in every two milliseconds, and goes on at once, before all else', () => {
    const { clock, transport, published } = burst(10);
    const perTurn: number[] = [];
    while (transport.sent.length < COUNT) {
      const before = transport.sent.length;
      clock.turn();
      perTurn.push(transport.sent.length - before);
      assert.ok(clock.wakeUs <= clock.us || transport.sent.length === COUNT, 'the next turn comes at once');
    }
    // A turn fires for 2 ms, by the clock as it is read here.
    assert.ok(perTurn.length > 3 && Math.max(...perTurn) <= 201, `${perTurn}`);
    assert.ok(perTurn.every((n) => n > 0));
    assert.deepEqual(
      transport.sent,
      Array.from({ length: COUNT }, (_, i) => i),
    );
    assert.deepEqual(published, [], 'nothing is handed over while something is due');
  });

  it('settles each of its arrivals once', () => {
    const { clock, transport, done } = burst(1);
    while (transport.sent.length < COUNT) clock.turn();
    for (const answer of transport.open) answer();
    clock.turn();
    assert.equal(done(), 'completed');
  });
});
