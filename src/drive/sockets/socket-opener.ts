// Opening sockets to the target: addresses in turn, no name look-ups and no happy eyeballs on the way.
import { connect as connectTcp, isIP, type OnReadOpts, type Socket, type TcpNetConnectOpts } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  TLSSocket,
} from 'node:tls';
import { connectChecked } from './server-identity.js';
import type { TlsSessions } from './sessions.js';
import type { ResolvedTarget } from './target.js';
import { openTunnel } from './tunnel.js';

export type { TlsSessions } from './sessions.js';

export type Protocol = 'http/1.1' | 'h2';

/** How a connection was opened. Durations are microseconds. */
export interface Opening {
  /** What TLS agreed on; without TLS, what the opener was made for. */
  readonly protocol: Protocol;
  /** The address that it goes to: the proxy's, where there is one. */
  readonly address: string;
  /** From being wanted to being ready: TCP and TLS together. */
  readonly totalUs: number;
  /** Waiting for the name to be resolved: 0, as names are resolved beforehand and beside. */
  readonly dnsUs: number;
  /** The TCP connection, with the tunnel where there is a proxy. */
  readonly tcpUs: number;
  /** The TLS handshake; null without TLS. */
  readonly tlsUs: number | null;
  /** Whether TLS resumed a session. */
  readonly resumed: boolean;
}

export interface OpenerOptions {
  /** What TLS offers to speak, the dearest first; `http/1.1` unless given. */
  readonly alpn?: readonly Protocol[];
}

/** What `tls.connect` itself calls, and the typings lack. */
interface Resuming extends TLSSocket {
  setSession(session: Buffer): void;
}

type Ready = (socket: Socket, opening: Opening) => void;
type Failed = (error: Error) => void;

/** Opens sockets to one target. */
export class SocketOpener {
  readonly #target: ResolvedTarget;
  readonly #alpn: readonly Protocol[];
  readonly #protocols: string[];
  readonly #insecure: boolean;
  /** Made once: reading certificates for every connection would cost more than the handshake. */
  readonly #context: SecureContext | null;
  #turn = 0;

  /** @throws the error of OpenSSL if certificate and key are no good */
  constructor(target: ResolvedTarget, { alpn = ['http/1.1'] }: OpenerOptions = {}) {
    this.#target = target;
    this.#alpn = alpn;
    this.#protocols = [...alpn];
    const { insecure = false, ...material } = target.tls ?? {};
    this.#insecure = insecure;
    this.#context = target.protocol === 'https:' ? createSecureContext(material) : null;
  }

  /**
   * Starts to connect. The returned socket can be destroyed until `ready` or `failed` is called, one of them once and
   * later; from then on, the socket is the one that `ready` gives, and its errors are the caller's.
   * @param servername for TLS: the name to ask for and to check the certificate against
   * @param sessions whose TLS sessions may be resumed, and are added to; null: nobody's
   * @param onread takes what is received in place of the socket's stream; Node calls it with the socket as `this`
   */
  open(
    servername: string,
    sessions: TlsSessions | null,
    ready: Ready,
    failed: Failed,
    onread?: OnReadOpts,
  ): Socket {
    const { addresses, port, proxy } = this.#target;
    const turn = this.#turn++;
    const address = addresses[turn % addresses.length];
    if (address === undefined) throw new Error('the target has no address');
    const attempt = new Attempt(this, address, servername, sessions, ready, failed, onread);
    const source = this.#sourceFor(address, Math.floor(turn / addresses.length));
    // `autoSelectFamily` would give an attempt up after 250 ms, exactly when the target is overloaded.
    const tcp: TcpNetConnectOpts = { host: address, port, autoSelectFamily: false, noDelay: true };
    if (source !== undefined) tcp.localAddress = source;
    if (proxy !== undefined) return attempt.follow(connectTcp(tcp));
    if (onread !== undefined) tcp.onread = onread;
    return attempt.follow(this.#context === null ? connectTcp(tcp) : this.secure(tcp, servername, sessions));
  }

  get proxy(): ResolvedTarget['proxy'] {
    return this.#target.proxy;
  }

  get isSecure(): boolean {
    return this.#context !== null;
  }

  /** What a ready socket speaks; undefined if that is nothing that was offered. */
  protocolOf(socket: Socket): Protocol | undefined {
    if (!(socket instanceof TLSSocket)) return this.#alpn[0];
    const agreed = socket.alpnProtocol || 'http/1.1';
    return this.#alpn.find((offered) => offered === agreed);
  }

  /** Starts TLS, on a new connection or on the socket of a tunnel. */
  secure(
    on: TcpNetConnectOpts | { socket: Socket },
    servername: string,
    sessions: TlsSessions | null,
  ): Socket {
    if (this.#context === null) throw new Error('the target does not speak TLS');
    const session = sessions?.session(servername);
    const inTunnel = 'socket' in on;
    const options: ConnectionOptions = {
      ...on,
      secureContext: this.#context,
      // An address is never a server name (RFC 6066 §3), though the certificate must bear it.
      servername: isIP(servername) === 0 ? servername : '',
      ALPNProtocols: this.#protocols,
      rejectUnauthorized: !this.#insecure,
      ...(session !== undefined && inTunnel && { session }),
    };
    const socket = this.#insecure ? connectTls(options) : connectChecked(options, servername);
    // Given as an option it would be read twice, 0.2 ms each; a tunnel shakes hands at once, and needs it before.
    if (session !== undefined && !inTunnel) (socket as Resuming).setSession(session);
    // With TLS 1.3 they come after the handshake, and there may be several.
    if (sessions !== null) socket.on('session', (kept) => sessions.keepSession(servername, kept));
    return socket;
  }

  #sourceFor(address: string, turn: number): string | undefined {
    const { sources } = this.#target;
    if (sources === undefined) return undefined;
    const family = isIP(address);
    const fit = sources.filter((source) => isIP(source) === family);
    return fit[turn % fit.length];
  }
}

/** One socket on its way: TCP, then the tunnel, then TLS, as far as the target has them. */
class Attempt {
  readonly #beganUs = performance.now() * 1e3;
  #connectedUs = Number.NaN;
  #socket: Socket | null = null;
  #tunnelled = false;

  constructor(
    private readonly opener: SocketOpener,
    private readonly address: string,
    private readonly servername: string,
    private readonly sessions: TlsSessions | null,
    private readonly ready: Ready,
    private readonly failed: Failed,
    private readonly onread: OnReadOpts | undefined,
  ) {}

  follow(socket: Socket): Socket {
    this.#socket = socket;
    if (!this.#tunnelled) socket.on('connect', this.#onConnect);
    if (socket instanceof TLSSocket) socket.on('secureConnect', this.#onReady);
    socket.on('error', this.#onFailure);
    socket.on('close', this.#onClose);
    return socket;
  }

  readonly #onConnect = () => {
    const socket = this.#socket;
    const { proxy } = this.opener;
    if (socket === null) return;
    if (proxy === undefined) {
      this.#connectedUs = performance.now() * 1e3;
      if (!this.opener.isSecure) this.#onReady();
      return;
    }
    openTunnel(socket, proxy, (error) => {
      if (error === null) this.#onTunnel(socket);
      else this.#onFailure(error);
    });
  };

  #onTunnel(socket: Socket): void {
    this.#connectedUs = performance.now() * 1e3;
    this.#tunnelled = true;
    if (!this.opener.isSecure) {
      this.#onReady();
      return;
    }
    this.#leave();
    // What breaks the tunnel breaks the connection inside it, which tells of it.
    socket.on('error', () => socket.destroy());
    this.follow(this.opener.secure({ socket }, this.servername, this.sessions));
  }

  readonly #onReady = () => {
    const socket = this.#socket;
    if (socket === null) return;
    const protocol = this.opener.protocolOf(socket);
    if (protocol === undefined) {
      this.#onFailure(Object.assign(new Error('the target speaks none of them'), { code: 'NO_PROTOCOL' }));
      return;
    }
    this.#leave();
    if (this.#tunnelled && this.onread !== undefined) handOver(socket, this.onread);
    const nowUs = performance.now() * 1e3;
    const secure = socket instanceof TLSSocket;
    this.ready(socket, {
      protocol,
      address: this.address,
      totalUs: nowUs - this.#beganUs,
      dnsUs: 0,
      tcpUs: this.#connectedUs - this.#beganUs,
      tlsUs: secure ? nowUs - this.#connectedUs : null,
      resumed: secure && socket.isSessionReused(),
    });
  };

  readonly #onClose = () => {
    this.#onFailure(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }));
  };

  readonly #onFailure = (error: Error) => {
    const socket = this.#socket;
    if (socket === null) return;
    this.#leave();
    // It may fail once more while it is destroyed.
    socket.on('error', () => {});
    socket.destroy();
    this.failed(error);
  };

  #leave(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.off('connect', this.#onConnect);
    socket.off('secureConnect', this.#onReady);
    socket.off('error', this.#onFailure);
    socket.off('close', this.#onClose);
  }
}

/** Gives what a socket receives to an `onread` that could not be given when the socket was made. */
function handOver(socket: Socket, { callback }: OnReadOpts): void {
  socket.on('data', (chunk: Buffer) => {
    if (callback.call(socket, chunk.length, chunk) === false) socket.pause();
  });
}
