// The response parser: bytes of an HTTP/1.0 or 1.1 response in, what is looked at of it out; incremental and pure.
//
// It walks bytes in place: text is made only of headers that are asked for, and bytes are copied only where a line is
// cut by the end of a read. Where RFC 9112 leaves a choice:
// - a line of a head may end in a bare LF (section 2.2); one of a chunk may not;
// - a control character in a line is refused, a bare CR too;
// - a folded header is one header (section 5.2); a name with a blank before its colon is refused (section 5.1);
// - equal lengths are one length; different ones, and what is no number, are refused (section 6.3);
// - chunked wins over a length, and the connection is not used again, as the peer is confused (section 6.1);
// - what an interim answer says of its body and the connection means nothing (section 9.2);
// - empty lines before a status line are skipped, as Node does.
import type { FieldNames } from './header-fields.js';
import { LineHold } from './line-hold.js';
import { type HeaderSink, ResponseHead } from './response-head.js';
import { chunkSizeOf, isBlank, nameEnd } from './response-lines.js';

/** Takes what the parser finds. */
export interface ResponseSink extends HeaderSink {
  /** The head of the final answer is whole, its headers have been told; interim ones (1xx) are left out. */
  status(code: number): void;
  /** A part of the body, from `start` to before `end`; the buffer is the reader's, so what is kept is copied. */
  body(bytes: Buffer, start: number, end: number): void;
}

/** Most bytes of each part; more is malformed. */
export const STATUS_LINE_MAX = 8_192;
export const HEADERS_MAX = 65_536;
export const CHUNK_LINE_MAX = 4_096;
export const TRAILERS_MAX = 16_384;

/** What the next byte belongs to. Those up to LINES are lines. */
const START = 0;
const STATUS_LINE = 1;
const HEADERS = 2;
const CHUNK_LINE = 3;
const AFTER_CHUNK = 4;
const TRAILERS = 5;
const LINES = 5;
const CHUNK = 6;
const LENGTH = 7;
const UNTIL_CLOSE = 8;
const DONE = 9;
const MALFORMED = 10;

const HTAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DEL = 127;

/** Parses the responses of one connection, one after the other: `begin`, then `push` until it is done or malformed. */
export class ResponseParser {
  /** Whether the connection outlives this response, as far as the response says. Known when it is done. */
  persistent = false;
  readonly #sink: ResponseSink;
  readonly #head: ResponseHead;
  #state = DONE;
  /** Bytes that the present part may still take, if it is one of lines; of a body's length, what is to come. */
  #room = 0;
  /** The beginning of a line that the end of a read has cut. */
  #hold: LineHold | null = null;

  constructor(sink: ResponseSink, names: FieldNames) {
    this.#sink = sink;
    this.#head = new ResponseHead(sink, names);
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  /** Whether this is no response, or one over a limit; nothing more is read of it. */
  get malformed(): boolean {
    return this.#state === MALFORMED;
  }

  /**
   * Makes it ready for the next response.
   * @param toHead whether it answers a HEAD, and so has no body
   * @param keepsAll whether the sink is told all headers
   */
  begin(toHead: boolean, keepsAll: boolean): void {
    this.#head.begin(toHead, keepsAll);
    this.#hold = null;
    this.#beginHead();
  }

  /**
   * Reads on.
   * @param end the buffer holds bytes from 0 to before this
   * @returns how many bytes were taken: less than `end` if something follows a response that is done or malformed
   */
  push(bytes: Buffer, end: number): number {
    let at = 0;
    while (at < end && this.#state < DONE) {
      if (this.#state === START) at = this.#skipEmpty(bytes, at);
      else if (this.#state <= LINES) at = this.#line(bytes, at, end);
      else at = this.#body(bytes, at, end);
    }
    return at;
  }

  /**
   * The other side has closed.
   * @returns whether that completes the response; if not, it was cut short
   */
  end(): boolean {
    if (this.#state === UNTIL_CLOSE) this.#state = DONE;
    return this.done;
  }

  #beginHead(): void {
    this.#state = START;
    this.#room = STATUS_LINE_MAX;
  }

  #skipEmpty(bytes: Buffer, at: number): number {
    const byte = bytes[at];
    if (byte !== CR && byte !== LF) {
      this.#state = STATUS_LINE;
      return at;
    }
    if (this.#room-- <= 0) this.#state = MALFORMED;
    return at + 1;
  }

  #body(bytes: Buffer, at: number, end: number): number {
    if (this.#state === UNTIL_CLOSE) {
      this.#sink.body(bytes, at, end);
      return end;
    }
    const to = Math.min(end, at + this.#room);
    this.#sink.body(bytes, at, to);
    this.#room -= to - at;
    if (this.#room === 0) this.#state = this.#state === LENGTH ? DONE : AFTER_CHUNK;
    return to;
  }

  /** Takes a line, or as much of it as is there. */
  #line(bytes: Buffer, start: number, end: number): number {
    const hold = this.#hold;
    if (hold !== null && hold.seam !== 'none') return this.#overSeam(hold, bytes, start, end);
    let to = start;
    let byte = 0;
    while (to < end) {
      byte = bytes[to] as number;
      if ((byte < SPACE && byte !== HTAB) || byte === DEL) break;
      to++;
    }
    this.#room -= to - start;
    if (this.#room < 0) return this.#refuse(to);
    if (to === end) {
      this.#held().append(bytes, start, to);
      return end;
    }
    if (byte === LF && this.#state !== CHUNK_LINE && this.#state !== AFTER_CHUNK)
      return this.#lineEnds(bytes, start, to, to + 1, end);
    if (byte !== CR) return this.#refuse(to);
    if (to + 1 < end) {
      if (bytes[to + 1] !== LF) return this.#refuse(to);
      return this.#lineEnds(bytes, start, to, to + 2, end);
    }
    const held = this.#held();
    held.append(bytes, start, to);
    held.seam = 'after CR';
    return end;
  }

  /** The read before ended where the next byte decides what the held line is. */
  #overSeam(hold: LineHold, bytes: Buffer, at: number, end: number): number {
    const { seam } = hold;
    hold.seam = 'none';
    if (seam === 'after CR') {
      if (bytes[at] !== LF) return this.#refuse(at);
      return this.#lineEnds(bytes, at, at, at + 1, end);
    }
    if (isBlank(bytes[at])) hold.appendBlank();
    else this.#takeHeld(hold);
    return at;
  }

  /** A line ends at `to`, the next begins at `next`; a header that goes on there is held. */
  #lineEnds(bytes: Buffer, start: number, to: number, next: number, end: number): number {
    const hold = this.#hold;
    this.#room -= 2;
    const folds = this.#state === HEADERS || this.#state === TRAILERS;
    if (folds && (to > start || (hold !== null && hold.length > 0))) {
      if (next === end || isBlank(bytes[next])) {
        const held = this.#held();
        held.append(bytes, start, to);
        if (next === end) held.seam = 'after a line';
        else held.appendBlank();
        return next;
      }
    }
    if (hold === null) {
      this.#take(bytes, start, to);
    } else {
      hold.append(bytes, start, to);
      this.#takeHeld(hold);
    }
    return next;
  }

  #held(): LineHold {
    this.#hold ??= new LineHold();
    return this.#hold;
  }

  #takeHeld(hold: LineHold): void {
    this.#hold = null;
    this.#take(hold.bytes, 0, hold.length);
  }

  #refuse(at: number): number {
    this.#state = MALFORMED;
    return at;
  }

  #take(bytes: Buffer, start: number, end: number): void {
    switch (this.#state) {
      case STATUS_LINE:
        this.#state = this.#head.takeStatus(bytes, start, end) ? HEADERS : MALFORMED;
        this.#room = HEADERS_MAX;
        break;
      case HEADERS:
        if (start === end) this.#headEnds();
        else if (!this.#head.takeField(bytes, start, end)) this.#state = MALFORMED;
        break;
      case CHUNK_LINE:
        this.#takeChunkLine(bytes, start, end);
        break;
      case AFTER_CHUNK:
        this.#state = start === end ? CHUNK_LINE : MALFORMED;
        this.#room = CHUNK_LINE_MAX;
        break;
      case TRAILERS:
        if (start === end) this.#state = DONE;
        else if (nameEnd(bytes, start, end) < 0) this.#state = MALFORMED;
        break;
    }
  }

  #headEnds(): void {
    const head = this.#head;
    if (head.isInterim) {
      this.#beginHead();
      return;
    }
    this.#sink.status(head.status);
    this.persistent = head.persistent;
    if (!head.hasBody) {
      this.#state = DONE;
    } else if (head.isUntilClose) {
      this.#state = UNTIL_CLOSE;
    } else if (head.isChunked) {
      this.#state = CHUNK_LINE;
      this.#room = CHUNK_LINE_MAX;
    } else {
      this.#state = head.length === 0 ? DONE : LENGTH;
      this.#room = head.length;
    }
  }

  #takeChunkLine(bytes: Buffer, start: number, end: number): void {
    const size = chunkSizeOf(bytes, start, end);
    if (size < 0) {
      this.#state = MALFORMED;
    } else if (size === 0) {
      this.#state = TRAILERS;
      this.#room = TRAILERS_MAX;
    } else {
      this.#state = CHUNK;
      this.#room = size;
    }
  }
}
