// Conformance: one table of HTTP behaviours, run over every transport. A difference says why in its row.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Exchange } from '../../src/drive/exchange.js';
import { MonotonicClock } from '../../src/drive/pacing/clock.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { Connection, Transport } from '../../src/drive/transports/transport.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';
import type { Outcome } from '../../src/measure/outcome.js';
import { type RawAnswer, startRawServer } from '../support/raw-server.js';

const TRANSPORTS: Record<string, (target: ResolvedTarget) => Transport> = {
  undici: (target) => {
    const clock = new MonotonicClock('sleep');
    return new UndiciTransport(target, clock, clock.nowUs());
  },
};

interface Row {
  readonly name: string;
  readonly answer: RawAnswer;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: readonly string[];
  /** What the first exchange must come to. */
  readonly status: number;
  readonly failure: Outcome | null;
  readonly bytes?: number;
  /** Whether the connection can take another exchange. */
  readonly usable: boolean;
  /** Where a transport differs, and why. */
  readonly except?: Readonly<Record<string, { readonly why: string; readonly usable: boolean }>>;
  /** Cut by the driver after this many milliseconds, as a timeout. */
  readonly cutAfterMs?: number;
}

const say =
  (text: string): RawAnswer =>
  (socket) =>
    socket.write(text);
const sayAndEnd =
  (text: string): RawAnswer =>
  (socket) =>
    socket.end(text);

const TABLE: readonly Row[] = [
  {
    name: 'a body of known length',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
    status: 200,
    failure: null,
    bytes: 5,
    usable: true,
  },
  {
    name: 'an empty body',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    status: 200,
    failure: null,
    bytes: 0,
    usable: true,
  },
  {
    name: 'a chunked body',
    answer: say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'),
    status: 200,
    failure: null,
    bytes: 5,
    usable: true,
  },
  {
    name: 'a chunked body with trailers',
    answer: say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-sum: 1\r\n\r\n'),
    status: 200,
    failure: null,
    bytes: 1,
    usable: true,
  },
  {
    name: 'no body: 204',
    answer: say('HTTP/1.1 204 No Content\r\n\r\n'),
    status: 204,
    failure: null,
    bytes: 0,
    usable: true,
  },
  {
    name: 'no body: 304 with a length',
    answer: say('HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n'),
    status: 304,
    failure: null,
    bytes: 0,
    usable: true,
    except: { undici: { why: 'undici closes the connection over the length', usable: false } },
  },
  {
    name: 'no body: HEAD with a length',
    method: 'HEAD',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n'),
    status: 200,
    failure: null,
    bytes: 0,
    usable: true,
  },
  {
    name: 'an interim answer first',
    answer: say(
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    ),
    status: 200,
    failure: null,
    bytes: 2,
    usable: true,
  },
  {
    name: 'a body that ends with the connection',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\n\r\nhello'),
    status: 200,
    failure: null,
    bytes: 5,
    usable: false,
  },
  {
    name: 'an error status',
    answer: say('HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy'),
    status: 503,
    failure: null,
    bytes: 4,
    usable: true,
  },
  {
    name: 'a redirect, not followed',
    answer: say('HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n'),
    status: 302,
    failure: null,
    usable: true,
  },
  {
    name: 'a request with a body',
    method: 'POST',
    body: '{"a":1}',
    answer: say('HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n'),
    status: 201,
    failure: null,
    usable: true,
  },
  {
    name: 'a request with a body of bytes, a part of a larger buffer',
    method: 'PUT',
    body: new Uint8Array(Uint8Array.of(9, 0, 13, 10, 255, 9).buffer, 1, 4),
    headers: ['content-type', 'application/octet-stream'],
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    status: 200,
    failure: null,
    usable: true,
  },
  {
    name: 'a request with a body of 300,000 bytes',
    method: 'POST',
    body: new Uint8Array(300_000).fill(65),
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    status: 200,
    failure: null,
    usable: true,
  },
  {
    name: 'a GET with a body, as some were recorded',
    body: Uint8Array.of(97),
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    status: 200,
    failure: null,
    usable: false,
  },
  {
    name: 'closed without an answer',
    answer: (socket) => socket.end(),
    status: 0,
    failure: 'reset',
    usable: false,
  },
  {
    name: 'reset without an answer',
    answer: (socket) => socket.resetAndDestroy(),
    status: 0,
    failure: 'reset',
    usable: false,
  },
  {
    name: 'closed in the middle of the headers',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\ncontent-le'),
    status: 0,
    failure: 'reset',
    usable: false,
  },
  {
    name: 'closed in the middle of the body',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello'),
    status: 200,
    failure: 'reset',
    usable: false,
  },
  {
    name: 'reset in the middle of the body',
    answer: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello', () =>
        setTimeout(() => socket.resetAndDestroy(), 20),
      );
    },
    status: 200,
    failure: 'reset',
    usable: false,
  },
  {
    name: 'no HTTP at all',
    answer: say('SSH-2.0-OpenSSH_9.2\r\n\r\n'),
    status: 0,
    failure: 'protocol',
    usable: false,
  },
  {
    name: 'a malformed chunk',
    answer: say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n'),
    status: 200,
    failure: 'protocol',
    usable: false,
  },
  {
    name: 'headers without end',
    answer: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = setInterval(() => socket.write(`x-more: ${'y'.repeat(4000)}\r\n`), 1);
      socket.on('close', () => clearInterval(more));
    },
    status: 0,
    failure: 'protocol',
    usable: false,
  },
  {
    name: 'no answer at all, cut',
    answer: () => {},
    status: 0,
    failure: 'timeout',
    usable: false,
    cutAfterMs: 50,
  },
  {
    name: 'half a body and then nothing, cut',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello'),
    status: 200,
    failure: 'timeout',
    usable: false,
    cutAfterMs: 50,
  },
];

function targetAt(port: number): ResolvedTarget {
  return {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    host: 'shop.test',
    addresses: ['127.0.0.1'],
    headers: ['user-agent', 'test'],
  };
}

/** Sends one exchange and waits until it has settled. */
function send(
  transport: Transport,
  row: Partial<Row>,
  on?: Connection,
): Promise<{ exchange: Exchange; connection: Connection; usable: boolean }> {
  return new Promise((resolve) => {
    const exchange = new Exchange();
    exchange.reset();
    exchange.request.method = row.method ?? 'GET';
    exchange.request.body = row.body ?? null;
    exchange.request.headers = row.headers ?? ['accept', '*/*'];
    let settled = 0;
    const listener = {
      opened: () => {},
      closed: () => {},
      settled: (connection: Connection, of: Exchange, usable: boolean) => {
        settled++;
        assert.equal(settled, 1, 'an exchange settles once');
        assert.equal(of, exchange);
        resolve({ exchange, connection, usable });
      },
    };
    const connection = on ?? transport.connection(null, null, listener);
    connection.send(exchange);
    assert.equal(settled, 0, 'never from inside send');
    if (row.cutAfterMs !== undefined) setTimeout(() => connection.abort(exchange, 'timeout'), row.cutAfterMs);
  });
}

for (const [name, make] of Object.entries(TRANSPORTS)) {
  describe(`the ${name} transport`, () => {
    for (const row of TABLE) {
      it(row.name, async () => {
        const server = await startRawServer(row.answer);
        const transport = make(targetAt(server.port));
        const { exchange, usable } = await send(transport, row);
        assert.equal(exchange.failure, row.failure);
        assert.equal(exchange.status, row.status);
        if (row.bytes !== undefined) assert.equal(exchange.bytes, row.bytes);
        assert.equal(exchange.attempts, 1);
        assert.ok(exchange.sentUs > 0 && exchange.endUs >= exchange.sentUs);
        if (row.except?.[name]?.usable ?? row.usable) assert.ok(usable);
        const head = server.requests[0] ?? '';
        assert.match(head, /\r\nhost: shop\.test(\r\n|$)/i);
        if (row.headers !== undefined) assert.ok(head.includes(`\r\n${row.headers.slice(0, 2).join(': ')}`));
        if (row.body !== undefined) {
          assert.equal(server.bodies[0], Buffer.from(row.body).toString('latin1'));
          assert.match(head, new RegExp(`\\r\\ncontent-length: ${row.body.length}(\\r\\n|$)`, 'i'));
        }
        transport.close();
        await server.close();
      });
    }

    it("sends each header once: the target's, but for the user agent of the request", async () => {
      const server = await startRawServer(say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      const transport = make({
        ...targetAt(server.port),
        headers: ['user-agent', 'tool', 'x-flashcrowd-run', '7', 'authorization', 'Basic target'],
      });
      const recorded = [
        'user-agent',
        'Firefox',
        'authorization',
        'Bearer recorded',
        'accept',
        'a',
        'accept',
        'b',
      ];
      await send(transport, { headers: recorded });
      await send(transport, { headers: ['accept', 'c'] });
      transport.close();
      await server.close();
      const fields = server.requests.map((head) =>
        head
          .split('\r\n')
          .slice(1)
          .filter((line) => !/^(host|connection):/i.test(line)),
      );
      assert.deepEqual(fields, [
        [
          'user-agent: Firefox',
          'accept: a',
          'accept: b',
          'x-flashcrowd-run: 7',
          'authorization: Basic target',
        ],
        ['accept: c', 'user-agent: tool', 'x-flashcrowd-run: 7', 'authorization: Basic target'],
      ]);
    });

    it('tells a refused connection', async () => {
      const server = await startRawServer(() => {});
      await server.close();
      const transport = make(targetAt(server.port));
      const { exchange } = await send(transport, {});
      assert.equal(exchange.failure, 'refused');
      assert.equal(exchange.attempts, 0);
      assert.ok(Number.isNaN(exchange.sentUs));
      transport.close();
    });

    it('keeps a connection, and cuts one that has not opened', async () => {
      const server = await startRawServer(say('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      const transport = make(targetAt(server.port));
      let kept: Connection | undefined;
      const results: (Outcome | null)[] = [];
      await new Promise<void>((resolve) => {
        const connection = transport.connection(null, null, {
          opened: () => {},
          closed: () => {},
          settled: (of, exchange, usable) => {
            results.push(exchange.failure);
            assert.ok(usable);
            kept = of;
            if (results.length === 5) resolve();
            else sendNext();
          },
        });
        const sendNext = () => {
          const exchange = new Exchange();
          exchange.reset();
          connection.send(exchange);
        };
        sendNext();
      });
      assert.deepEqual(results, [null, null, null, null, null]);
      assert.equal(server.connections, 1);
      kept?.close();
      transport.close();
      await server.close();
    });
  });
}
