// Sockets as they are opened: TLS, tunnels, sources and addresses, through the opener and through every transport.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type OnReadOpts, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { Exchange } from '../../src/drive/exchange.js';
import { MonotonicClock } from '../../src/drive/pacing/clock.js';
import { Budget, SharedSessions, type TlsSessions } from '../../src/drive/sockets/sessions.js';
import { type OpenerOptions, type Opening, SocketOpener } from '../../src/drive/sockets/socket-opener.js';
import { type ResolvedTarget, serverNameOf, type TlsMaterial } from '../../src/drive/sockets/target.js';
import { outcomeOfError } from '../../src/drive/transports/failures.js';
import type { Connection, Transport } from '../../src/drive/transports/transport.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';
import { WireTransport } from '../../src/drive/transports/wire/wire-transport.js';
import { Visitor } from '../../src/drive/visits/visitors.js';
import type { Outcome } from '../../src/measure/outcome.js';
import { startProxy } from '../support/proxy-server.js';
import { startRawServer } from '../support/raw-server.js';
import { CA, CLIENT, OTHER_CA, SELF_SIGNED, SERVER } from '../support/tls/material.js';
import { ANSWER, type Handshake, startTlsServer } from '../support/tls-server.js';

/** Those that speak HTTP/1.1. */
const TRANSPORTS: Record<string, (target: ResolvedTarget) => Transport> = {
  wire: (target) => new WireTransport(target, new MonotonicClock('sleep'), 0),
  undici: (target) => new UndiciTransport(target, new MonotonicClock('sleep'), 0),
};

const TRUSTED: TlsMaterial = { ca: CA, insecure: false };

function targetAt(port: number, more: Partial<ResolvedTarget> = {}): ResolvedTarget {
  return {
    protocol: 'https:',
    hostname: 'shop.test',
    port,
    host: 'shop.test',
    addresses: ['127.0.0.1'],
    headers: ['user-agent', 'test'],
    ...more,
  };
}

/** Sends one request on a new connection, and closes it. */
function sendOne(
  transport: Transport,
  host: string | null,
  sessions: TlsSessions | null,
): Promise<{ failure: Outcome | null; status: number; opening: Opening | null }> {
  return new Promise((resolve) => {
    const exchange = new Exchange();
    exchange.reset();
    exchange.request.host = host;
    let opening: Opening | null = null;
    const listener = {
      opened: (how: Opening) => {
        opening = how;
      },
      closed: () => {},
      settled: (connection: Connection, { failure, status }: Exchange, usable: boolean) => {
        if (usable) connection.close();
        resolve({ failure, status, opening });
      },
    };
    transport.connection(host, sessions, listener).send(exchange);
  });
}

interface TlsRow {
  readonly name: string;
  readonly server: TlsOptions;
  readonly tls?: TlsMaterial;
  /** Whose Host is sent; the target's own unless given. */
  readonly host?: string;
  readonly hostname?: string;
  readonly failure: Outcome | null;
  readonly seen?: Partial<Handshake>;
}

const TLS_TABLE: readonly TlsRow[] = [
  {
    name: 'a certificate of an authority that is trusted',
    server: SERVER,
    tls: TRUSTED,
    failure: null,
    seen: { servername: 'shop.test', resumed: false, alpn: 'http/1.1', client: undefined },
  },
  { name: 'a certificate of an unknown authority', server: SERVER, failure: 'tls' },
  {
    name: 'a certificate of another authority than the one trusted',
    server: SERVER,
    tls: { ca: OTHER_CA, insecure: false },
    failure: 'tls',
  },
  {
    name: 'a self-signed certificate',
    server: SELF_SIGNED,
    tls: { insecure: false },
    failure: 'tls',
  },
  {
    name: 'a self-signed certificate that is taken for this run',
    server: SELF_SIGNED,
    tls: { insecure: true },
    failure: null,
    seen: { servername: 'shop.test' },
  },
  {
    name: 'the server name of the Host that is sent, without its port',
    server: SERVER,
    tls: TRUSTED,
    host: 'hot-shop.shop.test:8443',
    failure: null,
    seen: { servername: 'hot-shop.shop.test' },
  },
  {
    name: 'a Host that the certificate does not bear',
    server: SERVER,
    tls: TRUSTED,
    host: 'other.test',
    failure: 'tls',
  },
  {
    name: 'a Host that is two labels under a wildcard of the certificate',
    server: SERVER,
    tls: TRUSTED,
    host: 'a.b.shop.test',
    failure: 'tls',
  },
  {
    name: 'an address as a Host: no server name, and the certificate bears it',
    server: SERVER,
    tls: TRUSTED,
    hostname: '127.0.0.1',
    failure: null,
    seen: { servername: false },
  },
  {
    name: 'an address as a Host that the certificate does not bear',
    server: SERVER,
    tls: TRUSTED,
    hostname: '10.9.8.7',
    failure: 'tls',
  },
  {
    name: 'a server that asks for a certificate and gets it',
    server: { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true },
    tls: { ...TRUSTED, ...CLIENT },
    failure: null,
    seen: { client: 'flashcrowd test client' },
  },
  {
    name: 'a server that asks for a certificate and gets none, in TLS 1.2',
    server: { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' },
    tls: TRUSTED,
    failure: 'tls',
  },
  {
    name: 'a server that speaks what Node no longer takes',
    server: { ...SERVER, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    tls: TRUSTED,
    failure: 'tls',
  },
];

for (const [name, make] of Object.entries(TRANSPORTS)) {
  describe(`TLS over the ${name} transport`, () => {
    for (const row of TLS_TABLE) {
      it(row.name, async () => {
        const server = await startTlsServer(row.server);
        const transport = make(
          targetAt(server.port, {
            ...(row.tls !== undefined && { tls: row.tls }),
            ...(row.hostname !== undefined && { hostname: row.hostname, host: row.hostname }),
          }),
        );
        const { failure, status, opening } = await sendOne(transport, row.host ?? null, null);
        transport.close();
        await server.close();
        assert.deepEqual([failure, status], [row.failure, row.failure === null ? 200 : 0]);
        assert.equal(opening !== null, row.failure === null);
        for (const [key, value] of Object.entries(row.seen ?? {}))
          assert.equal(server.handshakes[0]?.[key as keyof Handshake], value, key);
      });
    }

    it('reads bodies of many records on a kept connection, with a tunnel and without', async () => {
      const answer = `HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n${'x'.repeat(200_000)}`;
      const server = await startTlsServer(SERVER, '127.0.0.1', answer);
      const proxy = await startProxy(server.port);
      const through = { authority: 'shop.test:443', authorization: null };
      for (const more of [{}, { proxy: through, port: proxy.port }]) {
        const transport = make(targetAt(server.port, { tls: TRUSTED, ...more }));
        const results: [Outcome | null, number, boolean][] = [];
        await new Promise<void>((resolve) => {
          const exchange = new Exchange();
          exchange.reset();
          const connection = transport.connection(null, null, {
            opened: () => {},
            closed: () => {},
            settled: (_connection, { failure, bytes }, usable) => {
              results.push([failure, bytes, usable]);
              exchange.reset();
              if (results.length === 3) resolve();
              else connection.send(exchange);
            },
          });
          connection.send(exchange);
        });
        transport.close();
        assert.deepEqual(results, Array(3).fill([null, 200_000, true]));
      }
      assert.equal(server.handshakes.length, 2);
      await proxy.close();
      await server.close();
    });

    it('resumes for a visitor who returns, and for nobody else', async () => {
      const server = await startTlsServer(SERVER);
      const transport = make(targetAt(server.port, { tls: TRUSTED }));
      const budget = new Budget(8);
      const [anna, ben] = [new Visitor(0, 1, budget), new Visitor(0, 2, budget)];
      const openings: (Opening | null)[] = [];
      for (const sessions of [anna, anna, ben, null, null, anna])
        openings.push((await sendOne(transport, null, sessions)).opening);
      transport.close();
      await server.close();
      const expected = [false, true, false, false, false, true];
      assert.deepEqual(
        server.handshakes.map(({ resumed }) => resumed),
        expected,
      );
      assert.deepEqual(
        openings.map((opening) => opening?.resumed),
        expected,
      );
    });

    it('goes through a tunnel, with the login of the proxy', async () => {
      const server = await startTlsServer(SERVER);
      const proxy = await startProxy(server.port);
      const transport = make(
        targetAt(proxy.port, {
          tls: TRUSTED,
          proxy: { authority: 'shop.test:443', authorization: 'Basic bWU6' },
        }),
      );
      const sessions = new SharedSessions();
      const first = await sendOne(transport, null, sessions);
      const second = await sendOne(transport, 'a.shop.test', sessions);
      const third = await sendOne(transport, null, sessions);
      transport.close();
      await proxy.close();
      await server.close();
      assert.deepEqual([first.status, second.status, third.status], [200, 200, 200]);
      assert.deepEqual(
        [first, second, third].map(({ opening }) => opening?.resumed),
        [false, false, true],
      );
      assert.equal(server.handshakes[1]?.servername, 'a.shop.test');
      assert.equal(
        proxy.requests[0],
        'CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\nProxy-Authorization: Basic bWU6\r\n\r\n',
      );
    });

    it('goes through a tunnel without TLS, too', async () => {
      const server = await startRawServer((socket) => socket.write(ANSWER));
      const proxy = await startProxy(server.port);
      const through = { authority: 'shop.test:80', authorization: null };
      const transport = make(targetAt(proxy.port, { protocol: 'http:', proxy: through }));
      const { status, opening } = await sendOne(transport, null, null);
      transport.close();
      await proxy.close();
      await server.close();
      assert.equal(status, 200);
      assert.deepEqual([opening?.tlsUs, opening?.protocol], [null, 'http/1.1']);
      assert.match(server.requests[0] ?? '', /^GET \/ HTTP\/1\.1\r\n/);
    });

    const refusals: readonly (readonly [string, string, Outcome])[] = [
      ['wants a login', 'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n', 'refused'],
      ['cannot reach the target', 'HTTP/1.1 502 Bad Gateway\r\n\r\nsorry', 'refused'],
      ['is none', '220 mail.example ESMTP\r\n\r\n', 'protocol'],
      ['says more than its answer', 'HTTP/1.1 200 OK\r\n\r\nhello', 'protocol'],
      ['never ends its answer', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`, 'protocol'],
      ['closes', '', 'reset'],
    ];
    for (const [what, answer, failure] of refusals) {
      it(`calls it ${failure} when the proxy ${what}`, async () => {
        const proxy = await startProxy(answer);
        const through = { authority: 'shop.test:443', authorization: null };
        const transport = make(targetAt(proxy.port, { proxy: through }));
        const result = await sendOne(transport, null, null);
        transport.close();
        await proxy.close();
        assert.deepEqual([result.failure, result.opening], [failure, null]);
      });
    }
  });
}

/** Opens a socket with an opener of its own. */
function open(
  target: ResolvedTarget,
  options: OpenerOptions = {},
  onread?: OnReadOpts,
): Promise<{ socket: Socket; opening: Opening }> {
  return new Promise((resolve, reject) => {
    const ready = (socket: Socket, opening: Opening) => resolve({ socket, opening });
    new SocketOpener(target, options).open(target.hostname, null, ready, reject, onread);
  });
}

describe('the socket opener', () => {
  it('takes addresses in turn, and sources in turn for each of them', async (t) => {
    const from: string[] = [];
    const server = createServer((socket) => {
      from.push(`${socket.remoteAddress} to ${socket.localAddress}`);
      socket.end();
    });
    const port = await listen(t, server, '0.0.0.0');
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const target = targetAt(port, {
      protocol: 'http:',
      addresses,
      sources: ['127.0.0.11', '127.0.0.12', '::1'],
    });
    const opener = new SocketOpener(target);
    const opened: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { socket, opening } = await new Promise<{ socket: Socket; opening: Opening }>((resolve, reject) =>
        opener.open('shop.test', null, (socket, opening) => resolve({ socket, opening }), reject),
      );
      opened.push(opening.address);
      // One at a time, so that the server sees them in this order.
      socket.resume();
      await once(socket, 'close');
      if (i === 3) addresses.splice(0, 2, '127.0.0.3');
    }
    assert.deepEqual(opened, ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2', '127.0.0.3']);
    assert.deepEqual(from.slice(0, 4), [
      '127.0.0.11 to 127.0.0.1',
      '127.0.0.11 to 127.0.0.2',
      '127.0.0.12 to 127.0.0.1',
      '127.0.0.12 to 127.0.0.2',
    ]);
    assert.match(from[4] ?? '', /^127\.0\.0\.1[12] to 127\.0\.0\.3$/);
  });

  it('says how long TCP and TLS took, each a part of the whole', async (t) => {
    const server = await startTlsServer(SERVER);
    t.after(() => server.close());
    const { socket, opening } = await open(targetAt(server.port, { tls: TRUSTED }));
    socket.destroy();
    assert.ok(opening.tcpUs > 0 && opening.tlsUs !== null && opening.tlsUs > 0);
    assert.ok(Math.abs(opening.tcpUs + opening.tlsUs - opening.totalUs) < 1e-3);
    assert.equal(opening.dnsUs, 0);
  });

  it('tells what TLS agreed on', async (t) => {
    const both = await startTlsServer({ ...SERVER, ALPNProtocols: ['h2', 'http/1.1'] });
    const old = await startTlsServer({ ...SERVER, ALPNProtocols: [] });
    t.after(() => Promise.all([both.close(), old.close()]));
    const spoken = async (port: number, options: OpenerOptions) => {
      const { socket, opening } = await open(targetAt(port, { tls: TRUSTED }), options);
      socket.destroy();
      return opening.protocol;
    };
    assert.equal(await spoken(both.port, { alpn: ['h2'] }), 'h2');
    assert.equal(await spoken(both.port, { alpn: ['h2', 'http/1.1'] }), 'h2');
    assert.equal(await spoken(both.port, {}), 'http/1.1');
    assert.equal(await spoken(old.port, { alpn: ['h2', 'http/1.1'] }), 'http/1.1');
    await assert.rejects(
      spoken(old.port, { alpn: ['h2'] }),
      (error: Error) => outcomeOfError(error) === 'protocol',
    );
  });

  it('gives what is received to `onread`, over TCP, TLS and tunnels', async (t) => {
    const plain = await startRawServer((socket) => socket.write(ANSWER));
    const secure = await startTlsServer(SERVER);
    const toPlain = await startProxy(plain.port);
    const toSecure = await startProxy(secure.port);
    t.after(() => Promise.all([plain.close(), secure.close(), toPlain.close(), toSecure.close()]));
    const proxy = { authority: 'shop.test:1', authorization: null };
    const targets = [
      targetAt(plain.port, { protocol: 'http:' }),
      targetAt(secure.port, { tls: TRUSTED }),
      targetAt(toPlain.port, { protocol: 'http:', proxy }),
      targetAt(toSecure.port, { tls: TRUSTED, proxy }),
    ];
    for (const target of targets) {
      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const onread: OnReadOpts = {
          buffer: Buffer.alloc(16),
          callback(this: Socket, length: number, bytes: Uint8Array) {
            text += Buffer.from(bytes.subarray(0, length)).toString('latin1');
            if (text.length === ANSWER.length) {
              this.destroy();
              resolve(text);
            }
            return true;
          },
        };
        open(target, {}, onread).then(({ socket }) => socket.write('GET / HTTP/1.1\r\n\r\n'), reject);
      });
      assert.equal(answer, ANSWER);
    }
  });

  it('fails once when its socket is destroyed on the way, at any step', async (t) => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    const port = await listen(t, silent, '127.0.0.1');
    const proxy = { authority: 'shop.test:1', authorization: null };
    for (const target of [targetAt(port), targetAt(port, { protocol: 'http:', proxy })]) {
      for (const step of ['at once', 'when connected'] as const) {
        let failures = 0;
        const error = await new Promise<Error>((resolve, reject) => {
          const socket = new SocketOpener(target).open(
            'shop.test',
            null,
            () => reject(new Error('it is not ready')),
            (failure) => {
              failures++;
              setImmediate(() => resolve(failure));
            },
          );
          if (step === 'at once') socket.destroy();
          else socket.once('connect', () => setImmediate(() => socket.destroy()));
        });
        assert.equal(outcomeOfError(error), 'reset');
        assert.equal(failures, 1);
      }
    }
  });

  it('fails once when the tunnel is destroyed in the middle of a handshake', async (t) => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    const proxy = await startProxy(await listen(t, silent, '127.0.0.1'));
    t.after(() => proxy.close());
    const through = { authority: 'shop.test:443', authorization: null };
    const failures: Error[] = [];
    const hello = once(silent, 'connection').then(([socket]) => once(socket as Socket, 'data'));
    const socket = new SocketOpener(targetAt(proxy.port, { proxy: through })).open(
      'shop.test',
      null,
      () => assert.fail('it is not ready'),
      (error) => failures.push(error),
    );
    await hello;
    socket.destroy();
    await once(socket, 'close');
    await new Promise(setImmediate);
    assert.deepEqual(failures.map(outcomeOfError), ['reset']);
  });

  it('holds thousands of connections open, each to be used', async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(chunk));
    });
    const port = await listen(t, server, '127.0.0.1');
    const opener = new SocketOpener(targetAt(port, { protocol: 'http:' }));
    const open = () =>
      new Promise<Socket>((resolve, reject) =>
        opener.open('shop.test', null, (socket) => resolve(socket), reject),
      );
    const held: Socket[] = [];
    while (held.length < 2_000) held.push(...(await Promise.all(Array.from({ length: 50 }, open))));
    const first = held[0] as Socket;
    first.write('hello');
    const [echo] = (await once(first, 'data')) as [Buffer];
    assert.equal(echo.toString(), 'hello');
    assert.ok(held.every((socket) => socket.listenerCount('close') <= 1 && !socket.destroyed));
    for (const socket of held) socket.destroy();
  });

  it('refuses a key that does not fit its certificate', () => {
    const tls = { cert: CLIENT.cert, key: SERVER.key, insecure: false };
    assert.throws(() => new SocketOpener(targetAt(1, { tls })), /key values mismatch/);
  });
});

describe('a server name', () => {
  const target = targetAt(443);
  const rows: readonly (readonly [string | null, string])[] = [
    [null, 'shop.test'],
    ['a.shop.test', 'a.shop.test'],
    ['a.shop.test:8443', 'a.shop.test'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]:8080', '::1'],
    ['[::1]', '::1'],
    ['::1', '::1'],
  ];
  for (const [host, name] of rows) {
    it(`of ${host} is ${name}`, () => assert.equal(serverNameOf(host, target), name));
  }
});

describe('kept sessions', () => {
  const session = Buffer.from('session');

  it('are so many in all, and make room when a visitor is forgotten', () => {
    const budget = new Budget(2);
    const [anna, ben, cleo] = [1, 2, 3].map((n) => new Visitor(0, n, budget)) as [Visitor, Visitor, Visitor];
    anna.keepSession('a.test', session);
    ben.keepSession('a.test', session);
    ben.keepSession('a.test', session);
    cleo.keepSession('a.test', session);
    assert.deepEqual(
      [anna, ben, cleo].map((visitor) => visitor.session('a.test') !== undefined),
      [true, true, false],
    );
    anna.forget();
    anna.keepSession('a.test', session);
    assert.equal(anna.session('a.test'), undefined);
    cleo.keepSession('a.test', session);
    assert.ok(cleo.session('a.test') !== undefined);
    assert.ok(!budget.take());
  });

  it('of one visitor are for a few server names', () => {
    const visitor = new Visitor(0, 1, new Budget(100));
    for (let i = 0; i < 20; i++) visitor.keepSession(`${i}.test`, session);
    assert.ok(visitor.session('7.test') !== undefined);
    assert.equal(visitor.session('8.test'), undefined);
  });

  it('of a pool are bounded', () => {
    const shared = new SharedSessions();
    for (let i = 0; i < 5_000; i++) shared.keepSession(`${i}.test`, session);
    assert.ok(shared.session('4095.test') !== undefined);
    assert.equal(shared.session('4096.test'), undefined);
  });
});

async function listen(t: TestContext, server: ReturnType<typeof createServer>, host: string) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
