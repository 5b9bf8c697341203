// Finds suspected retries: the same client asking for the same again soon after it got an error or nothing.
import { drawKey, hashText } from '../random.js';
import type { Row } from './row.js';

/** Requests that failed and may be tried again (some 8 MB); when there are more, the oldest are forgotten. */
const PENDING_MAX = 65_536;
/** How long after the end of a failed request the next try may come: people and clients give up by then. */
const PATIENCE_US = 20e6;

const KEY_A = drawKey(0, 'retry a');
const KEY_B = drawKey(0, 'retry b');

/** Statuses after which a client tries again: the server's errors, a client that left (499), a timeout (408). */
function invitesRetry(row: Row): boolean {
  return row.status !== undefined && (row.status >= 500 || row.status === 499 || row.status === 408);
}

interface Pending {
  readonly client: string;
  readonly untilUs: number;
}

/** Tells retries from first tries; rows in start order. One for each recording, as it remembers. */
export class RetryFinder {
  /** What failed, by request; insertion order is that of the failures. */
  readonly #pending = new Map<number, Pending>();
  /** How many of them each client has: most rows are of a client that has none, and need no further look. */
  readonly #pendingOf = new Map<string, number>();

  /** Failed requests that are remembered. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Whether a row repeats one that failed shortly before. */
  isRetry(row: Row): boolean {
    const failed = invitesRetry(row);
    const known = this.#pendingOf.has(row.client);
    if (!failed && !known) return false;
    const key = keyOf(row);
    const before = known ? this.#pending.get(key) : undefined;
    if (before !== undefined) this.#forget(key, before.client);
    if (failed) this.#remember(key, row);
    return before !== undefined && row.startUs <= before.untilUs;
  }

  #remember(key: number, { client, startUs, durationUs }: Row): void {
    const replaced = this.#pending.get(key);
    if (replaced !== undefined) this.#forget(key, replaced.client);
    for (const [oldest, { client: whose, untilUs }] of this.#pending) {
      if (untilUs >= startUs && this.#pending.size < PENDING_MAX) break;
      this.#forget(oldest, whose);
    }
    this.#pending.set(key, { client, untilUs: startUs + (durationUs ?? 0) + PATIENCE_US });
    this.#pendingOf.set(client, (this.#pendingOf.get(client) ?? 0) + 1);
  }

  #forget(key: number, client: string): void {
    this.#pending.delete(key);
    const left = (this.#pendingOf.get(client) ?? 1) - 1;
    if (left > 0) this.#pendingOf.set(client, left);
    else this.#pendingOf.delete(client);
  }
}

/** 53 hashed bits of client, method and path: two of them meet by chance once in some 10^11 rows. */
function keyOf({ client, method, path }: Row): number {
  const text = `${client} ${method} ${path}`;
  return hashText(KEY_A, text) * 2 ** 21 + (hashText(KEY_B, text) >>> 11);
}
