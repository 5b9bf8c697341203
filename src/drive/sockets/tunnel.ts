// A tunnel through an HTTP proxy: CONNECT, and what the proxy answers.
import type { Socket } from 'node:net';

/** Plain data, so that it can be handed to a worker thread. */
export interface TargetProxy {
  /** Host and port that the proxy is to connect to. */
  readonly authority: string;
  /** The value of `Proxy-Authorization`; null for none. */
  readonly authorization: string | null;
}

/** An answer's head may be this long. */
const HEAD_MAX = 16_384;

/**
 * Asks for a tunnel on a connected socket. Until it is there or refused, the socket's errors and end are the caller's
 * to notice; `done` is called at most once.
 * @param done told null, or why there is no tunnel: `PROXY_REFUSED` for a whole answer, else `PROXY_PROTOCOL`
 */
export function openTunnel(
  socket: Socket,
  { authority, authorization }: TargetProxy,
  done: (error: Error | null) => void,
): void {
  let head = '';
  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length <= HEAD_MAX) return;
    // Without this listener the socket is as it was: neither flowing nor paused.
    socket.off('readable', onReadable);
    done(judge(head, end));
  };
  socket.on('readable', onReadable);
  const login = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
}

function judge(head: string, end: number): Error | null {
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/.exec(head)?.[1];
  if (end < 0 || status === undefined || status.startsWith('1'))
    return failure('PROXY_PROTOCOL', 'the proxy does not speak HTTP/1.1');
  if (!status.startsWith('2')) return failure('PROXY_REFUSED', `the proxy answered ${status}`);
  // Neither HTTP nor TLS lets the target speak first.
  if (head.length > end + 4) return failure('PROXY_PROTOCOL', 'the proxy sent more than its answer');
  return null;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
