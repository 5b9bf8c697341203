// The busiest second or minute of a stream of arrivals.

/** Counts arrivals by window of a fixed length, aligned to 1970; fed in the order of time. */
export class Peak {
  /** The most arrivals in one window, and where it begins: UTC microseconds; the first of several. */
  requests = 0;
  atUs = 0;
  #fromUs = 0;
  #endUs = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(private readonly windowUs: number) {}

  add(atUs: number): void {
    if (atUs >= this.#endUs) {
      this.#fromUs = Math.floor(atUs / this.windowUs) * this.windowUs;
      this.#endUs = this.#fromUs + this.windowUs;
      this.#count = 0;
    }
    if (++this.#count <= this.requests) return;
    this.requests = this.#count;
    this.atUs = this.#fromUs;
  }
}
