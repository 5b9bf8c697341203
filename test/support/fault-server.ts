// Servers that have faults: TCP on loopback, with what is in order beside them on the same port.
import { createServer, type Socket } from 'node:net';
import { type FaultServer, Seen } from './faults.js';
import { HTTP1_FAULTS, serveHttp1 } from './faults-http1.js';
import { HTTP2_FAULTS, serveHttp2 } from './faults-http2.js';
import { serveTls } from './faults-tls.js';

/** One that has every fault of HTTP/1.1 by path. */
export function startHttp1Faults(): Promise<FaultServer> {
  return listenRaw((socket, seen) => serveHttp1(socket, () => socket.resetAndDestroy(), HTTP1_FAULTS, seen));
}

/** One that has every fault of HTTP/2 by path, by prior knowledge. */
export function startHttp2Faults(): Promise<FaultServer> {
  return listenRaw((socket, seen) => serveHttp2(socket, () => socket.resetAndDestroy(), HTTP2_FAULTS, seen));
}

/** One that has every fault of TLS by server name, and speaks HTTP/2 or HTTP/1.1. */
export function startTlsFaults(): Promise<FaultServer> {
  return listenRaw((socket, seen) => serveTls(seen)(socket));
}

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
