// The wire transport: HTTP/1.1 over sockets of our own, with no more between the exchange and the wire than it needs.
import { LOOKED_AT } from '../../answer.js';
import type { Clock } from '../../pacing/clock.js';
import { type Opening, SocketOpener, type TlsSessions } from '../../sockets/socket-opener.js';
import type { ResolvedTarget } from '../../sockets/target.js';
import type { Connection, ConnectionListener, Transport } from '../transport.js';
import { FieldNames } from './header-fields.js';
import { RequestWriter, type Writes } from './request-writer.js';
import { WireConnection } from './wire-connection.js';

/** What is read at once at most: a TLS record is 16 KB, and larger reads gain nothing. */
const READ_BYTES = 65_536;

/** What a connection needs of a socket. */
export interface WireSocket extends Writes {
  /** Bytes that were not yet handed on. */
  readonly writableLength: number;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy(): unknown;
}

/** Takes what a socket reads, in place of its stream; the buffer is overwritten by the next read. */
export interface OnRead {
  readonly buffer: Buffer;
  /** Returns whether to read on. */
  callback(length: number, bytes: Buffer): boolean;
}

/** What opens its sockets; a `SocketOpener`, or what stands for one. */
export interface WireOpener {
  open(
    servername: string,
    sessions: TlsSessions | null,
    ready: (socket: WireSocket, opening: Opening) => void,
    failed: (error: Error) => void,
    onread: OnRead,
  ): WireSocket;
}

export class WireTransport implements Transport {
  readonly names = new FieldNames(LOOKED_AT);
  /** What all sockets read into, one after the other: each has used its bytes before the next one reads. */
  readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly writer: RequestWriter;
  readonly #open = new Set<WireConnection>();

  /** @param startUs due time 0 on the clock: what stamps are relative to */
  constructor(
    readonly target: ResolvedTarget,
    private readonly clock: Clock,
    private readonly startUs: number,
    readonly opener: WireOpener = new SocketOpener(target),
  ) {
    this.writer = new RequestWriter(target);
  }

  connection(host: string | null, sessions: TlsSessions | null, listener: ConnectionListener): Connection {
    const connection = new WireConnection(this, host, sessions, listener);
    this.#open.add(connection);
    return connection;
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
  }

  nowUs(): number {
    return this.clock.nowUs() - this.startUs;
  }

  /** A connection has ended. */
  ended(connection: WireConnection): void {
    this.#open.delete(connection);
  }
}
