// The autoscaler's lag as seen from outside: from when demand exceeded capacity until more, and enough, was served.
import type { SecondTotals } from '../facts.js';
import { type Knee, STEP } from './knee.js';
import { BROKEN, lastOver, type Span } from './outages.js';
import { exceededAt } from './rise.js';
import type { StretchOf } from './stretches.js';

/** More than the knee is served when it is over any of these stretches, by a step and more than chance. */
const SERVED_FOR_S: readonly number[] = [10, 20, 40, 60];
/** One-sided 95 %, of counts. */
const CHANCE = 1.64;

/** Instants are seconds of due time, not whole; lags are seconds. Null is what could not be seen. */
export interface Scaler {
  /** When the planned rate rose past the knee. */
  readonly exceededAtS: number;
  /** When it first served more than the knee, demand being over it: the first of what was added to it served. */
  readonly reactedAtS: number | null;
  /** `reactedAtS` − `exceededAtS`. */
  readonly reactionS: number | null;
  /** When it served at least 95 % of the demand again, demand still being over the knee. */
  readonly enoughAtS: number | null;
  /** `enoughAtS` − `exceededAtS`. */
  readonly enoughS: number | null;
}

/**
 * Read from goodput alone: an instance that serves is seen, one that was ordered is not. Null where demand was not
 * over the knee.
 * @param span the outage that showed the knee
 */
export function scalerOf(
  seconds: readonly SecondTotals[],
  stretch: StretchOf,
  span: Span,
  knee: Knee,
  fromS: number,
): Scaler | null {
  const { ratePerSec, steppedUpS } = knee;
  const exceededAtS = exceededAt(seconds, ratePerSec, fromS, span.endS ?? seconds.length);
  if (exceededAtS === null) return null;
  const enoughAtS = enoughAt(seconds, stretch, span, ratePerSec);
  const reactedAtS = steppedUpS ?? enoughAtS;
  return {
    exceededAtS,
    reactedAtS,
    reactionS: reactedAtS === null ? null : Math.max(0, reactedAtS - exceededAtS),
    enoughAtS,
    enoughS: enoughAtS === null ? null : Math.max(0, enoughAtS - exceededAtS),
  };
}

/** Null where it then served no more than the knee: demand had left, and nothing shows that it was enough. */
function enoughAt(
  seconds: readonly SecondTotals[],
  stretch: StretchOf,
  { startS, endS }: Span,
  kneePerSec: number,
): number | null {
  if (endS === null) return null;
  const atS = lastOver(seconds, BROKEN, startS, endS) + 1;
  const served = SERVED_FOR_S.some((forS) => {
    const { ok, lengthS } = stretch(atS, atS + forS);
    const most = kneePerSec * lengthS;
    return ok > STEP * most + CHANCE * Math.sqrt(most);
  });
  return served ? atS : null;
}
