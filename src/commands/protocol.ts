// Before a run: which HTTP is spoken with the target. Over TLS that is found out by one handshake; nothing is sent.
import { TLSSocket } from 'node:tls';
import { SocketOpener } from '../drive/sockets/socket-opener.js';
import type { ResolvedTarget } from '../drive/sockets/target.js';
import {
  alpnOf,
  chooseTransport,
  contradictsItself,
  type TransportKind,
  type TransportOption,
  type Wish,
} from '../drive/transports/choose.js';
import { UserError } from '../problem.js';
import type { Target } from '../scenario/target.js';
import { UnreachableError } from './preflight.js';

const HANDSHAKE_TIMEOUT_MS = 5_000;

/**
 * What was asked for, by the scenario and on the command line.
 * @throws UserError if one contradicts the other
 */
export function wishOf({ http, secure }: Target, option: TransportOption = 'auto'): Wish {
  const wish = { option, http, secure };
  if (contradictsItself(wish)) {
    throw new UserError([
      {
        place: 'command line',
        path: '--transport',
        message: `${option} speaks HTTP/1.1, and the scenario asks for HTTP/2 (target.http: 2)`,
        hint: 'leave --transport out, or write http: auto',
      },
    ]);
  }
  return wish;
}

/**
 * Chooses the transport of a run.
 * @throws UnreachableError if TLS cannot be spoken with the target, or HTTP/2 was asked for and it does not have it
 */
export async function negotiate(wish: Wish, target: ResolvedTarget): Promise<TransportKind> {
  const offered = alpnOf(wish);
  const negotiated = offered.length === 0 ? null : await handshake(target, offered);
  const kind = chooseTransport(wish, negotiated);
  if (kind !== undefined) return kind;
  throw new UnreachableError(
    `https://${target.host}: does not speak HTTP/2 (ALPN gave ${negotiated ?? 'nothing'}), and target.http asks for it`,
  );
}

/** What the target chooses of the protocols that are offered; null for nothing. */
function handshake(target: ResolvedTarget, offered: readonly string[]): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new UnreachableError(`https://${target.host}: TLS cannot be spoken with it (${reason})`));
    };
    const socket = new SocketOpener(target, offered).open(
      target.hostname,
      null,
      (opened) => {
        clearTimeout(timer);
        resolve(opened instanceof TLSSocket ? opened.alpnProtocol || null : null);
        opened.destroy();
      },
      (error: NodeJS.ErrnoException) => {
        // A server that has nothing of what is offered may end the handshake over it (RFC 7301).
        if (error.code !== 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') fail(error.code ?? error.message);
        else resolve(null);
      },
    );
    const timer = setTimeout(() => {
      fail(`no answer within ${HANDSHAKE_TIMEOUT_MS / 1e3} s`);
      socket.destroy();
    }, HANDSHAKE_TIMEOUT_MS);
  });
}
