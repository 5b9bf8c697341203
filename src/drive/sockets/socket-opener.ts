// Opening sockets to the target: addresses in turn, no name look-ups and no happy eyeballs on the way.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ResolvedTarget } from './target.js';

/** How a connection was opened. Durations are microseconds. */
export interface Opening {
  readonly protocol: 'http/1.1' | 'h2';
  /** The address that it goes to. */
  readonly address: string;
  /** From being wanted to being ready: name, TCP and TLS together. */
  readonly totalUs: number;
  /** Waiting for the name to be resolved; 0 where that was not waited for. */
  readonly dnsUs: number;
  readonly tcpUs: number;
  /** The TLS handshake; null without TLS. */
  readonly tlsUs: number | null;
  /** Whether TLS resumed a session. */
  readonly resumed: boolean;
}

/** Somebody's TLS sessions, to be resumed by server name. */
export interface TlsSessions {
  session(servername: string): Buffer | undefined;
  keepSession(servername: string, session: Buffer): void;
}

/** Opens sockets to one target. */
export class SocketOpener {
  #turn = 0;

  /** @param alpn protocols to offer with TLS, the preferred first */
  constructor(
    private readonly target: ResolvedTarget,
    private readonly alpn: readonly string[] = ['http/1.1'],
  ) {}

  /**
   * Starts to connect. The returned socket can be destroyed at once; `ready` or `failed` is called once, later.
   * @param servername for TLS: the name to ask for and to check the certificate against
   * @param sessions whose TLS sessions may be resumed; null: none
   */
  open(
    servername: string,
    _sessions: TlsSessions | null,
    ready: (socket: Socket, opening: Opening) => void,
    failed: (error: Error) => void,
  ): Socket {
    const { addresses, port, protocol } = this.target;
    // `autoSelectFamily` would give an attempt up after 250 ms, exactly when the target is overloaded.
    const beganUs = performance.now() * 1e3;
    const address = addresses[this.#turn++ % addresses.length] as string;
    const tcp = {
      host: address,
      port,
      autoSelectFamily: false,
      noDelay: true,
      keepAlive: false,
    };
    const socket =
      protocol === 'https:'
        ? connectTls({ ...tcp, servername, ALPNProtocols: [...this.alpn] })
        : connectTcp(tcp);
    const connected = protocol === 'https:' ? 'secureConnect' : 'connect';
    const onError = (error: Error) => {
      socket.off(connected, onReady);
      failed(error);
    };
    const onReady = () => {
      socket.off('error', onError);
      socket.off('close', onClose);
      const totalUs = performance.now() * 1e3 - beganUs;
      ready(socket, {
        protocol: 'http/1.1',
        address,
        totalUs,
        dnsUs: 0,
        tcpUs: totalUs,
        tlsUs: protocol === 'https:' ? 0 : null,
        resumed: false,
      });
    };
    const onClose = () => {
      socket.off('error', onError);
      socket.off(connected, onReady);
      failed(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }));
    };
    socket.once(connected, onReady);
    socket.once('error', (error) => {
      socket.off('close', onClose);
      onError(error);
    });
    socket.once('close', onClose);
    return socket;
  }
}
