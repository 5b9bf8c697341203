// The null server's process: it takes a listening socket from its parent and gives every request the same tiny answer.
import { createServer as createHttp2, createSecureServer, type Http2Server } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';

/** What the parent asks for; a listening socket comes with `serve`. */
export type ToNullServer =
  | {
      readonly kind: 'serve';
      readonly http2: boolean;
      /** PEM texts; null: without TLS. */
      readonly tls: { readonly key: string; readonly cert: string } | null;
    }
  | { readonly kind: 'cpu' };

export type FromNullServer =
  | { readonly kind: 'serving' }
  /** Processor time of this process so far. */
  | { readonly kind: 'cpu'; readonly us: number };

const BODY = 'ok';
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
);
const END_OF_HEAD = '\r\n\r\n';

const open = new Set<Socket>();

process.on('message', (message: ToNullServer, listening: Server) => {
  if (message.kind === 'serve') serve(message, listening);
  else {
    const { user, system } = process.cpuUsage();
    say({ kind: 'cpu', us: user + system });
  }
});

function say(message: FromNullServer): void {
  process.send?.(message);
}

function serve(wanted: ToNullServer & { kind: 'serve' }, listening: Server): void {
  const take = takerOf(wanted);
  listening.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    take(socket);
  });
  // The parent is gone: nothing may keep this process.
  process.on('disconnect', () => {
    listening.close();
    for (const socket of open) socket.destroy();
  });
  say({ kind: 'serving' });
}

/** What becomes of a connection. */
function takerOf({ http2, tls }: ToNullServer & { kind: 'serve' }): (socket: Socket) => void {
  if (http2) {
    const server: Http2Server | ReturnType<typeof createSecureServer> =
      tls === null ? createHttp2() : createSecureServer(tls);
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200, 'content-type': 'text/plain' });
      stream.end(BODY);
    });
    server.on('sessionError', () => {});
    return (socket) => server.emit('connection', socket);
  }
  if (tls === null) return answer;
  const server = createTls({ ...tls, ALPNProtocols: ['http/1.1'] }, answer);
  server.on('tlsClientError', () => {});
  return (socket) => server.emit('connection', socket);
}

/** Requests have no bodies: each ends with its head. */
function answer(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(END_OF_HEAD); at >= 0; at = chunk.indexOf(END_OF_HEAD, at + 4))
      socket.write(ANSWER);
  });
}
