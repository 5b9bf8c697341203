// Before a run: which HTTP is spoken with the target. Over TLS that is found out by one handshake; nothing is sent.
import { type Protocol, SocketOpener } from '../../drive/sockets/socket-opener.js';
import { type ResolvedTarget, serverNameOf } from '../../drive/sockets/target.js';
import {
  alpnOf,
  chooseTransport,
  contradictsItself,
  type TransportKind,
  type TransportOption,
  type Wish,
} from '../../drive/transports/choose.js';
import { UserError } from '../../problem.js';
import type { Target } from '../../scenario/target.js';
import { UnreachableError } from './reach.js';

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
 * @throws UnreachableError if HTTP/2 was asked for and the target does not have it
 */
export async function negotiate(wish: Wish, target: ResolvedTarget): Promise<TransportKind> {
  const offered = alpnOf(wish);
  const negotiated = offered.length === 0 ? null : await handshake(target, offered);
  const kind = chooseTransport(wish, negotiated);
  if (kind !== undefined) return kind;
  throw new UnreachableError(
    `https://${target.host}: does not speak HTTP/2, as ALPN says, and target.http asks for it`,
  );
}

/**
 * What the target chooses of the protocols that are offered; null if it takes none of them or there is no TLS with it.
 * Its certificate is not looked at here: nothing is sent, and a connection of the run looks at it.
 */
function handshake(target: ResolvedTarget, offered: readonly Protocol[]): Promise<Protocol | null> {
  return new Promise((resolve) => {
    const end = (protocol: Protocol | null) => {
      clearTimeout(timer);
      resolve(protocol);
    };
    const opener = new SocketOpener({ ...target, tls: { ...target.tls, insecure: true } }, { alpn: offered });
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    const socket = opener.open(
      serverNameOf(null, target),
      null,
      (opened, { protocol }) => {
        opened.on('error', () => {});
        opened.destroy();
        end(protocol);
      },
      () => end(null),
    );
  });
}
