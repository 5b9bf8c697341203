// Servers that have faults: TCP on loopback, with what is in order beside them on the same port.
import { createServer, type Socket } from 'node:net';
import { type FaultServer, Seen } from './faults.js';

/**
 * Listens.
 * @param meet takes a new connection
 */
export async function listenRaw(
  meet: (socket: Socket, seen: Seen) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  const seen = new Seen();
  // What was written before a reset has left by then.
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    meet(socket, seen);
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    seen,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
