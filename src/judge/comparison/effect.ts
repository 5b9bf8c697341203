// How much worse a candidate is, and between which limits: of whole runs, each one observation.
import { normalQuantile, tQuantile } from '../statistics/distributions.js';

/** An effect (`marginAsEffect`) and its limits. */
export interface Effect {
  /** Null where it is not known, as timeouts cut a figure. */
  readonly estimate: number | null;
  /**
   * The value that the true effect is above, with this confidence (one-sided, 0.5 to 1); −Infinity where nothing is
   * known.
   */
  lower(confidence: number): number;
  /** The value that the true effect is below, the same way; Infinity where nothing is known. */
  upper(confidence: number): number;
}

/** Of one observation, bounds of what it may be; equal where it is known. */
export interface Observed {
  readonly least: number;
  readonly most: number;
}

/**
 * The mean of paired differences, with Student's t. Differences of which only bounds are known enter with these: a
 * lower limit from the least that they are, an upper limit from the most.
 * @param differences at least 2
 */
export function pairedEffect(differences: readonly Observed[]): Effect {
  const n = differences.length;
  const halfOf = (values: readonly number[], confidence: number) =>
    tQuantile(confidence, n - 1) * Math.sqrt(varianceOf(values) / n);
  const least = differences.map((one) => one.least);
  const most = differences.map((one) => one.most);
  return {
    estimate: known(meanOf(least), meanOf(most)),
    lower: (confidence) => limit(meanOf(least) - halfOf(least, confidence), Number.NEGATIVE_INFINITY),
    upper: (confidence) => limit(meanOf(most) + halfOf(most, confidence), Number.POSITIVE_INFINITY),
  };
}

/**
 * The difference of means of runs that are no pairs, with Welch's t.
 * @param base and candidate at least 2 each
 */
export function welchEffect(base: readonly Observed[], candidate: readonly Observed[]): Effect {
  const difference = (b: readonly number[], c: readonly number[], confidence: number, sign: number) => {
    const [vb, vc] = [varianceOf(b) / b.length, varianceOf(c) / c.length];
    const degrees = welchDegrees(vb, b.length, vc, c.length);
    return meanOf(c) - meanOf(b) + sign * tQuantile(confidence, degrees) * Math.sqrt(vb + vc);
  };
  const [bLeast, bMost] = [base.map((one) => one.least), base.map((one) => one.most)];
  const [cLeast, cMost] = [candidate.map((one) => one.least), candidate.map((one) => one.most)];
  return {
    estimate: known(meanOf(cLeast) - meanOf(bMost), meanOf(cMost) - meanOf(bLeast)),
    lower: (confidence) => limit(difference(bMost, cLeast, confidence, -1), Number.NEGATIVE_INFINITY),
    upper: (confidence) => limit(difference(bLeast, cMost, confidence, 1), Number.POSITIVE_INFINITY),
  };
}

/** Welch and Satterthwaite's degrees of freedom; at least those of the smaller side. */
function welchDegrees(vb: number, nb: number, vc: number, nc: number): number {
  const below = (vb * vb) / (nb - 1) + (vc * vc) / (nc - 1);
  const least = Math.min(nb, nc) - 1;
  return below === 0 ? least : Math.max(least, (vb + vc) ** 2 / below);
}

/** An effect whose limits are no closer to its estimate than another's are. */
export function atLeastAsWide(effect: Effect, other: Effect): Effect {
  return widened(effect, (confidence) => {
    const { estimate } = other;
    return estimate === null
      ? { below: 0, above: 0 }
      : { below: estimate - other.lower(confidence), above: other.upper(confidence) - estimate };
  });
}

/**
 * An effect that also varies from run to run, which blocks of one run cannot know.
 * @param sd of the difference of two runs, as A/A pairs show it
 * @param pairs of which the effect is the mean
 * @param degrees of freedom of `sd`
 */
export function withNoise(effect: Effect, sd: number, pairs: number, degrees: number): Effect {
  return widened(effect, (confidence) => {
    const half = (tQuantile(confidence, degrees) * sd) / Math.sqrt(pairs);
    return { below: half, above: half };
  });
}

function widened(
  effect: Effect,
  halves: (confidence: number) => { readonly below: number; readonly above: number },
): Effect {
  const { estimate } = effect;
  if (estimate === null) return effect;
  return {
    estimate,
    lower: (confidence) => Math.min(effect.lower(confidence), estimate - halves(confidence).below),
    upper: (confidence) => Math.max(effect.upper(confidence), estimate + halves(confidence).above),
  };
}

/**
 * The smallest effect that would have been found over a bound with 80 % power: what the limits leave open on the low
 * side at the confidence of the test, and as much again for the power. Null where the limits are not known.
 */
export function detectableEffect(effect: Effect, bound: number, confidence: number): number | null {
  if (effect.estimate === null) return null;
  const open = effect.estimate - effect.lower(confidence);
  const power = effect.estimate - effect.lower(0.8);
  const found = bound + open + power;
  return Number.isFinite(found) ? found : null;
}

/**
 * How many times wider a standard deviation of n − 1 degrees of freedom may truly be, with 95 % confidence: from the
 * 5 % quantile of χ², as Wilson and Hilferty approximate it.
 */
export function sdUncertainty(degrees: number): number {
  const c = 2 / (9 * degrees);
  const chi2 = degrees * Math.max(0.01, 1 - c + normalQuantile(0.05) * Math.sqrt(c)) ** 3;
  return Math.sqrt(degrees / chi2);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Unbiased; of at least 2. */
export function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

function known(least: number, most: number): number | null {
  return least === most && Number.isFinite(least) ? least : null;
}

/** Bounds that are not known make NaN of a limit. */
function limit(value: number, unknown: number): number {
  return Number.isNaN(value) ? unknown : value;
}
