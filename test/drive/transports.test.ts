// Conformance: one table of HTTP behaviours, run over every transport and over sockets in memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Exchange } from '../../src/drive/exchange.js';
import { type Clock, MonotonicClock } from '../../src/drive/pacing/clock.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { Connection, Transport } from '../../src/drive/transports/transport.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';
import { WireTransport } from '../../src/drive/transports/wire/wire-transport.js';
import { type Expected, type Row, TABLE } from '../support/conformance.js';
import { MemoryOpener } from '../support/memory-wire.js';
import { type RawAnswer, type RawLog, startRawServer } from '../support/raw-server.js';

/** A transport and the server that it talks to. */
interface World {
  readonly transport: Transport;
  readonly server: RawLog;
  close(): Promise<void>;
}

type MakeWorld = (answer: RawAnswer, options?: WorldOptions) => Promise<World>;

interface WorldOptions {
  readonly early?: boolean;
  readonly headers?: readonly string[];
  readonly clock?: Clock;
}

type MakeTransport = (target: ResolvedTarget, clock: Clock, startUs: number) => Transport;

/** Over TCP to a server of our own. */
const overTcp =
  (make: MakeTransport): MakeWorld =>
  async (answer, { early = false, headers = [], clock = new MonotonicClock('sleep') } = {}) => {
    const server = await startRawServer(answer, early);
    const transport = make(targetAt(server.port, headers), clock, 0);
    const close = () => {
      transport.close();
      return server.close();
    };
    return { transport, server, close };
  };

const inMemory: MakeWorld = async (
  answer,
  { early = false, headers = [], clock = new MonotonicClock('sleep') } = {},
) => {
  const opener = new MemoryOpener(answer, early);
  const transport = new WireTransport(targetAt(1, headers), clock, 0, opener);
  return { transport, server: opener.log, close: async () => transport.close() };
};

const MAKERS: Readonly<Record<string, MakeTransport>> = {
  undici: (target, clock, startUs) => new UndiciTransport(target, clock, startUs),
  wire: (target, clock, startUs) => new WireTransport(target, clock, startUs),
};

const WORLDS: Readonly<Record<string, MakeWorld>> = {
  ...Object.fromEntries(Object.entries(MAKERS).map(([name, make]) => [name, overTcp(make)])),
  'wire in memory': inMemory,
};

function targetAt(port: number, headers: readonly string[]): ResolvedTarget {
  return {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    host: 'shop.test',
    addresses: ['127.0.0.1'],
    headers: ['user-agent', 'test', ...headers],
  };
}

type Asked = Pick<Partial<Row>, 'method' | 'body' | 'headers'> & { readonly path?: string };

/** An exchange under way, on a connection of its own unless one is given. */
class Sending {
  readonly exchange = new Exchange();
  readonly connection: Connection;
  readonly settled: Promise<boolean>;
  readonly closed: Promise<void>;
  isSettled = false;

  constructor(transport: Transport, row: Asked, opened: () => void = () => {}) {
    const { exchange } = this;
    exchange.reset();
    exchange.request.method = row.method ?? 'GET';
    exchange.request.path = row.path ?? '/';
    exchange.request.body = row.body ?? null;
    exchange.request.headers = row.headers ?? ['accept', '*/*'];
    let onSettled: (usable: boolean) => void = () => {};
    let onClosed: () => void = () => {};
    this.settled = new Promise((resolve) => (onSettled = resolve));
    this.closed = new Promise((resolve) => (onClosed = resolve));
    this.connection = transport.connection(null, null, {
      opened,
      closed: () => onClosed(),
      settled: (connection, of, usable) => {
        assert.ok(!this.isSettled, 'an exchange settles once');
        assert.equal(connection, this.connection);
        assert.equal(of, exchange);
        this.isSettled = true;
        onSettled(usable);
      },
    });
    this.connection.send(exchange);
    assert.ok(!this.isSettled, 'never from inside send');
  }
}

/** Lets the loop come round until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

it('lists as a difference only what is one', () => {
  for (const { name, expected, except = {} } of TABLE) {
    for (const { why, ...differs } of Object.values(except)) {
      assert.ok(why !== '');
      assert.notDeepEqual({ ...expected, ...differs }, expected, name);
    }
  }
  assert.equal(new Set(TABLE.map(({ name }) => name)).size, TABLE.length);
});

async function run(make: MakeWorld, row: Row, expected: Expected): Promise<void> {
  const { transport, server, close } = await make(row.answer, { early: row.early === true });
  const sending = new Sending(transport, row);
  const { exchange, connection } = sending;
  const outcome = () => ({
    status: exchange.status,
    failure: exchange.failure,
    bytes: exchange.bytes,
  });
  if (expected.failure === 'timeout') {
    const { status, bytes } = expected;
    await until(() => server.requests.length > 0 && exchange.status === status && exchange.bytes === bytes);
    connection.abort(exchange, 'timeout');
    assert.ok(sending.isSettled, 'what is cut settles at once');
  }
  const usable = await sending.settled;
  assert.deepEqual({ ...outcome(), usable }, expected);
  assert.equal(exchange.attempts, 1);
  assert.ok(exchange.sentUs > 0 && exchange.endUs >= exchange.sentUs);
  assert.equal(server.connections, 1);
  assertSent(server, row);
  if (row.thenCloses !== undefined && server.peer !== null) {
    row.thenCloses(server.peer);
    await sending.closed;
  }
  await close();
}

function assertSent(server: RawLog, row: Row): void {
  assert.equal(server.requests.length, 1);
  const head = server.requests[0] as string;
  assert.match(head, /\r\nhost: shop\.test(\r\n|$)/i);
  if (row.headers !== undefined) assert.ok(head.includes(`\r\n${row.headers.slice(0, 2).join(': ')}`));
  if (row.body === undefined && row.method === 'POST') assert.match(head, /\r\ncontent-length: 0(\r\n|$)/i);
  if (row.body === undefined) return;
  const body = Buffer.from(row.body);
  assert.match(head, new RegExp(`\\r\\ncontent-length: ${body.length}(\\r\\n|$)`, 'i'));
  if (row.early !== true) assert.equal(server.bodies[0], body.toString('latin1'));
}

for (const [name, make] of Object.entries(WORLDS)) {
  describe(`conformance of ${name}`, () => {
    for (const row of TABLE) {
      const except = row.except?.[name];
      const { why, ...differs } = except ?? { why: '' };
      it(why === '' ? row.name : `${row.name} (${why})`, () =>
        run(make, row, { ...row.expected, ...differs }),
      );
    }
  });
}

const SAY_NOTHING: RawAnswer = (peer) => peer.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');

for (const [name, make] of Object.entries(WORLDS)) {
  describe(`the transport ${name}`, () => {
    it("sends each header once: the target's, but for the user agent of the request", async () => {
      const headers = ['x-flashcrowd-run', '7', 'authorization', 'Basic target'];
      const { transport, server, close } = await make(SAY_NOTHING, { headers });
      const recorded = [
        ['user-agent', 'Firefox'],
        ['authorization', 'Bearer recorded'],
        ['accept', 'a'],
        ['accept', 'b'],
      ].flat();
      await new Sending(transport, { headers: recorded }).settled;
      await new Sending(transport, { headers: ['accept', 'c'] }).settled;
      await close();
      const fields = server.requests.map((head) =>
        head
          .split('\r\n')
          .slice(1)
          .filter((line) => !/^(host|connection):/i.test(line)),
      );
      const targets = ['x-flashcrowd-run: 7', 'authorization: Basic target'];
      assert.deepEqual(fields, [
        ['user-agent: Firefox', 'accept: a', 'accept: b', ...targets],
        ['accept: c', 'user-agent: test', ...targets],
      ]);
    });

    it('uses a connection again', async () => {
      const { transport, server, close } = await make(SAY_NOTHING);
      const exchange = new Exchange();
      let settled = 0;
      const done = new Promise<void>((resolve) => {
        const connection = transport.connection(null, null, {
          opened: () => {},
          closed: () => {},
          settled: (_connection, _exchange, usable) => {
            assert.equal(exchange.failure, null);
            assert.ok(usable);
            exchange.reset();
            if (++settled === 5) resolve();
            else connection.send(exchange);
          },
        });
        connection.send(exchange);
      });
      await done;
      assert.deepEqual([settled, server.requests.length, server.connections], [5, 5, 1]);
      await close();
    });

    it('keeps what is asked for: all headers in lower case, and the beginning of the body', async () => {
      const { transport, close } = await make((peer) =>
        peer.write(
          'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Cache: HIT\r\nSet-Cookie: b=2\r\nContent-Length: 10\r\n\r\n0123456789',
        ),
      );
      const plain = new Sending(transport, {});
      await plain.settled;
      assert.deepEqual(plain.exchange.answer.setCookies, ['a=1', 'b=2']);
      assert.deepEqual(plain.exchange.answer.headers, []);
      assert.equal(plain.exchange.answer.body.length, 0);
      const curious = new Sending(transport, {});
      curious.exchange.answer.keepsHeaders = true;
      curious.exchange.answer.bodyMax = 4;
      await curious.settled;
      const { headers, body } = curious.exchange.answer;
      assert.deepEqual(headers, [
        ...['set-cookie', 'a=1', 'x-cache', 'HIT', 'set-cookie', 'b=2'],
        ...['content-length', '10'],
      ]);
      assert.equal(body.toString(), '0123');
      assert.equal(curious.exchange.bytes, 10);
      await close();
    });

    it('stamps an exchange: sent when connected, the first byte, and the last', async () => {
      const clock = { us: 1, nowUs: () => clock.us, wakeAt: () => {} };
      const { transport, server, close } = await make(() => {}, { clock });
      const { exchange, settled } = new Sending(transport, {}, () => {
        clock.us = 2;
      });
      await until(() => server.requests.length > 0);
      clock.us = 3;
      server.peer?.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n');
      await until(() => exchange.status === 200);
      clock.us = 4;
      server.peer?.write('o');
      await until(() => exchange.bytes === 1);
      clock.us = 5;
      server.peer?.write('k');
      await settled;
      assert.deepEqual([exchange.sentUs, exchange.firstByteUs, exchange.endUs], [2, 3, 5]);
      await close();
    });

    it('cuts a connection that has not opened, and hears no more of it', async () => {
      const { transport, server, close } = await make(SAY_NOTHING);
      const sending = new Sending(transport, {});
      sending.connection.abort(sending.exchange, 'timeout');
      assert.ok(sending.isSettled);
      assert.equal(await sending.settled, false);
      assert.equal(sending.exchange.failure, 'timeout');
      assert.equal(sending.exchange.attempts, 0);
      assert.ok(Number.isNaN(sending.exchange.sentUs));
      await new Sending(transport, {}).settled;
      assert.equal(server.requests.length, 1);
      await close();
    });

    it('sends nothing that would be another request', async () => {
      const { transport, server, close } = await make(SAY_NOTHING);
      const refused: Asked[] = [
        { path: '/a HTTP/1.1' },
        { path: '/a\r\n' },
        { path: '' },
        { path: '/\u2019' },
        { method: 'GET /other HTTP/1.1\r\n' },
        { headers: ['x', 'a\r\ny: b'] },
        { headers: ['x y', 'a'] },
      ];
      for (const row of refused) {
        const sending = new Sending(transport, row);
        assert.equal(await sending.settled, false);
        assert.equal(sending.exchange.failure, 'protocol');
        assert.equal(sending.exchange.attempts, 0);
      }
      assert.deepEqual(server.requests, []);
      await close();
    });
  });
}

for (const [name, make] of Object.entries(MAKERS)) {
  it(`tells a refused connection: ${name}`, async () => {
    const server = await startRawServer(() => {});
    await server.close();
    const transport = make(targetAt(server.port, []), new MonotonicClock('sleep'), 0);
    const { exchange, settled } = new Sending(transport, {});
    assert.equal(await settled, false);
    assert.equal(exchange.failure, 'refused');
    assert.equal(exchange.attempts, 0);
    assert.ok(Number.isNaN(exchange.sentUs));
    transport.close();
  });
}
