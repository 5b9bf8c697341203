// Faults of a server of HTTP/1.1, as bytes: each is what it does once it has read a request.
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type Fault, type Seen, untilClosed, type Verdict } from './faults.js';

/** The server's end of a connection, with TLS or without. */
export interface FaultPeer {
  write(bytes: string | Uint8Array): unknown;
  end(): unknown;
  /** Ends the TCP connection with a reset. */
  reset(): void;
  on(event: 'close', listener: () => void): unknown;
}

export interface Http1Fault extends Fault {
  /** @param n counts the requests of a connection from 0 */
  readonly answer: (peer: FaultPeer, n: number) => void;
}

type Answer = Http1Fault['answer'];

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const HEAD = 'HTTP/1.1 200 OK\r\n';
const LENGTH_50 = `${HEAD}content-length: 50\r\n\r\n`;
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;
/** Between two steps of what goes on without end. */
const STEP_MS = 4;

const say =
  (...texts: (string | Uint8Array)[]): Answer =>
  (peer) => {
    for (const text of texts) peer.write(text);
  };
/** Says it again and again, after something said once. */
const endless =
  (first: string, more: string | Uint8Array): Answer =>
  (peer) => {
    peer.write(first);
    untilClosed(peer, STEP_MS, () => peer.write(more));
  };
/** Says a text a byte at a time, and then nothing. */
const drips =
  (first: string, rest: string): Answer =>
  (peer) => {
    let at = 0;
    peer.write(first);
    untilClosed(peer, STEP_MS, () => at < rest.length && peer.write(rest[at++] as string));
  };

/** What ends a connection in the middle of an answer. */
const ENDS: Readonly<Record<string, (peer: FaultPeer) => void>> = {
  closes: (peer) => peer.end(),
  resets: (peer) => peer.reset(),
};
const STAGES: Readonly<Record<string, string>> = {
  'after the request': '',
  'in the status line': 'HTTP/1.1 20',
  'in the headers': `${HEAD}content-le`,
  'after an interim answer': 'HTTP/1.1 103 Early Hints\r\n\r\n',
  'between headers and body': LENGTH_50,
  'in the body': `${LENGTH_50}hello`,
  'in the size of a chunk': `${CHUNKED}1`,
  'in a chunk': `${CHUNKED}5\r\nhel`,
  'between chunks': `${CHUNKED}5\r\nhello\r\n`,
  'in the trailers': `${CHUNKED}1\r\na\r\n0\r\nx-sum: 1\r\n`,
};

const broken: Verdict = { outcome: 'reset', attempts: 1 };
const malformed: Verdict = { outcome: 'protocol', attempts: 1 };
const silent: Verdict = { outcome: 'timeout', attempts: 1 };
const fine: Verdict = { outcome: 'ok', attempts: 1 };
const wrongBody: Verdict = { outcome: 'bad_body', attempts: 1 };
const wrongStatus: Verdict = { outcome: 'bad_status', attempts: 1 };

/** Undici reads some things on without a bound: the operation is cut like one that is not answered. */
const UNBOUNDED = { undici: { why: 'it has no bound: cut like silence', outcome: 'timeout' } } as const;
const STRICT = { undici: { why: 'its parser is stricter', outcome: 'protocol' } } as const;

const CUT: readonly Http1Fault[] = Object.entries(ENDS).flatMap(([ends, end]) =>
  Object.entries(STAGES).map(
    ([stage, text]): Http1Fault => ({
      name: `${ends} ${stage}`,
      ...broken,
      // What was said is read before the end comes.
      answer: (peer) => {
        peer.write(text);
        setTimeout(() => end(peer), STEP_MS);
      },
    }),
  ),
);

const AFTERWARDS: readonly Http1Fault[] = [
  ...Object.entries(ENDS).map(
    ([ends, end]): Http1Fault => ({
      name: `${ends} a connection that it should keep, after an answer`,
      spoils: true,
      ...fine,
      answer: (peer) => {
        peer.write(OK);
        setTimeout(() => end(peer), STEP_MS);
      },
    }),
  ),
  { name: 'answers twice', spoils: true, ...fine, answer: say(OK + OK) },
  { name: 'says something behind its answer', spoils: true, ...fine, answer: say(`${OK}garbage`) },
  {
    name: 'closes a body without a length: that is its end',
    spoils: true,
    ...fine,
    answer: (peer) => {
      peer.write(`${HEAD}\r\nhello`);
      setTimeout(() => peer.end(), STEP_MS);
    },
  },
];

const SLOW: readonly Http1Fault[] = [
  { name: 'accepts and never answers', ...silent, answer: () => {} },
  { name: 'stops in the status line', ...silent, answer: say('HTTP/1.1 2') },
  { name: 'stops in the headers', ...silent, answer: say(`${HEAD}x-a: b\r\n`) },
  { name: 'stops in the body', ...silent, answer: say(`${LENGTH_50}hello`) },
  { name: 'stops in a chunk', ...silent, answer: say(`${CHUNKED}5\r\nhel`) },
  { name: 'stops in the trailers', ...silent, answer: say(`${CHUNKED}0\r\nx-sum: 1\r\n`) },
  { name: 'drips the status line', ...silent, answer: drips('', `HTTP/1.1 200 ${'O'.repeat(5_000)}`) },
  { name: 'drips headers', ...silent, answer: drips(HEAD, 'x-a: b\r\n'.repeat(1_000)) },
  {
    name: 'drips a body',
    ...silent,
    answer: drips(`${HEAD}content-length: 100000\r\n\r\n`, 'x'.repeat(10_000)),
  },
  { name: 'drips chunks of a byte', ...silent, answer: drips(CHUNKED, '1\r\nx\r\n'.repeat(2_000)) },
];

const ENDLESS: readonly Http1Fault[] = [
  {
    name: 'sends headers without end',
    ...malformed,
    answer: endless(HEAD, `x-more: ${'y'.repeat(4_000)}\r\n`),
  },
  { name: 'sends small headers without end', ...malformed, answer: endless(HEAD, 'x: y\r\n'.repeat(500)) },
  {
    name: 'sends a header of 70 KB',
    ...malformed,
    answer: say(`${HEAD}x-large: ${'y'.repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`),
  },
  {
    name: 'sends a status line without end',
    ...malformed,
    answer: endless('HTTP/1.1 200 O', 'O'.repeat(4_000)),
    except: UNBOUNDED,
  },
  {
    name: 'sends a header’s name without end',
    ...malformed,
    answer: endless(HEAD, 'x'.repeat(4_000)),
  },
  {
    name: 'sends empty lines without end',
    ...malformed,
    answer: endless('', '\r\n'.repeat(2_000)),
    except: UNBOUNDED,
  },
  {
    name: 'sends a body without end after its length',
    spoils: true,
    ...fine,
    answer: (peer) => {
      peer.write(OK);
      untilClosed(peer, STEP_MS, () => peer.write('x'.repeat(4_000)));
    },
  },
  {
    name: 'sends a body without end, until the close that never comes',
    ...silent,
    answer: endless(`${HEAD}\r\n`, 'x'.repeat(16_000)),
  },
  {
    name: 'sends chunks without end',
    ...silent,
    answer: endless(CHUNKED, `3e80\r\n${'x'.repeat(16_000)}\r\n`),
  },
  {
    name: 'sends chunks of a byte without end to a route that looks into bodies',
    ...silent,
    checks: { contains: ['never'] },
    answer: endless(CHUNKED, '1\r\nx\r\n'.repeat(500)),
  },
  {
    name: 'sends a chunk extension without end',
    ...malformed,
    answer: endless(`${CHUNKED}1;`, 'e'.repeat(4_000)),
    except: UNBOUNDED,
  },
  {
    name: 'sends trailers without end',
    ...malformed,
    answer: endless(`${CHUNKED}0\r\n`, `x-more: ${'y'.repeat(4_000)}\r\n`),
  },
];

const STATUS_LINES: readonly string[] = [
  'SSH-2.0-OpenSSH_9.2',
  'HTTP/3.0 200 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 abc OK',
  'HTTP/1.1 -20 OK',
  'HTTP/1.1200 OK',
  'HTTP 200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  '200 OK',
  '<!doctype html>',
  '\x16\x03\x01\x00\x05hello',
];
const MALFORMED: readonly Http1Fault[] = [
  ...STATUS_LINES.map(
    (line): Http1Fault => ({
      name: `begins with ${JSON.stringify(line)}`,
      ...malformed,
      answer: say(`${line}\r\ncontent-length: 0\r\n\r\n`),
    }),
  ),
  {
    name: 'sends a control character in its status line',
    ...malformed,
    answer: say('HTTP/1.1 200 O\0K\r\ncontent-length: 0\r\n\r\n'),
    except: { undici: { why: 'it does not look at the reason', outcome: 'ok' } },
  },
  { name: 'sends bytes of no text', ...malformed, answer: say(new Uint8Array(300).map((_, i) => i)) },
  { name: 'sends a blank before a colon', ...malformed, answer: say(`${HEAD}content-length : 0\r\n\r\n`) },
  { name: 'sends a line without a colon', ...malformed, answer: say(`${HEAD}nothing\r\n\r\n`) },
  { name: 'sends a control character in a header', ...malformed, answer: say(`${HEAD}x: a\0b\r\n\r\n`) },
];

const LENGTHS: readonly Http1Fault[] = [
  {
    name: 'names a length longer than the body, and closes',
    ...broken,
    answer: (peer) => {
      peer.write(`${LENGTH_50}hello`);
      peer.end();
    },
  },
  {
    name: 'names a length shorter than the body',
    spoils: true,
    ...fine,
    answer: say(`${HEAD}content-length: 2\r\n\r\nhello`),
  },
  {
    name: 'names two different lengths',
    ...malformed,
    answer: say(`${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`),
  },
  { name: 'names a negative length', ...malformed, answer: say(`${HEAD}content-length: -5\r\n\r\nhello`) },
  {
    name: 'names a length that is no number',
    ...malformed,
    answer: say(`${HEAD}content-length: five\r\n\r\nhello`),
  },
  {
    name: 'names no length at all behind the colon',
    ...malformed,
    answer: say(`${HEAD}content-length:\r\n\r\nhello`),
  },
  {
    name: 'names a length beyond all numbers',
    ...malformed,
    answer: say(`${HEAD}content-length: 99999999999999999999\r\n\r\nhello`),
  },
  {
    name: 'names a length and chunks as well',
    ...fine,
    answer: say(`${HEAD}content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`),
    except: STRICT,
  },
];

const CHUNKS: readonly Http1Fault[] = [
  { name: 'sends a chunk size that is not hex', ...malformed, answer: say(`${CHUNKED}zz\r\nabc\r\n`) },
  { name: 'sends a negative chunk size', ...malformed, answer: say(`${CHUNKED}-1\r\nabc\r\n`) },
  { name: 'sends no chunk size', ...malformed, answer: say(`${CHUNKED}\r\nabc\r\n`) },
  { name: 'leaves out what ends a chunk', ...malformed, answer: say(`${CHUNKED}3\r\nabc0\r\n\r\n`) },
  {
    name: 'sends a chunk longer than its size',
    ...malformed,
    answer: say(`${CHUNKED}3\r\nabcdef\r\n0\r\n\r\n`),
  },
  {
    name: 'sends a chunk size beyond all numbers',
    ...malformed,
    answer: say(`${CHUNKED}${'f'.repeat(17)}\r\nabc`),
  },
  { name: 'sends a huge chunk size, and little', ...silent, answer: say(`${CHUNKED}fffffffff\r\nabc`) },
];

const INTERIM: readonly Http1Fault[] = [
  {
    name: 'sends 100 for ever',
    ...malformed,
    answer: endless('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(10)),
    except: { undici: { why: 'it takes a continue that was not asked for as an error', outcome: 'reset' } },
  },
  {
    name: 'sends 103 for ever',
    ...malformed,
    answer: endless('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(10)),
    except: UNBOUNDED,
  },
  {
    name: 'switches protocols',
    ...malformed,
    answer: say('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    except: { undici: { why: 'it closes the connection and tells that', outcome: 'reset' } },
  },
];

/** What a small answer unpacks to: sixteen times what is looked at. */
const BOMB_BYTES = 64 * 1024 * 1024;

function packed(encoding: string, body: Uint8Array): string | Uint8Array {
  const head = `${HEAD}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Made when first asked for: packing takes a while. */
function once(make: () => string | Uint8Array): Answer {
  let made: string | Uint8Array | undefined;
  return (peer) => peer.write((made ??= make()));
}

const gzipBomb = once(() => packed('gzip', gzipSync(new Uint8Array(BOMB_BYTES))));
const BODIES: readonly Http1Fault[] = [
  {
    name: 'sends a gzip bomb to a route that looks into bodies',
    ...wrongBody,
    checks: { contains: ['never'] },
    answer: gzipBomb,
  },
  { name: 'sends a gzip bomb to a route that does not look', ...fine, answer: gzipBomb },
  {
    name: 'sends a brotli bomb',
    ...wrongBody,
    checks: { contains: ['never'] },
    answer: once(() => packed('br', brotliCompressSync(new Uint8Array(BOMB_BYTES)))),
  },
  {
    name: 'sends a bomb inside a bomb',
    ...wrongBody,
    checks: { contains: ['never'] },
    answer: once(() => packed('gzip, gzip', gzipSync(gzipSync(new Uint8Array(BOMB_BYTES))))),
  },
  {
    name: 'sends damaged gzip',
    ...wrongBody,
    checks: { contains: ['ok'] },
    answer: once(() => packed('gzip', gzipSync('ok').fill(0xff, 12))),
  },
  {
    name: 'sends an encoding that nobody knows',
    ...wrongBody,
    checks: { contains: ['ok'] },
    answer: once(() => packed('rot13', Buffer.from('ok'))),
  },
  {
    name: 'names a hundred encodings',
    ...wrongBody,
    checks: { contains: ['ok'] },
    answer: once(() => packed(Array(100).fill('gzip').join(', '), gzipSync('ok'))),
  },
];

const found = (location: string): string =>
  `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;
/** Redirects that a plan of these tests follows. */
export const REDIRECTS_MAX = 5;

const REDIRECTS: readonly Http1Fault[] = [
  {
    name: 'redirects to itself for ever',
    outcome: 'bad_status',
    attempts: REDIRECTS_MAX + 1,
    answer: say(found('?again')),
  },
  { name: 'redirects off the target', ...wrongStatus, answer: say(found('http://elsewhere.test/')) },
  { name: 'redirects to a path of 20 KB', ...wrongStatus, answer: say(found(`/${'x'.repeat(10_000)}`)) },
  { name: 'redirects to nowhere', ...wrongStatus, answer: say(found('http://[')) },
  { name: 'redirects to another scheme', ...wrongStatus, answer: say(found('javascript:alert(1)')) },
];

/** The keep-alive race: the server ends a kept connection as a request is on its way to it. */
const race =
  (end: (peer: FaultPeer) => void, first: string | null, heard = ''): Answer =>
  (peer, n) => {
    if (n === 0 && first !== null) peer.write(first);
    else {
      if (heard !== '') peer.write(heard);
      setTimeout(() => end(peer), heard === '' ? 0 : STEP_MS);
    }
  };

const RACES: readonly Http1Fault[] = Object.entries(ENDS).flatMap(([ends, end]): Http1Fault[] => [
  {
    name: `${ends} a kept connection as a GET is written: asked once more`,
    kept: true,
    outcome: 'ok',
    attempts: 2,
    answer: race(end, OK),
  },
  {
    name: `${ends} every connection as a GET is written: asked once more and no more`,
    kept: true,
    outcome: 'reset',
    attempts: 2,
    answer: race(end, null),
  },
  {
    name: `${ends} a kept connection as a POST is written: that is not repeated`,
    kept: true,
    method: 'POST',
    body: 'a=1',
    outcome: 'reset',
    attempts: 1,
    answer: race(end, OK),
  },
  {
    name: `${ends} a kept connection after a byte of an answer: that is not repeated`,
    kept: true,
    outcome: 'reset',
    attempts: 1,
    answer: race(end, OK, 'H'),
  },
  {
    name: `${ends} a new connection: that is no race`,
    outcome: 'reset',
    attempts: 1,
    answer: race(end, null),
  },
]);

export const HTTP1_FAULTS: readonly Http1Fault[] = [
  ...CUT,
  ...AFTERWARDS,
  ...SLOW,
  ...ENDLESS,
  ...MALFORMED,
  ...LENGTHS,
  ...CHUNKS,
  ...INTERIM,
  ...BODIES,
  ...REDIRECTS,
  ...RACES,
];

/** What a connection of HTTP/1.1 gives a server. */
export interface ByteStream {
  write(bytes: string | Uint8Array): unknown;
  end(): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** Most bytes of a request that are looked at. */
const REQUEST_MAX = 65_536;

/**
 * Answers what is asked on one connection: with its fault, or that all is in order.
 * @param reset ends the TCP connection under it
 */
export function serveHttp1(
  stream: ByteStream,
  reset: () => void,
  faults: readonly Http1Fault[],
  seen: Seen,
): void {
  const peer: FaultPeer = {
    write: (bytes) => stream.write(bytes),
    end: () => stream.end(),
    reset,
    on: (event, listener) => stream.on(event, listener),
  };
  let text = '';
  let n = 0;
  stream.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.length > REQUEST_MAX) throw new Error('a request of a fault is small');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      text = text.slice(end + 4 + length);
      const fault = faults[seen.add(head)];
      if (fault === undefined) stream.write(OK);
      else fault.answer(peer, n);
      n++;
    }
  });
}
