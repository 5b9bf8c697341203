// How far clones may be shifted from their original, so that an amplified burst stays as sharp as the recorded one.
//
// Let N be the counts in windows of w, V their variance, m their mean. k visitors for each, all at the same rate over
// time, have the variance k·m + k²·(V − m). k copies have k·V + Σ cov(copy i, copy j) over i ≠ j, and shifting the
// copies apart smears each covariance: a pair of requests at a distance l counts with the mean of max(0, w − |l − D|)
// over the distance D of the two shifts, in place of max(0, w − |l|). Too narrow a shift leaves the pairs of a request
// with its own clones together (V where V − m is wanted); too wide a one flattens bursts that are shorter than it.
import { CLONE_SHIFT_MAX_US } from '../scenario/plan.js';

/** Shifts to choose from, to either side, widest first. */
const SHIFTS_US = [CLONE_SHIFT_MAX_US, 500_000, 250_000, 100_000, 50_000] as const;
const BIN_US = 50_000;
/** The window: 1 s, at which bursts of a crowd are sharpest and stamps of whole seconds still tell them. */
const WINDOW = 20;
/** Longest distance at which a pair counts: the window, and two shifts. */
const LAGS = WINDOW + (2 * CLONE_SHIFT_MAX_US) / BIN_US;
/** Half of the span over which the mean is taken: 30 s. */
const HALF = 600;
const RING = 2_048;
/** Points at which a mean over shifts is taken. */
const POINTS = 200;

/**
 * Chooses the shift for one recording, from the distances between its requests up to 3 s. Fed in time order; memory
 * is constant.
 */
export class CloneShift {
  private readonly counts = new Float64Array(RING);
  private bin = Number.NaN;
  private requests = 0;
  /** Requests in the span that ends with the current bin. */
  private inSpan = 0;
  /** By distance in bins: pairs of requests, each taken in one direction. */
  private readonly pairs = new Float64Array(LAGS + 1);
  /** Pairs to be expected at each distance from the mean rate around each request. */
  private expected = 0;

  /** @param atUs not before the one given last */
  add(atUs: number): void {
    const bin = Math.floor(atUs / BIN_US);
    if (Number.isNaN(this.bin)) this.bin = bin;
    if (bin - this.bin > RING) {
      this.moveTo(this.bin + RING);
      this.bin = bin;
    }
    this.moveTo(bin);
    this.counts[bin & (RING - 1)] = this.at(bin) + 1;
    this.inSpan++;
    this.requests++;
  }

  /**
   * The shift whose counts a second have most nearly the variance that is wanted; microseconds to either side. To be
   * called once, at the end.
   * @param amplify k, above 1
   */
  choose(amplify: number): number {
    if (!Number.isNaN(this.bin)) this.moveTo(this.bin + RING);
    const copies = Math.max(2, Math.ceil(amplify));
    const mean = WINDOW * this.requests;
    const variance = this.smeared(0, 0);
    const wanted = copies * mean + copies * copies * (variance - mean);
    let chosenUs = CLONE_SHIFT_MAX_US;
    let leastMiss = Number.POSITIVE_INFINITY;
    for (const shiftUs of SHIFTS_US) {
      const shift = shiftUs / BIN_US;
      const withOriginal = 2 * (copies - 1) * this.smeared(shift, 0);
      const amongClones = (copies - 1) * (copies - 2) * this.smeared(shift, shift);
      const miss = Math.abs(copies * variance + withOriginal + amongClones - wanted);
      if (miss >= leastMiss) continue;
      leastMiss = miss;
      chosenUs = shiftUs;
    }
    return chosenUs;
  }

  /** The summed covariance of two copies, shifted uniformly by up to `a` and `b` bins to either side. */
  private smeared(a: number, b: number): number {
    let sum = -WINDOW * WINDOW * this.expected;
    for (let lag = 0; lag <= LAGS; lag++) {
      const pairs = (lag === 0 ? 1 : 2) * (this.pairs[lag] as number);
      if (pairs !== 0) sum += pairs * meanOverlap(lag, a, b);
    }
    return sum;
  }

  /** Opens bins up to one, each taking in the bin whose whole span is then known. */
  private moveTo(bin: number): void {
    while (this.bin < bin) {
      this.close(this.bin - HALF);
      this.bin++;
      this.inSpan -= this.at(this.bin - 2 * HALF - 1);
      this.counts[this.bin & (RING - 1)] = 0;
    }
  }

  private close(middle: number): void {
    const count = this.at(middle);
    if (count === 0) return;
    this.expected += (count * this.inSpan) / (2 * HALF + 1);
    for (let lag = 0; lag <= LAGS; lag++) {
      const pairs = count * this.at(middle + lag);
      if (pairs !== 0) this.pairs[lag] = (this.pairs[lag] as number) + pairs;
    }
  }

  private at(bin: number): number {
    return this.counts[bin & (RING - 1)] as number;
  }
}

/** The mean of max(0, WINDOW − |lag − D|), D being the difference of two shifts uniform within ±a and ±b bins. */
function meanOverlap(lag: number, a: number, b: number): number {
  const reach = a + b;
  if (reach === 0) return Math.max(0, WINDOW - lag);
  let sum = 0;
  let weights = 0;
  for (let i = 0; i < POINTS; i++) {
    const distance = reach * ((2 * i + 1) / POINTS - 1);
    // Two equal shifts differ by a triangular distance; one alone by a uniform one.
    const weight = b === 0 ? 1 : reach - Math.abs(distance);
    sum += weight * Math.max(0, WINDOW - Math.abs(lag - distance));
    weights += weight;
  }
  return sum / weights;
}
