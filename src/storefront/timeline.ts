// The platform's state by the second, for as many seconds as fit: a ring of integers.

/** What is kept of a second; counts are of the second, gauges stand at its end. */
export const COLUMNS = [
  'instancesServing',
  'instancesBooting',
  'instancesDesired',
  'slots',
  'busy',
  'queued',
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
