// Recorded against replayed: how the same operations went when they were recorded, and how they went now.
import { addCounts, type Counts, emptyCounts, type RecordedCounts } from '../measure/cell.js';
import { Histogram } from '../measure/histogram.js';
import type { Group, Snapshot } from '../measure/snapshot.js';
import { errorShare, okOf } from './facts.js';

/** Both sides of some operations of recordings; other streams have nothing recorded, and are left out of both. */
export interface BothSides {
  readonly counts: Counts;
  /** end − due of the replayed. */
  readonly response: Histogram;
  /** Durations of the recorded, cut at the plan's timeout. */
  readonly duration: Histogram;
}

/** Those of one route or phase. */
export interface NamedSides extends BothSides {
  readonly name: string;
}

export interface Comparison {
  readonly whole: BothSides;
  /** Routes of which something was recorded, the worst drift first. */
  readonly routes: readonly NamedSides[];
  readonly phases: readonly NamedSides[];
}

/** The whole run, its routes and its phases; null where no recorded status is known. */
export function compareWithRecorded(snapshot: Snapshot): Comparison | null {
  const whole = sumRecorded(snapshot);
  if (whole.counts.recorded === null) return null;
  const { plan, phases } = snapshot.head;
  const named = (name: string, takes: (group: Group) => boolean): NamedSides[] => {
    const sides = sumRecorded(snapshot, takes);
    return sides.counts.recorded === null ? [] : [{ name, ...sides }];
  };
  return {
    whole,
    routes: plan.routes
      .flatMap(({ name }, i) => named(name, (group) => group.route === i))
      .sort(worstDriftFirst),
    phases: phases.flatMap(({ name }, i) => named(name, (group) => group.phase === i)),
  };
}

/** Totals over the groups of recordings that a filter takes. */
export function sumRecorded(snapshot: Snapshot, takes: (group: Group) => boolean = () => true): BothSides {
  const { streams } = snapshot.head.plan;
  const sides = { counts: emptyCounts(), response: new Histogram(), duration: new Histogram() };
  for (const group of snapshot.groups.values()) {
    if (streams[group.stream]?.kind !== 'recording' || !takes(group)) continue;
    addCounts(sides.counts, group.counts);
    sides.response.merge(group.response);
    if (group.recordedDuration !== null) sides.duration.merge(group.recordedDuration);
  }
  return sides;
}

/** Failed share of the recorded, of those whose status is known; null where none is. */
export function failedThen(recorded: RecordedCounts | null): number | null {
  return recorded === null ? null : recorded.failed / recorded.planned;
}

/** Failed share of the replayed. */
export function failedNow(counts: Counts): number | null {
  return errorShare({ planned: counts.planned, ok: okOf(counts) });
}

/** Replays of what was there when recorded, answered 404 or 410; of all that were replayed. */
export function unknownIdShare({ planned, recorded }: Counts): number {
  return recorded === null || planned === 0 ? 0 : recorded.unknownIds / planned;
}

/** By errors, where they differ by whole points, then by how many times longer the p99 became. */
function worstDriftFirst(a: NamedSides, b: NamedSides): number {
  return (
    drift(b).points - drift(a).points ||
    drift(b).slower - drift(a).slower ||
    b.counts.planned - a.counts.planned
  );
}

function drift({ counts, response, duration }: BothSides): { points: number; slower: number } {
  const points = Math.round(100 * ((failedNow(counts) ?? 0) - (failedThen(counts.recorded) ?? 0)));
  const now = response.quantile(0.99)?.us;
  const then = duration.quantile(0.99)?.us;
  return { points, slower: now === undefined || then === undefined ? 0 : now / Math.max(1, then) };
}
