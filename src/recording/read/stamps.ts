// From the time stamps of a log to the starts of requests: spreads coarse stamps, moves ends back by durations.
import { type DrawKey, draw, drawKey } from '../../random.js';
import type { StampKind } from '../formats/format.js';
import type { Row } from '../row.js';

/** Stamps coarser than this are spread; a finer one is left where it is. */
const SPREAD_ABOVE_US = 1_000;
/** Offsets of one step are drawn from their own range of numbers; more rows in a step than this share draws. */
const DRAWS_PER_STEP = 2 ** 21;

/** How the stamps of a file become starts. */
export interface StampRule {
  /** Step of the stamps, microseconds. */
  readonly resolutionUs: number;
  /** Whether the stamp marks the end, so that the duration has to be subtracted. */
  readonly end: boolean;
  readonly key: DrawKey;
}

/** The rule for the `file`-th file read with this seed; two files never share offsets. */
export function stampRule(seed: number, file: number, stamp: StampKind, resolutionUs: number): StampRule {
  return { resolutionUs, end: stamp === 'end', key: drawKey(seed, 'stamp offset', file) };
}

/** Whether rows of this rule have to be collected by step before their starts are known. */
export function needsSpread(rule: StampRule): boolean {
  return rule.resolutionUs > SPREAD_ABOVE_US;
}

/**
 * Gives all rows stamped with the same step their starts: uniform offsets, sorted, dealt in the order of the lines.
 * Given their number in a second, the arrivals of a Poisson process are just that, and two real traces with a
 * resolution of 100 ns are flat inside the second; even spacing would be far too smooth. Dealing in line order keeps
 * the order of each client's requests. Offsets come first and durations are subtracted after, as the other way
 * round the fraction of a duration would show in every start.
 *
 * An offset is a pure function of (seed, file, step, place in the step): the same when a log is read again, cut
 * elsewhere, or loses a line in another second.
 */
export function spread(rows: readonly Row[], stepUs: number, rule: StampRule): void {
  const n = rows.length;
  const base = Math.floor(stepUs / rule.resolutionUs) * DRAWS_PER_STEP;
  const offsets = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    offsets[i] = Math.floor(draw(rule.key, (base + i) % 2 ** 53) * rule.resolutionUs);
  }
  offsets.sort();
  for (let i = 0; i < n; i++) {
    const row = rows[i]!;
    row.startUs = row.startUs + offsets[i]! - (rule.end ? (row.durationUs ?? 0) : 0);
  }
}

/** Fewer different stamps than this may share a step by chance. */
const STAMPS_FOR_STEP = 8;
/** Requests that were cut to a step share its stamp; what asks every ten seconds, as health checks do, is alone. */
const ROWS_PER_STAMP = 2;

/**
 * The step that stamps really have, where it is coarser than the format says: logs cut to whole seconds, minutes or
 * three-second buckets. It is the greatest common divisor of their differences, where many share a stamp.
 * @param stampsUs stamps of the first lines, microseconds
 * @param nominalUs the step that the format can write
 */
export function stepOf(stampsUs: readonly number[], nominalUs: number): number {
  const different = [...new Set(stampsUs)];
  if (different.length < STAMPS_FOR_STEP) return nominalUs;
  if (stampsUs.length <= ROWS_PER_STAMP * different.length) return nominalUs;
  const first = different[0] as number;
  let step = 0;
  for (const stampUs of different) step = divisor(step, Math.abs(stampUs - first));
  return Math.max(nominalUs, step);
}

/** Euclid's greatest common divisor of two whole numbers; the other one if one is 0. */
function divisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
