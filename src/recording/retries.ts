// Finds suspected retries: the same client asking for the same again soon after it got an error or nothing.
import { drawKey, hashText } from '../random.js';
import type { Row } from './row.js';

/**
 * Requests that failed and may be tried again (6 MB at most): 1,600 a second for as long as people try; when there
 * are more, the oldest are forgotten.
 */
const PENDING_MAX = 32_768;
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
  #walk = this.#pending.entries();
  /** Where the walk stopped: the oldest that may still be tried again. */
  #oldest: readonly [key: number, pending: Pending] | null = null;
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
    this.#expire(startUs);
    this.#pending.set(key, { client, untilUs: startUs + (durationUs ?? 0) + PATIENCE_US });
    this.#pendingOf.set(client, (this.#pendingOf.get(client) ?? 0) + 1);
  }

  /**
   * Forgets what nobody tries again, and the oldest where there are too many. The walk goes on where it stopped: a
   * new one would pass all that was deleted before, each time.
   */
  #expire(nowUs: number): void {
    for (;;) {
      if (this.#oldest === null) {
        const next = this.#walk.next();
        if (next.done === true) {
          // Nothing is left: the walk passes nothing that it does not forget.
          this.#walk = this.#pending.entries();
          return;
        }
        this.#oldest = next.value;
      }
      const [key, pending] = this.#oldest;
      if (this.#pending.get(key) === pending) {
        if (pending.untilUs >= nowUs && this.#pending.size < PENDING_MAX) return;
        this.#forget(key, pending.client);
      }
      this.#oldest = null;
    }
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
