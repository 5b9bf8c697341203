// Opening sockets to the target: addresses in turn, no name look-ups and no happy eyeballs on the way.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ResolvedTarget } from './target.js';

/** Opens sockets to one target. */
export class SocketOpener {
  #turn = 0;

  constructor(private readonly target: ResolvedTarget) {}

  /**
   * Starts to connect. The returned socket can be destroyed at once; `ready` or `failed` is called once, later.
   * @param servername for TLS: the name to ask for and to check the certificate against
   */
  open(servername: string, ready: (socket: Socket) => void, failed: (error: Error) => void): Socket {
    const { addresses, port, protocol } = this.target;
    // `autoSelectFamily` would give an attempt up after 250 ms, exactly when the target is overloaded.
    const tcp = {
      host: addresses[this.#turn++ % addresses.length] as string,
      port,
      autoSelectFamily: false,
      noDelay: true,
      keepAlive: false,
    };
    const socket =
      protocol === 'https:'
        ? connectTls({ ...tcp, servername, ALPNProtocols: ['http/1.1'] })
        : connectTcp(tcp);
    const connected = protocol === 'https:' ? 'secureConnect' : 'connect';
    const onError = (error: Error) => {
      socket.off(connected, onReady);
      failed(error);
    };
    const onReady = () => {
      socket.off('error', onError);
      socket.off('close', onClose);
      ready(socket);
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
