// The response parser against Node's own: valid responses and broken ones; where ours differs, a rule here says so.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { askNode, type OracleReply } from '../support/node-oracle.js';
import { parse } from '../support/parsed.js';

const TOKEN = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const VALUE = fc.stringMatching(/^[!-~]([ \t!-~]{0,20}[!-~])?$/);
const RESERVED = /^(content-length|transfer-encoding|connection|proxy-connection|upgrade)$/i;
const FIELD = fc
  .tuple(TOKEN, VALUE)
  .filter(([name]) => !RESERVED.test(name))
  .map(([name, value]) => `${name}: ${value}`);
const BODY = fc.stringMatching(/^[ -~\r\n]{0,60}$/);
/** A body that no mutation makes a line of. */
const PLAIN_BODY = fc.stringMatching(/^[ -~]{0,60}$/);

const chunked = (body: fc.Arbitrary<string>) =>
  fc
    .tuple(
      fc.array(fc.tuple(body, fc.constantFrom('', ';x', ';x=1', ';x="1;2"')), { maxLength: 4 }),
      fc.array(FIELD, { maxLength: 2 }),
    )
    .map(([chunks, trailers]) => {
      const parts = chunks
        .filter(([data]) => data !== '')
        .map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`);
      return `${parts.join('')}0\r\n${trailers.map((field) => `${field}\r\n`).join('')}\r\n`;
    });

/** How the body's end is told, and the body. */
const framed = (of: fc.Arbitrary<string>) =>
  fc.oneof(
    of.map((body) => [[`Content-Length: ${body.length}`], body] as const),
    chunked(of).map((body) => [['Transfer-Encoding: chunked'], body] as const),
    of.map((body) => [[] as string[], body] as const),
    of.map((body) => [['transfer-encoding: gzip'], body] as const),
  );

const INTERIM = fc
  .tuple(fc.constantFrom(102, 103), fc.array(FIELD, { maxLength: 2 }))
  .map(
    ([status, fields]) => `HTTP/1.1 ${status} Wait\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`,
  );

const response = (body: fc.Arbitrary<string>) =>
  fc
    .record({
      interims: fc.array(INTERIM, { maxLength: 2 }),
      minor: fc.constantFrom('0', '1'),
      status: fc.oneof(fc.integer({ min: 200, max: 599 }), fc.constantFrom(204, 304)),
      reason: fc.constantFrom('', ' ', ' OK', ' Not  quite'),
      before: fc.array(FIELD, { maxLength: 3 }),
      framed: framed(body),
      connection: fc.constantFrom('', 'Connection: close', 'Connection: keep-alive', 'connection: x, close'),
    })
    .map(({ interims, minor, status, reason, before, framed: [framing, content], connection }) => {
      const fields = [...before, ...framing, ...(connection === '' ? [] : [connection])];
      const head = [`HTTP/1.${minor} ${status}${reason}`, ...fields].join('\r\n');
      const hasBody = status !== 204 && status !== 304;
      return `${interims.join('')}${head}\r\n\r\n${hasBody ? content : ''}`;
    });

const METHOD = fc.constantFrom('GET', 'HEAD');

/** The heads alone: what answers a HEAD. */
function headsOf(text: string): string {
  const final = text.search(/HTTP\/1\.[01] [2-5]/);
  return text.slice(0, text.indexOf('\r\n\r\n', final) + 4);
}

type Mutate = (text: string) => string;

/** Bytes that matter to a parser, and some that should not be there. */
const BYTE = fc.constantFrom(
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '1',
  '9',
  'a',
  'f',
  'Z',
  '-',
  '\0',
  '\x7f',
  '\xff',
  '"',
);
const PIECE = fc.constantFrom(
  'Content-Length: 3\r\n',
  'content-length: 03\r\n',
  'Transfer-Encoding: chunked\r\n',
  'transfer-encoding: chunked, gzip\r\n',
  'connection: close\r\n',
  ' fold\r\n',
  'HTTP/1.1 200 OK\r\n',
  '0\r\n\r\n',
);

const MUTATION: fc.Arbitrary<Mutate> = fc.oneof(
  fc.tuple(fc.nat(), BYTE).map(
    ([at, byte]): Mutate =>
      (text) =>
        splice(text, at, 0, byte),
  ),
  fc.tuple(fc.nat(), BYTE).map(
    ([at, byte]): Mutate =>
      (text) =>
        splice(text, at, 1, byte),
  ),
  fc.nat().map(
    (at): Mutate =>
      (text) =>
        splice(text, at, 1, ''),
  ),
  fc.nat().map(
    (at): Mutate =>
      (text) =>
        text.slice(0, at % (text.length + 1)),
  ),
  // After a line, where it may well pass for one of its kind.
  fc.tuple(fc.nat(), PIECE).map(
    ([at, piece]): Mutate =>
      (text) => {
        const ends = [...text.matchAll(/\r\n/g)].map(({ index }) => index + 2);
        return ends.length === 0 ? text : splice(text, ends[at % ends.length] as number, 0, piece);
      },
  ),
);

function splice(text: string, at: number, remove: number, insert: string): string {
  const start = at % (text.length + 1);
  return text.slice(0, start) + insert + text.slice(start + remove);
}

/** Where ours decides otherwise than Node's, on purpose. */
const RULES: readonly {
  readonly name: string;
  /** Whether it may make a difference to these bytes. */
  readonly applies: (text: string) => boolean;
  readonly example: string;
  /** What ours makes of the example. */
  readonly ours: OracleReply;
}[] = [
  {
    name: 'a line may end in a bare LF (RFC 9112, section 2.2)',
    applies: (text) => /(^|[^\r])\n/.test(text),
    example: 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'a header may be folded (RFC 9112, section 5.2)',
    applies: (text) => /\r\n[ \t]/.test(text),
    example: 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 2\r\n\r\nok',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'equal lengths are one (RFC 9110, section 8.6)',
    applies: (text) => /content-length:[\s\S]*\ncontent-length:|content-length:[^\n]*,/i.test(text),
    example: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'a coding wins over a length (RFC 9112, section 6.3)',
    applies: (text) => /content-length:/i.test(text) && /transfer-encoding:/i.test(text),
    example: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'no line has control characters, a reason neither (RFC 9112, section 4)',
    applies: (text) => /\r(?!\n)/.test(text) || [...text].some(isControl),
    example: 'HTTP/1.1 200 \0OK\r\ncontent-length: 2\r\n\r\nok',
    ours: { status: 0, bytes: 0, complete: false },
  },
  {
    name: 'a status is 100 or more (RFC 9110, section 15)',
    applies: (text) => /HTTP\/1\.[01] 0/.test(text),
    example: 'HTTP/1.1 099 OK\r\ncontent-length: 2\r\n\r\nok',
    ours: { status: 0, bytes: 0, complete: false },
  },
  {
    name: 'an interim answer says nothing of the connection and of a body',
    applies: (text) =>
      /HTTP\/1\.(0 1|1 1[\s\S]*\n(connection|content-length|transfer-encoding):[\s\S]*HTTP\/1)/i.test(text),
    example: 'HTTP/1.0 102 Wait\r\nconnection: close\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'a switch of protocols is no answer',
    applies: (text) => /HTTP\/1\.[01] 101/.test(text),
    example: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ours: { status: 0, bytes: 0, complete: false },
  },
  {
    name: 'tabs may follow a length (RFC 9110, section 5.6.3)',
    applies: (text) => /content-length:[^\n]*\t/i.test(text),
    example: 'HTTP/1.1 200 OK\r\ncontent-length: 2\t\r\n\r\nok',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'extensions of chunks are not looked into',
    applies: (text) => /\r\n[0-9a-f]+;/i.test(text),
    example: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;"\r\nok\r\n0\r\n\r\n',
    ours: { status: 200, bytes: 2, complete: true },
  },
  {
    name: 'blanks may follow the size of a chunk (RFC 9112, section 7.1.1)',
    applies: (text) => /\r\n[0-9a-f]+[ \t]+(;|\r\n)/i.test(text),
    example: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n',
    ours: { status: 200, bytes: 2, complete: true },
  },
];

/** A control character that ends no line. */
function isControl(character: string): boolean {
  return (character < ' ' && !'\t\r\n'.includes(character)) || character === '\x7f';
}

/**
 * Node's parser before llhttp 9 (Node 20.18 has 8.1) refuses or misreads much of what is valid, a status line without a
 * reason among it: it is no oracle. There it is only seen that ours reads everything to an end.
 */
const IS_ORACLE = Number.parseInt(process.versions.llhttp ?? '0', 10) >= 9;

function explains(text: string): string | undefined {
  return RULES.find(({ applies }) => applies(text))?.name;
}

/** Both replies to the same bytes; ours in parts. */
async function both(text: string, method: string, cuts: readonly number[]) {
  const bytes = Buffer.from(text, 'latin1');
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const parts = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
  const { status, body, complete } = parse(parts, { toHead: method === 'HEAD' });
  const theirs = await askNode(bytes, method);
  return { ours: { status, bytes: body.length, complete }, theirs };
}

describe('the response parser beside that of Node', () => {
  it('reads valid responses the same, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        response(BODY),
        METHOD,
        fc.array(fc.nat(), { maxLength: 4 }),
        async (text, method, cuts) => {
          const { ours, theirs } = await both(method === 'HEAD' ? headsOf(text) : text, method, cuts);
          if (IS_ORACLE) assert.deepEqual(ours, theirs);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('reads broken responses the same, but for the rules', async () => {
    await fc.assert(
      fc.asyncProperty(
        response(PLAIN_BODY),
        METHOD,
        fc.array(MUTATION, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        async (text, method, mutations, cuts) => {
          const broken = mutations.reduce((sofar, mutate) => mutate(sofar), text);
          const { ours, theirs } = await both(broken, method, cuts);
          if (IS_ORACLE && explains(broken) === undefined) assert.deepEqual(ours, theirs);
        },
      ),
      { numRuns: 800 },
    );
  });

  for (const { name, applies, example, ours } of RULES) {
    it(`differs: ${name}`, async () => {
      assert.ok(applies(example));
      assert.deepEqual((await both(example, 'GET', [])).ours, ours);
    });
  }
});
