// Gates on shares of operations: errors, shed, slower than. Three answers: it is surely met, surely missed, or open.
import type { SeriesSecond } from '../../measure/series.js';
import type { Snapshot } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatCount, formatShare } from '../../units.js';
import { neededFor, type ShareLimits, shareLimits, type Tick } from '../statistics/proportion.js';
import { type GateResult, holds, isBelow, NONE_RANKED, NOTHING_DUE, noData } from './result.js';
import { type Seconds, secondsOf, sumOver } from './selection.js';

/** What can be said of a share. */
export interface Decision {
  readonly result: 'pass' | 'fail' | 'inconclusive';
  readonly needed: number | null;
  readonly reason: string | null;
}

/** Clustering by less is not worth a word. */
const EFFECT_TOLD = 2;

/** Errors of what a gate selects. */
export function errors(snapshot: Snapshot, gate: Gate, bound: number): GateResult {
  const phases = secondsOf(snapshot, gate);
  const of = (hits: (second: SeriesSecond) => number) => ofShare(gate, bound, ofPlanned(phases, hits));
  return withStopped(
    of(({ planned, ok }) => planned - ok),
    () => of(({ planned, ok, stopped }) => planned - ok - stopped),
    sumOver(phases, ({ stopped }) => stopped),
  );
}

/** What was shed of what a gate selects. */
export function shed(snapshot: Snapshot, gate: Gate, bound: number): GateResult {
  return ofShare(
    gate,
    bound,
    ofPlanned(secondsOf(snapshot, gate), (second) => second.shed),
  );
}

/** What of the ranked operations was slower than so long. */
export function slower(snapshot: Snapshot, gate: Gate, bound: number, thanUs: number): GateResult {
  const result = ofShare(gate, bound, slowTicks(snapshot, gate, thanUs));
  return result.n === 0 ? noData(gate, NONE_RANKED) : result;
}

/**
 * Ranked operations, and those that were slower than a bound. A timeout was at least as long as the timeout: where the
 * bound is no shorter, it counts against the gate, as it cannot be shown to have met it.
 */
export function slowTicks(snapshot: Snapshot, gate: Gate, thanUs: number): Tick[][] {
  const against = isBelow(gate) && thanUs >= snapshot.head.plan.timeoutUs;
  return secondsOf(snapshot, gate).map(({ list }) =>
    list.map(({ ranked, ok, slower: over, sumUs }) => ({
      n: ranked,
      hits: against ? Math.min(ranked, over + Math.max(0, ranked - ok)) : over,
      sum: sumUs,
    })),
  );
}

/** Planned operations, and those of them that are counted. */
export function ofPlanned(phases: readonly Seconds[], hits: (second: SeriesSecond) => number): Tick[][] {
  return phases.map(({ list }) => list.map((second) => ({ n: second.planned, hits: hits(second) })));
}

/** The result of a share of which each second is known. */
export function ofShare(gate: Gate, bound: number, ticks: readonly (readonly Tick[])[]): GateResult {
  const limits = shareLimits(ticks);
  if (limits === null) return noData(gate, NOTHING_DUE);
  const { share, low, high, n } = limits;
  const { result, needed, reason } = decide(gate, limits, bound);
  return { gate, result, actual: share, bound, limits: { low, high }, n, needed, reason };
}

/**
 * A gate fails where the share is beyond its bound with a certainty of 99 %, as a run has several gates, and passes
 * where it is within with one of 95 %. A bound that only one share meets, none or all, is not a matter of chance: none
 * of what was sent failed, or some did.
 */
export function decide(gate: Gate, limits: ShareLimits, bound: number): Decision {
  const below = isBelow(gate);
  const { share, low, high, surelyAbove, surelyBelow } = limits;
  if (below ? bound <= 0 : bound >= 1) return settled(holds(gate, share, bound) ? 'pass' : 'fail');
  if (below ? surelyAbove > bound : surelyBelow < bound) return settled('fail');
  if (below ? high <= bound : low >= bound) return settled('pass');
  const needed = neededFor(limits, bound, below ? 'below' : 'above');
  return { result: 'inconclusive', needed, reason: open(limits, needed) };
}

/** What allows both answers, and what would decide. */
function open({ low, high, effect, n }: ShareLimits, needed: number | null): string {
  const likely = `the true share may be ${formatShare(low)} to ${formatShare(high)}`;
  const clustered =
    effect < EFFECT_TOLD
      ? ''
      : `, as it came in clusters: ${formatCount(n)} requests say as much as ${formatCount(Math.max(1, n / effect))} apart`;
  const more =
    needed === null
      ? 'it is too near to the bound for any number of requests to tell'
      : `about ${formatCount(needed)} requests would decide it`;
  return `${likely}${clustered}; ${more}`;
}

function settled(result: 'pass' | 'fail'): Decision {
  return { result, needed: null, reason: null };
}

/**
 * What a stop cut might have been ok or not: where that decides, the gate is open.
 * @param without the result had all of them been ok
 */
export function withStopped(all: GateResult, without: () => GateResult, stopped: number): GateResult {
  if (stopped === 0) return all;
  const forgiving = without();
  if (all.result === forgiving.result) return all;
  const share = typeof forgiving.actual === 'number' ? formatShare(forgiving.actual) : '';
  const reason = `${formatCount(stopped)} requests were cut by the stop; had they been ok, it were ${share}`;
  return { ...all, result: 'inconclusive', needed: null, reason };
}
