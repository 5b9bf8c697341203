// Finds suspected retries: the same client asking for the same again soon after it got an error or nothing.
import { drawKey, hashText } from '../random.js';
import type { Row } from './row.js';

/** Requests that failed and may be tried again; when there are more, the oldest are forgotten. */
const PENDING_MAX = 65_536;
/** How long after the end of a failed request the next try may come: people and clients give up by then. */
const PATIENCE_US = 20e6;

/** Statuses after which a client tries again: the server's errors, a client that left (499), a timeout (408). */
function invitesRetry(row: Row): boolean {
  return row.status !== undefined && (row.status >= 500 || row.status === 499 || row.status === 408);
}

/** Tells retries from first tries; rows in start order. One for each recording, as it remembers. */
export class RetryFinder {
  /** Until when a retry of it counts, by request; insertion order is that of the failures. */
  readonly #until = new Map<string, number>();

  /** Whether a row repeats one that failed shortly before. */
  isRetry(row: Row): boolean {
    const key = keyOf(row);
    const untilUs = this.#until.get(key);
    const retry = untilUs !== undefined && row.startUs <= untilUs;
    if (untilUs !== undefined) this.#until.delete(key);
    if (invitesRetry(row)) this.#remember(key, row.startUs + (row.durationUs ?? 0) + PATIENCE_US);
    return retry;
  }

  #remember(key: string, untilUs: number): void {
    this.#until.set(key, untilUs);
    if (this.#until.size <= PENDING_MAX) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }
}

const HASH_KEYS = [drawKey(0, 'retry', 0), drawKey(0, 'retry', 1)] as const;

/** A long path is cut and hashed, so that what is remembered is bounded. */
function keyOf({ client, method, path }: Row): string {
  if (path.length <= 200) return `${client} ${method} ${path}`;
  const hashes = HASH_KEYS.map((key) => hashText(key, path).toString(16));
  return `${client} ${method} ${path.slice(0, 200)} ${hashes.join(' ')}`;
}
