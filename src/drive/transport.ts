// The transport: how one exchange travels over one connection; whose connections those are is decided elsewhere.
import type { Outcome } from '../measure/outcome.js';
import type { Exchange } from './exchange.js';

/** Makes connections to the one target of a run. It never queues, never retries and never throws. */
export interface Transport {
  /**
   * A connection that opens when it is first used.
   * @param host the Host and server name to use; null means the target's own
   */
  connection(host: string | null, listener: ConnectionListener): Connection;
  /** Closes what is left. */
  close(): void;
}

/** One connection, with at most one exchange on it at a time. */
export interface Connection {
  /**
   * Sends an exchange's request; the connection must be free. The transport stamps `sentUs` (first byte written,
   * connected), `firstByteUs` and `endUs`, counts `attempts` and `bytes`, and fills in `status` or `failure`.
   */
  send(exchange: Exchange): void;
  /** Cuts the exchange under way, which settles with this failure, and closes. */
  abort(failure: Outcome): void;
  /** Closes a free connection; the listener hears no more of it. */
  close(): void;
}

export interface ConnectionListener {
  /** A connection was opened; how long DNS, TCP and TLS took together. */
  opened(connectUs: number): void;
  /** The exchange has its answer or its failure; `usable` tells whether the connection can take another. */
  settled(connection: Connection, exchange: Exchange, usable: boolean): void;
  /** The other side closed a free connection. */
  closed(connection: Connection): void;
}
