// The knee: the most that a shop served before it broke under load, which is its capacity at that moment.
import type { SecondTotals } from '../facts.js';
import { levelsOf } from './levels.js';
import { badShare, type Span } from './outages.js';
import { okPerSec, plannedPerSec, type Stretch, type StretchOf } from './stretches.js';

/** A higher level of goodput is a step of capacity from this on; less is drift, as the last idle moments go. */
export const STEP = 1.04;
/** Demand so far over a level leaves no idle moments: what is served more then is capacity. */
const SURELY_OVER = 1.25;
/** Demand and failures before and after a step are compared over so long. */
const BESIDE_S = 10;
/** What is served while the line fills is served late; a level that is so short and higher is that. */
const FILLING_S = 5;
/** A rate was held when it was over so many seconds, with at most so many failures. */
const HELD_S = 10;
const HELD_WITH_BAD = 0.01;
/** Goodput under this share of what was held is a collapse. */
export const COLLAPSED = 0.8;

export interface Knee {
  /** Operations a second. */
  readonly ratePerSec: number;
  /** Start of the outage that showed it. */
  readonly atS: number;
  /** When goodput first stepped over the knee while the shop was saturated; null where it did not. */
  readonly steppedUpS: number | null;
}

/** A stretch in which one goodput was all that the shop gave. */
interface Plateau {
  readonly fromS: number;
  readonly toS: number;
  readonly okPerSec: number;
}

/**
 * The goodput of a saturated shop, before capacity was added, is its capacity. A shop whose goodput collapses as soon
 * as it is overloaded had served more: then it is the most that it served before (`servedBefore`). Null where the
 * outage was not brought by load, as that much had been served before.
 * @param span the first outage
 * @param answeredInS how long the answers took to what was due just before it
 */
export function kneeOf(
  seconds: readonly SecondTotals[],
  stretch: StretchOf,
  span: Span,
  fromS: number,
  answeredInS: number,
): Knee | null {
  const endS = span.endS ?? seconds.length;
  const held = highest(
    stretch,
    fromS,
    span.startS,
    okPerSec,
    ({ planned, ok }) => ok >= (1 - HELD_WITH_BAD) * planned,
  );
  if (highest(stretch, span.startS, endS, plannedPerSec) <= held) return null;
  const { base, stepped } = firstStep(stretch, plateausOf(seconds, span.startS, endS));
  if (base === null) return null;
  const ratePerSec =
    base.okPerSec < COLLAPSED * held ? servedBefore(stretch, fromS, span.startS, answeredInS) : base.okPerSec;
  const steppedUp = stepped !== null && stepped.okPerSec > STEP * ratePerSec;
  return { ratePerSec, atS: span.startS, steppedUpS: steppedUp ? stepped.fromS : null };
}

/**
 * The most that was served of any stretch up to an instant, operations a second. What was due in the stretch was all
 * answered within `answeredInS` of its end, so that the shop had so much longer for it: a long line takes in far more
 * than is served, for as long as clients wait. It is a lower bound of the capacity, and the stretch in which the shop
 * was saturated comes close to it.
 */
function servedBefore(stretch: StretchOf, fromS: number, toS: number, answeredInS: number): number {
  let most = 0;
  for (let t = fromS; t < toS; t++) {
    const tookS = toS - t + answeredInS;
    if (tookS < HELD_S && t > fromS) break;
    most = Math.max(most, stretch(t, toS).ok / tookS);
  }
  return most;
}

/** The highest of a figure of ten seconds in [fromS, toS) that are to be looked at; 0 where there are none. */
function highest(
  stretch: StretchOf,
  fromS: number,
  toS: number,
  figure: (ten: Stretch) => number,
  looksAt: (ten: Stretch) => boolean = () => true,
): number {
  let most = 0;
  const lengthS = Math.min(HELD_S, toS - fromS);
  for (let t = fromS; t + lengthS <= toS; t++) {
    const ten = stretch(t, t + lengthS);
    if (looksAt(ten)) most = Math.max(most, figure(ten));
  }
  return most;
}

function plateausOf(seconds: readonly SecondTotals[], startS: number, endS: number): Plateau[] {
  const levels = levelsOf(seconds.slice(startS, endS).map(({ ok }) => ok));
  const plateaus = levels.map(({ from, to, mean }) => ({
    fromS: startS + from,
    toS: startS + to,
    okPerSec: mean,
  }));
  const [first, second] = plateaus;
  if (first === undefined || second === undefined) return plateaus;
  const fills = first.toS - first.fromS <= FILLING_S && second.okPerSec < first.okPerSec;
  return fills ? plateaus.slice(1) : plateaus;
}

/** The level before the first step of capacity, and the one after. */
function firstStep(stretch: StretchOf, plateaus: readonly Plateau[]) {
  let base: Plateau | null = null;
  for (const plateau of plateaus) {
    if (base === null) base = plateau;
    else if (plateau.okPerSec > STEP * base.okPerSec) {
      if (isCapacity(stretch, plateau)) return { base, stepped: plateau };
      base = plateau;
    }
  }
  return { base, stepped: null };
}

/**
 * Whether goodput rose because more could be served: fewer failed, or demand was far beyond it all along. At the
 * edge of saturation it rises with demand too, as idle moments go; but then more fail as well.
 */
function isCapacity(stretch: StretchOf, { fromS, okPerSec: level }: Plateau): boolean {
  const before = stretch(fromS - BESIDE_S, fromS);
  const after = stretch(fromS, fromS + BESIDE_S);
  return plannedPerSec(before) >= SURELY_OVER * level || badShare(after) < badShare(before);
}
