// Limits of a mean.

export interface MeanTick {
  readonly n: number;
  readonly sum: number;
}

export interface MeanLimits {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly surelyAbove: number;
  readonly surelyBelow: number;
}

export function meanLimits(stretches: readonly (readonly MeanTick[])[]): MeanLimits | null {
  const ticks = stretches.flat().filter(({ n }) => n > 0);
  const n = ticks.reduce((all, tick) => all + tick.n, 0);
  if (n === 0) return null;
  const mean = ticks.reduce((all, tick) => all + tick.sum, 0) / n;
  const squares = ticks.reduce((all, tick) => all + (tick.sum - mean * tick.n) ** 2, 0);
  const error = Math.sqrt(squares) / n;
  return {
    mean,
    low: mean - 1.6449 * error,
    high: mean + 1.6449 * error,
    surelyAbove: mean - 2.3263 * error,
    surelyBelow: mean + 2.3263 * error,
  };
}
