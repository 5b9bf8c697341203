// A TLS server that answers every request with one 200, and keeps what it saw of each handshake.
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';

export interface Handshake {
  /** The server name that was asked for; false where none was. */
  readonly servername: string | false;
  readonly resumed: boolean;
  readonly alpn: string | false | null;
  /** Common name of the client's certificate; undefined without one. */
  readonly client: string | undefined;
  readonly from: string | undefined;
}

export interface TlsServer {
  readonly port: number;
  readonly handshakes: Handshake[];
  close(): Promise<void>;
}

export const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** @param host the address that it listens on */
export async function startTlsServer(
  options: TlsOptions,
  host = '127.0.0.1',
  answer = ANSWER,
): Promise<TlsServer> {
  const sockets = new Set<TLSSocket>();
  const handshakes: Handshake[] = [];
  const server: Server = createServer({ ALPNProtocols: ['http/1.1'], ...options }, (socket) => {
    sockets.add(socket);
    handshakes.push({
      // Typed as a text, and false where the client named none.
      servername: (socket as { servername?: string | false }).servername ?? false,
      resumed: socket.isSessionReused(),
      alpn: socket.alpnProtocol,
      client: socket.getPeerCertificate()?.subject?.CN,
      from: socket.remoteAddress,
    });
    socket.on('data', (chunk) => {
      if (chunk.toString('latin1').endsWith('\r\n\r\n')) socket.write(answer);
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    handshakes,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
