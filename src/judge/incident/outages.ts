// Outages: from when to when the shop was broken, read from failures by second of due time, with hysteresis.
import type { SecondTotals } from '../facts.js';
import { wilson } from '../statistics/wilson.js';

/** Broken: surely over this share of failures. */
export const BROKEN = 0.05;
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
  /** Good seconds that end an outage, and how many they may be where few operations are due. */
  readonly closeForS: number;
  readonly wellMaxS: number;
  /** Outages that are closer than this are one. */
  readonly mergeS: number;
}

export function patienceFor(runS: number): Patience {
  const scale = Math.min(1, runS / FULL_RUN_S);
  return {
    closeForS: Math.max(2, Math.ceil(10 * scale)),
    wellMaxS: Math.max(5, Math.ceil(60 * scale)),
    mergeS: Math.max(3, Math.ceil(15 * scale)),
  };
}

/**
 * Outages by hysteresis. One opens when the trailing five seconds are surely over 5 % failed, three seconds in a
 * row, and is dated back to the change point. It closes when the trailing `closeForS` seconds are surely under 1 %
 * failed, and is dated back to the last second up to which more than 1 % failed.
 * A window grows until it holds enough operations to show 1 %; where even the longest holds fewer, it must be
 * without a failure.
 */
export function outages(seconds: readonly SecondTotals[], patience: Patience): Span[] {
  const window = trailing(seconds);
  const found: Span[] = [];
  let startS: number | null = null;
  let broken = 0;
  for (let t = 0; t < seconds.length; t++) {
    if (startS === null) {
      const { n, bad } = window(t, TRAILING_S);
      broken = n > 0 && wilson(bad, n).low > BROKEN ? broken + 1 : 0;
      if (broken < OPEN_FOR_S) continue;
      startS = firstBroken(seconds, t, found.at(-1)?.endS ?? 0);
    } else {
      if (!isWell(window, t, startS, patience)) continue;
      found.push({ startS, endS: lastOver(seconds, WELL, startS, t + 1) + 1 });
      startS = null;
      broken = 0;
    }
  }
  if (startS !== null) found.push({ startS, endS: null });
  return merged(found, patience.mergeS);
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

function isWell(window: Window, t: number, startS: number, { closeForS, wellMaxS }: Patience): boolean {
  if (t - startS < closeForS) return false;
  for (let lengthS = closeForS; lengthS <= wellMaxS; lengthS++) {
    const { n, bad } = window(t, lengthS);
    if (n >= ENOUGH) return wilson(bad, n).high < WELL;
  }
  const { n, bad } = window(t, wellMaxS);
  return n > 0 && bad === 0;
}

/**
 * The second from which on more than BROKEN failed, all in all, until an outage was sure: the change point that a
 * cumulative sum of failures beyond that share shows by its lowest place. One failed second among few operations
 * does not move it.
 */
function firstBroken(seconds: readonly SecondTotals[], opened: number, fromS: number): number {
  let first = opened;
  let beyond = 0;
  let most = 0;
  for (let t = opened; t >= fromS; t--) {
    beyond += beyondShare(seconds[t] as SecondTotals, BROKEN);
    if (beyond > most) {
      most = beyond;
      first = t;
    }
  }
  return first;
}

/**
 * The last second of [fromS, toS) up to which more than a share failed: by the highest place of the same sum.
 * `fromS` itself where the share was never passed.
 */
export function lastOver(
  seconds: readonly SecondTotals[],
  share: number,
  fromS: number,
  toS: number,
): number {
  let last = fromS;
  let beyond = 0;
  let most = 0;
  for (let t = fromS; t < toS; t++) {
    beyond += beyondShare(seconds[t] as SecondTotals, share);
    if (beyond > most) {
      most = beyond;
      last = t;
    }
  }
  return last;
}

/** Failures of a second over what a share of its operations would be. */
function beyondShare({ planned, ok }: SecondTotals, share: number): number {
  return planned - ok - share * planned;
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
