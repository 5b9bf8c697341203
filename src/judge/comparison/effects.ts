// The effect of one metric in one scope: by runs where there are enough of them, else by blocks within runs.

import { FINE } from '../../measure/buckets.js';
import {
  addDistributions,
  type Distribution,
  emptyDistribution,
  quantile,
} from '../../measure/distribution.js';
import { formatCount } from '../../units.js';
import { atLeastAsWide, type Effect, type Observed, pairedEffect, welchEffect } from './effect.js';
import { type Block, keyOf, type RunFigures, type Scope, type ScopeFigures } from './figures.js';
import { type Metric, QUANTILES } from './metrics.js';
import {
  BLOCKS_MIN,
  failuresIn,
  goodputEffect,
  independentBlocks,
  quantileEffect,
  type Sides,
  shareEffect,
} from './windows.js';

/** Fewest runs that can be the unit: pairs, or runs on either side that are no pairs. */
export const PAIRS_MIN = 3;
export const RUNS_MIN = 4;
/** Operations beyond a quantile that a side holds at least, or it is not read. */
const BEYOND_MIN = 10;

export type Unit = 'runs' | 'windows';

/** Both sides' runs; pairs are at the same place. */
export interface Runs {
  readonly base: readonly RunFigures[];
  readonly candidate: readonly RunFigures[];
  readonly paired: boolean;
}

/** One scope of the runs of both sides, merged. */
export interface Merged {
  readonly planned: number;
  readonly ok: number;
  readonly seconds: number;
  readonly response: Distribution;
}

/** Why there is no effect. */
export interface NoEffect {
  readonly reason: string;
}

/** What is looked at in one scope: sums, and blocks if they are the unit. */
export interface ScopeSides {
  readonly scope: Scope;
  readonly base: Merged;
  readonly candidate: Merged;
  readonly runs: { readonly base: readonly ScopeFigures[]; readonly candidate: readonly ScopeFigures[] };
  /** Null where runs are the unit, or blocks are not kept for such a scope. */
  readonly blocks: Sides | null;
  /** Length of a block, in blocks of ten seconds. */
  readonly blocksPerBlock: number;
}

/** Enough pairs, or enough runs on both sides, else the windows within them. */
export function unitOf({ base, candidate, paired }: Runs): Unit {
  const least = Math.min(base.length, candidate.length);
  return least >= (paired ? PAIRS_MIN : RUNS_MIN) ? 'runs' : 'windows';
}

/** A scope of all runs; null where one of them does not have it. */
export function scopeSides(runs: Runs, scope: Scope, unit: Unit): ScopeSides | null {
  const of = (side: readonly RunFigures[]) => side.flatMap((run) => run.scopes.get(keyOf(scope)) ?? []);
  const [base, candidate] = [of(runs.base), of(runs.candidate)];
  if (base.length < runs.base.length || candidate.length < runs.candidate.length) return null;
  const sides = { scope, base: merged(base), candidate: merged(candidate), runs: { base, candidate } };
  const blocks = unit === 'windows' ? blockSides(runs, scope) : null;
  const [b, c] = [quantile(sides.base.response, 0.95), quantile(sides.candidate.response, 0.95)];
  if (blocks === null || b === undefined || c === undefined || tooFewBlocks(blocks)) {
    return { ...sides, blocks, blocksPerBlock: 1 };
  }
  const joined = independentBlocks(blocks, { base: b.us, candidate: c.us });
  return { ...sides, blocks: joined.sides, blocksPerBlock: joined.blocksPerBlock };
}

/** The effect of one metric, or why there is none. */
export function effectOf(metric: Metric, sides: ScopeSides, unit: Unit, paired: boolean): Effect | NoEffect {
  const lacking = lackOf(metric, sides);
  if (lacking !== null) return { reason: lacking };
  if (unit === 'runs') return runsEffect(metric, sides, paired);
  const { blocks } = sides;
  if (blocks === null) {
    return { reason: `by ${sides.scope.kind} only runs can be compared: it takes ${PAIRS_MIN} pairs` };
  }
  if (tooFewBlocks(blocks)) {
    return { reason: `too short: blocks within runs take a minute at least, or it takes ${PAIRS_MIN} pairs` };
  }
  if (metric === 'goodput') return goodputEffect(blocks);
  const q = QUANTILES[metric];
  if (q === undefined)
    return shareEffect(failuresIn(blocks.base), failuresIn(blocks.candidate), blocks.aligned);
  return quantileEffect(q, blocks, { base: sides.base.response, candidate: sides.candidate.response });
}

function tooFewBlocks({ base, candidate }: Sides): boolean {
  return Math.min(base.length, candidate.length) < BLOCKS_MIN;
}

function lackOf(metric: Metric, { base, candidate, runs }: ScopeSides): string | null {
  if (base.planned === 0 || candidate.planned === 0) return 'nothing was due there';
  const q = QUANTILES[metric];
  if (q === undefined) return null;
  const needed = Math.ceil(BEYOND_MIN / (1 - q) - 1e-6);
  const had = Math.min(base.response.count, candidate.response.count);
  if (had < needed || [...runs.base, ...runs.candidate].some(({ response }) => response.count === 0)) {
    return `too few: ${metric} takes ${formatCount(needed)} answers on either side, there were ${formatCount(had)}`;
  }
  return null;
}

/** Every run is one observation. */
function runsEffect(metric: Metric, { runs }: ScopeSides, paired: boolean): Effect {
  const [base, candidate] = [runs.base, runs.candidate].map((side) =>
    side.map((figures) => observe(metric, figures)),
  ) as [Observed[], Observed[]];
  const effect = paired
    ? pairedEffect(candidate.map((own, i) => difference(base[i] as Observed, own)))
    : welchEffect(base, candidate);
  if (metric !== 'errors') return effect;
  // Runs that happen to have failed alike, such as not at all, do not show that the next one would.
  const tally = (side: readonly ScopeFigures[]) => ({
    n: side.map(({ planned }) => planned),
    hits: side.map(({ planned, ok }) => planned - ok),
  });
  return atLeastAsWide(effect, shareEffect(tally(runs.base), tally(runs.candidate), paired));
}

/** What one run shows, so that more is worse; a quantile that timeouts cut is only known to be as much at least. */
export function observe(metric: Metric, { planned, ok, seconds, response }: ScopeFigures): Observed {
  const q = QUANTILES[metric];
  if (q === undefined) {
    const value =
      metric === 'errors' ? (planned - ok) / Math.max(1, planned) : -Math.log((ok + 0.5) / seconds);
    return { least: value, most: value };
  }
  const reading = quantile(response, q);
  if (reading === undefined) return { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };
  const value = Math.log(Math.max(1, reading.us));
  return { least: value, most: reading.atLeast ? Number.POSITIVE_INFINITY : value };
}

function difference(base: Observed, candidate: Observed): Observed {
  return { least: candidate.least - base.most, most: candidate.most - base.least };
}

function merged(parts: readonly ScopeFigures[]): Merged {
  return {
    planned: parts.reduce((sum, { planned }) => sum + planned, 0),
    ok: parts.reduce((sum, { ok }) => sum + ok, 0),
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
    response: parts.map(({ response }) => response).reduce(addDistributions, emptyDistribution(FINE)),
  };
}

/** Blocks of a phase or of all phases, run after run; aligned where the runs of both sides are of one shape. */
function blockSides({ base, candidate }: Runs, { kind, name }: Scope): Sides | null {
  if (kind !== 'run' && kind !== 'phase') return null;
  const of = (side: readonly RunFigures[]): Block[] =>
    side.flatMap(({ head, blocks }) =>
      kind === 'run' ? blocks : blocks.filter(({ phase }) => head.phases[phase]?.name === name),
    );
  const shapes = (side: readonly RunFigures[]) => JSON.stringify(side.map(({ head }) => head.phases));
  return { base: of(base), candidate: of(candidate), aligned: shapes(base) === shapes(candidate) };
}
