// Faults of a server of HTTP/2, as frames: each is what it does once it has read the headers of a request.
import { constants } from 'node:http2';
import { type Fault, type Seen, untilClosed, type Verdict } from './faults.js';
import type { ByteStream } from './faults-http1.js';
import { ACK, END_HEADERS, END_STREAM, FRAME, frame, STATUS_200, uint32 } from './h2-server.js';

/** The server's end of a connection. */
export interface FramePeer {
  send(...frames: readonly Uint8Array[]): void;
  end(): void;
  /** Ends the TCP connection with a reset. */
  reset(): void;
  on(event: 'close', listener: () => void): unknown;
}

export interface Http2Fault extends Fault {
  /**
   * @param stream the number of the request's stream
   * @param n counts the requests of a connection from 0
   */
  readonly answer: (peer: FramePeer, stream: number, n: number) => void;
}

type Answer = Http2Fault['answer'];
type Frames = (stream: number) => readonly Uint8Array[];

const STEP_MS = 4;
const PREFACE_BYTES = 24;
const PADDED = 8;

const OK: Frames = (stream) => [frame(FRAME.headers, END_HEADERS | END_STREAM, stream, STATUS_200)];
const HEADERS: Frames = (stream) => [frame(FRAME.headers, END_HEADERS, stream, STATUS_200)];
const BODY: Frames = (stream) => [...HEADERS(stream), frame(FRAME.data, 0, stream, Buffer.from('hello'))];
const LAST: Frames = (stream) => [frame(FRAME.data, END_STREAM, stream, Buffer.from('ok'))];
const NOTHING: Frames = () => [];

const say =
  (...parts: readonly Frames[]): Answer =>
  (peer, stream) =>
    peer.send(...parts.flatMap((part) => part(stream)));
const reset =
  (code: number): Frames =>
  (stream) => [frame(FRAME.rstStream, 0, stream, uint32(code))];
/** @param last the last stream that is looked at; that of the request unless given */
const goaway =
  (code: number, last?: number): Frames =>
  (stream) => [frame(FRAME.goaway, 0, 0, uint32(last ?? stream, code))];
const endless =
  (first: Frames, more: Frames): Answer =>
  (peer, stream) => {
    peer.send(...first(stream));
    untilClosed(peer, STEP_MS, () => peer.send(...more(stream)));
  };
const thenEnds =
  (frames: Frames, end: (peer: FramePeer) => void): Answer =>
  (peer, stream) => {
    peer.send(...frames(stream));
    setTimeout(() => end(peer), STEP_MS);
  };
const times = (n: number, frames: Frames): Frames => {
  return (stream) => Array.from({ length: n }, () => frames(stream)).flat();
};

/** A header field in HPACK: literal, not indexed, no Huffman code (RFC 7541, section 6.2.2). */
function field(name: string, value: string): Buffer {
  return Buffer.concat([Uint8Array.of(0), text(name), text(value)]);
}

function text(value: string): Buffer {
  const lengths: number[] = [];
  if (value.length < 127) lengths.push(value.length);
  else {
    lengths.push(127);
    let rest = value.length - 127;
    for (; rest >= 128; rest >>= 7) lengths.push((rest & 127) | 128);
    lengths.push(rest);
  }
  return Buffer.concat([Uint8Array.from(lengths), Buffer.from(value)]);
}

const withFields =
  (flags: number, ...fields: readonly Uint8Array[]): Frames =>
  (stream) => [frame(FRAME.headers, flags, stream, Buffer.concat(fields))];
const status = (code: string): Buffer => field(':status', code);

const broken: Verdict = { outcome: 'reset', attempts: 1 };
const malformed: Verdict = { outcome: 'protocol', attempts: 1 };
const silent: Verdict = { outcome: 'timeout', attempts: 1 };
const fine: Verdict = { outcome: 'ok', attempts: 1 };

const ENDS: Readonly<Record<string, (peer: FramePeer) => void>> = {
  closes: (peer) => peer.end(),
  resets: (peer) => peer.reset(),
};
const STAGES: Readonly<Record<string, Frames>> = {
  'after the request': NOTHING,
  'in a frame': (stream) => [(HEADERS(stream)[0] as Uint8Array).subarray(0, 7)],
  'between headers and body': HEADERS,
  'in the body': BODY,
};

const CUT: readonly Http2Fault[] = Object.entries(ENDS).flatMap(([ends, end]) => [
  ...Object.entries(STAGES).map(
    ([stage, frames]): Http2Fault => ({
      name: `${ends} ${stage}`,
      ...broken,
      answer: thenEnds(frames, end),
    }),
  ),
  { name: `${ends} a connection that it should keep, after an answer`, ...fine, answer: thenEnds(OK, end) },
]);

const SLOW: readonly Http2Fault[] = [
  { name: 'accepts and never answers', ...silent, answer: () => {} },
  { name: 'stops between headers and body', ...silent, answer: say(HEADERS) },
  { name: 'stops in the body', ...silent, answer: say(BODY) },
  {
    name: 'drips a body',
    ...silent,
    answer: endless(HEADERS, (stream) => [frame(FRAME.data, 0, stream, Uint8Array.of(120))]),
  },
  {
    name: 'drips the frame of the headers',
    ...silent,
    answer: (peer, stream) => {
      const bytes = frame(
        FRAME.headers,
        END_HEADERS,
        stream,
        Buffer.concat([STATUS_200, field('x', 'y'.repeat(5_000))]),
      );
      let at = 0;
      untilClosed(peer, STEP_MS, () => peer.send(bytes.subarray(at, ++at)));
    },
  },
  {
    name: 'never opens its window to a request of 200 KB',
    method: 'POST',
    body: 'x'.repeat(200_000),
    ...silent,
    answer: () => {},
  },
];

const { NGHTTP2_NO_ERROR: NO_ERROR } = constants;
const {
  NGHTTP2_PROTOCOL_ERROR: PROTOCOL_ERROR,
  NGHTTP2_INTERNAL_ERROR: INTERNAL_ERROR,
  NGHTTP2_REFUSED_STREAM: REFUSED_STREAM,
  NGHTTP2_CANCEL: CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM: ENHANCE_YOUR_CALM,
} = constants;

const RESETS: readonly Http2Fault[] = [
  ...[
    NO_ERROR,
    INTERNAL_ERROR,
    constants.NGHTTP2_STREAM_CLOSED,
    CANCEL,
    constants.NGHTTP2_CONNECT_ERROR,
    ENHANCE_YOUR_CALM,
    4_000_000_000,
  ].map(
    (code): Http2Fault => ({
      name: `resets the stream with code ${code}`,
      ...broken,
      answer: say(reset(code)),
    }),
  ),
  ...[
    PROTOCOL_ERROR,
    constants.NGHTTP2_FLOW_CONTROL_ERROR,
    constants.NGHTTP2_FRAME_SIZE_ERROR,
    constants.NGHTTP2_COMPRESSION_ERROR,
    constants.NGHTTP2_INADEQUATE_SECURITY,
    constants.NGHTTP2_HTTP_1_1_REQUIRED,
  ].map(
    (code): Http2Fault => ({
      name: `resets the stream with code ${code}`,
      ...malformed,
      answer: say(reset(code)),
    }),
  ),
  { name: 'resets the stream after the headers', ...broken, answer: say(HEADERS, reset(INTERNAL_ERROR)) },
  { name: 'resets the stream in the body', ...broken, answer: say(BODY, reset(CANCEL)) },
  {
    name: 'refuses the stream every time: asked once more and no more',
    outcome: 'reset',
    attempts: 2,
    answer: say(reset(REFUSED_STREAM)),
  },
  {
    name: 'refuses the stream of a POST once: it was not looked at, so asked once more',
    method: 'POST',
    body: 'a=1',
    outcome: 'ok',
    attempts: 2,
    // By the number of its stream, as both go over one connection.
    answer: (peer, stream, n) => peer.send(...(n === 0 ? reset(REFUSED_STREAM) : OK)(stream)),
  },
  {
    name: 'says GOAWAY and leaves the request out: asked once more on another connection',
    kept: true,
    outcome: 'ok',
    attempts: 2,
    answer: (peer, stream, n) => peer.send(...(n > 0 ? goaway(NO_ERROR, 1) : OK)(stream)),
  },
  {
    name: 'says GOAWAY and leaves every request out: asked once more and no more',
    outcome: 'reset',
    attempts: 2,
    answer: say(goaway(NO_ERROR, 0)),
  },
  { name: 'says GOAWAY and answers', ...fine, answer: say(goaway(NO_ERROR), OK) },
  { name: 'says GOAWAY in the body and goes on', ...fine, answer: say(BODY, goaway(NO_ERROR), LAST) },
  {
    name: 'says GOAWAY in the body and closes',
    ...broken,
    answer: thenEnds(
      (stream) => [...BODY(stream), ...goaway(NO_ERROR)(stream)],
      (peer) => peer.end(),
    ),
  },
  { name: 'says GOAWAY after its answer', ...fine, answer: say(OK, goaway(NO_ERROR)) },
  {
    name: 'says GOAWAY twice, at last with an earlier stream',
    outcome: 'reset',
    attempts: 2,
    answer: say(goaway(NO_ERROR, 0x7fffffff), goaway(NO_ERROR, 0)),
  },
  { name: 'says GOAWAY and that it is too much', ...broken, answer: say(goaway(ENHANCE_YOUR_CALM)) },
  { name: 'says GOAWAY and that we are wrong', ...malformed, answer: say(goaway(PROTOCOL_ERROR)) },
  {
    name: 'races: closes a kept connection as a GET is written: asked once more',
    kept: true,
    outcome: 'ok',
    attempts: 2,
    answer: (peer, stream, n) => (n > 0 ? peer.end() : peer.send(...OK(stream))),
  },
  {
    name: 'races: closes a kept connection as a POST is written: that is not repeated',
    kept: true,
    method: 'POST',
    body: 'a=1',
    outcome: 'reset',
    attempts: 1,
    answer: (peer, stream, n) => (n > 0 ? peer.end() : peer.send(...OK(stream))),
  },
];

/**
 * Frames that break the protocol. Node says GOAWAY, stops to read, and tells nobody of most: what is carried is cut like
 * silence. Of which it tells depends on its version.
 */
const BAD_FRAMES: Readonly<Record<string, Frames>> = {
  'data before headers': LAST,
  'a header block that cannot be read': withFields(END_HEADERS | END_STREAM, Buffer.alloc(4, 0xff)),
  'a frame larger than was allowed': (stream) => [frame(FRAME.data, 0, stream, Buffer.alloc(20_000))],
  'data on stream 0': () => LAST(0),
  'SETTINGS of seven bytes': () => [frame(FRAME.settings, 0, 0, new Uint8Array(7))],
  'a PING of seven bytes': () => [frame(FRAME.ping, 0, 0, new Uint8Array(7))],
  'CONTINUATION of nothing': (stream) => [frame(FRAME.continuation, END_HEADERS, stream, STATUS_200)],
  'another frame in the middle of headers': (stream) => [
    frame(FRAME.headers, 0, stream, STATUS_200),
    frame(FRAME.ping, 0, 0, new Uint8Array(8)),
  ],
  'more padding than frame': (stream) => [
    ...HEADERS(stream),
    frame(FRAME.data, PADDED | END_STREAM, stream, Uint8Array.of(200, 1, 2)),
  ],
  'headers on stream 0': () => OK(0),
  'headers on a stream that nobody opened': (stream) => OK(stream + 100),
  'headers on a stream of the server’s own': () => OK(2),
  'a window that grows by nothing, for all': () => [frame(FRAME.windowUpdate, 0, 0, uint32(0))],
  'a window that grows beyond all': () => [frame(FRAME.windowUpdate, 0, 0, uint32(0x7fffffff))],
  'SETTINGS of a stream': (stream) => [frame(FRAME.settings, 0, stream, new Uint8Array(0))],
  'SETTINGS with a window beyond all': () => [
    frame(FRAME.settings, 0, 0, Buffer.concat([Uint8Array.of(0, 4), uint32(0xffffffff)])),
  ],
  'a push that was not allowed': (stream) => [
    frame(FRAME.pushPromise, END_HEADERS, stream, Buffer.concat([uint32(2), STATUS_200])),
  ],
};

const BAD_HEADERS: Readonly<Record<string, Frames>> = {
  'no status': withFields(END_HEADERS | END_STREAM, field('x', 'y')),
  'two statuses': withFields(END_HEADERS | END_STREAM, STATUS_200, STATUS_200),
  'a status that is no number': withFields(END_HEADERS | END_STREAM, status('abc')),
  'a name in capitals': withFields(END_HEADERS | END_STREAM, STATUS_200, field('X-Large', 'y')),
  'a header of the connection': withFields(
    END_HEADERS | END_STREAM,
    STATUS_200,
    field('transfer-encoding', 'chunked'),
  ),
  'a pseudo-header of requests': withFields(END_HEADERS | END_STREAM, STATUS_200, field(':path', '/')),
  'a length that is longer than the body': (stream) => [
    ...withFields(END_HEADERS, STATUS_200, field('content-length', '50'))(stream),
    ...LAST(stream),
  ],
  'a length that is shorter than the body': (stream) => [
    ...withFields(END_HEADERS, STATUS_200, field('content-length', '1'))(stream),
    ...LAST(stream),
  ],
  'a negative length': withFields(END_HEADERS | END_STREAM, STATUS_200, field('content-length', '-5')),
  'two different lengths': withFields(
    END_HEADERS | END_STREAM,
    STATUS_200,
    field('content-length', '5'),
    field('content-length', '6'),
  ),
};

const BAD: readonly Http2Fault[] = [
  ...Object.entries(BAD_FRAMES).map(
    ([what, frames]): Http2Fault => ({
      name: `sends ${what}`,
      ...silent,
      or: 'protocol',
      answer: say(frames),
    }),
  ),
  ...Object.entries(BAD_HEADERS).map(
    ([what, frames]): Http2Fault => ({ name: `sends ${what}`, ...malformed, answer: say(frames) }),
  ),
  {
    name: 'sends a frame of an unknown type before its answer',
    ...fine,
    answer: say(() => [frame(99, 0, 0, new Uint8Array(10))], OK),
  },
  {
    name: 'sends a priority before its answer',
    ...fine,
    answer: say((stream) => [frame(FRAME.priority, 0, stream, Uint8Array.of(0, 0, 0, 0, 1))], OK),
  },
  {
    name: 'goes on in HTTP/1.1, and closes',
    // Node stops to read at what is no frame, and so does not see the close.
    ...silent,
    or: 'protocol',
    answer: thenEnds(
      () => [Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')],
      (peer) => peer.end(),
    ),
  },
];

const settings: Frames = () => [
  frame(FRAME.settings, 0, 0, Buffer.concat([Uint8Array.of(0, 3), uint32(100)])),
];
const ping: Frames = () => [frame(FRAME.ping, 0, 0, new Uint8Array(8))];

/** What Node has to acknowledge: once it owes too much of that, it gives the connection up. */
const OWED = { ...silent, or: 'protocol' } as const;

const FLOODS: readonly Http2Fault[] = [
  { name: 'sends SETTINGS without end', ...OWED, answer: endless(NOTHING, times(200, settings)) },
  { name: 'sends PING without end', ...OWED, answer: endless(NOTHING, times(200, ping)) },
  {
    name: 'sends answers to PINGs that nobody sent',
    ...malformed,
    answer: endless(
      NOTHING,
      times(200, () => [frame(FRAME.ping, ACK, 0, new Uint8Array(8))]),
    ),
  },
  {
    name: 'sends CONTINUATION without end',
    ...malformed,
    answer: endless(
      (stream) => [frame(FRAME.headers, 0, stream, STATUS_200)],
      (stream) => [frame(FRAME.continuation, 0, stream, field('x-more', 'y'.repeat(4_000)))],
    ),
  },
  {
    name: 'sends empty CONTINUATION without end',
    ...malformed,
    answer: endless(
      (stream) => [frame(FRAME.headers, 0, stream, STATUS_200)],
      times(50, (stream) => [frame(FRAME.continuation, 0, stream, new Uint8Array(0))]),
    ),
  },
  {
    name: 'sends resets of the stream without end',
    ...broken,
    answer: endless(NOTHING, times(200, reset(INTERNAL_ERROR))),
  },
  {
    name: 'sends empty data without end',
    ...broken,
    answer: endless(
      HEADERS,
      times(200, (stream) => [frame(FRAME.data, 0, stream, new Uint8Array(0))]),
    ),
  },
  {
    name: 'sends windows without end',
    ...silent,
    answer: endless(
      NOTHING,
      times(200, () => [frame(FRAME.windowUpdate, 0, 0, uint32(1))]),
    ),
  },
  {
    name: 'sends a body without end',
    ...silent,
    answer: endless(HEADERS, (stream) => [frame(FRAME.data, 0, stream, Buffer.alloc(16_000))]),
  },
  {
    name: 'sends 103 for ever',
    ...silent,
    answer: endless(NOTHING, times(10, withFields(END_HEADERS, status('103')))),
  },
  {
    name: 'sends 100 for ever',
    ...silent,
    answer: endless(NOTHING, times(10, withFields(END_HEADERS, status('100')))),
  },
  {
    name: 'switches protocols',
    ...malformed,
    answer: say(withFields(END_HEADERS | END_STREAM, status('101'))),
  },
  {
    name: 'sends a header of 100 KB',
    ...silent,
    answer: (peer, stream) => {
      const block = Buffer.concat([STATUS_200, field('x-large', 'y'.repeat(100_000))]);
      for (let at = 0; at < block.length; at += 16_000) {
        const isLast = at + 16_000 >= block.length;
        const type = at === 0 ? FRAME.headers : FRAME.continuation;
        const ends = (isLast ? END_HEADERS : 0) | (at === 0 ? END_STREAM : 0);
        peer.send(frame(type, ends, stream, block.subarray(at, at + 16_000)));
      }
    },
  },
  {
    name: 'sends a thousand headers',
    ...broken,
    answer: say(
      withFields(
        END_HEADERS | END_STREAM,
        STATUS_200,
        ...Array.from({ length: 1_000 }, (_, i) => field(`x-${i}`, 'y')),
      ),
    ),
  },
  {
    name: 'sends trailers without end',
    ...malformed,
    answer: endless(BODY, withFields(END_HEADERS, field('x-sum', '1'))),
  },
];

export const HTTP2_FAULTS: readonly Http2Fault[] = [...CUT, ...SLOW, ...RESETS, ...BAD, ...FLOODS];

/**
 * Answers what is asked on one connection: with its fault, or that all is in order; its SETTINGS are the protocol's own.
 * @param reset ends the TCP connection under it
 */
export function serveHttp2(
  stream: ByteStream,
  reset: () => void,
  faults: readonly Http2Fault[],
  seen: Seen,
): void {
  let bytes = Buffer.alloc(0);
  let begun = false;
  let n = 0;
  let isOpen = true;
  stream.on('close', () => {
    isOpen = false;
  });
  const peer: FramePeer = {
    send: (...frames) => {
      if (isOpen) stream.write(Buffer.concat(frames));
    },
    end: () => stream.end(),
    reset,
    on: (event, listener) => stream.on(event, listener),
  };
  peer.send(frame(FRAME.settings, 0, 0, new Uint8Array(0)));
  stream.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (!begun && bytes.length >= PREFACE_BYTES) {
      begun = true;
      bytes = bytes.subarray(PREFACE_BYTES);
    }
    while (begun && bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      const type = bytes.readUInt8(3);
      const flags = bytes.readUInt8(4);
      const id = bytes.readUInt32BE(5);
      const payload = bytes.subarray(9, 9 + length);
      bytes = bytes.subarray(9 + length);
      if (type === FRAME.settings && (flags & ACK) === 0)
        peer.send(frame(FRAME.settings, ACK, 0, new Uint8Array(0)));
      if (type === FRAME.ping && (flags & ACK) === 0) peer.send(frame(FRAME.ping, ACK, 0, payload));
      if (type !== FRAME.headers) continue;
      const fault = faults[seen.add(payload.toString('latin1'))];
      if (fault === undefined) peer.send(...OK(id));
      else fault.answer(peer, id, n);
      n++;
    }
  });
}
