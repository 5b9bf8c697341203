// One HTTP/2 stream: what its events say of the exchange that it carries; reused, with the handlers bound once.
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { LOOKED_AT } from '../answer.js';
import type { Exchange } from '../exchange.js';
import { isUnprocessed, outcomeOfError, outcomeOfReset } from './failures.js';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

export class Http2Stream {
  #stream: ClientHttp2Stream | null = null;
  #exchange: Exchange | null = null;
  #settled: (exchange: Exchange) => void = () => {};
  #error: Error | null = null;

  /** @param release takes it back once its stream has closed */
  constructor(
    private readonly nowUs: () => number,
    private readonly release: (stream: Http2Stream) => void,
  ) {}

  /** Carries an exchange on a stream that was just opened; calls `settled` once, later, unless it is cancelled. */
  carry(stream: ClientHttp2Stream, exchange: Exchange, settled: (exchange: Exchange) => void): void {
    this.#stream = stream;
    this.#exchange = exchange;
    this.#settled = settled;
    this.#error = null;
    stream.on('response', this.#onResponse);
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
  }

  /** Ends this stream alone; it no longer speaks of the exchange. */
  cancel(): void {
    this.#exchange = null;
    this.#stream?.close(NGHTTP2_CANCEL);
  }

  readonly #onResponse = (headers: IncomingHttpHeaders & { ':status'?: number }): void => {
    const exchange = this.#exchange;
    if (exchange === null) return;
    exchange.firstByteUs = this.nowUs();
    exchange.answer.status = headers[':status'] ?? 0;
    readHeaders(exchange, headers);
  };

  readonly #onData = (chunk: Buffer): void => {
    this.#exchange?.answer.data(chunk);
  };

  readonly #onEnd = (): void => {
    const exchange = this.#exchange;
    const stream = this.#stream;
    if (exchange === null || stream === null || exchange.status === 0) return;
    // The end of a stream that was cut; its close follows.
    if (stream.rstCode !== NGHTTP2_NO_ERROR) return;
    this.#settle(exchange);
    // The answer is complete before the request is: nobody reads the rest of that.
    if (!stream.writableFinished) stream.close(NGHTTP2_CANCEL);
  };

  readonly #onError = (error: Error): void => {
    this.#error = error;
  };

  readonly #onClose = (): void => {
    const exchange = this.#exchange;
    const code = this.#stream?.rstCode ?? NGHTTP2_NO_ERROR;
    const error = this.#error;
    this.#stream = null;
    this.#error = null;
    if (exchange !== null) {
      exchange.failure = error === null || isReset(error) ? outcomeOfReset(code) : outcomeOfError(error);
      exchange.unprocessed = isUnprocessed(code);
      this.#settle(exchange);
    }
    this.release(this);
  };

  #settle(exchange: Exchange): void {
    this.#exchange = null;
    exchange.endUs = this.nowUs();
    this.#settled(exchange);
  }
}

/** Whether all that an error says is the code with which the stream, or all of them, ended. */
function isReset(error: Error & { code?: unknown }): boolean {
  return error.code === 'ERR_HTTP2_STREAM_ERROR' || error.code === 'ERR_HTTP2_SESSION_ERROR';
}

/** Tells the answer the headers that it looks at. */
function readHeaders({ answer }: Exchange, headers: IncomingHttpHeaders): void {
  const names = answer.keepsHeaders ? Object.keys(headers) : LOOKED_AT;
  for (const name of names) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    if (typeof value === 'string') answer.header(name, value);
    else for (const one of value) answer.header(name, one);
  }
}
