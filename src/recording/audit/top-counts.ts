// Counts the most frequent of things that may come in any number, in bounded memory.

/** What is counted: anything with a count of its own. */
export interface Counted {
  count: number;
  /** Set when it was dropped: whoever keeps entries elsewhere has to ask for a new one. */
  dropped: boolean;
}

/**
 * Entries by key, at most `max` of them. When it is full, the rarer half goes and is counted together, so that a
 * crowd of things seen once (a scanner's hosts) cannot keep out what comes often. Exact while nothing was dropped;
 * after that a count is a lower bound, wrong by no more than what was dropped.
 */
export class TopCounts<Entry extends Counted> {
  /** The sum of what was dropped. */
  dropped = 0;
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly max: number,
    private readonly make: (key: string) => Entry,
  ) {}

  /** Entries that are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** The entry of a key, made if it is new; the caller counts it up. */
  of(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= this.max) this.#purge();
      entry = this.make(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Most frequent first, ties by key; the sum of all others. */
  top(n: number): {
    readonly list: readonly (readonly [key: string, entry: Entry])[];
    readonly other: number;
  } {
    const sorted = [...this.#entries].sort(
      ([keyA, a], [keyB, b]) => b.count - a.count || (keyA < keyB ? -1 : keyA > keyB ? 1 : 0),
    );
    const other = sorted.slice(n).reduce((sum, [, { count }]) => sum + count, this.dropped);
    return { list: sorted.slice(0, n), other };
  }

  #purge(): void {
    for (const [key, entry] of this.top(this.max).list.slice(this.max >> 1)) {
      this.#entries.delete(key);
      this.dropped += entry.count;
      entry.dropped = true;
    }
  }
}
