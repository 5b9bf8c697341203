// A rehearsal: a sender thread's own code run hot against a server of its own, before the run that counts.
//
// Node compiles what it runs often. A run that starts cold sends its first requests tens of milliseconds late, and the
// compiler's threads take processor time from it for seconds. So the thread first drives a few thousand requests over
// the production driver and transport to a socket on loopback that answers at once. The target sees nothing of it.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Driver } from '../drive/driver.js';
import { MonotonicClock } from '../drive/pacing/clock.js';
import type { ResolvedTarget } from '../drive/sockets/target.js';
import { NO_STALL_SOURCE } from '../drive/stall-causes.js';
import type { Transport } from '../drive/transports/transport.js';
import { Conversation } from '../drive/visits/conversation.js';
import type { Phase, Plan } from '../scenario/plan.js';
import type { Arrivals, PlannedRequest } from '../schedule/arrivals.js';

/** Enough for the compiler to have seen everything often. */
const REQUESTS = 8_000;
/**
 * Due one after the other; a thread that cannot keep up sends as fast as it can. Due times are no whole numbers: V8
 * keeps whole numbers in another form, and would throw away for the run what it has compiled for them here.
 */
const STEP_US = 120.3;
/** It ends after this long, however far it has come. */
const LENGTH_MS = 1_200;
/** More would be shed: what is shed rehearses nothing. */
const UNDER_WAY_MAX = 256;
/** Connections of a rehearsal, each with two ends in this process. */
const CONNECTIONS_MAX = 32;

const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok',
);

export interface RehearsalOptions {
  readonly plan: Plan;
  readonly phases: readonly Phase[];
  /** Arrivals of the plan, of which it takes the first; they are used up by it. */
  readonly arrivals: Arrivals;
  readonly transport: (target: ResolvedTarget, clock: MonotonicClock, startUs: number) => Transport;
}

/** Drives a few thousand requests to a server of its own. It needs a port of loopback; without one nothing is done. */
export async function rehearse(options: RehearsalOptions): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => socket.write(ANSWER));
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return;
  }
  await drive(options, (server.address() as AddressInfo).port);
  for (const socket of sockets) socket.destroy();
  server.close();
}

function drive({ plan, phases, arrivals, transport }: RehearsalOptions, port: number): Promise<void> {
  const clock = new MonotonicClock('sleep');
  const startUs = clock.nowUs();
  const host = `127.0.0.1:${port}`;
  const target: ResolvedTarget = {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    host,
    addresses: ['127.0.0.1'],
    headers: ['user-agent', 'flashcrowd'],
  };
  // A fresh connection for every request would leave thousands of ports in TIME_WAIT.
  const own = plan.connections.kind === 'visitor';
  const rehearsed: Plan = own ? plan : { ...plan, connections: { kind: 'pool', size: CONNECTIONS_MAX } };
  return new Promise((resolve) => {
    const driver = new Driver({
      plan: rehearsed,
      phases,
      arrivals: new Hurried(arrivals),
      clock,
      transport: transport(target, clock, startUs),
      // Without the scenario's hooks, which may count what they sign.
      conversation: new Conversation(plan, target, clock),
      shard: 'rehearsal',
      inFlightMax: UNDER_WAY_MAX,
      connectionsMax: CONNECTIONS_MAX,
      run: 'rehearsal',
      loopUtilisation: () => 0,
      stalls: NO_STALL_SOURCE,
      publish: () => {},
      stopRequested: () => {},
      done: () => {
        clearTimeout(timer);
        resolve();
      },
    });
    const timer = setTimeout(() => driver.stop(0), LENGTH_MS);
    driver.start(startUs);
  });
}

/** The first arrivals of a schedule, due one soon after the other. */
class Hurried implements Arrivals {
  #count = 0;

  constructor(private readonly arrivals: Arrivals) {}

  get dueUs(): number {
    const over = this.#count >= REQUESTS || !(this.arrivals.dueUs < Number.POSITIVE_INFINITY);
    return over ? Number.POSITIVE_INFINITY : (this.#count + 1) * STEP_US;
  }

  get seq(): number {
    return this.arrivals.seq;
  }

  get visitor(): number {
    return this.arrivals.visitor;
  }

  get stream(): number {
    return this.arrivals.stream;
  }

  get endsVisit(): boolean {
    return this.arrivals.endsVisit;
  }

  advance(): void {
    this.#count++;
    this.arrivals.advance();
  }

  request(into: PlannedRequest): void {
    this.arrivals.request(into);
  }
}
