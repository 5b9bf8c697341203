// Outages: from when to when the shop was broken, read from failures by second of due time, with hysteresis.
import type { SecondTotals } from '../facts.js';

/** One-sided 95 %. */
const Z = 1.64;
/** Broken: surely over this share of failures. */
const BROKEN = 0.05;
/** Well: surely under this share of failures. */
const WELL = 0.01;
/** Operations from which a window without a failure shows less than WELL: z² (1/WELL − 1). */
const ENOUGH = 270;
const TRAILING_S = 5;
const OPEN_FOR_S = 3;
/** Runs shorter than this have their closing times scaled down in proportion. */
const FULL_RUN_S = 180;

/** A stretch of due time in which the shop was broken. */
export interface Span {
  readonly startS: number;
  /** The first second in which it was well again; null where it was not well by the end. */
  readonly endS: number | null;
}

/**
 * The seconds it takes to call an outage over, and to call two of them one. A run under three minutes has no time
 * for ten good seconds and a gap of fifteen, so they shrink with its length: at 40 s to 3 and 4.
 */
export interface Patience {
  /** Good seconds in a row that end an outage. */
  readonly closeForS: number;
  /** The shortest and longest trailing window that a good second is judged by. */
  readonly wellMinS: number;
  readonly wellMaxS: number;
  /** Outages that are closer than this are one. */
  readonly mergeS: number;
}

export function patienceFor(runS: number): Patience {
  const scale = Math.min(1, runS / FULL_RUN_S);
  return {
    closeForS: Math.max(2, Math.ceil(10 * scale)),
    wellMinS: Math.max(2, Math.ceil(TRAILING_S * scale)),
    wellMaxS: Math.max(5, Math.ceil(60 * scale)),
    mergeS: Math.max(3, Math.ceil(15 * scale)),
  };
}

/**
 * Outages by hysteresis. One opens when the trailing five seconds are surely over 5 % failed, three seconds in a
 * row, and is dated back to the first second that was. It closes when trailing windows are surely under 1 %
 * failed for `closeForS` seconds, and is dated back to the second after the last one that was over 1 %.
 * A window grows until it holds enough operations to show 1 %; where even the longest holds fewer, it must be
 * without a failure.
 */
export function outages(seconds: readonly SecondTotals[], patience: Patience): Span[] {
  const window = trailing(seconds);
  const found: Span[] = [];
  let startS: number | null = null;
  let broken = 0;
  let well = 0;
  for (let t = 0; t < seconds.length; t++) {
    if (startS === null) {
      const { n, bad } = window(t, TRAILING_S);
      broken = n > 0 && wilson(bad, n).low > BROKEN ? broken + 1 : 0;
      if (broken < OPEN_FOR_S) continue;
      startS = firstBroken(seconds, t - OPEN_FOR_S + 1);
      well = 0;
    } else {
      well = isWell(window, t, patience) ? well + 1 : 0;
      if (well < patience.closeForS) continue;
      found.push({ startS, endS: lastUnwell(seconds, t, startS) + 1 });
      startS = null;
      broken = 0;
    }
  }
  if (startS !== null) found.push({ startS, endS: null });
  return merged(found, patience.mergeS);
}

/** Wilson's score interval of a proportion; one-sided 95 % where no other z is given. */
export function wilson(hits: number, n: number, z = Z): { low: number; high: number } {
  const p = hits / n;
  const z2 = z * z;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Share of a second's operations that failed; 0 where nothing was due. */
export function badShare({ planned, ok }: SecondTotals): number {
  return planned === 0 ? 0 : (planned - ok) / planned;
}

type Window = (t: number, lengthS: number) => { n: number; bad: number };

/** Sums over the seconds (t − length, t], from running totals. */
function trailing(seconds: readonly SecondTotals[]): Window {
  const n = [0];
  const bad = [0];
  seconds.forEach(({ planned, ok }, i) => {
    n.push((n[i] as number) + planned);
    bad.push((bad[i] as number) + planned - ok);
  });
  return (t, lengthS) => {
    const from = Math.max(0, t + 1 - lengthS);
    return {
      n: (n[t + 1] as number) - (n[from] as number),
      bad: (bad[t + 1] as number) - (bad[from] as number),
    };
  };
}

function isWell(window: Window, t: number, { wellMinS, wellMaxS }: Patience): boolean {
  for (let lengthS = wellMinS; lengthS <= wellMaxS; lengthS++) {
    const { n, bad } = window(t, lengthS);
    if (n >= ENOUGH) return wilson(bad, n).high < WELL;
  }
  const { n, bad } = window(t, wellMaxS);
  return n > 0 && bad === 0;
}

function firstBroken(seconds: readonly SecondTotals[], opened: number): number {
  for (let t = Math.max(0, opened - TRAILING_S + 1); t < opened; t++) {
    if (badShare(seconds[t] as SecondTotals) > BROKEN) return t;
  }
  return opened;
}

function lastUnwell(seconds: readonly SecondTotals[], closed: number, startS: number): number {
  let t = closed;
  while (t > startS && badShare(seconds[t] as SecondTotals) <= WELL) t--;
  return t;
}

function merged(spans: readonly Span[], mergeS: number): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last !== undefined && last.endS !== null && span.startS - last.endS < mergeS) {
      out[out.length - 1] = { startS: last.startS, endS: span.endS };
    } else {
      out.push(span);
    }
  }
  return out;
}
