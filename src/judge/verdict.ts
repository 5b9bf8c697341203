// The verdict: everything that a result means, from its snapshot and the scenario's gates.
import { ExitCode } from '../exit-codes.js';
import type { Snapshot } from '../measure/snapshot.js';
import type { Gate } from '../scenario/gate.js';
import type { Phase, PhaseName } from '../scenario/plan.js';
import { isComplete } from './facts.js';
import { evaluateGate, type GateResult } from './gates/gates.js';
import { findIncident, type Incident } from './incident/incident.js';
import { type TimelineEntry, timelineOf } from './incident/timeline.js';
import { type Comparison, compareWithRecorded } from './recorded.js';
import { type Composition, slowest } from './tail.js';
import { type Fidelity, fidelityOf } from './validity/fidelity.js';
import type { Validity } from './validity/finding.js';
import { judgeValidity } from './validity/validity.js';

/** `no_gates`: the load was replayed, and nobody had said what holding means. */
export type Verdict = 'held' | 'did_not_hold' | 'untrustworthy' | 'inconclusive' | 'no_gates';

export interface Judgement {
  readonly verdict: Verdict;
  /** Without regard to an interruption, which the caller knows of and which wins. */
  readonly exitCode: ExitCode;
  /** What the verdict rests on; empty where all is well. */
  readonly reasons: readonly Reason[];
  readonly gates: readonly GateResult[];
  readonly validity: Validity;
  readonly incident: Incident;
  /** What happened, in order of time. */
  readonly timeline: readonly TimelineEntry[];
  /** What was recorded beside what was replayed; null where nothing was recorded. */
  readonly recorded: Comparison | null;
  /** Composition of the slowest 1 % per phase, in the order of the head's phases. */
  readonly phases: readonly PhaseComposition[];
  /** Share of the slowest 1 % of the whole run that was ours; null where nothing was answered. */
  readonly generatorShare: number | null;
  /** Sent against planned; null where nothing was to be fired. */
  readonly fidelity: Fidelity | null;
}

/** Why a verdict is what it is: an id that scripts can rely on, and a sentence. */
export interface Reason {
  readonly id: string;
  readonly text: string;
}

export interface PhaseComposition {
  readonly phase: PhaseName;
  readonly slowest: Composition | null;
  /** Whether timeouts are among the responses, so that times of the slowest are lower bounds. */
  readonly cut: boolean;
}

/**
 * Judges a result. Precedence: untrustworthy, a failed gate, inconclusive, held; so a slow laptop never fails a
 * shop, and never passes one. A gate that passes on an incomplete result is inconclusive.
 * @param gates those of the result's head where no others are given
 */
export function judge(snapshot: Snapshot, gates: readonly Gate[] = snapshot.head.gates): Judgement {
  const incident = findIncident(snapshot);
  const results = gates.map((gate) => evaluateGate(snapshot, gate, () => incident));
  const validity = judgeValidity(snapshot, gates);
  return {
    ...conclude(results, validity, isComplete(snapshot)),
    gates: results,
    validity,
    incident,
    timeline: timelineOf(snapshot, incident, validity),
    recorded: compareWithRecorded(snapshot),
    phases: compositions(snapshot),
    generatorShare: slowest(slicesIn(snapshot, ({ name }) => name !== 'warmup'))?.oursShare ?? null,
    fidelity: fidelityOf(snapshot),
  };
}

function conclude(
  gates: readonly GateResult[],
  validity: Validity,
  complete: boolean,
): Pick<Judgement, 'verdict' | 'exitCode' | 'reasons'> {
  const invalid = validity.findings.filter(({ level }) => level === 'invalid');
  if (invalid.length > 0) {
    const reasons = invalid.map(({ id, message }) => ({ id, text: message }));
    return { verdict: 'untrustworthy', exitCode: ExitCode.untrustworthy, reasons };
  }
  const failed = gates.filter(({ result }) => result === 'fail');
  if (failed.length > 0) {
    const reasons = failed.map(({ gate, reason }) => ({ id: 'gate_failed', text: because(gate, reason) }));
    return { verdict: 'did_not_hold', exitCode: ExitCode.gateFailed, reasons };
  }
  if (gates.length === 0) return { verdict: 'no_gates', exitCode: ExitCode.passed, reasons: [] };
  const open = gates
    .filter(({ result }) => result === 'no_data' || result === 'inconclusive')
    .map(({ gate, result, reason }) => ({ id: `gate_${result}`, text: because(gate, reason) }));
  const cut = complete
    ? []
    : [{ id: 'incomplete', text: 'the run is incomplete: what was not sent cannot be passed' }];
  if (open.length + cut.length > 0) {
    return { verdict: 'inconclusive', exitCode: ExitCode.inconclusive, reasons: [...cut, ...open] };
  }
  return { verdict: 'held', exitCode: ExitCode.passed, reasons: [] };
}

function because(gate: Gate, reason: string | null): string {
  return reason === null ? gate.text : `${gate.text}: ${reason}`;
}

/** One after the other: all of a long run at once are too much to hold. */
function* slicesIn({ head, slices }: Snapshot, takes: (phase: Phase, index: number) => boolean) {
  for (const slice of slices.values()) {
    const phase = head.phases[slice.phase];
    if (phase !== undefined && takes(phase, slice.phase)) yield slice;
  }
}

function compositions(snapshot: Snapshot): PhaseComposition[] {
  return snapshot.head.phases.map(({ name }, phase) => {
    const groups = [...snapshot.groups.values()].filter((group) => group.phase === phase);
    return {
      phase: name,
      slowest: slowest(slicesIn(snapshot, (_, i) => i === phase)) ?? null,
      cut: groups.some(({ response }) => response.cuts > 0),
    };
  });
}
