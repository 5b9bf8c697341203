// Time zones for stamps that have none: an offset or an IANA name to UTC, with what clocks do in spring and autumn.

/** Lines of a log are out of order by less than this; what goes further back is the hour that came twice. */
const OUT_OF_ORDER_US = 300e6;

/** A zone; ask it in the order of the file's lines. */
export class Zone {
  /** Local times that the zone skips in spring: there were none, and they are taken for an hour later. */
  missing = 0;
  /** Local times that came twice in autumn; which of the two is told by the lines before. */
  ambiguous = 0;
  #lastUs = Number.NEGATIVE_INFINITY;
  /** Of the quarter of an hour asked last: its number, and the offsets that its local times may have. */
  #quarter = Number.NaN;
  #offsets: readonly number[] = [0];
  readonly #format: Intl.DateTimeFormat | null;
  readonly #fixedUs: number;

  private constructor(
    readonly name: string,
    format: Intl.DateTimeFormat | null,
    fixedUs: number,
  ) {
    this.#format = format;
    this.#fixedUs = fixedUs;
  }

  static readonly UTC = new Zone('UTC', null, 0);

  /** Reads `Europe/Berlin`, `+0200`, `-05:00` or `UTC`; undefined for what is no zone. */
  static parse(text: string): Zone | undefined {
    const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? [];
    if (sign !== undefined) {
      const us = (Number(hours) * 60 + Number(minutes)) * 60e6;
      return Number(hours) < 24 && Number(minutes) < 60
        ? new Zone(text, null, sign === '-' ? -us : us)
        : undefined;
    }
    try {
      const format = new Intl.DateTimeFormat('en-US', { timeZone: text, timeZoneName: 'longOffset' });
      return new Zone(format.resolvedOptions().timeZone, format, 0);
    } catch {
      return undefined;
    }
  }

  /** Forgets the lines before; to be called where a file begins. */
  reset(): void {
    this.#lastUs = Number.NEGATIVE_INFINITY;
    this.ambiguous = 0;
    this.missing = 0;
  }

  /** The same zone without memory, for another file. */
  fresh(): Zone {
    return new Zone(this.name, this.#format, this.#fixedUs);
  }

  /**
   * UTC of a local time that is given as if it were UTC, both microseconds. A local time that came twice is the first
   * of the two unless the line before was later than that by more than lines are out of order.
   */
  toUtcUs(localUs: number): number {
    if (this.#format === null) return localUs - this.#fixedUs;
    const quarter = Math.floor(localUs / 900e6);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#offsets = this.#offsetsAt(quarter * 900e6);
    }
    const offsets = this.#offsets;
    let utcUs = localUs - (offsets[0] as number);
    if (offsets.length > 1) {
      this.ambiguous++;
      if (utcUs < this.#lastUs - OUT_OF_ORDER_US) utcUs = localUs - (offsets[1] as number);
    }
    this.#lastUs = utcUs;
    return utcUs;
  }

  /** Offsets that make a local time, the earlier instant first; for a skipped one the offset before the change. */
  #offsetsAt(localUs: number): number[] {
    const before = this.#offsetUs(localUs - 86_400e6);
    const after = this.#offsetUs(localUs + 86_400e6);
    if (before === after) return [before];
    const fitting = [before, after].filter((offset) => this.#offsetUs(localUs - offset) === offset);
    if (fitting.length > 0) return fitting;
    this.missing++;
    return [before];
  }

  #offsetUs(utcUs: number): number {
    const parts = this.#format?.formatToParts(new Date(utcUs / 1e3)) ?? [];
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(text) ?? [];
    const us = (Number(hours) * 60 + Number(minutes)) * 60e6;
    return sign === '-' ? -us : us;
  }
}
