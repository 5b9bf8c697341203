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
  /** How many equal differences of batches would make it up (Kish): few, where few moments make most of it. */
  readonly moments: number;
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
  const lengths = batchLengths(seconds);
  // The longest pair of batches may begin that long before a stretch, and end that long after it.
  const around = 2 * (lengths[0] as number);
  const sums = stretches.map((values) => runningSums(values, around));
  let best: SumVariance = { variance: 0, degrees: 1, moments: 1 };
  for (const length of lengths) {
    let squares = 0;
    let fourths = 0;
    for (const sum of sums) {
      const of = differences(sum, length, around);
      squares += of.squares;
      fourths += of.fourths;
    }
    // Every second is in 2 · length differences.
    const variance = squares / (2 * length);
    if (variance <= best.variance) continue;
    // Of white noise: overlapping differences are worth one and a half batches each.
    const degrees = Math.max(1, (1.5 * seconds) / length - 1);
    best = { variance, degrees, moments: squares ** 2 / fourths / length };
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
    const left = new Float64Array(ticks.length);
    ticks.forEach((tick, i) => {
      left[i] = value(tick) - ratio * weight(tick);
    });
    return left;
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
 * Sums of the powers of the differences of neighbouring batches, wherever the first may begin. Half of a pair may lie
 * outside of the stretch, so that every second weighs the same.
 */
function differences(
  sums: Float64Array,
  length: number,
  around: number,
): { squares: number; fourths: number } {
  const end = sums.length - around + length - 1;
  let squares = 0;
  let fourths = 0;
  for (let middle = around - length + 1; middle < end; middle++) {
    const first = (sums[middle] as number) - (sums[middle - length] as number);
    const second = (sums[middle + length] as number) - (sums[middle] as number);
    const square = (second - first) ** 2;
    squares += square;
    fourths += square * square;
  }
  return { squares, fourths };
}

/** Sums before each value and after the last, repeated `around` times on either side. */
function runningSums(values: Float64Array, around: number): Float64Array {
  const sums = new Float64Array(values.length + 1 + 2 * around);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i] as number;
    sums[around + 1 + i] = sum;
  }
  return sums.fill(sum, around + 1 + values.length);
}
