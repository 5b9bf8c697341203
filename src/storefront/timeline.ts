// The platform's state by the second, whole and by store, for as many seconds as fit: rings of integers.
import type { Tally } from './tally.js';

/** What is kept of a second; counts are of the second, gauges stand at its end. */
export const COLUMNS = [
  'instancesServing',
  'instancesBooting',
  'instancesDesired',
  'slots',
  'busy',
  'queued',
  'inVain',
  'utilisationPermille',
  'arrivals',
  'ok',
  'rejected',
  'shed503',
  'late504',
  'aborted',
] as const;

export type Column = (typeof COLUMNS)[number];

/** One second; `atS` counts from the start. Utilisation is the second's average, in thousandths. */
export type Second = { readonly atS: number } & Readonly<Record<Column, number>>;

export class Timeline {
  readonly #rows: Uint32Array;
  #seconds = 0;

  /** @param capacityS seconds kept; the oldest go first */
  constructor(readonly capacityS: number) {
    this.#rows = new Uint32Array(capacityS * COLUMNS.length);
  }

  /** Seconds recorded so far, kept or not; the next one's `atS`. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Adds the next second. */
  push(row: Readonly<Record<Column, number>>): void {
    let i = (this.#seconds % this.capacityS) * COLUMNS.length;
    for (const column of COLUMNS) this.#rows[i++] = row[column];
    this.#seconds++;
  }

  /** The seconds kept, oldest first, from second `sinceS` on. */
  read(sinceS = 0): Second[] {
    const seconds: Second[] = [];
    for (let atS = Math.max(sinceS, this.#seconds - this.capacityS, 0); atS < this.#seconds; atS++) {
      const from = (atS % this.capacityS) * COLUMNS.length;
      const second: Record<string, number> = { atS };
      COLUMNS.forEach((column, i) => {
        second[column] = this.#rows[from + i] as number;
      });
      seconds.push(second as Second);
    }
    return seconds;
  }
}

/** What one store had in one second; stores to which nothing happened have no row. */
export interface StoreSecond {
  readonly atS: number;
  readonly store: string;
  readonly arrivals: number;
  readonly ok: number;
  /** Ended as 503, 504, or left by the client. */
  readonly failed: number;
}

/** A store's running counts when its last row was written. */
interface StoreCounts {
  readonly index: number;
  arrivals: number;
  ok: number;
  failed: number;
}

/** Rows kept of the stores' timeline; the oldest go first. */
const STORE_ROWS_MAX = 200_000;
const STORE_COLUMNS = 5;

/** The stores by the second, as differences of their running tallies. */
export class StoreTimeline {
  readonly #rows = new Uint32Array(STORE_ROWS_MAX * STORE_COLUMNS);
  readonly #names: string[] = [];
  readonly #last: StoreCounts[] = [];
  readonly #known = new Map<string, number>();
  #written = 0;

  /** Adds a second: the rows of all stores whose tallies have moved since the one before. */
  push(atS: number, stores: ReadonlyMap<string, Tally>): void {
    for (const [store, { arrivals, endings }] of stores) {
      const last = this.#lastOf(store);
      const ok = endings[200];
      const failed = endings[503] + endings[504] + endings.aborted;
      if (arrivals === last.arrivals && ok === last.ok && failed === last.failed) continue;
      const row = [atS, last.index, arrivals - last.arrivals, ok - last.ok, failed - last.failed];
      this.#rows.set(row, (this.#written++ % STORE_ROWS_MAX) * STORE_COLUMNS);
      Object.assign(last, { arrivals, ok, failed });
    }
  }

  /** The rows kept, oldest first, from second `sinceS` on. */
  read(sinceS = 0): StoreSecond[] {
    const found: StoreSecond[] = [];
    for (let n = Math.max(0, this.#written - STORE_ROWS_MAX); n < this.#written; n++) {
      const from = (n % STORE_ROWS_MAX) * STORE_COLUMNS;
      const row = this.#rows.subarray(from, from + STORE_COLUMNS);
      const [atS = 0, index = 0, arrivals = 0, ok = 0, failed = 0] = row;
      if (atS >= sinceS) found.push({ atS, store: this.#names[index] ?? '', arrivals, ok, failed });
    }
    return found;
  }

  #lastOf(store: string): StoreCounts {
    let index = this.#known.get(store);
    if (index === undefined) {
      index = this.#names.push(store) - 1;
      this.#known.set(store, index);
      this.#last.push({ index, arrivals: 0, ok: 0, failed: 0 });
    }
    return this.#last[index] as StoreCounts;
  }
}
