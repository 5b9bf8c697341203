// The ceiling of a machine: which step of a calibration is the highest that kept its times, and how a plan stands to it.
import type { Calibration, CeilingUse, Step } from '../measure/calibration.js';
import { formatCount, formatRate, formatShare } from '../units.js';

/**
 * Later than this at the 99 % quantile, a step did not keep its times. A sender that falls behind is late by tens of
 * milliseconds within a second; what a busy machine stalls it for is mostly less, and told as the noise floor.
 */
export const KEPT_LAG_P99_US = 10_000;
/** Of a step's requests, what may be missing: the share of unsent requests that makes a run invalid. */
const MISSING_MAX = 0.001;
/** Above these shares of the ceiling a planned peak is refused, and warned of: what is left is for stalls and bursts. */
const REFUSED_ABOVE = 0.7;
const WARNED_ABOVE = 0.5;
/**
 * Peaks up to this rate, requests a second, need no calibration. The dearest requests are those of a process that has
 * just started, some 250 µs of a core each: at this rate, 5 % of one.
 */
const NEGLIGIBLE_PER_SEC = 200;
const OLD_DAYS = 30;

/** Whether a step kept its times: nothing late, nothing missing. */
export function held({ planned, ok, lagP99Us }: Step): boolean {
  return planned > 0 && lagP99Us <= KEPT_LAG_P99_US && planned - ok <= planned * MISSING_MAX;
}

/**
 * The highest step that kept its times. A single step that did not, between two that did, is a stall of the machine's;
 * two in a row are its limit, and what comes after them is not looked at.
 * @param steps in ascending order of rate
 * @returns its index; -1 if none did
 */
export function ceilingOf(steps: readonly Step[]): number {
  let highest = -1;
  let failed = 0;
  for (const [i, step] of steps.entries()) {
    if (held(step)) {
      highest = i;
      failed = 0;
    } else if (++failed === 2) break;
  }
  return highest;
}

/** The step whose rate is nearest to half of the ceiling's, of those that kept their times. */
export function halfOf(steps: readonly Step[], ceiling: Step): Step {
  const distance = (step: Step) => Math.abs(step.ratePerSec - ceiling.ratePerSec / 2);
  return steps.filter(held).reduce((best, step) => (distance(step) < distance(best) ? step : best), ceiling);
}

/**
 * How a peak stands to a ceiling. A worker shares nothing with the next but the machine, so rates go by workers, but not
 * beyond the cores that there are: one is left to the thread that merges.
 * @param peakPerSec of this process's shard
 */
export function useOf(calibration: Calibration, peakPerSec: number, workers: number): CeilingUse {
  const most = Math.max(calibration.workers, Math.floor(calibration.cores) - 1);
  const perWorker = calibration.ceilingPerSec / calibration.workers;
  const ceilingPerSec = Math.round(perWorker * Math.min(workers, most));
  return {
    ceilingPerSec,
    share: Number((peakPerSec / ceilingPerSec).toFixed(4)),
    measuredAt: calibration.measuredAt,
  };
}

/** What a planned peak comes to, in words; `refused` and `warnings` may both be empty. */
export interface CeilingVerdict {
  /** Why it should not be run; null if it may. */
  readonly refused: string | null;
  readonly warnings: readonly string[];
}

/**
 * Judges a peak by the ceiling that is known.
 * @param use null: this machine has no calibration of this kind
 * @param command that would measure it
 * @param nowMs for the age of the calibration
 */
export function judgeCeiling(
  use: CeilingUse | null,
  peakPerSec: number,
  command: string,
  nowMs: number,
): CeilingVerdict {
  if (use === null) {
    if (peakPerSec <= NEGLIGIBLE_PER_SEC) return { refused: null, warnings: [] };
    const warning = `what this machine can send is not known; ${command} measures it, in half a minute`;
    return { refused: null, warnings: [warning] };
  }
  const days = ageDays(use.measuredAt, nowMs);
  const said = `the plan's peak of ${formatRate(peakPerSec)} is ${formatShare(use.share)} of what this machine's senders can do, ${formatRate(use.ceilingPerSec)}`;
  const warnings = days > OLD_DAYS ? [`the calibration is ${formatCount(days)} days old: ${command}`] : [];
  if (use.share > REFUSED_ABOVE)
    return { refused: `${said}; above ${formatShare(REFUSED_ABOVE)} it could not be believed`, warnings };
  if (use.share > WARNED_ABOVE) warnings.unshift(`${said}: stalls will show`);
  return { refused: null, warnings };
}

/** Whole days since; 0 for what lies ahead. */
export function ageDays(measuredAt: string, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - Date.parse(measuredAt)) / 86_400e3));
}
