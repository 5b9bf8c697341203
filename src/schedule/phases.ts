// Phases: a plan's before, onset, peak, decay and after, cut from its planned rate before anything is sent.
import type { Phase, PhaseName } from '../scenario/plan.js';

/** What the planned rate over time says of a plan. */
export interface RateShape {
  readonly phases: readonly Phase[];
  /** The rate at normal times: the median of the phase before, else after; of a steady plan, of all of it. */
  readonly normalPerSec: number;
  readonly peakPerSec: number;
  /** The first second at the peak. */
  readonly peakAtS: number;
}

/** A plan whose maximum is under this multiple of its median has one phase, `steady`. */
const STEADY_BELOW = 1.5;
/** The peak is where the rate is at least this share of the maximum. */
const PEAK_FROM = 0.95;
/** Where the cut starts from: few seconds are quieter, while a long crowd may fill most of a plan. */
const QUIET = 0.1;
/** Onset and decay reach down to normal plus this share of the rise. */
const EDGE = 0.05;

/**
 * Cuts phases from the planned rate.
 * @param ratePerSec requests a second in each second of due time; not empty
 * @param smoothingS length of a moving mean that takes the noise out of counted rates; 1 for expected rates
 */
export function shapeOf(ratePerSec: Float64Array, smoothingS: number): RateShape {
  const rate = smoothed(ratePerSec, smoothingS);
  const quietPerSec = quantileOf(
    rate.filter((r) => r > 0),
    QUIET,
  );
  const peakPerSec = rate.reduce((max, r) => Math.max(max, r), 0);
  const whole = { startS: 0, endS: rate.length };
  const top = PEAK_FROM * peakPerSec;
  const first = rate.findIndex((r) => r >= top);
  const medianPerSec = quantileOf(rate, 0.5);
  if (peakPerSec < STEADY_BELOW * medianPerSec) {
    const phases: Phase[] = [{ name: 'steady', ...whole }];
    return { phases, normalPerSec: medianPerSec, peakPerSec, peakAtS: first };
  }
  const last = rate.findLastIndex((r) => r >= top);
  const noise = smoothingS > 1 ? 2 * Math.sqrt(quietPerSec / smoothingS) : 0;
  const edge = quietPerSec + Math.max(EDGE * (peakPerSec - quietPerSec), noise);
  let onset = first;
  while (onset > 0 && (rate[onset - 1] as number) > edge) onset--;
  let after = last + 1;
  while (after < rate.length && (rate[after] as number) > edge) after++;
  const cuts: [PhaseName, number, number][] = [
    ['before', 0, onset],
    ['onset', onset, first],
    ['peak', first, last + 1],
    ['decay', last + 1, after],
    ['after', after, rate.length],
  ];
  const phases = cuts
    .filter(([, startS, endS]) => endS > startS)
    .map(([name, startS, endS]) => ({ name, startS, endS }));
  const normal = phases.find(({ name }) => name === 'before') ?? phases.find(({ name }) => name === 'after');
  const normalPerSec =
    normal === undefined ? quietPerSec : quantileOf(rate.subarray(normal.startS, normal.endS), 0.5);
  return { phases, normalPerSec, peakPerSec, peakAtS: first };
}

function smoothed(rate: Float64Array, windowS: number): Float64Array {
  if (windowS <= 1) return rate;
  const before = Math.floor(windowS / 2);
  const sums = new Float64Array(rate.length + 1);
  for (let i = 0; i < rate.length; i++) sums[i + 1] = (sums[i] as number) + (rate[i] as number);
  return rate.map((_, i) => {
    const from = Math.max(0, i - before);
    const to = Math.min(rate.length, from + windowS);
    return ((sums[to] as number) - (sums[from] as number)) / (to - from);
  });
}

function quantileOf(values: Float64Array, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
