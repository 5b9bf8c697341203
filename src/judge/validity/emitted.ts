// Counts of what was due and what was fired, side by side: by second, and how bursty both are.
import { SLICE_S } from '../../measure/cell.js';
import { BIN_US, BINS, type Emission } from '../../measure/emission.js';

/** Bins of a second. */
const PER_SECOND = 1e6 / BIN_US;
/** A second is off if it has more or fewer than planned by more than this share and this many standard deviations. */
const OFF = { share: 0.05, deviations: 3 };
/** Lengths of the windows in which bursts are looked at, in bins: 0.1 s, 1 s, 10 s. */
const WINDOWS = [1, PER_SECOND, 10 * PER_SECOND] as const;
/** Half of the moving mean's span, in bins: 30 s. */
const HALF = 30 * PER_SECOND;
/** Fewer windows than this, side by side, say nothing. */
const WINDOWS_MIN = 30;

/** Seconds in which anything was due or fired, and how many of them did not have what was planned. */
export interface SecondsOff {
  readonly of: number;
  readonly off: number;
}

/** How bursty both are in windows of one length. */
export interface Dispersion {
  readonly windowS: number;
  /** Index of dispersion for counts of what was due; null where there are too few windows. */
  readonly planned: number | null;
  /** The same of what was fired. */
  readonly sent: number | null;
  /**
   * 1 + (sent − planned) / max(1, planned): sent over planned where arrivals come at least as irregularly as those of
   * a Poisson process, whose index is 1. Evenly spaced arrivals have an index of nearly 0, of which a hair's lateness
   * is many times as much: there the difference is told in terms of a Poisson process.
   */
  readonly ratio: number | null;
}

/** Counts in bins without a gap, from the start of a slice to the end of one. */
interface Stretch {
  readonly due: readonly number[];
  readonly fired: readonly number[];
}

/**
 * Seconds that had more or fewer than planned by more than max(5 %, 3 √planned): for a Poisson process three standard
 * deviations. Lateness of up to a bin (0.1 s) moves requests over the ends of a second without changing much: as many as
 * were due in the bin before it may be too many, and as many as were due in its last bin too few.
 */
export function secondsOff(emissions: readonly Emission[]): SecondsOff {
  let of = 0;
  let off = 0;
  for (const { due, fired } of stretchesOf(emissions)) {
    for (let from = 0; from < due.length; from += PER_SECOND) {
      const planned = sum(due, from, from + PER_SECOND);
      const sent = sum(fired, from, from + PER_SECOND);
      if (planned + sent === 0) continue;
      of++;
      const over = sent - planned - (due[from - 1] ?? 0);
      const under = planned - (due[from + PER_SECOND - 1] as number) - sent;
      // Of a second without any planned the deviation is that of what was sent.
      const deviation = Math.sqrt(Math.max(planned, sent));
      if (Math.max(over, under) > Math.max(OFF.share * planned, OFF.deviations * deviation)) off++;
    }
  }
  return { of, off };
}

/**
 * The index of dispersion for counts of both, after a moving mean is divided out: with N the count of a window of w
 * and m what it would be at the mean planned rate of the 60 s around it, summed over windows side by side,
 *
 *     IDC(w) = Σ (N − m)² / Σ m / (1 − w / span)
 *
 * as `ResidualDispersion` has it of single arrivals. Both are held against the planned mean, so that what is late or
 * missing in one place is seen. Near the ends the span is what there is of the 60 s.
 */
export function dispersionsOf(emissions: readonly Emission[]): Dispersion[] {
  const stretches = stretchesOf(emissions).map(({ due, fired }) => ({
    due: before(due),
    fired: before(fired),
  }));
  return WINDOWS.map((width) => {
    let windows = 0;
    let means = 0;
    let planned = 0;
    let sent = 0;
    for (const { due, fired } of stretches) {
      const bins = due.length - 1;
      for (let from = 0; from + width <= bins; from += width) {
        const middle = from + Math.floor(width / 2);
        const spanFrom = Math.max(0, middle - HALF);
        const spanTo = Math.min(bins, middle + HALF);
        const mean = (count(due, spanFrom, spanTo) * width) / (spanTo - spanFrom);
        if (mean === 0 || spanTo - spanFrom <= width) continue;
        const own = 1 - width / (spanTo - spanFrom);
        windows++;
        means += mean;
        planned += (count(due, from, from + width) - mean) ** 2 / own;
        sent += (count(fired, from, from + width) - mean) ** 2 / own;
      }
    }
    const windowS = width / PER_SECOND;
    if (windows < WINDOWS_MIN) return { windowS, planned: null, sent: null, ratio: null };
    const [indexPlanned, indexSent] = [planned / means, sent / means];
    const ratio = 1 + (indexSent - indexPlanned) / Math.max(1, indexPlanned);
    return { windowS, planned: indexPlanned, sent: indexSent, ratio };
  });
}

/**
 * Slices that follow each other are one stretch, to the last second with anything in it; in a gap nothing was due.
 * Memory is that of the slices there are.
 */
function stretchesOf(emissions: readonly Emission[]): Stretch[] {
  const stretches: { due: number[]; fired: number[] }[] = [];
  let endS = Number.NaN;
  for (const { sliceS, due, fired } of [...emissions].sort((a, b) => a.sliceS - b.sliceS)) {
    let last = stretches.at(-1);
    if (last === undefined || sliceS !== endS) stretches.push((last = { due: [], fired: [] }));
    for (let i = 0; i < BINS; i++) {
      last.due.push(due[i] as number);
      last.fired.push(fired[i] as number);
    }
    endS = sliceS + SLICE_S;
  }
  for (const { due, fired } of stretches) due.length = fired.length = usedBins(due, fired);
  return stretches;
}

/** Bins up to the end of the last second with anything in it. */
function usedBins(due: readonly number[], fired: readonly number[]): number {
  let bins = due.length;
  while (bins > 0 && due[bins - 1] === 0 && fired[bins - 1] === 0) bins--;
  return Math.ceil(bins / PER_SECOND) * PER_SECOND;
}

function sum(counts: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += counts[i] as number;
  return total;
}

/** How many there are before each bin, and at the end. */
function before(counts: readonly number[]): Float64Array {
  const sums = new Float64Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) sums[i + 1] = (sums[i] as number) + (counts[i] as number);
  return sums;
}

function count(sums: Float64Array, from: number, to: number): number {
  return (sums[to] as number) - (sums[from] as number);
}
