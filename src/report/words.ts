// How figures and verdicts read in reports, so that the same thing has the same word everywhere.
import type { Outage } from '../judge/incident/incident.js';
import type { Verdict } from '../judge/verdict.js';
import type { Reading } from '../measure/distribution.js';
import type { PlanWindow } from '../scenario/plan.js';
import { formatDuration, formatOffset } from '../units.js';
import type { Style } from './paint.js';

/** What stands where there is no data. */
export const NONE = '–';

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  held: 'HELD',
  did_not_hold: 'DID NOT HOLD',
  untrustworthy: 'NOT TRUSTWORTHY',
  inconclusive: 'INCONCLUSIVE',
  no_gates: 'REPLAYED',
};

export const VERDICT_BADGES: Readonly<Record<Verdict, Style>> = {
  held: 'goodBadge',
  did_not_hold: 'badBadge',
  untrustworthy: 'warnBadge',
  inconclusive: 'warnBadge',
  no_gates: 'goodBadge',
};

/** From where to where of the plan: `10:00–20:00`. */
export function formatWindow({ fromUs, toUs }: PlanWindow): string {
  return `${formatOffset(fromUs)}–${formatOffset(toUs)}`;
}

/** A duration that was read: `≥ 10 s` where it was cut at the timeout. */
export function formatReading(reading: Reading | undefined): string {
  if (reading === undefined) return NONE;
  return `${reading.atLeast ? '≥ ' : ''}${formatDuration(reading.us)}`;
}

/** Where in the plan's shape an outage began: `7 s into the rise`; empty for a steady plan. */
export function formatPlace({ phase, intoPhaseS }: Outage): string {
  const stretch = { onset: 'the rise', peak: 'the peak', decay: 'the fall' } as const;
  if (phase === 'before') return 'before the rise';
  if (phase === 'after') return 'after the spike';
  if (phase === 'steady' || phase === 'warmup') return '';
  return intoPhaseS === 0
    ? `as ${stretch[phase]} began`
    : `${formatDuration(intoPhaseS * 1e6)} into ${stretch[phase]}`;
}

/** `1 request`, `2 requests`. */
export function plural(n: number, formatted: string, noun: string): string {
  return `${formatted} ${noun}${n === 1 ? '' : 's'}`;
}
