// What is left of HTTP/2 sessions that had failures, kept from the garbage collector for a while.
//
// A block of headers that was cut or broken stays in the native stream, and Node aborts the whole process if the native
// session is collected before that (nodejs/node#39951). Sessions are young where streams of theirs may be old, so that
// happens. One that has been kept for long is as old as its streams, which are then long gone.
import type { ClientHttp2Session } from 'node:http2';

/** Sessions kept; some tens of KB each. */
const KEPT_MAX = 1_000;

export class Http2Graveyard {
  readonly #kept: object[] = [];
  #next = 0;

  /** Takes a session's native part, which `nativeOf` gave while it was open; the oldest of too many goes. */
  keep(native: object): void {
    this.#kept[this.#next] = native;
    this.#next = (this.#next + 1) % KEPT_MAX;
  }
}

/** The native part of a session, which it lets go when it is destroyed; null where this Node names it otherwise. */
export function nativeOf(session: ClientHttp2Session): object | null {
  for (const symbol of Object.getOwnPropertySymbols(session)) {
    if (symbol.description !== 'kHandle') continue;
    const native: unknown = Reflect.get(session, symbol);
    return typeof native === 'object' ? native : null;
  }
  return null;
}
