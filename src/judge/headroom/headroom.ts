// Headroom: what the trials of a search say together of how much more than its plan a target takes.
import { ExitCode } from '../../exit-codes.js';
import type { GateResult } from '../gates/gates.js';
import { type Bracket, bracketOf, type End, inversionOf, type Trial } from './search.js';

/** A trial that was carried out: a whole run of the plan at a multiple of its load. */
export interface TrialRecord extends Trial {
  readonly seed: number;
  readonly planId: string;
  /** The planned peak, requests a second. */
  readonly peakPerSec: number;
  readonly resultFile: string;
  readonly wallUs: number;
  /** The gates that failed, in the scenario's order. */
  readonly failed: readonly GateResult[];
  /** Why it could not be decided, or not be believed; null where it was. */
  readonly reason: string | null;
}

/**
 * Why no further trial was made. `found`: there was nothing left to try; `trials_used`, `time_used`: the budget;
 * `refused`: the next trial may not be sent from here; `stopped_by_target`: a server asked the run to stop;
 * `unreachable`: the target was gone when the next trial was to begin.
 */
export type SearchEnding =
  | 'found'
  | 'trials_used'
  | 'time_used'
  | 'refused'
  | 'interrupted'
  | 'stopped_by_target'
  | 'unreachable';

/**
 * `between`: held at `low`, not at `high`; `at_least`: held at `low`, and nothing higher was looked at;
 * `generator_limited`: the same, as what sends cannot be believed at `high`; `not_shown_above`: held at `low`, while
 * trials at `high` allow both, so near is it to the limit or so few their requests; `less_than`: did not hold at `high`,
 * and nothing lower did; `unknown`: none of these.
 */
export type HeadroomKind =
  | 'between'
  | 'at_least'
  | 'generator_limited'
  | 'not_shown_above'
  | 'less_than'
  | 'unknown';

export interface HeadroomEnd extends End {
  readonly peakPerSec: number;
}

export interface Headroom {
  readonly kind: HeadroomKind;
  readonly ending: SearchEnding;
  /** What the ending says beside its name; null where it says all. */
  readonly endingReason: string | null;
  /** The highest multiple that held. */
  readonly low: HeadroomEnd | null;
  /** The lowest one above it that did not. */
  readonly high: HeadroomEnd | null;
  /** The lowest one that failed: `high`, or above it where what lies between is not decided; null where none did. */
  readonly fails: HeadroomEnd | null;
  /** Why trials at `high` cannot be believed or decided; null where they were. */
  readonly highReason: string | null;
  /** The gate that stands in the way; null where no trial failed. */
  readonly gate: FailingGate | null;
  /** A failed trial at or below one that held: so far do trials of one load differ. */
  readonly inversion: { readonly failedAt: number; readonly heldAt: number } | null;
  readonly exitCode: ExitCode;
}

/** The gate that most of the failed trials failed, as the lowest of them read it. */
export interface FailingGate {
  readonly result: GateResult;
  /** Where it was read. */
  readonly k: number;
  /** Failed trials that failed it, of all failed trials. */
  readonly trials: number;
  readonly of: number;
}

/** Judges a search by its trials, in the order in which they were made. */
export function judgeHeadroom(
  trials: readonly TrialRecord[],
  ending: SearchEnding,
  endingReason: string | null = null,
): Headroom {
  const bracket = bracketOf(trials);
  const low = withRate(bracket.low, trials);
  const high = withRate(bracket.high, trials);
  const kind = kindOf(low, high);
  const doubts = trials.filter(({ k, reason }) => k === high?.k && reason !== null);
  return {
    kind,
    ending,
    endingReason,
    low,
    high,
    fails: withRate(bracket.fails, trials),
    highReason: high?.standing === 'failed' ? null : (doubts[0]?.reason ?? null),
    gate: failingGate(trials),
    inversion: inversionOf(trials),
    exitCode: exitCodeOf(kind, ending, bracket),
  };
}

function withRate(end: End | null, trials: readonly TrialRecord[]): HeadroomEnd | null {
  const trial = trials.find(({ k }) => k === end?.k);
  return end === null || trial === undefined ? null : { ...end, peakPerSec: trial.peakPerSec };
}

function kindOf(low: End | null, high: End | null): HeadroomKind {
  if (high?.standing === 'unsendable') return 'generator_limited';
  if (low !== null && high === null) return 'at_least';
  if (low === null) return high?.standing === 'failed' ? 'less_than' : 'unknown';
  return high?.standing === 'failed' ? 'between' : 'not_shown_above';
}

/**
 * 0 says that the plan holds and where the limit is, or that it is beyond what was to be tried. Where trials near the
 * limit allow both, the limit is known as well as it can be once something above them failed.
 */
function exitCodeOf(kind: HeadroomKind, ending: SearchEnding, { low, high, fails }: Bracket): ExitCode {
  if (ending === 'unreachable') return ExitCode.unreachable;
  if (high?.standing === 'failed' && high.settled && high.k <= 1) return ExitCode.gateFailed;
  if (kind === 'generator_limited' || (ending === 'refused' && kind === 'at_least'))
    return ExitCode.untrustworthy;
  const found = kind === 'at_least' || fails !== null;
  const holds = ending === 'found' && found && (low?.k ?? 0) >= 1;
  return holds ? ExitCode.passed : ExitCode.inconclusive;
}

function failingGate(trials: readonly TrialRecord[]): FailingGate | null {
  const failed = trials.filter(({ outcome }) => outcome === 'failed').sort((a, b) => a.k - b.k);
  const found = new Map<string, FailingGate>();
  for (const { k, failed: gates } of failed) {
    for (const result of gates) {
      const known = found.get(result.gate.text) ?? { result, k, trials: 0, of: failed.length };
      found.set(result.gate.text, { ...known, trials: known.trials + 1 });
    }
  }
  let most: FailingGate | null = null;
  for (const gate of found.values()) if (gate.trials > (most?.trials ?? 0)) most = gate;
  return most;
}
