// Variance of a sum over time whose parts hang together: what the limits of a run's figures rest on.
//
// Requests that follow each other share a queue, so they are slow or fail together, and a run holds far fewer
// independent facts than requests. The variance of a total is then that of sums over batches of seconds which are
// longer than what hangs together. It is taken from the differences of neighbouring batches (von Neumann 1941), not
// from their distance to the mean: a step, a trend or an outage that lasts for many batches is what was to be found,
// not chance, and is counted only where it begins and ends. Batches of several lengths are tried, and the largest
// variance stands: short ones miss what hangs together for longer, and none of them can overstate by more than noise.
// Correlation over more than some √(T/2) of T seconds is not told from a change, and is taken for one.

/** An estimate of the variance of a sum. */
export interface SumVariance {
  readonly variance: number;
  /** Degrees of freedom of the estimate, at least 1. */
  readonly degrees: number;
}

/** At least as many batches as this are compared, where there are as many seconds. */
const BATCHES_MIN = 5;
/** Each length of batch is this much shorter than the one before. */
const STEP = 1.5;

/**
 * Estimates the variance of the sum of all values.
 * @param stretches values by second (or slice), in order of time, with mean 0 in each stretch: a list for each
 *   stretch of time that is looked at. What lies around a stretch is taken to be as its mean.
 */
export function varianceOfSum(stretches: readonly Float64Array[]): SumVariance {
  let seconds = 0;
  for (const stretch of stretches) seconds += stretch.length;
  const sums = stretches.map(runningSums);
  let best: SumVariance = { variance: 0, degrees: 1 };
  for (const length of batchLengths(seconds)) {
    let variance = 0;
    for (const sum of sums) variance += fromDifferences(sum, length);
    if (variance <= best.variance) continue;
    // Of white noise: overlapping differences are worth one and a half batches each.
    best = { variance, degrees: Math.max(1, (1.5 * seconds) / length - 1) };
  }
  return best;
}

/**
 * Values less their stretch's share of the total: the linearised residuals of a ratio of sums, whose sum has the
 * variance of the ratio times the sum of the weights (Cochran, Sampling Techniques, chapter 6). Each stretch has a
 * ratio of its own, as strata have: that the peak fails more than the rest is no chance.
 */
export function residuals<T>(
  stretches: readonly (readonly T[])[],
  value: (tick: T) => number,
  weight: (tick: T) => number,
): Float64Array[] {
  return stretches.map((ticks) => {
    let values = 0;
    let weights = 0;
    for (const tick of ticks) {
      values += value(tick);
      weights += weight(tick);
    }
    const ratio = weights > 0 ? values / weights : 0;
    return Float64Array.from(ticks, (tick) => value(tick) - ratio * weight(tick));
  });
}

/** From √(T/2) seconds down to one, so that there are √(2T) batches or more. */
function batchLengths(seconds: number): number[] {
  const longest = Math.floor(Math.min(Math.sqrt(seconds / 2), seconds / BATCHES_MIN));
  const lengths: number[] = [];
  for (let length = Math.max(1, longest); length >= 1; ) {
    lengths.push(length);
    length = Math.min(length - 1, Math.round(length / STEP));
  }
  return lengths;
}

/**
 * Half the sum of squared differences of neighbouring batches, averaged over where the first batch may begin. Half of
 * a pair may lie outside of the stretch, so that every second weighs the same.
 */
function fromDifferences(sums: Float64Array, length: number): number {
  const n = sums.length - 1;
  let squares = 0;
  for (let middle = 1 - length; middle < n + length; middle++) {
    const d = at(sums, middle + length) - 2 * at(sums, middle) + at(sums, middle - length);
    squares += d * d;
  }
  return squares / (2 * length);
}

/** Running sum before index i, which may lie outside. */
function at(sums: Float64Array, i: number): number {
  return sums[Math.max(0, Math.min(sums.length - 1, i))] as number;
}

function runningSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  let sum = 0;
  values.forEach((value, i) => {
    sum += value;
    sums[i + 1] = sum;
  });
  return sums;
}
