// A TCP server that answers each request with bytes of the test's choosing; for behaviours no HTTP library gives.
import { createServer, type Server, type Socket } from 'node:net';

/** What to do with one request; `request` is its head as text, `n` counts requests on the connection from 0. */
export type RawAnswer = (socket: Socket, request: string, n: number) => void;

export interface RawServer {
  readonly port: number;
  /** Heads of the requests seen, and connections accepted. */
  readonly requests: string[];
  /** Bodies of the requests seen, a character a byte. */
  readonly bodies: string[];
  connections: number;
  close(): Promise<void>;
}

export async function startRawServer(answer: RawAnswer): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  const bodies: string[] = [];
  const server: Server = createServer((socket) => {
    raw.connections++;
    sockets.add(socket);
    let text = '';
    let n = 0;
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        bodies.push(text.slice(end + 4, end + 4 + length));
        text = text.slice(end + 4 + length);
        seen.push(head);
        answer(socket, head, n++);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  const raw: RawServer = {
    port: 0,
    requests: seen,
    bodies,
    connections: 0,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(raw, { port: address.port });
}
