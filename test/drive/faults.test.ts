// The fault matrix: every way in which a target misbehaves, over every transport, in whole runs beside what is in order.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { TransportKind } from '../../src/drive/transports/choose.js';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import type { Counts } from '../../src/measure/cell.js';
import type { Outcome } from '../../src/measure/outcome.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import {
  countsOf,
  faultPlan,
  HEALTHY_ROUTE,
  outcomesOf,
  plannedByRoute,
  runFaults,
} from '../support/fault-run.js';
import { listenRaw, startHttp1Faults, startHttp2Faults, startTlsFaults } from '../support/fault-server.js';
import { type Fault, type FaultServer, HEALTHY, pathOf, type Seen, verdictOf } from '../support/faults.js';
import { HTTP1_FAULTS, serveHttp1 } from '../support/faults-http1.js';
import { HTTP2_FAULTS, serveHttp2 } from '../support/faults-http2.js';
import { TLS_FAULTS, TRUSTED, tenantOf } from '../support/faults-tls.js';

const VISITORS: ConnectionPolicy = { kind: 'visitor', perVisitor: null, idleUs: 60e6 };
const FAULTY_ROUTE = 1;
/** Requests of each run, about. */
const HEALTHY_COUNT = 12;
const FAULTY_COUNT = 6;

function targetAt(port: number, more: Partial<ResolvedTarget> = {}): ResolvedTarget {
  return {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    host: 'shop.test',
    addresses: ['127.0.0.1'],
    headers: ['user-agent', 'test'],
    ...more,
  };
}

/** What holds of every run: it is complete, its sums agree, and what is in order is unharmed. */
function assertSound(snapshot: Snapshot): void {
  assert.deepEqual(brokenConservation(snapshot), []);
  const healthy = countsOf(snapshot, HEALTHY_ROUTE);
  assert.ok(healthy.planned > 0);
  assert.deepEqual(outcomesOf(healthy), { ok: healthy.planned });
}

/** All of a route comes to one outcome, or another where that is as right. */
function assertComesTo(counts: Counts, outcome: Outcome, or: Outcome): void {
  const outcomes = outcomesOf(counts);
  const { [or]: others = 0, ...rest } = outcomes;
  if (or === outcome) assert.deepEqual(outcomes, { [outcome]: counts.planned });
  else if (others < counts.planned) assert.deepEqual(rest, { [outcome]: counts.planned - others });
}

/** Runs a row beside what is in order, and holds it against what is expected. */
async function runRow(
  faults: readonly Fault[],
  number: number,
  server: FaultServer,
  kind: TransportKind,
  run: string,
  target: ResolvedTarget,
  hosts: { readonly tenant?: string; readonly sendAs?: string } = {},
): Promise<void> {
  const fault = faults[number];
  assert.ok(fault !== undefined);
  const { outcome, attempts } = verdictOf(fault, kind);
  const path = pathOf(number, run);
  const healthyPath = pathOf(HEALTHY, `${run}${number}`);
  const { plan, inputs } = faultPlan({
    connections: VISITORS,
    healthy: HEALTHY_COUNT,
    faulty: FAULTY_COUNT,
    healthyPath,
    routes: [{ ...fault, ...hosts, path }],
    ...(hosts.sendAs !== undefined && { sendAs: hosts.sendAs }),
  });
  const snapshot = await runFaults({
    kind,
    target,
    plan,
    inputs,
    hangs: (unsettled) =>
      outcome === 'timeout' &&
      unsettled <= FAULTY_COUNT &&
      server.seen.of(path) === unsettled * (attempts ?? 0),
  });
  assertSound(snapshot);
  const counts = countsOf(snapshot, FAULTY_ROUTE);
  assert.ok(counts.planned > 0);
  assertComesTo(counts, outcome, fault.or ?? outcome);
  if (attempts === null) return;
  assert.equal(counts.attempts, attempts * counts.planned);
  assert.equal(server.seen.of(path), counts.attempts, 'attempts are what the server saw');
  assert.equal(server.seen.of(healthyPath), countsOf(snapshot, HEALTHY_ROUTE).attempts);
}

it('names every fault once, and lists as a difference only what is one', () => {
  for (const table of [HTTP1_FAULTS, HTTP2_FAULTS, TLS_FAULTS]) {
    for (const { name, outcome, attempts, except = {} } of table) {
      for (const { why, ...differs } of Object.values(except)) {
        assert.ok(why !== '');
        assert.notDeepEqual({ outcome, attempts, ...differs }, { outcome, attempts }, name);
      }
    }
    assert.equal(new Set(table.map(({ name }) => name)).size, table.length);
  }
});

describe('a target of HTTP/1.1 that', { concurrency: 16 }, () => {
  let server: FaultServer;
  before(async () => {
    server = await startHttp1Faults();
  });
  after(() => server.close());
  for (const kind of ['wire', 'undici'] as const) {
    for (const [number, fault] of HTTP1_FAULTS.entries()) {
      const { outcome, why } = verdictOf(fault, kind);
      const because = why === '' ? '' : `, as ${why}`;
      it(`${fault.name}: ${outcome} (${kind}${because})`, () =>
        runRow(HTTP1_FAULTS, number, server, kind, kind, targetAt(server.port)));
    }
  }
});

describe('a target of HTTP/2 that', { concurrency: 16 }, () => {
  let server: FaultServer;
  before(async () => {
    server = await startHttp2Faults();
  });
  after(() => server.close());
  for (const [number, fault] of HTTP2_FAULTS.entries()) {
    it(`${fault.name}: ${fault.outcome}${fault.or === undefined ? '' : ` or ${fault.or}`}`, () =>
      runRow(HTTP2_FAULTS, number, server, 'http2', 'h2', targetAt(server.port)));
  }
});

describe('a target with TLS that', { concurrency: 16 }, () => {
  let server: FaultServer;
  before(async () => {
    server = await startTlsFaults();
  });
  after(() => server.close());
  for (const kind of ['wire', 'undici', 'http2'] as const) {
    for (const [number, fault] of TLS_FAULTS.entries()) {
      const { outcome, why } = verdictOf(fault, kind);
      const because = why === '' ? '' : `, as ${why}`;
      it(`${fault.name}: ${outcome} (${kind}${because})`, () =>
        runRow(
          TLS_FAULTS,
          number,
          server,
          kind,
          kind,
          targetAt(server.port, {
            protocol: 'https:',
            hostname: 'shop.test',
            tls: { ca: TRUSTED, insecure: false },
          }),
          { tenant: tenantOf(number), sendAs: fault.sendAs ?? '{tenant}.shop.test' },
        ));
    }
  }
});

function healthyHttp1(socket: Socket, seen: Seen): void {
  serveHttp1(socket, () => socket.resetAndDestroy(), [], seen);
}

function healthyHttp2(socket: Socket, seen: Seen): void {
  serveHttp2(socket, () => socket.resetAndDestroy(), [], seen);
}

/** Every fault of HTTP/1.1 at once, as routes beside one that is in order. */
const ALL_COUNT = 2 * HTTP1_FAULTS.length;
const SHARED: readonly [string, ConnectionPolicy][] = [
  ['fresh connections', { kind: 'fresh' }],
  ['a pool larger than what hangs', { kind: 'pool', size: ALL_COUNT }],
];

describe('a target of HTTP/1.1 with every fault at once, by', () => {
  for (const [policy, connections] of SHARED) {
    for (const kind of ['wire', 'undici'] as const) {
      it(`${policy} (${kind})`, async () => {
        const server = await startHttp1Faults();
        // What is asked for over a kept connection is a flow of its own.
        const numbers = HTTP1_FAULTS.flatMap(({ kept, spoils }, i) =>
          kept === undefined && (spoils === undefined || connections.kind === 'fresh') ? [i] : [],
        );
        const { plan, inputs } = faultPlan({
          connections,
          healthy: 4 * HEALTHY_COUNT,
          faulty: ALL_COUNT,
          healthyPath: pathOf(HEALTHY, 'all'),
          routes: numbers.map((i) => ({ ...HTTP1_FAULTS[i], path: pathOf(i, 'all') })),
        });
        const planned = plannedByRoute(plan, inputs);
        /** What hangs: where it is asked for, and how often. */
        const hanging = numbers.flatMap((number, at): [string, number][] => {
          const fault = HTTP1_FAULTS[number];
          const hangs = fault !== undefined && verdictOf(fault, kind).outcome === 'timeout';
          return hangs ? [[pathOf(number, 'all'), planned[at + FAULTY_ROUTE] ?? 0]] : [];
        });
        const hangingCount = hanging.reduce((sum, [, n]) => sum + n, 0);
        const snapshot = await runFaults({
          kind,
          target: targetAt(server.port),
          plan,
          inputs,
          hangs: (unsettled) =>
            unsettled === hangingCount && hanging.every(([path, n]) => server.seen.of(path) === n),
        });
        await server.close();
        assertSound(snapshot);
        for (const [at, number] of numbers.entries()) {
          const fault = HTTP1_FAULTS[number];
          assert.ok(fault !== undefined);
          const counts = countsOf(snapshot, at + FAULTY_ROUTE);
          const expected = counts.planned === 0 ? {} : { [verdictOf(fault, kind).outcome]: counts.planned };
          assert.deepEqual(outcomesOf(counts), expected, fault.name);
        }
      });
    }
  }
});

/** What a second address of the target does; every other connection goes there. */
const ADDRESSES: readonly {
  readonly name: string;
  readonly outcome: Outcome;
  /** Takes a connection there; null: nobody listens. */
  readonly meet: ((socket: Socket) => void) | null;
}[] = [
  { name: 'refuses connections', outcome: 'refused', meet: null },
  { name: 'closes what it accepts', outcome: 'reset', meet: (socket) => socket.end() },
  { name: 'resets what it accepts', outcome: 'reset', meet: (socket) => socket.resetAndDestroy() },
  { name: 'accepts and never reads', outcome: 'timeout', meet: (socket) => socket.pause() },
];

describe('a target of which one of two addresses', () => {
  for (const kind of ['wire', 'undici', 'http2'] as const) {
    for (const { name, outcome, meet } of ADDRESSES) {
      it(`${name}: ${outcome} for half of all (${kind})`, async () => {
        const server = await listenRaw(kind === 'http2' ? healthyHttp2 : healthyHttp1);
        const second = meet === null ? null : await listenRaw(meet, '127.0.0.2', server.port);
        const { plan, inputs } = faultPlan({
          connections: { kind: 'fresh' },
          healthy: HEALTHY_COUNT,
          faulty: 0,
          healthyPath: pathOf(HEALTHY, kind),
          routes: [],
        });
        const [planned = 0] = plannedByRoute(plan, inputs);
        const half = planned / 2;
        const snapshot = await runFaults({
          kind,
          target: targetAt(server.port, { addresses: ['127.0.0.1', '127.0.0.2'] }),
          plan,
          inputs,
          hangs: (unsettled) => outcome === 'timeout' && unsettled === half,
        });
        await server.close();
        await second?.close();
        assert.ok(Number.isInteger(half) && half > 0);
        assert.deepEqual(brokenConservation(snapshot), []);
        assert.deepEqual(outcomesOf(countsOf(snapshot, HEALTHY_ROUTE)), { ok: half, [outcome]: half });
        assert.equal(server.seen.of(pathOf(HEALTHY, kind)), half);
      });
    }

    it(`goes away in the middle of a run: refused from then on (${kind})`, async () => {
      const path = pathOf(HEALTHY, kind);
      const serve = kind === 'http2' ? healthyHttp2 : healthyHttp1;
      let answered = 0;
      const server = await listenRaw((socket, seen) => {
        serve(socket, seen);
        socket.on('close', () => {
          if (++answered === HEALTHY_COUNT / 2) void server.close();
        });
      });
      const { plan, inputs } = faultPlan({
        connections: { kind: 'fresh' },
        healthy: 2 * HEALTHY_COUNT,
        faulty: 0,
        healthyPath: path,
        routes: [],
      });
      const snapshot = await runFaults({
        kind,
        target: targetAt(server.port),
        plan,
        inputs,
        hangs: () => false,
      });
      assert.deepEqual(brokenConservation(snapshot), []);
      const { ok = 0, refused = 0, reset = 0, ...others } = outcomesOf(countsOf(snapshot, HEALTHY_ROUTE));
      assert.deepEqual(others, {});
      assert.ok(ok >= HEALTHY_COUNT / 2);
      // What was on its way just then is reset, as the connection had been accepted.
      assert.equal(ok + refused + reset, countsOf(snapshot, HEALTHY_ROUTE).planned);
    });
  }
});
