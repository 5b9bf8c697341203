// The undici transport: exchanges over undici clients, one per connection, driven through `dispatch`.
//
// Undici's traps, and how they are closed here:
// - its pools queue without bound behind dispatch: one Client a connection, at most one exchange on it;
// - its header and body timeouts are coarse: off, the driver cuts what is overdue;
// - a Client costs about 0.4 ms and 15 KB: a client whose socket is gone serves the next connection;
// - the newer handler methods are wrapped around the older ones and parse every header into an object: in version 7
//   the older ones are the native form, so they are used, and only the header that a run listens for is looked at;
// - a request that waits for its connection cannot be aborted: the connecting socket is destroyed instead.
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Outcome } from '../measure/outcome.js';
import type { Clock } from './clock.js';
import type { Exchange } from './exchange.js';
import { outcomeOfError } from './failures.js';
import { SocketOpener } from './sockets.js';
import type { ResolvedTarget } from './target.js';
import type { Connection, ConnectionListener, Transport } from './transport.js';

const STOP_HEADER = 'x-flashcrowd-stop';
/** Longer than any plan keeps a connection: closing idle ones is the policy's business, and the server's hint's. */
const KEEP_ALIVE_MS = 600_000;
/** Clients kept for later connections. */
const SPARES_MAX = 4_096;
/** Sets of headers that are remembered. */
const HEADER_SETS_MAX = 4_096;

export class UndiciTransport implements Transport {
  readonly #spares: UndiciConnection[] = [];
  readonly #open = new Set<UndiciConnection>();
  readonly #headers = new Map<readonly string[], string[]>();
  readonly opener: SocketOpener;

  /** @param startUs due time 0 on the clock: what stamps are relative to */
  constructor(
    readonly target: ResolvedTarget,
    readonly clock: Clock,
    readonly startUs: number,
  ) {
    this.opener = new SocketOpener(target);
  }

  connection(host: string | null, listener: ConnectionListener): Connection {
    const connection = this.#spares.pop() ?? new UndiciConnection(this);
    connection.begin(host, listener);
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

  /**
   * The headers of a request with those of the target, worked out once for each set that is used again and again.
   * The target's win, as they hold its credentials, but for the user agent: the request may be a browser's, and the
   * tool is named by a header of its own.
   */
  headersOf(exchange: Exchange): string[] {
    const { headers, host } = exchange.request;
    let known = this.#headers.get(headers);
    if (known === undefined) {
      known = [...withTargets(headers, this.target.headers), 'host', this.target.host];
      if (this.#headers.size >= HEADER_SETS_MAX) this.#headers.clear();
      this.#headers.set(headers, known);
    }
    if (host === null) return known;
    const copy = known.slice();
    copy[copy.length - 1] = host;
    return copy;
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
  readonly #transport: UndiciTransport;
  readonly #client: Client;
  #listener: ConnectionListener | null = null;
  #exchange: Exchange | null = null;
  #host: string | null = null;
  #socket: Socket | null = null;
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

  begin(host: string | null, listener: ConnectionListener): void {
    this.#host = host;
    this.#listener = listener;
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange;
    const { method, path, body } = exchange.request;
    try {
      const headers = this.#transport.headersOf(exchange);
      this.#client.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body }, this);
    } catch (error) {
      // Undici refuses the request itself: it never had a connection.
      exchange.failure = outcomeOfError(error as Error);
      queueMicrotask(() => {
        this.#settle(false);
        this.#transport.released(this);
      });
    }
  }

  abort(failure: Outcome): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
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
      exchange.status = status;
      exchange.stopHeader = stopHeaderOf(rawHeaders);
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#exchange !== null) this.#exchange.bytes += chunk.length;
    return true;
  }

  onComplete(): void {
    this.#settle(true);
  }

  onError(error: Error & { code?: string }): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    // A 304 may name the length of the body it does not have; undici takes that for a body cut short.
    const whole = exchange.status === 304 && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
    if (!whole) exchange.failure ??= outcomeOfError(error);
    this.#settle(false);
  }

  onUpgrade(): void {
    this.onError(Object.assign(new Error('the target switched protocols'), { code: 'HPE_UPGRADE' }));
  }

  #connect(callback: (...args: [null, Socket] | [Error, null]) => void): void {
    const beganUs = this.#transport.nowUs();
    const servername = (this.#host ?? this.#transport.target.hostname).replace(/:\d+$/, '');
    this.#socket = this.#transport.opener.open(
      servername,
      (socket) => {
        this.#listener?.opened(this.#transport.nowUs() - beganUs);
        callback(null, socket);
      },
      (error) => callback(error, null),
    );
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

/** Names and values by turns, of a request and of the target; a name that both have is sent once. */
function withTargets(request: readonly string[], target: readonly string[]): string[] {
  const merged: string[] = [];
  const both = (name: string, others: readonly string[]) =>
    others.some((other, i) => i % 2 === 0 && other.toLowerCase() === name);
  for (let i = 0; i < request.length; i += 2) {
    const name = (request[i] as string).toLowerCase();
    if (name === 'user-agent' || !both(name, target))
      merged.push(request[i] as string, request[i + 1] as string);
  }
  for (let i = 0; i < target.length; i += 2) {
    const name = (target[i] as string).toLowerCase();
    if (name !== 'user-agent' || !both(name, request))
      merged.push(target[i] as string, target[i + 1] as string);
  }
  return merged;
}

/** The value of the header by which a target asks for a stop; headers come as names and values by turns. */
function stopHeaderOf(rawHeaders: readonly Buffer[]): string | null {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as Buffer;
    if (name.length === STOP_HEADER.length && name.toString('latin1').toLowerCase() === STOP_HEADER) {
      return (rawHeaders[i + 1] as Buffer).toString('latin1');
    }
  }
  return null;
}
