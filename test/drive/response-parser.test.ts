// The response parser by itself: any cuts give the same reply, every length has a limit, and headers are read whole.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FIELDS_MAX, INTERIM_MAX } from '../../src/drive/transports/wire/response-head.js';
import {
  CHUNK_LINE_MAX,
  HEADERS_MAX,
  STATUS_LINE_MAX,
  TRAILERS_MAX,
} from '../../src/drive/transports/wire/response-parser.js';
import { VALID } from '../support/conformance.js';
import { parse, type Reply } from '../support/parsed.js';
import { RawLog, type RawPeer, RawReader } from '../support/raw-server.js';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** What a row's server says, in one piece. */
function bytesOf(row: (typeof VALID)[number]): Buffer {
  const parts: Buffer[] = [];
  const peer: RawPeer = {
    write: (bytes) => parts.push(Buffer.from(bytes as string)),
    end: () => {},
    resetAndDestroy: () => {},
    on: () => {},
    pause: () => {},
  };
  new RawReader(peer, new RawLog(), row.answer).read('GET / HTTP/1.1\r\n\r\n');
  return Buffer.concat(parts);
}

describe('the response parser', () => {
  it('gives the same reply wherever the bytes are cut', () => {
    for (const row of VALID) {
      const bytes = bytesOf(row);
      const options = { toHead: row.method === 'HEAD', keepsAll: true };
      const whole = parse([bytes], options);
      assert.ok(whole.complete, row.name);
      assert.equal(whole.body.length, row.expected.bytes, row.name);
      if (bytes.length > 30_000) continue;
      for (let cut = 0; cut <= bytes.length; cut++) {
        const reply = parse([bytes.subarray(0, cut), bytes.subarray(cut)], options);
        assert.deepEqual(reply, whole, `${row.name}, cut at ${cut}`);
      }
      const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      assert.deepEqual(parse(single, options), whole, `${row.name}, byte by byte`);
    }
  });

  it('gives the same refusal wherever the bytes are cut', () => {
    const refused = [
      `${OK}x: a\rb\r\n\r\n`,
      `${OK}x : a\r\n\r\n`,
      `${OK} x: a\r\n\r\n`,
      `${OK}x\r\n\r\n`,
      `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\n`,
      'HTTP/1.1  200 OK\r\n\r\n',
      `${CHUNKED}1\r\nab\r\n`,
      `${CHUNKED}0\r\nno trailer\r\n\r\n`,
    ];
    for (const text of refused) {
      const bytes = Buffer.from(text);
      assert.ok(parse([bytes]).malformed, text);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const { malformed } = parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
        assert.ok(malformed, `${JSON.stringify(text)}, cut at ${cut}`);
      }
    }
  });

  const filled = (length: number) => 'y'.repeat(length);
  const limits: readonly { name: string; of: (size: number) => string; max: number }[] = [
    { name: 'the status line', of: (size) => `${OK.slice(0, 13)}${filled(size - 13)}`, max: STATUS_LINE_MAX },
    { name: 'one header', of: (size) => `${OK}x: ${filled(size - 3)}`, max: HEADERS_MAX },
    {
      name: 'all headers',
      of: (size) => `${OK}${`x: ${filled(95)}\r\n`.repeat(size / 100)}`,
      max: HEADERS_MAX,
    },
    { name: 'the number of headers', of: (size) => `${OK}${'x: y\r\n'.repeat(size)}`, max: FIELDS_MAX },
    { name: 'a folded header', of: (size) => `${OK}x:${'\r\n y'.repeat(size / 4)}`, max: HEADERS_MAX },
    { name: 'a chunk line', of: (size) => `${CHUNKED}1;${filled(size - 2)}`, max: CHUNK_LINE_MAX },
    {
      name: 'trailers',
      of: (size) => `${CHUNKED}0\r\n${`x: ${filled(95)}\r\n`.repeat(size / 100)}`,
      max: TRAILERS_MAX,
    },
    { name: 'interim answers', of: (size) => 'HTTP/1.1 102 X\r\n\r\n'.repeat(size), max: INTERIM_MAX },
    { name: 'empty lines first', of: (size) => '\r\n'.repeat(size / 2), max: STATUS_LINE_MAX },
  ];
  for (const { name, of, max } of limits) {
    it(`has a limit: ${name}`, () => {
      const within = Buffer.from(of(Math.floor(max * 0.9)));
      const beyond = Buffer.from(of(Math.ceil(max * 1.2) + 2));
      assert.ok(!parse([within]).malformed);
      assert.ok(parse([beyond]).malformed);
      const single = Array.from(beyond, (_, i) => beyond.subarray(i, i + 1));
      assert.ok(parse(single).malformed, 'byte by byte');
    });
  }

  it('takes nothing of what follows a reply', () => {
    for (const text of [`${OK}content-length: 2\r\n\r\nok`, `${CHUNKED}0\r\n\r\n`]) {
      const reply = parse([Buffer.from(`${text}HTTP/1.1`)]);
      assert.ok(reply.complete);
      assert.equal(reply.taken, text.length);
    }
  });

  it('counts interim answers anew for each response', () => {
    const one = Buffer.from(`${'HTTP/1.1 102 X\r\n\r\n'.repeat(INTERIM_MAX)}${OK}content-length: 0\r\n\r\n`);
    for (const reply of parse.each([one, one, one])) assert.ok(reply.complete);
  });

  const LASTING: readonly (readonly [head: string, persistent: boolean])[] = [
    ['HTTP/1.1 204 X', true],
    ['HTTP/1.0 204 X', false],
    ['HTTP/1.0 204 X\r\nconnection: keep-alive', true],
    ['HTTP/1.0 204 X\r\nconnection: x, KEEP-ALIVE', true],
    ['HTTP/1.0 204 X\r\nconnection: keep-alive\r\nconnection: close', false],
    ['HTTP/1.1 204 X\r\nconnection: close\r\nconnection: keep-alive', false],
    ['HTTP/1.1 204 X\r\nconnection: close-not', true],
    ['HTTP/1.1 204 X\r\nconnection: ,,close', false],
    ['HTTP/1.1 200 X\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0', false],
    ['HTTP/1.1 204 X\r\nproxy-connection: close', true],
  ];
  for (const [head, persistent] of LASTING) {
    it(`${persistent ? 'keeps' : 'does not keep'} a connection after ${JSON.stringify(head)}`, () => {
      const reply = parse([Buffer.from(`${head}\r\n\r\n`)]);
      assert.ok(reply.complete);
      assert.equal(reply.persistent, persistent);
    });
  }

  const LENGTHS: readonly (readonly [value: string, length: number | null])[] = [
    ['5', 5],
    ['005', 5],
    ['5,5', 5],
    ['5 ,\t5', 5],
    ['5\t', 5],
    ['5, 6', null],
    ['5,', null],
    ['', null],
    ['-5', null],
    ['5x', null],
    ['0x5', null],
    ['5 5', null],
    ['9007199254740993', null],
  ];
  for (const [value, length] of LENGTHS) {
    it(`reads the length ${JSON.stringify(value)} as ${length}`, () => {
      const reply = parse([Buffer.from(`${OK}content-length: ${value}\r\n\r\nhello`)]);
      assert.equal(reply.malformed, length === null);
      if (length !== null) assert.equal(reply.body, 'hello');
    });
  }

  it('tells headers in lower case, folds undone, in order', () => {
    const head = `${OK}X-A: 1\r\nLocation:\t/x \r\nX-Long: a\r\n  b\r\n\tc\r\nX-Empty:\r\nx-a: \xe9\r\ncontent-length: 0\r\n\r\n`;
    const reply = parse([Buffer.from(head, 'latin1')], { keepsAll: true });
    assert.deepEqual(reply.headers, [
      ...['x-a', '1', 'location', '/x', 'x-long', 'a   b \tc', 'x-empty', '', 'x-a', '\xe9'],
      ...['content-length', '0'],
    ]);
    assert.deepEqual(parse([Buffer.from(head, 'latin1')]).headers, ['location', '/x']);
  });

  it('answers one response after another as if each were the first', () => {
    const replies = VALID.filter(({ method }) => method !== 'HEAD').map(bytesOf);
    fc.assert(
      fc.property(fc.array(fc.nat(replies.length - 1), { minLength: 2, maxLength: 6 }), (picks) => {
        const picked = picks.map((i) => replies[i] as Buffer);
        const alone: Reply[] = picked.map((bytes) => parse([bytes]));
        const together = parse.each(picked);
        assert.deepEqual(together, alone);
      }),
      { numRuns: 100 },
    );
  });
});
