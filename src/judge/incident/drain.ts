// The drain benchmark: how long the shop was unwell after the load, against how long its backlog could have taken.
import type { Course } from './course.js';
import type { Span } from './outages.js';
import { okPerSec, plannedPerSec, type StretchOf } from './stretches.js';

/** Longer than so many times the drain of all that was not served is more than a backlog. */
const SUSPICIOUS = 3;
/** Seconds of load after the peak that a mean of it needs. */
const AFTER_MIN_S = 5;

/** A suspicion, never a verdict: only a run without retries that recovers would show that retries keep it down. */
export interface Drain {
  /**
   * Seconds in which goodput at the plateau, less the load afterwards, would have served all that was beyond it; null
   * where that goodput was no more than that load: at it, a backlog would never be served.
   */
  readonly drainS: number | null;
  /** Seconds from load back at normal to the end of the outage, or to the end of what was measured. */
  readonly unwellS: number;
  /** `unwellS` over `drainS`; null where that is null or 0. */
  readonly ratio: number | null;
  /** Unwell at a normal load for more than three times as long as a backlog explains: as a metastable failure is. */
  readonly suspicious: boolean;
}

/**
 * t_drain = ∫ (λ − μ)⁺ dt / (μ − λ_after), μ the goodput of the outage while the load was over normal.
 * @param leastS unwell for less is how well ends of outages can be dated
 * @returns null where the load did not come back to normal, or the outage did not begin over it
 */
export function drainOf(
  stretch: StretchOf,
  { startS, endS }: Span,
  { onsetS, normalAtS }: Course,
  measuredS: number,
  leastS: number,
): Drain | null {
  if (onsetS === null || normalAtS === null || startS < onsetS || startS >= normalAtS) return null;
  const after = stretch(normalAtS, measuredS);
  if (after.lengthS < AFTER_MIN_S) return null;
  const lastS = endS ?? measuredS;
  const loadedToS = Math.min(lastS, normalAtS);
  const plateau = okPerSec(stretch(startS, loadedToS));
  let beyond = 0;
  for (let t = startS; t < loadedToS; t++) beyond += Math.max(0, stretch(t, t + 1).planned - plateau);
  const spare = plateau - plannedPerSec(after);
  const drainS = spare > 0 ? beyond / spare : null;
  const unwellS = lastS - normalAtS;
  const ratio = drainS === null || drainS === 0 ? null : Math.max(0, unwellS) / drainS;
  const explained = drainS !== null && unwellS <= SUSPICIOUS * drainS;
  return { drainS, unwellS, ratio, suspicious: unwellS >= leastS && !explained };
}
