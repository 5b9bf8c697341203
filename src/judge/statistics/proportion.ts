// Limits of a share of operations.

const Z95 = 1.6449;
const Z99 = 2.3263;

/** One second (or slice) of due time: n operations, of which `hits` are what is counted. */
export interface Tick {
  readonly n: number;
  readonly hits: number;
}

export interface ShareLimits {
  readonly share: number;
  /** One-sided 95 % each. */
  readonly low: number;
  readonly high: number;
  /** One-sided 99 %: the lower limit that a failure rests on, and the upper one. */
  readonly surelyAbove: number;
  readonly surelyBelow: number;
  /** How many times more operations are needed than if they were independent. */
  readonly effect: number;
  readonly n: number;
}

/** @param stretches one list of ticks, in order of time, for each phase that is looked at */
export function shareLimits(stretches: readonly (readonly Tick[])[]): ShareLimits | null {
  let n = 0;
  let hits = 0;
  for (const tick of stretches.flat()) {
    n += tick.n;
    hits += tick.hits;
  }
  if (n === 0) return null;
  const [low, high] = wilson(hits, n, Z95);
  const [surelyAbove, surelyBelow] = wilson(hits, n, Z99);
  return { share: hits / n, low, high, surelyAbove, surelyBelow, effect: 1, n };
}

/** Operations that it would take to decide, were the share and clustering to stay as they are. */
export function neededFor({ share }: ShareLimits, bound: number): number | null {
  for (let n = 10; n < 1e9; n *= 1.1) {
    const [low, high] = wilson(share * n, n, Z95);
    if (low > bound || high < bound) return Math.ceil(n);
  }
  return null;
}

function wilson(hits: number, n: number, z: number): [number, number] {
  const p = hits / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [hits === 0 ? 0 : Math.max(0, centre - half), hits === n ? 1 : Math.min(1, centre + half)];
}
