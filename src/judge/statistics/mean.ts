// Limits of a mean over operations that hang together in time.
import { residuals, varianceOfSum } from './clustering.js';
import { tQuantile } from './distributions.js';

/** One second (or slice) of due time; seconds in which nothing was due are ticks of 0. */
export interface MeanTick {
  readonly n: number;
  /** Sum of a quantity that is never negative, such as a duration or a count. */
  readonly sum: number;
}

export interface MeanLimits {
  readonly mean: number;
  /** One-sided 95 % each. */
  readonly low: number;
  readonly high: number;
  /** One-sided 99 % each. */
  readonly surelyAbove: number;
  readonly surelyBelow: number;
}

/**
 * A run without its worst moments shows too low a mean, and too small a variance at once: how many moments the upper
 * limit is corrected for. By simulation of queues, where it holds its nominal rate from 4 on.
 */
const UNSEEN = 4;

/**
 * Limits of a mean: Student's, on the logarithm, as durations spread to the right; so none of them is below 0.
 * A mean of 0 is taken for certain.
 * @param stretches ticks in order of time, a list for each stretch (phase) that is looked at
 * @returns null where there are no operations
 */
export function meanLimits(stretches: readonly (readonly MeanTick[])[]): MeanLimits | null {
  let n = 0;
  let sum = 0;
  for (const ticks of stretches) {
    for (const tick of ticks) {
      n += tick.n;
      sum += tick.sum;
    }
  }
  if (n === 0) return null;
  const mean = sum / n;
  if (mean === 0) return { mean, low: 0, high: 0, surelyAbove: 0, surelyBelow: 0 };
  const { variance, degrees, moments } = varianceOfSum(
    residuals(
      stretches,
      (tick) => tick.sum,
      (tick) => tick.n,
    ),
  );
  const relative = Math.sqrt(variance) / sum;
  const wider = relative * Math.sqrt(1 + UNSEEN / moments);
  const known = Math.max(1, Math.min(degrees, moments));
  const below = (confidence: number): number => mean * Math.exp(-tQuantile(confidence, degrees) * relative);
  const above = (confidence: number): number => mean * Math.exp(tQuantile(confidence, known) * wider);
  return { mean, low: below(0.95), high: above(0.95), surelyAbove: below(0.99), surelyBelow: above(0.99) };
}
