// Which transport carries a run: from what was asked for and what the target speaks.
import type { HttpVersion } from '../../scenario/target.js';
import type { Protocol } from '../sockets/socket-opener.js';

/** What `--transport` takes; `wire` and `undici` are two ways to speak HTTP/1.1. */
export const TRANSPORT_OPTIONS = ['auto', 'wire', 'undici'] as const;
export type TransportOption = (typeof TRANSPORT_OPTIONS)[number];

/** Plain data, so that it can be handed to a worker thread. */
export type TransportKind = 'wire' | 'undici' | 'http2';

/** What was asked for, of a target by https or http. */
export interface Wish {
  readonly option: TransportOption;
  readonly http: HttpVersion;
  readonly secure: boolean;
}

/** Whether a wish cannot be granted by any target: it asks for HTTP/2 over a transport of HTTP/1.1. */
export function contradictsItself({ option, http }: Wish): boolean {
  return http === '2' && option !== 'auto';
}

/** The protocols to offer by ALPN before the run, the preferred first; none where the choice does not hang on it. */
export function alpnOf({ option, http, secure }: Wish): readonly Protocol[] {
  if (!secure || option !== 'auto' || http === '1.1') return [];
  return http === '2' ? ['h2'] : ['h2', 'http/1.1'];
}

/**
 * Chooses.
 * @param negotiated what ALPN gave; null where it was not asked, or gave nothing
 * @returns undefined if HTTP/2 was asked for and the target does not have it
 */
export function chooseTransport(wish: Wish, negotiated: Protocol | null): TransportKind | undefined {
  if (wish.option !== 'auto') return wish.option;
  if (negotiated === 'h2') return 'http2';
  if (wish.http !== '2') return 'wire';
  return wish.secure ? undefined : 'http2';
}

/** What is spoken, and how that came about, for a reader. */
export function describeTransport(kind: TransportKind, secure: boolean): string {
  if (kind === 'http2') return secure ? 'HTTP/2 by ALPN' : 'HTTP/2 by prior knowledge';
  return `HTTP/1.1 over ${kind}`;
}
