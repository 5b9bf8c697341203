// Requests that lack a value until an answer has given it: what is known of them, and filling in the rest.
import type { PlannedRequest } from './arrivals.js';
import type { Escape } from './template.js';

/** The parts of a request that lack values; null for a part that is whole. */
export interface Pending {
  readonly path: Unfilled | null;
  /** Names and values by turns. */
  readonly headers: readonly (string | Unfilled)[] | null;
  readonly body: Unfilled | null;
}

/** A text with holes: `texts` has one more member than `names`, the holes between them. */
export class Unfilled {
  constructor(
    readonly texts: readonly string[],
    readonly names: readonly string[],
    private readonly escaping: Escape,
  ) {}

  /** The same text after a prefix that needs no escaping. */
  after(prefix: string): Unfilled {
    const [first = '', ...rest] = this.texts;
    return new Unfilled([prefix + first, ...rest], this.names, this.escaping);
  }

  /** The text with its values; null if one is not known. */
  filled(values: ReadonlyMap<string, string>): string | null {
    let text = this.texts[0] as string;
    for (let i = 0; i < this.names.length; i++) {
      const value = values.get(this.names[i] as string);
      if (value === undefined) return null;
      text += this.escaping(value) + this.texts[i + 1];
    }
    return text;
  }
}

/**
 * Completes a request.
 * @param values what the answers of the visit have given, by placeholder
 * @returns false, with the request as it was, if a value is not known
 */
export function fillPending(request: PlannedRequest, values: ReadonlyMap<string, string>): boolean {
  const { pending } = request;
  if (pending === null) return true;
  const path = pending.path === null ? request.path : pending.path.filled(values);
  const body = pending.body === null ? request.body : pending.body.filled(values);
  const headers = pending.headers?.map((part) => (typeof part === 'string' ? part : part.filled(values)));
  if (path === null || (pending.body !== null && body === null)) return false;
  if (headers !== undefined) {
    const known = headers.filter((part) => part !== null);
    if (known.length < headers.length) return false;
    request.headers = known;
  }
  request.path = path;
  request.body = body;
  request.pending = null;
  return true;
}
