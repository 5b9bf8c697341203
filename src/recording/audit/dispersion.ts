// The index of dispersion for counts: how bursty arrivals are in windows of one length.

/**
 * Var(N) / E(N) of the counts N in consecutive windows, empty ones included; 1 for a Poisson process. Fed in time
 * order; memory is constant. The window that is open at the end is left out, as it was not seen whole.
 */
export class Dispersion {
  #window = Number.NaN;
  /** Where the open window ends: most arrivals are before it, and need no division. */
  #endUs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #windows = 0;
  #sum = 0;
  #squares = 0;

  constructor(readonly windowUs: number) {}

  /** Counts an arrival; not before the one counted last. */
  add(atUs: number): void {
    if (atUs >= this.#endUs) this.#close(Math.floor(atUs / this.windowUs));
    this.#count++;
  }

  /** Null while fewer than ten windows have been seen. */
  index(): number | null {
    if (this.#windows < 10 || this.#sum === 0) return null;
    const mean = this.#sum / this.#windows;
    return (this.#squares / this.#windows - mean * mean) / mean;
  }

  #close(next: number): void {
    // The first window may have begun before the first arrival; it counts from there.
    if (!Number.isNaN(this.#window)) {
      this.#windows += next - this.#window;
      this.#sum += this.#count;
      this.#squares += this.#count * this.#count;
    }
    this.#window = next;
    this.#endUs = (next + 1) * this.windowUs;
    this.#count = 0;
  }
}
