// When a noisy rate rose past a level: by counts alone, as well as they allow.
import type { SecondTotals } from '../facts.js';

/** Half widths, in seconds, that a straight line is tried over. */
const HALVES_S = [4, 8, 15, 30, 60];
/** A line explains counts while their squared distances from it are as Poisson's, give or take so many deviations. */
const DEVIATIONS = 2;

/**
 * When the planned rate rose past a level for the stretch that it was most over it: the change point where the largest
 * sum of counts beyond the level starts, then where a straight line through the counts around it crosses, over the
 * widest stretch that a straight line explains. A cliff is explained by none: there the change point is exact.
 * @param ratePerSec the level
 * @returns seconds, not whole; null where the rate was never over the level in [fromS, toS)
 */
export function exceededAt(
  seconds: readonly SecondTotals[],
  ratePerSec: number,
  fromS: number,
  toS: number,
): number | null {
  let at: number | null = null;
  let most = 0;
  let sum = 0;
  let sumFromS = fromS;
  for (let t = fromS; t < toS; t++) {
    if (sum <= 0) {
      sum = 0;
      sumFromS = t;
    }
    sum += (seconds[t] as SecondTotals).planned - ratePerSec;
    if (sum > most) {
      most = sum;
      at = sumFromS;
    }
  }
  return at === null ? null : refined(seconds, ratePerSec, at, fromS);
}

function refined(seconds: readonly SecondTotals[], ratePerSec: number, atS: number, fromS: number): number {
  let found = atS;
  for (const half of HALVES_S) {
    if (atS - half < fromS || atS + half > seconds.length) break;
    const line = lineThrough(seconds, atS - half, atS + half);
    if (line === null) break;
    const crossing = atS + (ratePerSec - line.at) / line.slope;
    if (Math.abs(crossing - atS) > half) break;
    found = crossing;
  }
  return found;
}

/** Least squares over the counts of [fromS, toS); `at` is its height in the middle. Null where it explains them not. */
function lineThrough(seconds: readonly SecondTotals[], fromS: number, toS: number) {
  const length = toS - fromS;
  const middle = fromS + length / 2;
  let sum = 0;
  let tilt = 0;
  let spread = 0;
  for (let t = fromS; t < toS; t++) {
    const x = t + 0.5 - middle;
    const { planned } = seconds[t] as SecondTotals;
    sum += planned;
    tilt += x * planned;
    spread += x * x;
  }
  const line = { at: sum / length, slope: tilt / spread };
  if (!(line.slope > 0)) return null;
  let chi2 = 0;
  for (let t = fromS; t < toS; t++) {
    const expected = line.at + line.slope * (t + 0.5 - middle);
    if (expected <= 0) return null;
    chi2 += ((seconds[t] as SecondTotals).planned - expected) ** 2 / expected;
  }
  const freedom = length - 2;
  return chi2 > freedom + DEVIATIONS * Math.sqrt(2 * freedom) ? null : line;
}
