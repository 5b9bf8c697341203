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
  const { variance, degrees } = varianceOfSum(
    residuals(
      stretches,
      (tick) => tick.sum,
      (tick) => tick.n,
    ),
  );
  const relativeError = Math.sqrt(variance) / sum;
  const times = (confidence: number): number => Math.exp(tQuantile(confidence, degrees) * relativeError);
  const likely = times(0.95);
  const sure = times(0.99);
  return {
    mean,
    low: mean / likely,
    high: mean * likely,
    surelyAbove: mean / sure,
    surelyBelow: mean * sure,
  };
}
