// The fault matrix: every way in which a target misbehaves, over every transport, in whole runs beside what is in order.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { TransportKind } from '../../src/drive/transports/choose.js';
import { brokenConservation } from '../../src/judge/conservation.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import { countsOf, faultPlan, HEALTHY_ROUTE, outcomesOf, runFaults } from '../support/fault-run.js';
import { listenRaw } from '../support/fault-server.js';
import { type Fault, type FaultServer, HEALTHY, pathOf, verdictOf } from '../support/faults.js';
import { HTTP1_FAULTS, serveHttp1 } from '../support/faults-http1.js';
import { HTTP2_FAULTS, serveHttp2 } from '../support/faults-http2.js';
import { serveTls, TLS_FAULTS, TRUSTED, tenantOf } from '../support/faults-tls.js';

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
  assert.deepEqual(outcomesOf(counts), { [outcome]: counts.planned });
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
    server = await listenRaw((socket, seen) =>
      serveHttp1(socket, () => socket.resetAndDestroy(), HTTP1_FAULTS, seen),
    );
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
    server = await listenRaw((socket, seen) =>
      serveHttp2(socket, () => socket.resetAndDestroy(), HTTP2_FAULTS, seen),
    );
  });
  after(() => server.close());
  for (const [number, fault] of HTTP2_FAULTS.entries()) {
    it(`${fault.name}: ${fault.outcome}`, () =>
      runRow(HTTP2_FAULTS, number, server, 'http2', 'h2', targetAt(server.port)));
  }
});

describe('a target with TLS that', { concurrency: 16 }, () => {
  let server: FaultServer;
  before(async () => {
    server = await listenRaw((socket, seen) => serveTls(seen)(socket));
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

/** Every fault of HTTP/1.1 at once, as routes beside one that is in order; a few hang for each that may. */
const ALL_COUNT = 3 * HTTP1_FAULTS.length;
const SHARED: readonly [string, ConnectionPolicy][] = [
  ['fresh connections', { kind: 'fresh' }],
  ['a pool larger than what hangs', { kind: 'pool', size: ALL_COUNT }],
];

describe('a target of HTTP/1.1 with every fault at once, by', () => {
  for (const [policy, connections] of SHARED) {
    for (const kind of ['wire', 'undici'] as const) {
      it(`${policy} (${kind})`, async () => {
        const server = await listenRaw((socket, seen) =>
          serveHttp1(socket, () => socket.resetAndDestroy(), HTTP1_FAULTS, seen),
        );
        // What is asked for over a kept connection is a flow of its own.
        const numbers = HTTP1_FAULTS.flatMap(({ kept }, i) => (kept === undefined ? [i] : []));
        const { plan, inputs } = faultPlan({
          connections,
          healthy: 4 * HEALTHY_COUNT,
          faulty: ALL_COUNT,
          healthyPath: pathOf(HEALTHY, 'all'),
          routes: numbers.map((i) => ({ ...HTTP1_FAULTS[i], path: pathOf(i, 'all') })),
        });
        let unsettled = Number.POSITIVE_INFINITY;
        const snapshot = await runFaults({
          kind,
          target: targetAt(server.port),
          plan,
          inputs,
          hangs: (left) => {
            const isStill = left === unsettled;
            unsettled = left;
            return isStill;
          },
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
