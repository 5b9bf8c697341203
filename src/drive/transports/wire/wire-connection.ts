// A connection of the wire transport: one socket, one exchange at a time; it turns bytes and ends into outcomes.
import type { Outcome } from '../../../measure/outcome.js';
import type { Exchange } from '../../exchange.js';
import type { Opening, TlsSessions } from '../../sockets/socket-opener.js';
import { serverNameOf } from '../../sockets/target.js';
import { outcomeOfError } from '../failures.js';
import type { Connection, ConnectionListener } from '../transport.js';
import { ResponseParser, type ResponseSink } from './response-parser.js';
import type { WireSocket, WireTransport } from './wire-transport.js';

export class WireConnection implements Connection, ResponseSink {
  readonly streamsMax = 1;
  readonly #transport: WireTransport;
  readonly #host: string | null;
  readonly #sessions: TlsSessions | null;
  readonly #parser: ResponseParser;
  /** Null when it has heard the last. */
  #listener: ConnectionListener | null;
  #socket: WireSocket | null = null;
  #exchange: Exchange | null = null;
  /** The exchange's request as far as its body; empty when it has been written. */
  #head = '';
  #isHeard = false;
  /** Whether the request is more than a kernel takes at once from a connection that had nothing to send. */
  #isLong = false;

  constructor(
    transport: WireTransport,
    host: string | null,
    sessions: TlsSessions | null,
    listener: ConnectionListener,
  ) {
    this.#transport = transport;
    this.#host = host;
    this.#sessions = sessions;
    this.#listener = listener;
    this.#parser = new ResponseParser(this, transport.names);
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#isHeard = false;
    const head = this.#transport.writer.head(exchange.request, exchange.extraHeaders);
    if (head === null) {
      exchange.failure = 'protocol';
      queueMicrotask(() => {
        if (this.#exchange === exchange) this.#settle(this.#transport.nowUs(), false);
      });
      return;
    }
    if (this.#socket === null) {
      this.#head = head;
      this.#open();
    } else {
      this.#write(this.#socket, exchange, head);
    }
  }

  abort(exchange: Exchange, failure: Outcome): void {
    if (exchange !== this.#exchange) return;
    exchange.failure = failure;
    this.#settle(this.#transport.nowUs(), false);
  }

  close(): void {
    this.#listener = null;
    this.#end();
  }

  /** Closes it whatever it carries, and tells nobody. */
  destroy(): void {
    this.#exchange = null;
    this.close();
  }

  status(code: number): void {
    if (this.#exchange !== null) this.#exchange.answer.status = code;
  }

  header(name: string, value: string): void {
    this.#exchange?.answer.header(name, value);
  }

  body(bytes: Buffer, start: number, end: number): void {
    if (this.#exchange === null) return;
    const { answer } = this.#exchange;
    if (answer.bodyMax > 0) answer.data(bytes.subarray(start, end));
    else answer.bytes += end - start;
  }

  #open(): void {
    this.#socket = this.#transport.opener.open(
      serverNameOf(this.#host, this.#transport.target),
      this.#sessions,
      (socket, opening) => this.#ready(socket, opening),
      (error) => this.#broken(error),
      { buffer: this.#transport.buffer, callback: (length, bytes) => this.#read(length, bytes) },
    );
  }

  #ready(socket: WireSocket, opening: Opening): void {
    // Behind a proxy it is not the one that was returned.
    this.#socket = socket;
    socket.on('end', () => this.#farEnd());
    socket.on('error', (error) => this.#broken(error));
    socket.on('close', () => this.#farEnd());
    this.#listener?.opened(opening);
    const exchange = this.#exchange;
    const head = this.#head;
    this.#head = '';
    if (exchange === null) this.#end();
    else this.#write(socket, exchange, head);
  }

  #write(socket: WireSocket, exchange: Exchange, head: string): void {
    const { method, body } = exchange.request;
    this.#parser.begin(method === 'HEAD', exchange.answer.keepsHeaders);
    exchange.attempts++;
    exchange.sentUs = this.#transport.nowUs();
    this.#isLong = this.#transport.writer.write(socket, method, head, body);
  }

  /** The bytes are gone when this returns: all sockets of a thread share one buffer. */
  #read(length: number, bytes: Buffer): boolean {
    const exchange = this.#exchange;
    const socket = this.#socket;
    if (exchange === null || socket === null) {
      // Nothing was asked: whatever this is, it would be taken for the next answer.
      this.#farEnd();
      return true;
    }
    const nowUs = this.#transport.nowUs();
    if (!this.#isHeard) {
      this.#isHeard = true;
      exchange.firstByteUs = nowUs;
    }
    const parser = this.#parser;
    const taken = parser.push(bytes, length);
    if (parser.done) {
      // An answer before the request was whole leaves a rest of it behind. Short requests are written at once, but
      // TLS says so only later, often after the answer.
      const isWritten = !this.#isLong || socket.writableLength === 0;
      this.#settle(nowUs, parser.persistent && taken === length && isWritten);
    } else if (parser.malformed) {
      exchange.failure = 'protocol';
      this.#settle(nowUs, false);
    }
    return true;
  }

  #broken(error: Error): void {
    if (this.#exchange === null) {
      this.#farEnd();
      return;
    }
    this.#exchange.failure ??= outcomeOfError(error);
    this.#settle(this.#transport.nowUs(), false);
  }

  /** The other side has closed, or the socket is gone. */
  #farEnd(): void {
    const exchange = this.#exchange;
    if (exchange !== null) {
      if (!this.#parser.end()) exchange.failure ??= 'reset';
      this.#settle(this.#transport.nowUs(), false);
      return;
    }
    const listener = this.#listener;
    this.#listener = null;
    this.#end();
    listener?.closed(this);
  }

  #settle(nowUs: number, usable: boolean): void {
    const exchange = this.#exchange;
    const listener = this.#listener;
    if (exchange === null) return;
    this.#exchange = null;
    this.#head = '';
    exchange.endUs = nowUs;
    if (!usable) {
      this.#listener = null;
      this.#end();
    }
    listener?.settled(this, exchange, usable);
  }

  #end(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) socket.destroy();
    this.#transport.ended(this);
  }
}
