// Finds silences in a stream of arrivals: stretches without any that are long against its own rhythm.

/** A stretch without arrivals; UTC microseconds. */
export interface Silence {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Shorter stretches are nobody's concern. */
const LEAST_US = 5e6;
/** Arrivals before the rhythm is known. */
const WARM_UP = 50;
/** Share of the newest gap in the rhythm: it remembers some 200 gaps. */
const SHARE = 1 / 200;
/** A silence is this many times the usual gap that a moment falls into. */
const TIMES = 10;
const LISTED_MAX = 50;

/**
 * The rhythm is the mean length of the gap that a moment picked at random falls into, E(g²)/E(g), over the last 200
 * gaps or so: it follows day and night, and a log whose requests come in bursts is not silent between them. For a
 * Poisson process it is twice the mean gap, so that by chance a gap is a silence once in e^20 gaps.
 */
export class Silences {
  /** All that were found; `list` has the longest. */
  total = 0;
  #lastUs = Number.NaN;
  #gaps = 0;
  #mean = 0;
  #meanSquare = 0;
  #longest: Silence[] = [];

  /** Counts an arrival; not before the one counted last. */
  add(atUs: number): void {
    if (Number.isNaN(this.#lastUs)) {
      this.#lastUs = atUs;
      return;
    }
    let gapUs = atUs - this.#lastUs;
    if (gapUs >= LEAST_US && this.#gaps >= WARM_UP) {
      const limitUs = (TIMES * this.#meanSquare) / Math.max(this.#mean, 1);
      if (gapUs >= limitUs) {
        this.#keep({ fromUs: this.#lastUs, toUs: atUs });
        // What was a silence is not the rhythm; what stays that slow becomes it.
        gapUs = Math.max(limitUs, LEAST_US);
      }
    }
    const share = Math.max(SHARE, 1 / ++this.#gaps);
    this.#mean += share * (gapUs - this.#mean);
    this.#meanSquare += share * (gapUs * gapUs - this.#meanSquare);
    this.#lastUs = atUs;
  }

  /** The longest, at most 50, in the order of time. */
  list(): Silence[] {
    return this.#longest.toSorted((a, b) => a.fromUs - b.fromUs);
  }

  #keep(silence: Silence): void {
    this.total++;
    this.#longest.push(silence);
    if (this.#longest.length <= LISTED_MAX) return;
    const shortest = this.#longest.reduce((a, b) => (b.toUs - b.fromUs < a.toUs - a.fromUs ? b : a));
    this.#longest = this.#longest.filter((one) => one !== shortest);
  }
}
