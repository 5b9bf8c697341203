// The transport: how exchanges travel over one connection; whose connections those are is decided elsewhere.
import type { Outcome } from '../../measure/outcome.js';
import type { Exchange } from '../exchange.js';
import type { Opening, TlsSessions } from '../sockets/socket-opener.js';

/** Makes connections to the one target of a run. It never queues, never retries and never throws. */
export interface Transport {
  /**
   * A connection that opens when it is first used.
   * @param host the Host and server name to use; null means the target's own
   * @param sessions whose TLS sessions it may resume and adds to; null: it resumes none
   */
  connection(host: string | null, sessions: TlsSessions | null, listener: ConnectionListener): Connection;
  /** Closes what is left. */
  close(): void;
}

/** One connection. */
export interface Connection {
  /** Most exchanges that it carries at once: 1 for HTTP/1.1. It may change while the connection lives. */
  readonly streamsMax: number;
  /**
   * Sends an exchange's request: `request.headers` and then `extraHeaders`; the connection must have room. The
   * transport stamps `sentUs` (first byte written, connected), `firstByteUs` and `endUs`, counts `attempts`, and
   * fills in the answer or `failure`.
   */
  send(exchange: Exchange): void;
  /** Cuts an exchange that it carries, which settles with this failure; where it is the only one, closes. */
  abort(exchange: Exchange, failure: Outcome): void;
  /** Closes a free connection; the listener hears no more of it. */
  close(): void;
}

export interface ConnectionListener {
  /** A connection was opened, in this way. */
  opened(opening: Opening): void;
  /** An exchange has its answer or its failure; `usable` tells whether the connection can take another. */
  settled(connection: Connection, exchange: Exchange, usable: boolean): void;
  /** The other side closed a connection that carries nothing. */
  closed(connection: Connection): void;
}
