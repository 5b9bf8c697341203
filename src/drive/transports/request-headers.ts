// Headers as they are sent: those of a request with those of the target, worked out once for each set in use.
import type { Exchange } from '../exchange.js';
import type { ResolvedTarget } from '../sockets/target.js';

/** Sets of headers that are remembered. */
const SETS_MAX = 4_096;

export class RequestHeaders {
  readonly #known = new Map<readonly string[], string[]>();

  constructor(private readonly target: ResolvedTarget) {}

  /**
   * Names and values by turns: the request's with the target's, then the exchange's own, then Host. The target's win
   * over the request's, as they hold its credentials, but for the user agent: the request may be a browser's, and the
   * tool is named by a header of its own.
   */
  of({ request: { headers, host }, extraHeaders }: Exchange): readonly string[] {
    let known = this.#known.get(headers);
    if (known === undefined) {
      known = [...withTargets(headers, this.target.headers), 'host', this.target.host];
      if (this.#known.size >= SETS_MAX) this.#known.clear();
      this.#known.set(headers, known);
    }
    if (host === null && extraHeaders === null) return known;
    const copy = extraHeaders === null ? known.slice() : [...extraHeaders, ...known];
    if (host !== null) copy[copy.length - 1] = host;
    return copy;
  }
}

/** Names and values by turns, of a request and of the target; a name that both have is sent once. */
export function withTargets(request: readonly string[], target: readonly string[]): string[] {
  const merged: string[] = [];
  const both = (name: string, others: readonly string[]) =>
    others.some((other, i) => i % 2 === 0 && other.toLowerCase() === name);
  for (let i = 0; i < request.length; i += 2) {
    const name = (request[i] as string).toLowerCase();
    if (name === 'user-agent' || !both(name, target))
      merged.push(request[i] as string, request[i + 1] as string);
  }
  for (let i = 0; i < target.length; i += 2) {
    const name = (target[i] as string).toLowerCase();
    if (name !== 'user-agent' || !both(name, request))
      merged.push(target[i] as string, target[i + 1] as string);
  }
  return merged;
}
