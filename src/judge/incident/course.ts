// The course of an incident in figures: from the onset of the spike to the first outage, and from normal load to well.
import type { Head } from '../../measure/snapshot.js';
import { isSteady, normalRatePerSec, type SecondTotals } from '../facts.js';
import type { Span } from './outages.js';
import { plannedPerSec, type StretchOf, stretchesOf } from './stretches.js';

/** Load is back to normal at this multiple of it. */
export const NORMAL_AGAIN = 1.1;
/** Operations that a mean of the planned rate should hold: then its noise (5 %) is half of what 1.1 × leaves. */
const MEAN_OF = 400;
const MEAN_MIN_S = 5;
/** A mean spans at most this share of the run, or it would hide the fall of the load that it is to date. */
const MEAN_SHARE = 1 / 20;
const WORST_FOR_S = 10;

/** Seconds are of due time; a negative one is before. All of the run after its warm-up. */
export interface Course {
  /** Start of the spike; null where the plan has none. */
  readonly onsetS: number | null;
  /** First time after the peak at which the planned rate is at most 1.1 × normal; null where it is not by the end. */
  readonly normalAtS: number | null;
  /** Start of the first outage − onset; null where there is no outage or no spike. */
  readonly timeToDegradeS: number | null;
  /**
   * End of the last outage − `normalAtS`: negative where it was well again under load, 0 where it was and load was
   * not normal again by the end. Null where there is no outage, no spike, or no end of the outage.
   */
  readonly recoveryS: number | null;
  /** Length of all outages together; one that did not end lasts to the end of what was measured. */
  readonly outageS: number;
  /** planned − ok in outages: operations, as what a visit is worth is not known from counts. */
  readonly lost: number;
  /** The highest share of failures in one second, and in ten in a row; null where nothing was planned. */
  readonly worstSecond: Worst | null;
  readonly worstTenSeconds: Worst | null;
}

/** A stretch that starts at a second, and the share of its operations that failed. */
export interface Worst {
  readonly atS: number;
  readonly share: number;
}

/**
 * @param seconds totals from second 0 on, up to where the result is closed
 * @param spans outages in order of time
 */
export function courseOf(
  head: Head,
  seconds: readonly SecondTotals[],
  spans: readonly Span[],
  fromS: number,
): Course {
  const stretch = stretchesOf(seconds);
  const onsetS = onsetOf(head);
  const normalAtS = normalAgainS(head, stretch, seconds.length);
  const first = spans[0];
  const endOf = ({ endS }: Span): number => endS ?? seconds.length;
  const lostIn = (span: Span): number => {
    const { planned, ok } = stretch(span.startS, endOf(span));
    return planned - ok;
  };
  return {
    onsetS,
    normalAtS,
    timeToDegradeS: onsetS === null || first === undefined ? null : first.startS - onsetS,
    recoveryS: onsetS === null ? null : recoveryOf(spans.at(-1), normalAtS),
    outageS: spans.reduce((sum, span) => sum + endOf(span) - span.startS, 0),
    lost: spans.reduce((sum, span) => sum + lostIn(span), 0),
    worstSecond: worst(stretch, fromS, seconds.length, 1),
    worstTenSeconds: worst(stretch, fromS, seconds.length, WORST_FOR_S),
  };
}

function onsetOf({ phases }: Head): number | null {
  const rising = phases.find(({ name }) => name === 'onset') ?? phases.find(({ name }) => name === 'peak');
  return rising?.startS ?? null;
}

function recoveryOf(last: Span | undefined, normalAtS: number | null): number | null {
  if (last === undefined || last.endS === null) return null;
  return normalAtS === null ? 0 : last.endS - normalAtS;
}

/** The planned rate is known as counts, so it is read from means. */
function normalAgainS(head: Head, stretch: StretchOf, endS: number): number | null {
  const normal = normalRatePerSec(head);
  const peakEndS = head.phases.find(({ name }) => name === 'peak')?.endS;
  if (peakEndS === undefined || isSteady(head) || normal <= 0) return null;
  const widthS = meanLengthS(normal, head.durationS);
  const isNormal = (fromS: number, toS: number): boolean =>
    plannedPerSec(stretch(fromS, toS)) <= NORMAL_AGAIN * normal;
  for (let atS = peakEndS, aheadS: number | null = null; atS < endS; atS++) {
    if (aheadS === null && isNormal(atS, atS + widthS)) aheadS = atS;
    const fromS = atS - Math.floor(widthS / 2);
    if (aheadS === null || !isNormal(fromS, fromS + widthS)) continue;
    // A mean around an instant dates a slope right and a cliff late, a mean ahead of it a cliff right.
    while (aheadS < atS && !isNormal(aheadS, atS)) aheadS++;
    return aheadS;
  }
  return null;
}

/** Seconds that a mean of a rate is taken over, so that it shows more of the rate than of chance. */
function meanLengthS(ratePerSec: number, durationS: number): number {
  const wantedS = Math.max(MEAN_MIN_S, Math.ceil(MEAN_OF / Math.max(ratePerSec, 1e-9)));
  return Math.max(1, Math.min(wantedS, Math.floor(durationS * MEAN_SHARE)));
}

function worst(stretch: StretchOf, fromS: number, toS: number, lengthS: number): Worst | null {
  let found: Worst | null = null;
  // A run that is shorter than the stretch is looked at whole.
  for (let atS = fromS; atS < Math.max(fromS + 1, toS - lengthS + 1); atS++) {
    const { planned, ok } = stretch(atS, atS + lengthS);
    if (planned === 0) continue;
    const share = (planned - ok) / planned;
    if (found === null || share > found.share) found = { atS, share };
  }
  return found;
}
