// The conformance table: each distinct behaviour of HTTP/1.1 on the wire once. A transport that differs says why.
import type { Outcome } from '../../src/measure/outcome.js';
import type { RawAnswer, RawPeer } from './raw-server.js';

/** What the exchange must come to. Where that is a timeout it is cut as soon as the rest is so. */
export interface Expected {
  readonly status: number;
  readonly failure: Outcome | null;
  readonly bytes: number;
  /** Whether the connection can take another exchange. */
  readonly usable: boolean;
}

export interface Row {
  readonly name: string;
  readonly answer: RawAnswer;
  readonly expected: Expected;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: readonly string[];
  /** The server answers when it has the head, and reads no further. */
  readonly early?: true;
  /** What the server does to the idle connection afterwards, which closes it. */
  readonly thenCloses?: (peer: RawPeer) => void;
  /** Where a transport differs, and why. */
  readonly except?: Readonly<Record<string, { readonly why: string } & Partial<Expected>>>;
}

const say =
  (text: string): RawAnswer =>
  (peer) =>
    peer.write(text);
const sayAndEnd =
  (text: string): RawAnswer =>
  (peer) => {
    peer.write(text);
    peer.end();
  };

const ok = (bytes: number, status = 200): Expected => ({ status, failure: null, bytes, usable: true });
const last = (bytes: number, status = 200): Expected => ({ ...ok(bytes, status), usable: false });
const fails = (failure: Outcome, status = 0, bytes = 0): Expected => ({
  status,
  failure,
  bytes,
  usable: false,
});

/** Undici calls an exchange complete before it looks at whether the connection is. */
const LATE = { undici: { why: 'it tells the close right after', usable: true } };

const LENGTH_0 = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

const FRAMING: readonly Row[] = [
  {
    name: 'a body of known length',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
    expected: ok(5),
  },
  { name: 'an empty body', answer: say(LENGTH_0), expected: ok(0) },
  {
    name: 'a body larger than what is read at once',
    answer: say(`HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n${'x'.repeat(200_000)}`),
    expected: ok(200_000),
  },
  {
    name: 'an answer in many parts',
    answer: (peer) => {
      for (const character of 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello') peer.write(character);
    },
    expected: ok(5),
  },
  {
    name: 'a length twice, the same',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok'),
    expected: ok(2),
    except: { undici: { why: 'its parser refuses a second length', ...fails('protocol') } },
  },
  {
    name: 'a length as a list of equal ones',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok'),
    expected: ok(2),
    except: { undici: { why: 'its parser refuses a list', ...fails('protocol') } },
  },
  { name: 'a chunked body', answer: say(`${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`), expected: ok(5) },
  { name: 'an empty chunked body', answer: say(`${CHUNKED}0\r\n\r\n`), expected: ok(0) },
  {
    name: 'chunk sizes in either case and with leading zeros',
    answer: say(`${CHUNKED}000A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n`),
    expected: ok(21),
  },
  {
    name: 'chunk extensions',
    answer: say(`${CHUNKED}1;a=1;b="2"\r\nx\r\n0;last\r\n\r\n`),
    expected: ok(1),
  },
  {
    name: 'a chunked body with trailers',
    answer: say(`${CHUNKED}1\r\na\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n`),
    expected: ok(1),
  },
  {
    name: 'chunked after another coding',
    answer: say('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'),
    expected: ok(1),
  },
  {
    name: 'chunked and a length: chunked wins, and the connection is not trusted',
    answer: say(
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    ),
    expected: last(1),
    except: { undici: { why: 'its parser refuses both together', ...fails('protocol') } },
  },
  {
    name: 'a coding that is not chunked at last lasts until the close',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello'),
    expected: last(5),
    except: LATE,
  },
  {
    name: 'a body that ends with the connection',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\n\r\nhello'),
    expected: last(5),
    except: LATE,
  },
  {
    name: 'no body and no length, closed',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\n\r\n'),
    expected: last(0),
    except: LATE,
  },
  { name: 'no body: 204', answer: say('HTTP/1.1 204 No Content\r\n\r\n'), expected: ok(0, 204) },
  {
    name: 'no body: 304 with a length',
    answer: say('HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n'),
    expected: ok(0, 304),
    except: { undici: { why: 'it closes the connection over the length', usable: false } },
  },
  {
    name: 'no body: HEAD with a length',
    method: 'HEAD',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n'),
    expected: ok(0),
  },
  {
    name: 'no body: HEAD, chunked',
    method: 'HEAD',
    answer: say(CHUNKED),
    expected: ok(0),
  },
];

const HEADS: readonly Row[] = [
  {
    name: 'an interim answer first',
    answer: say(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${LENGTH_0}`),
    expected: ok(0),
  },
  {
    name: 'several interim answers, one that names a length',
    answer: say(
      `HTTP/1.1 102 Processing\r\ncontent-length: 7\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${LENGTH_0}`,
    ),
    expected: ok(0),
  },
  {
    name: 'a continue that nobody asked for',
    answer: say(`HTTP/1.1 100 Continue\r\n\r\n${LENGTH_0}`),
    expected: ok(0),
    except: { undici: { why: 'it takes a continue that was not asked for as an error', ...fails('reset') } },
  },

  {
    name: 'an error status',
    answer: say('HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy'),
    expected: ok(4, 503),
  },
  {
    name: 'a redirect, not followed',
    answer: say('HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n'),
    expected: ok(0, 302),
  },
  {
    name: 'a status of no known class',
    answer: say('HTTP/1.1 799 Odd\r\ncontent-length: 0\r\n\r\n'),
    expected: ok(0, 799),
  },
  { name: 'no reason', answer: say('HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'), expected: ok(0) },
  {
    name: 'a reason beyond ASCII',
    answer: say('HTTP/1.1 200 D\u2019accord \u00e9\r\ncontent-length: 0\r\n\r\n'),
    expected: ok(0),
  },
  { name: 'an empty line first', answer: say(`\r\n${LENGTH_0}`), expected: ok(0) },
  {
    name: 'blanks around values, none after the colon, and empty values',
    answer: say('HTTP/1.1 200 OK\r\nx-a:\r\nx-b: \r\ncontent-length:  2 \r\nx-c:\ty \t\r\n\r\nok'),
    expected: ok(2),
  },
  {
    name: 'a folded header',
    answer: say('HTTP/1.1 200 OK\r\nx-long: a\r\n\tb\r\n  c\r\ncontent-length: 2\r\n\r\nok'),
    expected: ok(2),
    except: { undici: { why: 'its parser refuses folds', ...fails('protocol') } },
  },
  {
    name: 'lines that end in LF alone',
    answer: say('HTTP/1.1 200 OK\ncontent-length: 2\n\nok'),
    expected: ok(2),
    except: { undici: { why: 'its parser wants CR', ...fails('protocol') } },
  },
  {
    name: 'headers of 20 KB in all',
    answer: say(`HTTP/1.1 200 OK\r\n${`x-more: ${'y'.repeat(990)}\r\n`.repeat(20)}content-length: 0\r\n\r\n`),
    expected: ok(0),
    except: { undici: { why: 'it stops at 16 KB', ...fails('protocol') } },
  },
];

const LASTING: readonly Row[] = [
  {
    name: 'a close that is told',
    answer: say('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
    expected: last(0),
    except: LATE,
  },
  {
    name: 'a close among other options',
    answer: say('HTTP/1.1 200 OK\r\nconnection: x-hop , Close\r\ncontent-length: 0\r\n\r\n'),
    expected: last(0),
    except: LATE,
  },
  {
    name: 'HTTP/1.0 closes',
    answer: say('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    expected: last(2),
    except: LATE,
  },
  {
    name: 'HTTP/1.0 keeps where it says so',
    answer: say('HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok'),
    expected: ok(2),
  },
  {
    name: 'closed while idle',
    answer: say(LENGTH_0),
    expected: ok(0),
    thenCloses: (peer) => peer.end(),
  },
  {
    name: 'reset while idle',
    answer: say(LENGTH_0),
    expected: ok(0),
    thenCloses: (peer) => peer.resetAndDestroy(),
  },
  {
    name: 'an answer before the next request',
    answer: say(LENGTH_0),
    expected: ok(0),
    thenCloses: (peer) => peer.write(LENGTH_0),
  },
  {
    name: 'an answer with something behind it',
    answer: say(`${LENGTH_0}garbage`),
    expected: last(0),
    except: LATE,
  },
  {
    name: 'two answers to one request',
    answer: say(LENGTH_0 + LENGTH_0),
    expected: last(0),
    except: LATE,
  },
  {
    name: 'an answer before the request is whole',
    method: 'POST',
    body: new Uint8Array(24_000_000),
    early: true,
    answer: say('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n'),
    expected: last(0, 413),
    except: { undici: { why: 'what the socket has queued counts as sent', usable: true } },
  },
];

const REQUESTS: readonly Row[] = [
  {
    name: 'a request with a body',
    method: 'POST',
    body: '{"a":1}',
    answer: say('HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n'),
    expected: ok(0, 201),
  },
  {
    name: 'a request with a body beyond ASCII',
    method: 'POST',
    body: '{"name":"Zoë’s"}',
    answer: say(LENGTH_0),
    expected: ok(0),
  },
  { name: 'a POST without a body says so', method: 'POST', answer: say(LENGTH_0), expected: ok(0) },
  {
    name: 'a request with a body of bytes, a part of a larger buffer',
    method: 'PUT',
    body: new Uint8Array(Uint8Array.of(9, 0, 13, 10, 255, 9).buffer, 1, 4),
    headers: ['content-type', 'application/octet-stream'],
    answer: say(LENGTH_0),
    expected: ok(0),
  },
  {
    name: 'a request with a body of 300,000 bytes',
    method: 'POST',
    body: new Uint8Array(300_000).fill(65),
    answer: say(LENGTH_0),
    expected: ok(0),
  },
  {
    name: 'a request with a text of 300,000 characters beyond ASCII',
    method: 'POST',
    body: 'é'.repeat(300_000),
    answer: say(LENGTH_0),
    expected: ok(0),
  },
  {
    name: 'a GET with a body, as some were recorded',
    body: Uint8Array.of(97),
    answer: say(LENGTH_0),
    expected: ok(0),
  },
];

const BROKEN: readonly Row[] = [
  { name: 'closed without an answer', answer: (peer) => peer.end(), expected: fails('reset') },
  { name: 'reset without an answer', answer: (peer) => peer.resetAndDestroy(), expected: fails('reset') },
  {
    name: 'closed in the middle of the headers',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\ncontent-le'),
    expected: fails('reset'),
  },
  {
    name: 'closed after an interim answer',
    answer: sayAndEnd('HTTP/1.1 103 Early Hints\r\n\r\n'),
    expected: fails('reset'),
  },
  {
    name: 'closed in the middle of the body',
    answer: sayAndEnd('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello'),
    expected: fails('reset', 200, 5),
  },
  {
    name: 'closed in the middle of a chunk',
    answer: sayAndEnd(`${CHUNKED}5\r\nhel`),
    expected: fails('reset', 200, 3),
  },
  {
    name: 'closed between chunks',
    answer: sayAndEnd(`${CHUNKED}5\r\nhello\r\n`),
    expected: fails('reset', 200, 5),
  },
  {
    name: 'closed in the trailers',
    answer: sayAndEnd(`${CHUNKED}1\r\na\r\n0\r\nx-sum: 1\r\n`),
    expected: fails('reset', 200, 1),
  },
];

const MALFORMED: readonly Row[] = [
  {
    name: 'a switch of protocols',
    answer: say('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    expected: fails('protocol'),
    except: { undici: { why: 'it closes the connection and tells that', ...fails('reset') } },
  },
  {
    name: 'interim answers without end',
    answer: say('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
    expected: fails('protocol'),
    except: { undici: { why: 'it has no bound: it is cut like silence', ...fails('timeout') } },
  },
  { name: 'no HTTP at all', answer: say('SSH-2.0-OpenSSH_9.2\r\n\r\n'), expected: fails('protocol') },
  {
    name: 'another version of HTTP',
    answer: say('HTTP/3.0 200 OK\r\ncontent-length: 0\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'a status of two digits',
    answer: say('HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'a blank before the colon',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'a line without a colon',
    answer: say('HTTP/1.1 200 OK\r\nnothing\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'a fold before any header',
    answer: say('HTTP/1.1 200 OK\r\n x: y\r\ncontent-length: 0\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'a control character in a header',
    answer: say('HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'a CR alone in a header',
    answer: say('HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n'),
    expected: fails('protocol'),
  },
  {
    name: 'lengths that differ',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'),
    expected: fails('protocol'),
  },
  {
    name: 'a length that is no number',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello'),
    expected: fails('protocol'),
  },
  {
    name: 'a length beyond all numbers',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhello'),
    expected: fails('protocol'),
  },
  {
    name: 'a malformed chunk size',
    answer: say(`${CHUNKED}zz\r\nabc\r\n`),
    expected: fails('protocol', 200),
  },
  {
    name: 'a chunk size beyond all numbers',
    answer: say(`${CHUNKED}${'f'.repeat(17)}\r\nabc\r\n`),
    expected: fails('protocol', 200),
  },
  {
    name: 'a chunk longer than its size',
    answer: say(`${CHUNKED}3\r\nabcdef\r\n0\r\n\r\n`),
    expected: fails('protocol', 200, 3),
  },
  {
    name: 'a chunk extension without end',
    answer: say(`${CHUNKED}1;${'e'.repeat(100_000)}`),
    expected: fails('protocol', 200),
    except: { undici: { why: 'it has no bound: it is cut like silence', ...fails('timeout', 200) } },
  },
  {
    name: 'headers without end',
    answer: say(`HTTP/1.1 200 OK\r\n${`x-more: ${'y'.repeat(4_000)}\r\n`.repeat(100)}`),
    expected: fails('protocol'),
  },
  {
    name: 'a status line without end',
    answer: say(`HTTP/1.1 200 ${'O'.repeat(100_000)}`),
    expected: fails('protocol'),
    except: { undici: { why: 'it has no bound: it is cut like silence', ...fails('timeout') } },
  },
];

const CUT: readonly Row[] = [
  { name: 'no answer at all, cut', answer: () => {}, expected: fails('timeout') },
  {
    name: 'half a body and then nothing, cut',
    answer: say('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello'),
    expected: fails('timeout', 200, 5),
  },
];

/** Every row, and the answers that are right: those of the groups that are not broken, malformed or cut. */
export const VALID: readonly Row[] = [...FRAMING, ...HEADS, ...LASTING, ...REQUESTS];
export const TABLE: readonly Row[] = [...VALID, ...BROKEN, ...MALFORMED, ...CUT];
