// The HTTP/2 transport: many exchanges at once over a connection of node:http2, by ALPN or by prior knowledge.
//
// It was chosen by measurement (test/bench/http2.ts): undici's, which is built upon it, costs a third to a half more.
// Traps of node:http2, and how they are closed here:
// - it sends before the peer's SETTINGS are here, and queues unseen what they do not allow: `streamsMax` follows them;
// - a clean GOAWAY closes a session some ticks before it says so, and a request on a closed one throws: a closed
//   session has no room;
// - its windows are 64 KB unless told otherwise, which would measure our own reading: they are as large as Chrome's;
// - it aborts the process if a session is collected before a stream with broken headers: `http2-graveyard.ts`;
// - a cut connection ends its streams without any error, as if they were complete: only a reset code tells;
// - after a frame that breaks the protocol it says GOAWAY, stops to read, and tells nobody: what such a connection
//   carries times out, and it is found out by a PING that has no answer.
import { type ClientHttp2Session, connect } from 'node:http2';
import type { Socket } from 'node:net';
import type { Outcome } from '../../measure/outcome.js';
import type { Exchange } from '../exchange.js';
import type { Clock } from '../pacing/clock.js';
import { type Opening, SocketOpener, type TlsSessions } from '../sockets/socket-opener.js';
import { type ResolvedTarget, serverNameOf } from '../sockets/target.js';
import { outcomeOfError } from './failures.js';
import { Http2Graveyard, nativeOf } from './http2-graveyard.js';
import { Http2Headers } from './http2-headers.js';
import { Http2Stream } from './http2-stream.js';
import type { Connection, ConnectionListener, Transport } from './transport.js';

/** Most streams on a connection, as browsers have it; the peer may allow fewer. */
const STREAMS_MAX = 100;
/** Chrome's windows: bytes that a server may send on a stream, and on a connection, before they are acknowledged. */
const STREAM_WINDOW = 6_291_456;
const CONNECTION_WINDOW = 15_728_640;
/** What Node may keep for one session, in megabytes: request bodies that wait for the peer's window, above all. */
const SESSION_MEMORY_MB = 64;
/** Stream handlers kept for later streams. */
const SPARES_MAX = 4_096;

const WITH_BODY = { endStream: false };
const WITHOUT_BODY = { endStream: true };

export class Http2Transport implements Transport {
  readonly #open = new Set<Http2Connection>();
  readonly graveyard = new Http2Graveyard();
  readonly #spares: Http2Stream[] = [];
  readonly #release = (stream: Http2Stream): void => {
    if (this.#spares.length < SPARES_MAX) this.#spares.push(stream);
  };
  readonly #nowUs = () => this.nowUs();
  readonly headers: Http2Headers;
  readonly opener: SocketOpener;

  /** @param startUs due time 0 on the clock: what stamps are relative to */
  constructor(
    readonly target: ResolvedTarget,
    readonly clock: Clock,
    readonly startUs: number,
  ) {
    this.opener = new SocketOpener(target, { alpn: ['h2'] });
    this.headers = new Http2Headers(target);
  }

  connection(host: string | null, sessions: TlsSessions | null, listener: ConnectionListener): Connection {
    const connection = new Http2Connection(this, host, sessions, listener);
    this.#open.add(connection);
    return connection;
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }

  nowUs(): number {
    return this.clock.nowUs() - this.startUs;
  }

  stream(): Http2Stream {
    return this.#spares.pop() ?? new Http2Stream(this.#nowUs, this.#release);
  }

  gone(connection: Http2Connection): void {
    this.#open.delete(connection);
  }
}

/** One session, from the wish for a socket to the end of the last stream on it. */
class Http2Connection implements Connection {
  readonly #transport: Http2Transport;
  readonly #host: string | null;
  readonly #sessions: TlsSessions | null;
  #listener: ConnectionListener | null;
  #socket: Socket | null = null;
  #session: ClientHttp2Session | null = null;
  #native: object | null = null;
  /** Sent before the session was there. */
  #waiting: Exchange[] = [];
  readonly #carried = new Map<Exchange, Http2Stream>();
  #allowed = STREAMS_MAX;
  /** It goes when what it carries has settled. */
  #leaving = false;
  /** When the PING was sent that has no answer yet; NaN if there is none. */
  #pingedUs = Number.NaN;
  readonly #onPong = (): void => {
    this.#pingedUs = Number.NaN;
  };
  readonly #settled = (exchange: Exchange): void => {
    if (this.#carried.delete(exchange)) this.#settle(exchange);
  };

  constructor(
    transport: Http2Transport,
    host: string | null,
    sessions: TlsSessions | null,
    listener: ConnectionListener,
  ) {
    this.#transport = transport;
    this.#host = host;
    this.#sessions = sessions;
    this.#listener = listener;
  }

  get streamsMax(): number {
    return this.#usable ? this.#allowed : 0;
  }

  get #usable(): boolean {
    if (this.#leaving) return false;
    const session = this.#session;
    return session === null || (!session.closed && !session.destroyed);
  }

  get #carriesNothing(): boolean {
    return this.#carried.size === 0 && this.#waiting.length === 0;
  }

  send(exchange: Exchange): void {
    if (this.#session !== null) {
      this.#request(this.#session, exchange);
      return;
    }
    this.#waiting.push(exchange);
    if (this.#socket === null) this.#open();
  }

  abort(exchange: Exchange, failure: Outcome): void {
    const stream = this.#carried.get(exchange);
    if (stream !== undefined) {
      stream.cancel();
      this.#carried.delete(exchange);
      if (failure === 'timeout' && this.#session !== null) this.#probe(this.#session, exchange);
    } else {
      const at = this.#waiting.indexOf(exchange);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      // It takes longer to open than an exchange may take: nobody new should have to wait for it.
      this.#leaving = true;
    }
    exchange.failure = failure;
    exchange.endUs = this.#transport.nowUs();
    this.#settle(exchange);
  }

  close(): void {
    this.#listener = null;
    this.#destroy();
  }

  /** After a timeout: asks whether the other side is still there; without an answer until the next it is given up. */
  #probe(session: ClientHttp2Session, { sentUs }: Exchange): void {
    if (!this.#usable) return;
    if (Number.isNaN(this.#pingedUs)) {
      this.#pingedUs = this.#transport.nowUs();
      session.ping(this.#onPong);
    } else if (sentUs > this.#pingedUs) {
      this.#leaving = true;
    }
  }

  #open(): void {
    const { target, opener } = this.#transport;
    this.#socket = opener.open(
      serverNameOf(this.#host, target),
      this.#sessions,
      (socket, opening) => this.#opened(socket, opening),
      (error) => this.#fail(outcomeOfError(error)),
    );
  }

  #opened(socket: Socket, opening: Opening): void {
    // Behind a proxy it is another one than was opened.
    this.#socket = socket;
    this.#listener?.opened(opening);
    const session = this.#connect(socket);
    this.#session = session;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const exchange of waiting) this.#request(session, exchange);
  }

  #connect(socket: Socket): ClientHttp2Session {
    const { protocol, host } = this.#transport.target;
    const session = connect(`${protocol}//${host}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      maxSessionMemory: SESSION_MEMORY_MB,
    });
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on('remoteSettings', ({ maxConcurrentStreams = STREAMS_MAX }) => {
      // A server that allows none for the moment lets one wait: so there is always an end to be waited for.
      this.#allowed = Math.max(1, Math.min(STREAMS_MAX, maxConcurrentStreams));
    });
    session.on('connect', () => {
      this.#native = nativeOf(session);
    });
    session.on('goaway', () => this.#leave());
    session.on('close', () => this.#leave());
    // Its streams tell the error, if there are any; without any it is closed, and that comes as well.
    session.on('error', () => {});
    return session;
  }

  #request(session: ClientHttp2Session, exchange: Exchange): void {
    const { body } = exchange.request;
    try {
      const headers = this.#transport.headers.of(exchange);
      const request = session.request(headers, body === null ? WITHOUT_BODY : WITH_BODY);
      exchange.sentUs = this.#transport.nowUs();
      exchange.attempts++;
      const stream = this.#transport.stream();
      this.#carried.set(exchange, stream);
      stream.carry(request, exchange, this.#settled);
      if (body !== null) request.end(body);
    } catch (error) {
      // Node refuses the request itself: nothing of it was written.
      const outcome = outcomeOfError(error as Error);
      this.#waiting.push(exchange);
      queueMicrotask(() => this.#refuse(exchange, outcome));
    }
  }

  #refuse(exchange: Exchange, outcome: Outcome): void {
    const at = this.#waiting.indexOf(exchange);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    exchange.failure = outcome;
    exchange.endUs = this.#transport.nowUs();
    this.#settle(exchange);
  }

  /** It could not be opened. */
  #fail(outcome: Outcome): void {
    this.#leaving = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#destroy();
    for (const exchange of waiting) {
      exchange.failure = outcome;
      exchange.endUs = this.#transport.nowUs();
      this.#listener?.settled(this, exchange, false);
    }
  }

  #settle(exchange: Exchange): void {
    if (exchange.failure !== null && this.#native !== null) {
      this.#transport.graveyard.keep(this.#native);
      this.#native = null;
    }
    const usable = this.#usable;
    if (!usable && this.#carriesNothing) this.#destroy();
    this.#listener?.settled(this, exchange, usable);
  }

  /** It takes no more: the other side has said so, or it is gone. */
  #leave(): void {
    this.#leaving = true;
    if (!this.#carriesNothing) return;
    const listener = this.#listener;
    this.close();
    listener?.closed(this);
  }

  #destroy(): void {
    this.#leaving = true;
    this.#transport.gone(this);
    if (this.#session === null) this.#socket?.destroy();
    else this.#session.destroy();
  }
}
