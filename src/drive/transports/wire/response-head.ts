// The head of a response: its status and fields, and what they say of the body's end and the connection's.
import {
  CLOSE,
  CONNECTION,
  CONTENT_LENGTH,
  endsChunked,
  type FieldNames,
  KEEP_ALIVE,
  lengthOf,
  listHas,
  skipBlank,
  TRANSFER_ENCODING,
  trimBlank,
} from './header-fields.js';
import { isHttp11, nameEnd, statusOf } from './response-lines.js';

export const FIELDS_MAX = 1_000;
/** Interim answers before the final one. */
export const INTERIM_MAX = 32;

/** Takes headers. */
export interface HeaderSink {
  /** A header that is asked for, its name in lower case. Trailers are left out. */
  header(name: string, value: string): void;
}

export class ResponseHead {
  /** Length of the body that it names; -1 for none. */
  length = -1;
  status = 0;
  /** Whether the last of the body's codings is `chunked`. */
  isChunked = false;
  readonly #sink: HeaderSink;
  readonly #names: FieldNames;
  #toHead = false;
  #keepsAll = false;
  #fields = 0;
  #interims = 0;
  #isCoded = false;
  #keepsAlive = false;
  #closes = false;

  constructor(sink: HeaderSink, names: FieldNames) {
    this.#sink = sink;
    this.#names = names;
  }

  /** An interim answer (1xx), whose fields mean nothing. */
  get isInterim(): boolean {
    return this.status < 200;
  }

  get hasBody(): boolean {
    return !this.#toHead && this.status !== 204 && this.status !== 304;
  }

  /** Whether only the close ends the body, if it has one (RFC 9112, section 6.3). */
  get isUntilClose(): boolean {
    return this.#isCoded ? !this.isChunked : this.length < 0;
  }

  get persistent(): boolean {
    if (!this.#keepsAlive || this.#closes) return false;
    return !this.hasBody || (!this.isUntilClose && !(this.#isCoded && this.length >= 0));
  }

  /**
   * The next response.
   * @param toHead whether it answers a HEAD, and so has no body
   * @param keepsAll whether the sink is told all headers
   */
  begin(toHead: boolean, keepsAll: boolean): void {
    this.#toHead = toHead;
    this.#keepsAll = keepsAll;
    this.#interims = 0;
  }

  /** A status line: interim, or that of the final answer. Returns whether it is one. */
  takeStatus(bytes: Buffer, start: number, end: number): boolean {
    this.status = statusOf(bytes, start, end);
    this.#keepsAlive = isHttp11(bytes, start);
    this.#fields = 0;
    this.length = -1;
    this.#isCoded = this.isChunked = this.#closes = false;
    // 101 was not asked for, and what follows it is no HTTP.
    if (this.status < 100 || this.status === 101) return false;
    return !this.isInterim || ++this.#interims <= INTERIM_MAX;
  }

  /** A header. Returns whether it is one that can be. */
  takeField(bytes: Buffer, start: number, end: number): boolean {
    const colon = nameEnd(bytes, start, end);
    if (colon < 0 || ++this.#fields > FIELDS_MAX) return false;
    if (this.isInterim) return true;
    const name = this.#names.find(bytes, start, colon);
    if (name === undefined && !this.#keepsAll) return true;
    const from = skipBlank(bytes, colon + 1, end);
    const to = trimBlank(bytes, from, end);
    if (this.#keepsAll || name?.isAsked === true) {
      const text = name?.text ?? bytes.toString('latin1', start, colon).toLowerCase();
      this.#sink.header(text, bytes.toString('latin1', from, to));
    }
    return name === undefined || this.#heed(name.text, bytes, from, to);
  }

  #heed(name: string, bytes: Buffer, from: number, to: number): boolean {
    switch (name) {
      case CONTENT_LENGTH:
        this.length = lengthOf(bytes, from, to, this.length);
        return !Number.isNaN(this.length);
      case TRANSFER_ENCODING:
        this.#isCoded = true;
        this.isChunked = endsChunked(bytes, from, to);
        return true;
      case CONNECTION:
        if (listHas(bytes, from, to, CLOSE)) this.#closes = true;
        else if (listHas(bytes, from, to, KEEP_ALIVE)) this.#keepsAlive = true;
        return true;
    }
    return true;
  }
}
