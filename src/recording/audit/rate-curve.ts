// Requests and errors over time in a bounded number of bins, which are merged as the time grows.

const BINS_MAX = 600;

/** Counts by bin; bin i covers `stepS` seconds from i·stepS after the second of the first arrival. */
export interface RateCurve {
  readonly stepS: number;
  readonly requests: readonly number[];
  readonly errors: readonly number[];
}

/** Fed in the order of time; bins are of one second first, and of twice as many whenever they run out. */
export class RateCurveBuilder {
  #stepS = 1;
  #originS = Number.NaN;
  #last = -1;
  /** Where the last bin ends. */
  #endUs = Number.NEGATIVE_INFINITY;
  readonly #requests = new Float64Array(BINS_MAX);
  readonly #errors = new Float64Array(BINS_MAX);

  add(atUs: number, failed: boolean): void {
    if (atUs >= this.#endUs) this.#open(Math.floor(atUs / 1e6));
    this.#requests[this.#last]!++;
    if (failed) this.#errors[this.#last]!++;
  }

  curve(): RateCurve {
    const bins = this.#last + 1;
    return {
      stepS: this.#stepS,
      requests: [...this.#requests.subarray(0, bins)],
      errors: [...this.#errors.subarray(0, bins)],
    };
  }

  #open(second: number): void {
    if (this.#last < 0) this.#originS = second;
    let bin = Math.floor((second - this.#originS) / this.#stepS);
    while (bin >= BINS_MAX) {
      this.#merge();
      bin = Math.floor((second - this.#originS) / this.#stepS);
    }
    this.#last = bin;
    this.#endUs = (this.#originS + (bin + 1) * this.#stepS) * 1e6;
  }

  #merge(): void {
    this.#stepS *= 2;
    for (const bins of [this.#requests, this.#errors]) {
      for (let i = 0; i < BINS_MAX / 2; i++) bins[i] = (bins[2 * i] as number) + (bins[2 * i + 1] as number);
      bins.fill(0, BINS_MAX / 2);
    }
  }
}
