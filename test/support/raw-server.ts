// A TCP server that answers each request with bytes of the test's choosing; for behaviours no HTTP library gives.
import { createServer, type Server, type Socket } from 'node:net';

/** The server's end of a connection, over TCP or in memory. */
export interface RawPeer {
  write(bytes: string | Uint8Array): unknown;
  /** Closes its sending side. */
  end(): unknown;
  resetAndDestroy(): unknown;
  on(event: 'close', listener: () => void): unknown;
  pause(): unknown;
}

/** What to do with one request; `request` is its head as text, `n` counts requests on the connection from 0. */
export type RawAnswer = (peer: RawPeer, request: string, n: number) => void;

/** What a server has seen. */
export class RawLog {
  /** Heads of the requests seen. */
  readonly requests: string[] = [];
  /** Bodies of the requests seen, a character a byte. */
  readonly bodies: string[] = [];
  connections = 0;
  /** The latest connection. */
  peer: RawPeer | null = null;
}

export interface RawServer extends RawLog {
  readonly port: number;
  close(): Promise<void>;
}

/** Cuts what came over one connection into requests, and answers them. */
export class RawReader {
  #text = '';
  #n = 0;

  /** @param early answers when it has the head, and reads no further */
  constructor(
    private readonly peer: RawPeer,
    private readonly log: RawLog,
    private readonly answer: RawAnswer,
    private readonly early = false,
  ) {
    log.connections++;
    log.peer = peer;
  }

  read(bytes: string): void {
    this.#text += bytes;
    for (let end = this.#text.indexOf('\r\n\r\n'); end >= 0; end = this.#text.indexOf('\r\n\r\n')) {
      const head = this.#text.slice(0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (this.early) this.peer.pause();
      else if (this.#text.length < end + 4 + length) return;
      this.log.bodies.push(this.#text.slice(end + 4, end + 4 + length));
      this.#text = this.early ? '' : this.#text.slice(end + 4 + length);
      this.log.requests.push(head);
      this.answer(this.peer, head, this.#n++);
    }
  }
}

/** @param early answers when it has a request's head, and reads no further */
export async function startRawServer(answer: RawAnswer, early = false): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const log = new RawLog();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const reader = new RawReader(socket, log, answer, early);
    socket.on('data', (chunk) => reader.read(chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(log, {
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
}
