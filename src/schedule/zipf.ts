// Zipf-distributed ranks in constant memory, by rejection-inversion.
//
// W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
// ACM TOMACS 6 (1996): invert the integral of the continuous hat x^−s, accept unless the rank's bar is too low.
// About 1.1 tries a draw, whatever the number of ranks.

/** Ranks 1 to n, rank k with probability proportional to k^−s. */
export class Zipf {
  readonly #from: number;
  readonly #to: number;
  readonly #always: number;

  /**
   * @param ranks at least 1
   * @param exponent s > 0
   */
  constructor(
    private readonly ranks: number,
    private readonly exponent: number,
  ) {
    this.#from = this.#integral(1.5) - 1;
    this.#to = this.#integral(ranks + 0.5);
    this.#always = 2 - this.#inverse(this.#integral(2.5) - this.#height(2));
  }

  /**
   * A rank from 1 to n.
   * @param uniform gives the i-th uniform number in [0, 1) of this draw, i = 0, 1, …
   */
  rank(uniform: (attempt: number) => number): number {
    for (let attempt = 0; ; attempt++) {
      const area = this.#to + uniform(attempt) * (this.#from - this.#to);
      const x = this.#inverse(area);
      const rank = Math.min(this.ranks, Math.max(1, Math.floor(x + 0.5)));
      if (rank - x <= this.#always || area >= this.#integral(rank + 0.5) - this.#height(rank)) return rank;
    }
  }

  #height(x: number): number {
    return Math.exp(-this.exponent * Math.log(x));
  }

  /** ∫ x^−s, as expm1((1−s)·ln x)/(1−s), which is ln x at s = 1. */
  #integral(x: number): number {
    const log = Math.log(x);
    const t = (1 - this.exponent) * log;
    return (Math.abs(t) > 1e-8 ? Math.expm1(t) / t : 1 + t / 2) * log;
  }

  #inverse(area: number): number {
    const t = Math.max(-1, area * (1 - this.exponent));
    return Math.exp((Math.abs(t) > 1e-8 ? Math.log1p(t) / t : 1 - t / 2) * area);
  }
}
