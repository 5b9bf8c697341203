// Sockets in memory: the wire transport against a scripted byte stream, without a network.
import type { TlsSessions } from '../../src/drive/sockets/sessions.js';
import type { Opening } from '../../src/drive/sockets/socket-opener.js';
import type { OnRead, WireOpener, WireSocket } from '../../src/drive/transports/wire/wire-transport.js';
import { type RawAnswer, RawLog, type RawPeer, RawReader } from './raw-server.js';

const OPENING: Opening = {
  protocol: 'http/1.1',
  address: 'memory',
  totalUs: 0,
  dnsUs: 0,
  tcpUs: 0,
  tlsUs: null,
  resumed: false,
};

/** Opens sockets to one scripted server. */
export class MemoryOpener implements WireOpener {
  readonly log = new RawLog();

  /** @param answer null: refuses connections */
  constructor(
    private readonly answer: RawAnswer | null,
    private readonly early: boolean,
  ) {}

  open(
    _servername: string,
    _sessions: TlsSessions | null,
    ready: (socket: WireSocket, opening: Opening) => void,
    failed: (error: Error) => void,
    onRead: OnRead,
  ): WireSocket {
    const { answer, early } = this;
    const socket = new MemorySocket(onRead, early);
    queueMicrotask(() => {
      if (socket.destroyed) failed(errorOf('ECONNRESET'));
      else if (answer === null) failed(errorOf('ECONNREFUSED'));
      else {
        socket.reader = new RawReader(socket.peer, this.log, answer, early);
        ready(socket, OPENING);
      }
    });
    return socket;
  }
}

/** One end of a connection in memory; what the other end does comes later, in order. */
class MemorySocket implements WireSocket {
  writableLength = 0;
  destroyed = false;
  reader: RawReader | null = null;
  readonly #listeners: Record<string, (error: Error) => void> = {};
  readonly #farListeners: (() => void)[] = [];
  readonly peer: RawPeer = {
    write: (bytes) => this.#later(() => this.#receive(Buffer.from(bytes as string))),
    end: () => {
      this.#later(() => this.#emit('end'));
      this.#later(() => this.destroy());
    },
    resetAndDestroy: () => {
      this.#later(() => this.#emit('error', errorOf('ECONNRESET')));
      this.#later(() => this.destroy());
    },
    on: (_event, listener) => this.#farListeners.push(listener),
    pause: () => {},
  };

  constructor(
    private readonly onRead: OnRead,
    private readonly early: boolean,
  ) {}

  write(data: string | Uint8Array, encoding?: BufferEncoding): boolean {
    const bytes = Buffer.from(data as string, encoding).toString('latin1');
    // A server that does not read on leaves what follows the head with us.
    if (this.early) this.writableLength += bytes.length - (bytes.indexOf('\r\n\r\n') + 4);
    this.#later(() => this.reader?.read(bytes));
    return true;
  }

  cork(): void {}
  uncork(): void {}

  on(event: string, listener: (error: Error) => void): void {
    this.#listeners[event] = listener;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    queueMicrotask(() => {
      for (const listener of this.#farListeners) listener();
      this.#emit('close');
    });
  }

  #receive(bytes: Buffer): void {
    const { buffer, callback } = this.onRead;
    for (let at = 0; at < bytes.length && !this.destroyed; at += buffer.length) {
      callback(bytes.copy(buffer, 0, at, at + buffer.length), buffer);
    }
  }

  #later(run: () => void): void {
    queueMicrotask(() => {
      if (!this.destroyed) run();
    });
  }

  #emit(event: string, error = errorOf('')): void {
    this.#listeners[event]?.(error);
  }
}

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}
