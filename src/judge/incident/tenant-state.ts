// One tenant over time: in which slices it was healthy, broken, or too quiet to tell, by hysteresis.
import { wilson } from '../statistics/wilson.js';

/** States of a tenant in a slice. */
export const UNKNOWN = 0;
export const HEALTHY = 1;
export const BROKEN = 2;

/** Broken: surely over this share of failures. */
const BROKEN_OVER = 0.05;
/** Well: no more than this share of failures. */
const WELL_TO = 0.01;
/** One-sided 99.5 %, as thousands of tenants are asked in every slice; 95 % while the shop as a whole is broken. */
const Z_ALONE = 2.6;
const Z_IN_OUTAGE = 1.64;
/** A window grows until it holds this many operations or is this long. */
const ENOUGH = 60;
const WINDOW_S = 60;
/** In a longest window with fewer operations than this there is nothing to tell from. */
const KNOWN_FROM = 10;

/**
 * Judges the slices of one tenant, in place. Trailing windows grow until they hold 60 operations or are 60 s long. One
 * that is surely over 5 % failed opens a break, which is dated back to the first slice of it that was over 5 %; one with
 * no more than 1 % failed closes it, which is dated back to the slice after the last one that was over 1 %.
 * @param planned and `ok` by slice of `sliceS` seconds
 * @param inOutage by slice, 1 where the shop as a whole is broken: then failures of one tenant need less proof
 * @param states as long; written
 */
export function judgeSlices(
  planned: Float64Array,
  ok: Float64Array,
  sliceS: number,
  fromSlice: number,
  inOutage: Uint8Array,
  states: Uint8Array,
): void {
  let brokenFrom = -1;
  for (let slice = fromSlice; slice < states.length; slice++) {
    let n = 0;
    let bad = 0;
    let first = slice;
    for (let longS = 0; ; first--) {
      n += planned[first] as number;
      bad += (planned[first] as number) - (ok[first] as number);
      longS += sliceS;
      if (n >= ENOUGH || longS + sliceS > WINDOW_S || first === fromSlice) break;
    }
    // A break with nothing in sight for a minute is still one: nothing has shown that it is over.
    states[slice] = n >= KNOWN_FROM ? HEALTHY : UNKNOWN;
    if (brokenFrom < 0) {
      if (n < KNOWN_FROM || wilson(bad, n, inOutage[slice] === 1 ? Z_IN_OUTAGE : Z_ALONE).low <= BROKEN_OVER)
        continue;
      brokenFrom = slice;
      const gap = Math.max(1, Math.floor(WINDOW_S / sliceS));
      for (let back = slice; back >= fromSlice && (back >= first || inOutage[back] === 1); back--) {
        if (brokenFrom - back > gap || states[back] === BROKEN) break;
        if (failedIn(planned, ok, back) > BROKEN_OVER) brokenFrom = back;
      }
      states.fill(BROKEN, brokenFrom, slice + 1);
      continue;
    }
    states[slice] = BROKEN;
    if (n < KNOWN_FROM || bad > WELL_TO * n) continue;
    let last = slice;
    while (last > brokenFrom && failedIn(planned, ok, last) <= WELL_TO) last--;
    states.fill(HEALTHY, last + 1, slice + 1);
    brokenFrom = -1;
  }
}

function failedIn(planned: Float64Array, ok: Float64Array, slice: number): number {
  const n = planned[slice] as number;
  return n === 0 ? 0 : (n - (ok[slice] as number)) / n;
}
