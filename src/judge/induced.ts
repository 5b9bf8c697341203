// Induced load: what clients and people sent again because requests failed, beside what was offered.
import type { Counts } from '../measure/cell.js';
import { OUTCOME_INDEX } from '../measure/outcome.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import type { PhaseName } from '../scenario/plan.js';
import { SLICE_OPERATIONS_MIN } from './validity/fidelity.js';

/** Attempts made again, of so many operations whose first attempt was fired. */
export interface Amplified {
  readonly operations: number;
  readonly again: number;
  /** (operations + again) / operations; null where nothing was fired. */
  readonly amplification: number | null;
}

export interface Induced {
  readonly whole: Amplified;
  /** Share of all attempts that were made again; null where there were none. */
  readonly share: number | null;
  readonly retries: number;
  readonly reloads: number;
  /** Retries that a budget did not allow, and those that waited as a Retry-After said. */
  readonly overBudget: number;
  readonly retryAfters: number;
  /** Visits that somebody left, and requests that were not sent for that. */
  readonly visitsAbandoned: number;
  readonly requestsAbandoned: number;
  /** By phase of due time, in the order of the head's. */
  readonly phases: readonly (Amplified & { readonly phase: PhaseName })[];
  /** By ten seconds of the time of sending, in order. */
  readonly slices: readonly SentSlice[];
  /** Those in which most was sent again, of those with enough operations; null where none has. */
  readonly worst: SentSlice | null;
}

export interface SentSlice extends Amplified {
  readonly fromS: number;
}

/** Null where the plan has neither retries nor reloads nor visitors who leave. */
export function inducedLoad(snapshot: Snapshot): Induced | null {
  const { retries, reloads, abandon } = snapshot.head.plan;
  if (retries === undefined && reloads === undefined && abandon === undefined) return null;
  const { counts } = sumGroups(snapshot);
  const slices = sentSlices(snapshot);
  const phases = phasesOf(snapshot);
  const operations = phases.reduce((sum, phase) => sum + phase.operations, 0);
  const again = againOf(counts);
  const judged = slices.filter((slice) => slice.operations >= SLICE_OPERATIONS_MIN && slice.again > 0);
  const worst = judged.sort((a, b) => (b.amplification ?? 0) - (a.amplification ?? 0))[0] ?? null;
  return {
    whole: amplified(operations, again),
    share: operations + again === 0 ? null : again / (operations + again),
    retries: counts.induced?.retries ?? 0,
    reloads: counts.induced?.reloads ?? 0,
    overBudget: counts.induced?.overBudget ?? 0,
    retryAfters: counts.induced?.retryAfters ?? 0,
    visitsAbandoned: counts.induced?.leavers ?? 0,
    requestsAbandoned: counts.outcomes[OUTCOME_INDEX.abandoned] as number,
    phases,
    slices,
    worst,
  };
}

function phasesOf(snapshot: Snapshot): Induced['phases'] {
  const fired = snapshot.head.phases.map(() => 0);
  for (const { phase, lag } of snapshot.slices.values()) fired[phase] = (fired[phase] ?? 0) + lag.count;
  return snapshot.head.phases.map(({ name }, i) => {
    const { counts } = sumGroups(snapshot, (group) => group.phase === i);
    return { phase: name, ...amplified(fired[i] ?? 0, againOf(counts)) };
  });
}

function sentSlices({ emissions }: Snapshot): SentSlice[] {
  const slices: SentSlice[] = [];
  for (const { sliceS, fired, again } of emissions.values())
    slices.push({ fromS: sliceS, ...amplified(sumOf(fired), sumOf(again)) });
  return slices.sort((a, b) => a.fromS - b.fromS);
}

function amplified(operations: number, again: number): Amplified {
  return { operations, again, amplification: operations === 0 ? null : (operations + again) / operations };
}

function againOf({ induced }: Counts): number {
  return induced === null ? 0 : induced.retries + induced.reloads;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, n) => sum + n, 0);
}
