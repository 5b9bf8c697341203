// Fidelity: how far what was sent is what the plan wanted, as one score from 0 to 1 and its parts.
import { bucketHighUs, bucketLowUs, bucketOf, COARSE } from '../../measure/buckets.js';
import { type Counts, SLICE_S } from '../../measure/cell.js';
import {
  addDistributions,
  type Distribution,
  emptyDistribution,
  quantile,
} from '../../measure/distribution.js';
import { OUTCOME_INDEX } from '../../measure/outcome.js';
import type { Snapshot } from '../../measure/snapshot.js';
import { formatShare } from '../../units.js';
import { warmupEndS } from '../facts.js';
import { type Dispersion, dispersionsOf, type SecondsOff, secondsOff } from './emitted.js';

/** An operation fired this late, or never, counts for nothing: a second is what reports resolve. */
export const LOST_US = 1_000_000;
/** A slice of fewer operations says nothing by itself. */
export const SLICE_OPERATIONS_MIN = 100;
const SOON_US = 1_000;
const LATER_US = 10_000;

/**
 * Sent against planned; a declared warm-up is left out, as it is outside gates.
 *
 *     score = 1 − Σ min(lag, 1 s) / 1 s / n
 *
 * over the n operations that were to be fired, one that never was counting as 1 s. It is the distance of Victor and
 * Purpura (1996) between two sequences of instants, for a cost of 1 a second moved and 1 for one lost, by operation:
 * as nothing is fired early, moving each to where it was due is the cheapest way from one to the other. While no lag is
 * over a second it is also the area between the cumulative counts of due and of fired, the Wasserstein distance in one
 * dimension, by operation and second. It has no bins, so that a request that was due at 0.9999 s and fired at 1.0001 s
 * costs its 0.2 ms and no more. A constant rate with a stall of d seconds (d ≤ 1) in T loses d² / 2T.
 */
export interface Fidelity {
  /** 0 to 1. */
  readonly score: number;
  /** The ten seconds of due time with the lowest score, of those with enough operations; null where none has. */
  readonly worst: { readonly fromS: number; readonly score: number } | null;
  /** Operations that were to be fired. */
  readonly toFire: number;
  /** Those that were not: unsent, and shed by a bound that nobody had declared. */
  readonly neverFired: number;
  /** Shares of `toFire` that were fired within 1 ms and 10 ms. */
  readonly within1Ms: number;
  readonly within10Ms: number;
  /** Quantiles of fired − ready; null where nothing was fired. */
  readonly lag: { readonly p50Us: number; readonly p99Us: number } | null;
  readonly seconds: SecondsOff;
  readonly dispersion: readonly Dispersion[];
}

/** Null where nothing was to be fired. */
export function fidelityOf(snapshot: Snapshot): Fidelity | null {
  const slices = tallySlices(snapshot);
  const whole = emptyTally();
  let worst: Fidelity['worst'] = null;
  for (const [fromS, { lag, neverFired }] of [...slices].sort(([a], [b]) => a - b)) {
    whole.lag = addDistributions(whole.lag, lag);
    whole.neverFired += neverFired;
    if (lag.count + neverFired < SLICE_OPERATIONS_MIN) continue;
    const score = scoreOf({ lag, neverFired });
    if (worst === null || score < worst.score) worst = { fromS, score };
  }
  const { lag, neverFired } = whole;
  const toFire = lag.count + neverFired;
  if (toFire === 0) return null;
  const emissions = [...snapshot.emissions.values()].filter(
    ({ sliceS }) => sliceS >= warmupEndS(snapshot.head),
  );
  const [p50, p99] = [quantile(lag, 0.5), quantile(lag, 0.99)];
  return {
    score: scoreOf(whole),
    worst,
    toFire,
    neverFired,
    within1Ms: countThrough(lag, SOON_US) / toFire,
    within10Ms: countThrough(lag, LATER_US) / toFire,
    lag: p50 === undefined || p99 === undefined ? null : { p50Us: p50.us, p99Us: p99.us },
    seconds: secondsOff(emissions),
    dispersion: dispersionsOf(emissions),
  };
}

/** What the score rests on, in words: `99.2 % fired within 1 ms, 99.9 % within 10 ms, all in the end`. */
export function partsOf({ within1Ms, within10Ms, neverFired, toFire }: Fidelity): string {
  const never = neverFired === 0 ? 'all in the end' : `${formatShare(neverFired / toFire)} never`;
  return `${formatShare(within1Ms)} fired within 1 ms, ${formatShare(within10Ms)} within 10 ms, ${never}`;
}

interface Tally {
  lag: Distribution;
  neverFired: number;
}

function emptyTally(): Tally {
  return { lag: emptyDistribution(COARSE), neverFired: 0 };
}

/** By first second of the slice. Slices that a killed run did not close are left out with all that they held. */
function tallySlices({ head, slices, seconds, emissions, ends }: Snapshot): Map<number, Tally> {
  const tallies = new Map<number, Tally>();
  for (const sliceS of emissions.keys()) tallies.set(sliceS, emptyTally());
  for (const { sliceS, phase, lag } of slices.values()) {
    const tally = tallies.get(sliceS) ?? emptyTally();
    tallies.set(sliceS, tally);
    if (head.phases[phase]?.name !== 'warmup') tally.lag = addDistributions(tally.lag, lag);
  }
  const fromS = warmupEndS(head);
  for (const [windowS, { streams }] of seconds) {
    const sliceS = windowS - (windowS % SLICE_S);
    const tally = tallies.get(sliceS) ?? (ends.length > 0 ? emptyTally() : undefined);
    if (tally === undefined || windowS < fromS) continue;
    tallies.set(sliceS, tally);
    for (const counts of streams) tally.neverFired += neverFired(counts, head.capDeclared);
  }
  return tallies;
}

/** What is shed by a bound that the user declared is as was wanted. */
function neverFired({ outcomes }: Counts, capDeclared: boolean): number {
  const shed = capDeclared ? 0 : (outcomes[OUTCOME_INDEX.shed] as number);
  return (outcomes[OUTCOME_INDEX.unsent] as number) + shed;
}

function scoreOf({ lag, neverFired }: Tally): number {
  let lost = neverFired;
  for (let i = 0; i < lag.buckets.length; i++) {
    const bucket = lag.buckets[i] as number;
    const us = (bucketLowUs(lag.layout, bucket) + bucketHighUs(lag.layout, bucket)) / 2;
    lost += (lag.counts[i] as number) * Math.min(1, us / LOST_US);
  }
  return 1 - lost / (lag.count + neverFired);
}

/** How many values are at most so long, to the width of a bucket. */
function countThrough(of: Distribution, us: number): number {
  const last = bucketOf(of.layout, us);
  let count = 0;
  for (let i = 0; i < of.buckets.length && (of.buckets[i] as number) <= last; i++) {
    count += of.counts[i] as number;
  }
  return count;
}
