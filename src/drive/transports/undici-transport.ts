// The undici transport: exchanges over undici clients, one per connection, driven through `dispatch`.
//
// Undici's traps, and how they are closed here:
// - its pools queue without bound behind dispatch: one Client a connection, at most one exchange on it;
// - its header and body timeouts are coarse: off, the driver cuts what is overdue;
// - a Client costs about 0.4 ms and 15 KB: a client whose socket is gone serves the next connection;
// - the newer handler methods are wrapped around the older ones and parse every header into an object: in version 7
//   the older ones are the native form, so they are used, and only the header that a run listens for is looked at;
// - a request that waits for its connection cannot be aborted: the connecting socket is destroyed instead;
// - it waits for a socket to close after an error, which one with TLS does not do by itself: it is destroyed.
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Outcome } from '../../measure/outcome.js';
import { LOOKED_AT } from '../answer.js';
import type { Exchange } from '../exchange.js';
import type { Clock } from '../pacing/clock.js';
import { SocketOpener, type TlsSessions } from '../sockets/socket-opener.js';
import { type ResolvedTarget, serverNameOf } from '../sockets/target.js';
import { outcomeOfError } from './failures.js';
import { RequestHeaders } from './request-headers.js';
import type { Connection, ConnectionListener, Transport } from './transport.js';

/** Longer than any plan keeps a connection: closing idle ones is the policy's business, and the server's hint's. */
const KEEP_ALIVE_MS = 600_000;
/** Clients kept for later connections. */
const SPARES_MAX = 4_096;

export class UndiciTransport implements Transport {
  readonly #spares: UndiciConnection[] = [];
  readonly #open = new Set<UndiciConnection>();
  readonly headers: RequestHeaders;
  readonly opener: SocketOpener;

  /** @param startUs due time 0 on the clock: what stamps are relative to */
  constructor(
    readonly target: ResolvedTarget,
    readonly clock: Clock,
    readonly startUs: number,
  ) {
    this.opener = new SocketOpener(target);
    this.headers = new RequestHeaders(target);
  }

  connection(host: string | null, sessions: TlsSessions | null, listener: ConnectionListener): Connection {
    const connection = this.#spares.pop() ?? new UndiciConnection(this);
    connection.begin(host, sessions, listener);
    this.#open.add(connection);
    return connection;
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
    for (const connection of this.#spares) connection.destroy();
    this.#open.clear();
    this.#spares.length = 0;
  }

  nowUs(): number {
    return this.clock.nowUs() - this.startUs;
  }

  /** A connection has ended; its client can serve another. */
  released(connection: UndiciConnection): void {
    if (!this.#open.delete(connection)) return;
    if (this.#spares.length < SPARES_MAX) this.#spares.push(connection);
    else connection.destroy();
  }
}

/** A client with its one socket; it is its own dispatch handler, as it serves one exchange at a time. */
class UndiciConnection implements Connection, Dispatcher.DispatchHandler {
  readonly streamsMax = 1;
  readonly #transport: UndiciTransport;
  readonly #client: Client;
  #listener: ConnectionListener | null = null;
  #exchange: Exchange | null = null;
  #host: string | null = null;
  #sessions: TlsSessions | null = null;
  #socket: Socket | null = null;
  #isDispatching = false;
  #abort: ((error?: Error) => void) | null = null;

  constructor(transport: UndiciTransport) {
    this.#transport = transport;
    const { protocol, hostname, port } = transport.target;
    const name = hostname.includes(':') ? `[${hostname}]` : hostname;
    this.#client = new Client(`${protocol}//${name}:${port}`, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connect: (_options, callback) => this.#connect(callback),
    });
    // Both come after the exchange under way, if any, has been told of its end through the handler.
    this.#client.on('disconnect', () => this.#ended());
    this.#client.on('connectionError', () => this.#ended());
  }

  begin(host: string | null, sessions: TlsSessions | null, listener: ConnectionListener): void {
    this.#host = host;
    this.#sessions = sessions;
    this.#listener = listener;
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange;
    const { method, path, body } = exchange.request;
    const headers = this.#transport.headers.of(exchange) as string[];
    this.#isDispatching = true;
    this.#client.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body }, this);
    this.#isDispatching = false;
  }

  abort(exchange: Exchange, failure: Outcome): void {
    if (exchange !== this.#exchange) return;
    exchange.failure = failure;
    const abort = this.#abort;
    const socket = this.#socket;
    this.#settle(false);
    if (abort === null) socket?.destroy();
    else abort();
  }

  close(): void {
    this.#listener = null;
    const socket = this.#socket;
    if (socket === null) this.#transport.released(this);
    else socket.destroy();
  }

  destroy(): void {
    this.#listener = null;
    this.#exchange = null;
    this.#socket?.destroy();
    this.#client.destroy(() => {});
  }

  onConnect(abort: (error?: Error) => void): void {
    const exchange = this.#exchange;
    if (exchange === null) {
      // Settled while it waited for the connection: nothing may be written for it any more.
      abort();
      return;
    }
    this.#abort = abort;
    exchange.sentUs = this.#transport.nowUs();
    exchange.attempts++;
  }

  onResponseStarted(): void {
    if (this.#exchange !== null) this.#exchange.firstByteUs = this.#transport.nowUs();
  }

  onHeaders(status: number, rawHeaders: Buffer[]): boolean {
    const exchange = this.#exchange;
    if (exchange !== null && status >= 200) {
      exchange.answer.status = status;
      readHeaders(exchange, rawHeaders);
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#exchange?.answer.data(chunk);
    return true;
  }

  onComplete(): void {
    this.#settle(true);
  }

  onError(error: Error & { code?: string }): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (this.#isDispatching) {
      // Undici refuses the request itself, from inside dispatch: nothing was sent.
      exchange.failure = outcomeOfError(error);
      queueMicrotask(() => this.#refused());
      return;
    }
    // A 304 may name the length of the body it does not have; undici takes that for a body cut short.
    const whole = exchange.status === 304 && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
    if (!whole) exchange.failure ??= outcomeOfError(error);
    this.#settle(false);
  }

  onUpgrade(): void {
    this.onError(Object.assign(new Error('the target switched protocols'), { code: 'HPE_UPGRADE' }));
  }

  #connect(callback: (...args: [null, Socket] | [Error, null]) => void): void {
    const servername = serverNameOf(this.#host, this.#transport.target);
    this.#socket = this.#transport.opener.open(
      servername,
      this.#sessions,
      (socket, opening) => {
        this.#socket = socket;
        this.#listener?.opened(opening);
        socket.on('error', () => socket.destroy());
        callback(null, socket);
      },
      (error) => callback(error, null),
    );
  }

  #refused(): void {
    const socket = this.#socket;
    this.#settle(false);
    if (socket === null) this.#transport.released(this);
    else socket.destroy();
  }

  #settle(usable: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    exchange.endUs = this.#transport.nowUs();
    this.#exchange = null;
    this.#abort = null;
    const listener = this.#listener;
    const open = usable && this.#socket !== null && !this.#socket.destroyed;
    if (!open) this.#listener = null;
    listener?.settled(this, exchange, open);
  }

  /** The socket is gone, and with it the connection; the client is whole again and can serve the next one. */
  #ended(): void {
    this.#socket = null;
    if (this.#exchange !== null) return;
    const listener = this.#listener;
    this.#listener = null;
    listener?.closed(this);
    this.#transport.released(this);
  }
}

/** Names are compared by length first: most are not looked at. */
const LOOKED_AT_LENGTHS: ReadonlySet<number> = new Set(LOOKED_AT.map((name) => name.length));

/** Tells the answer the headers that it looks at; they come as names and values by turns. */
function readHeaders({ answer }: Exchange, rawHeaders: readonly Buffer[]): void {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i] as Buffer;
    if (!answer.keepsHeaders && !LOOKED_AT_LENGTHS.has(raw.length)) continue;
    const name = raw.toString('latin1').toLowerCase();
    if (answer.keepsHeaders || LOOKED_AT.includes(name))
      answer.header(name, (rawHeaders[i + 1] as Buffer).toString('latin1'));
  }
}
