// Sums over stretches of a run, from running totals: any stretch costs the same, however long it is.
import type { SecondTotals } from '../facts.js';

/** The seconds [fromS, toS) together, cut to what was measured. */
export interface Stretch extends SecondTotals {
  /** How many seconds of it were measured. */
  readonly lengthS: number;
}

export type StretchOf = (fromS: number, toS: number) => Stretch;

export function stretchesOf(seconds: readonly SecondTotals[]): StretchOf {
  const planned = new Float64Array(seconds.length + 1);
  const ok = new Float64Array(seconds.length + 1);
  seconds.forEach((second, i) => {
    planned[i + 1] = (planned[i] as number) + second.planned;
    ok[i + 1] = (ok[i] as number) + second.ok;
  });
  const inside = (s: number): number => Math.min(seconds.length, Math.max(0, Math.floor(s)));
  return (fromS, toS) => {
    const [from, to] = [inside(fromS), inside(toS)];
    return {
      lengthS: Math.max(0, to - from),
      planned: Math.max(0, (planned[to] as number) - (planned[from] as number)),
      ok: Math.max(0, (ok[to] as number) - (ok[from] as number)),
    };
  };
}

/** The stretch of so many seconds around a second; at the edges of a run, what there is of it. */
export function around(stretch: StretchOf, atS: number, widthS: number): Stretch {
  const fromS = atS - Math.floor(widthS / 2);
  return stretch(fromS, fromS + widthS);
}

/** Planned operations a second; 0 where nothing was measured. */
export function plannedPerSec({ planned, lengthS }: Stretch): number {
  return lengthS === 0 ? 0 : planned / lengthS;
}

/** Goodput: operations a second that were ok; 0 where nothing was measured. */
export function okPerSec({ ok, lengthS }: Stretch): number {
  return lengthS === 0 ? 0 : ok / lengthS;
}
