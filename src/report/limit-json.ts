// The report of a search for headroom as data, and as JSON: names that a script can rely on.
import type { Headroom, HeadroomEnd, TrialRecord } from '../judge/headroom/headroom.js';
import type { SearchSettings } from '../judge/headroom/search.js';
import type { LimitJson } from './limit-schema.js';
import { gateSummary } from './summary/gates.js';
import { round } from './summary/rounded.js';

/** How a search is made, as it is said beforehand. */
export interface SearchPlan extends SearchSettings {
  /** The stream that alone is multiplied; null: all of them. */
  readonly vary: string | null;
  /** What bounds `max`, where that was not asked for; null: nothing else does. */
  readonly maxReason: string | null;
  /** Trials of a usual search. */
  readonly trialsExpected: number;
  /** The planned peak at 1, at `from` and at `max`, requests a second. */
  readonly peaksPerSec: { readonly plan: number; readonly from: number; readonly max: number };
  readonly budgetUs: number | null;
  readonly coolDownUs: number;
  /** The most that one trial takes. */
  readonly trialUs: number;
}

/** A search that was carried out. */
export interface LimitReport {
  readonly scenario: string;
  readonly target: string;
  readonly search: SearchPlan;
  readonly trials: readonly TrialRecord[];
  readonly headroom: Headroom;
  /** The headroom's, or that of the signal that ended the search. */
  readonly exitCode: number;
}

export function limitJson({ scenario, target, search, trials, headroom, exitCode }: LimitReport): LimitJson {
  const { kind, ending, endingReason, low, high, fails, highReason, gate, inversion } = headroom;
  const { from, min, max, maxReason, within, trialsMax, budgetUs, coolDownUs, trialUs, vary } = search;
  return {
    scenario,
    target,
    exitCode,
    kind,
    low: endJson(low),
    high: endJson(high),
    fails: endJson(fails),
    highReason,
    margin: low?.k ?? null,
    firstGate: gate && {
      ...gateSummary(gate.result),
      k: gate.k,
      failedTrials: gate.trials,
      ofFailedTrials: gate.of,
    },
    inversion,
    ending,
    endingReason,
    varied: vary,
    search: {
      from,
      min,
      max,
      maxReason,
      within,
      trialsMax,
      budgetS: budgetUs === null ? null : round(budgetUs / 1e6, 3),
      coolDownS: round(coolDownUs / 1e6, 3),
      trialS: round(trialUs / 1e6, 3),
    },
    trials: trials.map(({ k, peakPerSec, seed, planId, outcome, failed, reason, wallUs, resultFile }) => ({
      k,
      peakPerSec: round(peakPerSec, 3),
      seed,
      planId,
      outcome,
      failedGates: failed.map(({ gate }) => gate.text),
      reason,
      wallS: round(wallUs / 1e6, 3),
      resultFile,
    })),
  };
}

function endJson(end: HeadroomEnd | null): LimitJson['low'] {
  if (end === null) return null;
  const { k, peakPerSec, standing, settled, agreeing, trials } = end;
  return { k, peakPerSec: round(peakPerSec, 3), standing, settled, agreeing, trials };
}
