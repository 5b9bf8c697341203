// Durations as the Summary has them: quantiles in milliseconds, lower bounds marked.
import { COARSE } from '../measure/buckets.js';
import {
  addDistributions,
  type Distribution,
  emptyDistribution,
  maximum,
  mean,
  quantile,
  type Reading,
} from '../measure/distribution.js';
import type { Snapshot } from '../measure/snapshot.js';
import type { Summary } from './summary-schema.js';

/** Milliseconds, a lower bound where cut at the timeout, null without data. */
type Ms = Summary['response']['p50'];

export function toMs(reading: Reading | undefined): Ms {
  if (reading === undefined) return null;
  const ms = Math.round(reading.us) / 1e3;
  return reading.atLeast ? { atLeast: ms } : ms;
}

/** What a histogram and a distribution have in common. */
export interface Readable {
  quantile(q: number): Reading | undefined;
  maximum(): Reading | undefined;
  mean(): Reading | undefined;
}

export function ofDistribution(of: Distribution): Readable {
  return { quantile: (q) => quantile(of, q), maximum: () => maximum(of), mean: () => mean(of) };
}

/** The seven figures of a Summary's durations. */
export function durations(of: Readable): Summary['response'] {
  return {
    p50: toMs(of.quantile(0.5)),
    p90: toMs(of.quantile(0.9)),
    p95: toMs(of.quantile(0.95)),
    p99: toMs(of.quantile(0.99)),
    p999: toMs(of.quantile(0.999)),
    max: toMs(of.maximum()),
    mean: toMs(of.mean()),
  };
}

/** The three figures of its parts. */
export function quantiles(of: Readable): Summary['phases'][number]['response'] {
  return { p50: toMs(of.quantile(0.5)), p95: toMs(of.quantile(0.95)), p99: toMs(of.quantile(0.99)) };
}

/** One of the slices' distributions, over the whole run. */
export function sumSlices(snapshot: Snapshot, kind: 'service' | 'wait' | 'lag' | 'slip'): Distribution {
  let sum = emptyDistribution(COARSE);
  for (const slice of snapshot.slices.values()) sum = addDistributions(sum, slice[kind]);
  return sum;
}
