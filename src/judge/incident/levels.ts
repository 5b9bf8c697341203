// Levels: a noisy series as stretches of one mean each, so that a step of a shop's capacity shows as a step.

/** The values [from, to) have one mean. */
export interface Level {
  readonly from: number;
  readonly to: number;
  readonly mean: number;
}

/** The search takes time quadratic in this: longer series are summed in bins first. */
const BINS_MAX = 600;
/**
 * What a further level must explain, times the logarithm of the length, in units of the noise's variance: the modified
 * Bayesian information criterion for change points (Zhang and Siegmund 2007).
 */
const PENALTY = 3;
/** A standard deviation over the median of absolute differences of neighbours: 1 / (0.6745 √2). */
const PER_DIFFERENCE = 1.048;
/** A level lasts so many values at least: one that stands out is chance. */
const LENGTH_MIN = 3;
/** Noise that is always there, as a share of the mean: smaller steps than a few times this are no instance. */
const NOISE_MIN = 0.01;

/**
 * The best cut of a series into levels: least squares with a penalty a level, by dynamic programming (optimal
 * partitioning, Jackson et al. 2005). The noise is taken from differences of neighbours, which steps hardly touch.
 */
export function levelsOf(values: readonly number[]): Level[] {
  const width = Math.max(1, Math.ceil(values.length / BINS_MAX));
  const bins = binned(values, width);
  if (bins.length === 0) return [];
  const sum = new Float64Array(bins.length + 1);
  const squares = new Float64Array(bins.length + 1);
  bins.forEach((value, i) => {
    sum[i + 1] = (sum[i] as number) + value;
    squares[i + 1] = (squares[i] as number) + value * value;
  });
  const meanOf = (from: number, to: number): number =>
    ((sum[to] as number) - (sum[from] as number)) / (to - from);
  const misfit = (from: number, to: number): number =>
    (squares[to] as number) - (squares[from] as number) - (to - from) * meanOf(from, to) ** 2;
  const cuts = bestCuts(bins.length, misfit, PENALTY * Math.log(bins.length) * varianceOf(bins));
  return cuts.map(([from, to]) => ({
    from: from * width,
    to: Math.min(values.length, to * width),
    mean: meanOf(from, to),
  }));
}

function bestCuts(
  length: number,
  misfit: (from: number, to: number) => number,
  penalty: number,
): [from: number, to: number][] {
  const cost = new Float64Array(length + 1);
  const from = new Int32Array(length + 1);
  for (let to = 1; to <= length; to++) {
    let least = Number.POSITIVE_INFINITY;
    cost[to] = least;
    for (let start = 0; start <= to - Math.min(LENGTH_MIN, length); start++) {
      const total = (cost[start] as number) + misfit(start, to) + penalty;
      if (total < least) {
        least = total;
        from[to] = start;
      }
    }
    cost[to] = least;
  }
  const cuts: [number, number][] = [];
  for (let to = length; to > 0; to = from[to] as number) cuts.push([from[to] as number, to]);
  return cuts.reverse();
}

function binned(values: readonly number[], width: number): number[] {
  if (width === 1) return [...values];
  const bins: number[] = [];
  for (let from = 0; from < values.length; from += width) {
    const part = values.slice(from, from + width);
    bins.push(part.reduce((sum, value) => sum + value, 0) / part.length);
  }
  return bins;
}

function varianceOf(values: readonly number[]): number {
  const differences = values.slice(1).map((value, i) => Math.abs(value - (values[i] as number)));
  differences.sort((a, b) => a - b);
  const median = differences[Math.floor(differences.length / 2)] ?? 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.max((PER_DIFFERENCE * median) ** 2, (NOISE_MIN * mean) ** 2, 1 / 12);
}
