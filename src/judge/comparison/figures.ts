// What is kept of a run to compare it with others: totals of each scope, and of blocks of ten seconds.
import { COARSE } from '../../measure/buckets.js';
import type { Distribution } from '../../measure/distribution.js';
import { DistributionSum } from '../../measure/distribution-sum.js';
import { Histogram } from '../../measure/histogram.js';
import type { Group, Head, Snapshot } from '../../measure/snapshot.js';
import type { Phase } from '../../scenario/plan.js';
import { isComplete, okOf } from '../facts.js';
import { type Night, nightOf } from './that-night.js';

/** The shortest block. */
export const BLOCK_S = 10;
/** Name of the scope that is the whole run but for its warm-up. */
export const WHOLE_RUN = 'whole run';
/** Routes or streams that are compared one by one; those with the most operations. */
const SCOPES_MAX = 64;

export type By = 'route' | 'stream';

/** A part of a run that is compared by itself. */
export interface Scope {
  readonly kind: 'run' | 'phase' | By;
  readonly name: string;
}

/** Totals of one scope of one run. */
export interface ScopeFigures {
  readonly scope: Scope;
  readonly planned: number;
  readonly ok: number;
  /** Its length, seconds. */
  readonly seconds: number;
  /** 3 digits. */
  readonly response: Distribution;
}

/** Some seconds of a run that lie in one phase. */
export interface Block {
  /** Index into the phases. */
  readonly phase: number;
  readonly seconds: number;
  readonly planned: number;
  readonly ok: number;
  /** Over all streams and routes, 2 digits. */
  readonly response: Distribution;
}

export interface RunFigures {
  /** What the run is called in a report: its file. */
  readonly name: string;
  readonly head: Head;
  readonly complete: boolean;
  /** By the scope's kind and name. */
  readonly scopes: ReadonlyMap<string, ScopeFigures>;
  /** In order of time, without the warm-up; cut in each phase from its start. */
  readonly blocks: readonly Block[];
  /** What was recorded beside what happened; null where no recorded status is known. */
  readonly night: Night | null;
}

/**
 * The figures of a complete run.
 * @param by also keeps totals of each route or stream, over the run but for its warm-up
 */
export function figuresOf(snapshot: Snapshot, name: string, by: By | null): RunFigures {
  const { head } = snapshot;
  const scopes = new Map<string, ScopeFigures>();
  const add = (scope: Scope, seconds: number, takes: (group: Group) => boolean) => {
    scopes.set(keyOf(scope), scopeFigures(snapshot, scope, seconds, takes));
  };
  const judged = (group: Group) => head.phases[group.phase]?.name !== 'warmup';
  const phases = head.phases.filter((phase) => phase.name !== 'warmup');
  const seconds = phases.reduce((sum, { startS, endS }) => sum + endS - startS, 0);
  add({ kind: 'run', name: WHOLE_RUN }, seconds, judged);
  if (phases.length > 1) {
    for (const phase of phases) {
      const index = head.phases.indexOf(phase);
      add({ kind: 'phase', name: phase.name }, phase.endS - phase.startS, (group) => group.phase === index);
    }
  }
  if (by !== null) {
    const named = by === 'route' ? head.plan.routes : head.plan.streams;
    named.slice(0, SCOPES_MAX).forEach((one, i) => {
      add({ kind: by, name: one.name }, seconds, (group) => judged(group) && group[by] === i);
    });
  }
  return {
    name,
    head,
    complete: isComplete(snapshot),
    scopes,
    blocks: blocksOf(snapshot),
    night: nightOf(snapshot),
  };
}

/** Names a scope within a run. */
export function keyOf({ kind, name }: Scope): string {
  return `${kind} ${name}`;
}

function scopeFigures(
  snapshot: Snapshot,
  scope: Scope,
  seconds: number,
  takes: (group: Group) => boolean,
): ScopeFigures {
  const response = new Histogram();
  let planned = 0;
  let ok = 0;
  for (const group of snapshot.groups.values()) {
    if (!takes(group)) continue;
    planned += group.counts.planned;
    ok += okOf(group.counts);
    response.merge(group.response);
  }
  return { scope, planned, ok, seconds, response: response.read() };
}

function blocksOf(snapshot: Snapshot): Block[] {
  return snapshot.head.phases.flatMap((phase, index) =>
    phase.name === 'warmup' ? [] : cuts(phase).map((span) => blockOf(snapshot, index, span)),
  );
}

/** Ten seconds each; what is left at the end of a phase, if it is shorter than half of that, is in the block before. */
function cuts({ startS, endS }: Phase): { startS: number; endS: number }[] {
  const n = Math.max(1, Math.round((endS - startS) / BLOCK_S));
  return Array.from({ length: n }, (_, i) => ({
    startS: startS + i * BLOCK_S,
    endS: i === n - 1 ? endS : startS + (i + 1) * BLOCK_S,
  }));
}

function blockOf(snapshot: Snapshot, phase: number, span: { startS: number; endS: number }): Block {
  const response = new DistributionSum(COARSE);
  let planned = 0;
  let ok = 0;
  for (let t = span.startS; t < span.endS; t++) {
    const second = snapshot.seconds.get(t);
    if (second === undefined) continue;
    for (const counts of second.streams) {
      planned += counts.planned;
      ok += okOf(counts);
    }
    response.add(second.response);
  }
  return { phase, seconds: span.endS - span.startS, planned, ok, response: response.read() };
}
