// Bins: the seconds of a run as so many columns of a picture, without losing or doubling one.
import type { SecondTotals } from '../judge/facts.js';

/** The seconds [fromS, toS) together. */
export interface Bin {
  readonly fromS: number;
  readonly toS: number;
  readonly planned: number;
  readonly ok: number;
}

/**
 * Cuts a run into at most so many bins, as equal as whole seconds allow.
 * @param seconds totals of the seconds that were measured
 * @param durationS length of the picture; beyond what was measured, bins are empty
 */
export function binsOf(seconds: readonly SecondTotals[], durationS: number, columns: number): Bin[] {
  const count = Math.max(1, Math.min(columns, durationS));
  return Array.from({ length: count }, (_, i) => {
    const fromS = Math.floor((i * durationS) / count);
    const toS = Math.floor(((i + 1) * durationS) / count);
    let planned = 0;
    let ok = 0;
    for (const second of seconds.slice(fromS, toS)) {
      planned += second.planned;
      ok += second.ok;
    }
    return { fromS, toS, planned, ok };
  });
}

/** Operations a second of a bin that were planned, and that were ok. */
export function ratesOf({ fromS, toS, planned, ok }: Bin): { plannedPerSec: number; okPerSec: number } {
  const seconds = Math.max(1, toS - fromS);
  return { plannedPerSec: planned / seconds, okPerSec: ok / seconds };
}
