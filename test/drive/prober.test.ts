// The prober over every transport of HTTP/1.1, and handshakes: what they keep of what a server does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { MonotonicClock } from '../../src/drive/pacing/clock.js';
import { shakeHands } from '../../src/drive/probe/handshake.js';
import { Prober } from '../../src/drive/probe/prober.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import { loadTransport } from '../../src/drive/transports/load.js';
import { Conversation } from '../../src/drive/visits/conversation.js';
import type { Probed } from '../../src/measure/probed.js';
import type { Plan } from '../../src/scenario/plan.js';
import { emptyRequest, type PlannedRequest } from '../../src/schedule/arrivals.js';
import { Unfilled } from '../../src/schedule/pending.js';
import { ESCAPES } from '../../src/schedule/template.js';
import { captureOf, flowPlan, stepOf } from '../support/flow-plan.js';
import { planOf, streamOf } from '../support/plans.js';
import { type RawAnswer, startRawServer } from '../support/raw-server.js';
import { CA, SELF_SIGNED, SERVER } from '../support/tls/material.js';
import { startTlsServer } from '../support/tls-server.js';

const schedule = (delayUs: number, callback: () => void) => {
  const timer = setTimeout(callback, delayUs / 1e3);
  return () => clearTimeout(timer);
};

function targetAt(port: number, more: Partial<ResolvedTarget> = {}): ResolvedTarget {
  return {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    host: `127.0.0.1:${port}`,
    addresses: ['127.0.0.1'],
    headers: ['x-flashcrowd-run', 'r1'],
    ...more,
  };
}

interface Probing {
  readonly requests: readonly Partial<PlannedRequest>[];
  readonly plan?: Partial<Plan>;
  readonly timeoutUs?: number;
  readonly hide?: (text: string) => string;
}

/** Probes a raw server with one visit. */
async function probe(
  t: TestContext,
  kind: 'wire' | 'undici',
  answer: RawAnswer,
  { requests, plan: more = {}, timeoutUs = 5e6, hide = (text) => text }: Probing,
) {
  const server = await startRawServer(answer);
  t.after(() => server.close());
  const { plan } = planOf([streamOf('s')], [], more);
  const target = targetAt(server.port);
  const clock = new MonotonicClock('sleep');
  const prober = new Prober({
    plan,
    target,
    transport: (await loadTransport(kind))(target, clock, 0),
    conversation: new Conversation(plan, target, clock),
    clock,
    schedule,
    timeoutUs,
    run: 'r1',
  });
  const visit = {
    stream: 0,
    visitor: 5,
    requests: requests.map((request, seq) => ({ seq, request: { ...emptyRequest(), ...request } })),
  };
  const probed = await prober.visit(visit, hide);
  prober.close();
  return { probed, server, prober };
}

const reply = (status: string, headers: string[], body = '') =>
  [`HTTP/1.1 ${status}`, ...headers, `content-length: ${body.length}`, '', body].join('\r\n');

/** One object, as captures are told apart by what they are, not by what they say. */
const ID = captureOf('id');
const ROUTE = { name: 'item', expect: [[200, 399]], match: null } as const;

for (const kind of ['wire', 'undici'] as const) {
  describe(`a probe over ${kind}`, () => {
    it('keeps what came back, and how the connection was opened', async (t) => {
      const answer = reply('200 OK', ['x-cache: MISS from edge', 'server: shop'], 'hello');
      const { probed, server } = await probe(t, kind, (peer) => peer.write(answer), {
        requests: [{ path: '/a?x=1' }],
      });
      const [one] = probed as [Probed];
      const { status, bytes, outcome, attempts, cache, body, request, connection, totalUs, firstByteUs } =
        one;
      assert.deepEqual([status, bytes, outcome, attempts, body], [200, 5, 'ok', 1, 'hello']);
      assert.deepEqual(cache, { result: 'miss', header: 'x-cache: MISS from edge' });
      assert.equal(request.path, '/a?x=1');
      assert.equal(request.serverName, null);
      assert.equal(connection?.address, '127.0.0.1');
      assert.equal(connection?.tlsUs, null);
      assert.ok((totalUs ?? 0) >= (firstByteUs ?? Number.POSITIVE_INFINITY));
      assert.match(server.requests[0] ?? '', /x-flashcrowd-run: r1/i);
    });

    it('follows redirects within the target as a run does, and names where the last one leads', async (t) => {
      const answer: RawAnswer = (peer, head) => {
        const path = head.split(' ')[1];
        const to = path === '/a' ? '/b' : 'https://live.example/';
        peer.write(reply('302 Found', [`location: ${to}`, 'set-cookie: seen=1']));
      };
      const { probed, server } = await probe(t, kind, answer, {
        requests: [{ path: '/a' }],
        plan: { redirects: 3 },
      });
      const [one] = probed as [Probed];
      assert.deepEqual(one.followed, [{ status: 302, location: '/b' }]);
      assert.equal(one.location, 'https://live.example/');
      assert.equal(one.request.path, '/a', 'what was asked first');
      assert.equal(server.requests.length, 2);
      assert.match(server.requests[1] ?? '', /^GET \/b .*cookie: seen=1/is);
    });

    it('carries what one answer gives to the next request of the visit, cookies too', async (t) => {
      const { probed, server } = await probe(
        t,
        kind,
        (peer, head) =>
          peer.write(
            head.includes(' /cart ')
              ? reply('200 OK', ['set-cookie: sid=9'], '{"id":"c/7"}')
              : reply('200 OK', [], 'yours'),
          ),
        {
          requests: [
            { path: '/cart', step: { waitUs: null, captures: [ID] } },
            {
              path: '/cart/{id}',
              step: { waitUs: 30e6, captures: [] },
              pending: {
                path: new Unfilled(['/cart/', ''], ['id'], ESCAPES.path),
                headers: null,
                body: null,
              },
            },
          ],
          plan: flowPlan({ steps: [stepOf('/cart', 0, { captures: [ID] })] }).plan,
        },
      );
      assert.deepEqual(
        probed.map(({ outcome }) => outcome),
        ['ok', 'ok'],
      );
      assert.match(server.requests[1] ?? '', /^GET \/cart\/c%2F7 .*cookie: sid=9/is);
    });

    it('gives up in time, and sends nothing a second time', async (t) => {
      const { probed, server } = await probe(
        t,
        kind,
        (peer, head) => {
          if (head.includes('/reset')) peer.resetAndDestroy();
        },
        { requests: [{ path: '/silent' }, { path: '/reset' }], timeoutUs: 50e3 },
      );
      assert.deepEqual(
        probed.map(({ outcome, status, attempts }) => [outcome, status, attempts]),
        [
          ['timeout', 0, 1],
          ['reset', 0, 1],
        ],
      );
      assert.equal(server.requests.length, 2);
    });

    it('names every check that failed', async (t) => {
      const checks = {
        contains: ['Add to cart', 'ok'],
        minBytes: 100,
        header: { 'x-shop': '', server: 'shop' },
      };
      const { probed } = await probe(
        t,
        kind,
        (peer) => peer.write(reply('200 OK', ['server: Shop/2'], 'all is ok')),
        { requests: [{}], plan: { routes: [{ ...ROUTE, checks }] } },
      );
      const [one] = probed as [Probed];
      assert.equal(one.outcome, 'bad_body');
      assert.deepEqual(one.failedChecks, [
        { check: 'header', wanted: 'x-shop' },
        { check: 'minBytes', wanted: '100' },
        { check: 'contains', wanted: 'Add to cart' },
      ]);
    });

    it('stops when the target asks for it by the name of the run', async (t) => {
      const { probed, server, prober } = await probe(
        t,
        kind,
        (peer) => peer.write(reply('200 OK', ['x-flashcrowd-stop: r1'])),
        { requests: [{}, {}] },
      );
      assert.equal(prober.stopRequested, true);
      assert.equal(probed.length, 1);
      assert.equal(server.requests.length, 1);
    });

    it('keeps no secret of a path, a header, or a place that it is led to', async (t) => {
      const { probed } = await probe(
        t,
        kind,
        (peer) => peer.write(reply('302 Found', ['location: /x?k=hush', 'server: hush/1'], 'a hush body')),
        { requests: [{ path: '/a?k=hush' }], hide: (text) => text.replaceAll('hush', '*') },
      );
      assert.doesNotMatch(JSON.stringify(probed), /hush/);
    });
  });
}

describe('a handshake', () => {
  const shake = (port: number, name: string, tls: ResolvedTarget['tls']) =>
    shakeHands(name, {
      target: targetAt(port, { protocol: 'https:', ...(tls !== undefined && { tls }) }),
      alpn: ['h2', 'http/1.1'],
      schedule,
    });

  it('tells who the server says it is, and whether that is believed', async (t) => {
    const server = await startTlsServer(SERVER);
    const selfSigned = await startTlsServer(SELF_SIGNED);
    t.after(() => server.close());
    t.after(() => selfSigned.close());
    const ca = { ca: CA, insecure: false };
    const good = await shake(server.port, 'hot.shop.test', ca);
    assert.equal(good.error, null);
    assert.equal(good.version, 'TLSv1.3');
    assert.equal(good.connection?.protocol, 'http/1.1');
    const { subject, issuer, names, validToMs, trusted, distrust } = good.certificate ?? {};
    assert.deepEqual(
      [subject, issuer, trusted, distrust],
      ['CN=shop.test', 'CN=flashcrowd test CA', true, null],
    );
    assert.deepEqual(names?.slice(0, 4), ['shop.test', '*.shop.test', 'localhost', '127.0.0.1']);
    assert.equal(validToMs, Date.UTC(2126, 9, 31, 12, 43, 2));
    const rows: [port: number, name: string, tls: ResolvedTarget['tls'], distrust: string | null][] = [
      [server.port, '127.0.0.1', ca, null],
      [server.port, 'live.example', ca, 'it is not for live.example'],
      [server.port, '127.0.0.9', ca, 'it is not for 127.0.0.9'],
      [server.port, 'shop.test', undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      [selfSigned.port, 'shop.test', ca, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ];
    for (const [port, name, tls, why] of rows) {
      const { certificate } = await shake(port, name, tls);
      assert.equal(certificate?.distrust, why);
      assert.equal(certificate?.trusted, why === null);
    }
  });

  it('that fails is told with its reason', async () => {
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    const mistaken = await shake(port, 'shop.test', undefined);
    assert.equal(mistaken.connection, null);
    assert.match(mistaken.error ?? '', /^ERR_SSL_|EPROTO/);
    plain.close();
    await once(plain, 'close');
    assert.equal((await shake(port, 'shop.test', undefined)).error, 'ECONNREFUSED');
  });
});
