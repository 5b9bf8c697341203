// A proxy that tunnels CONNECT to a port of this machine, whatever name is asked for, or answers as a test wants.
import { connect, createServer, type Socket } from 'node:net';

export interface ProxyServer {
  readonly port: number;
  /** Heads of the requests seen. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** @param to the port that tunnels lead to, or the text to answer with in place of a tunnel */
export async function startProxy(to: number | string): Promise<ProxyServer> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    keep(socket);
    socket.once('data', (chunk) => {
      requests.push(chunk.toString('latin1'));
      if (typeof to === 'string') {
        socket.end(to);
        return;
      }
      const onward = connect(to, '127.0.0.1', () => {
        // In two pieces, as a network may deliver it.
        socket.write('HTTP/1.1 200 Connection ');
        setImmediate(() => {
          socket.write('established\r\n\r\n');
          socket.pipe(onward).pipe(socket);
        });
      });
      keep(onward);
      socket.on('close', () => onward.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
