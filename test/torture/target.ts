// The torture's target: a server in a process of its own that answers every request at once, or not, as it is told.
//
// With a number as its argument it takes so many milliseconds for each.
import { createServer, type Server, type Socket } from 'node:net';

/** `misbehave` lasts so long: answers wait for its end, never come, or nothing listens. */
export type ToTarget =
  | { readonly kind: 'misbehave'; readonly how: 'slow' | 'silent' | 'away'; readonly forMs: number }
  | { readonly kind: 'count' };

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');

const serviceMs = Number(process.argv[2] ?? 0);
const sockets = new Set<Socket>();
let requests = 0;
let how: 'well' | 'slow' | 'silent' | 'away' = 'well';
/** Sockets that wait for their answers. */
let waiting: Socket[] = [];
let port = 0;

const server: Server = createServer((socket) => {
  sockets.add(socket);
  socket.setNoDelay(true);
  let tail = '';
  socket.on('data', (chunk) => {
    tail += chunk.toString('latin1');
    for (let end = tail.indexOf('\r\n\r\n'); end >= 0; end = tail.indexOf('\r\n\r\n')) {
      tail = tail.slice(end + 4);
      requests++;
      if (how === 'well' && serviceMs > 0) setTimeout(() => socket.write(ANSWER), serviceMs);
      else if (how === 'well') socket.write(ANSWER);
      else if (how === 'slow') waiting.push(socket);
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
});

function listen(): void {
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    if (port === 0) process.send?.({ port: address.port });
    port = address.port;
  });
}

process.on('message', (message: ToTarget) => {
  if (message.kind === 'count') {
    process.send?.({ requests });
    return;
  }
  how = message.how;
  if (how === 'away') {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
  setTimeout(() => {
    if (how === 'away') listen();
    how = 'well';
    for (const socket of waiting) socket.write(ANSWER);
    waiting = [];
  }, message.forMs);
});
process.on('disconnect', () => process.exit(0));
listen();
