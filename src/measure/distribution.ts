// A distribution of durations: sparse buckets, with exact count, sum and maximum, and what was cut short.
import { bucketHighUs, bucketOf, type Layout } from './buckets.js';

/**
 * Durations in microseconds. `buckets` ascend; `counts[i]` is how many fell in `buckets[i]`.
 * A value that was cut short (a timeout) is in the buckets at the length it had reached, so every quantile at or
 * beyond `cutMinUs` is a lower bound. All numbers are integers: merging is exact in any order.
 */
export interface Distribution {
  readonly layout: Layout;
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
  readonly count: number;
  readonly sumUs: number;
  readonly maxUs: number;
  /** How many of the values were cut short. */
  readonly cuts: number;
  /** The smallest of those; Infinity where there is none. */
  readonly cutMinUs: number;
}

/** A duration read from a distribution; `atLeast` where values that were cut short lie at or below it. */
export interface Reading {
  readonly us: number;
  readonly atLeast: boolean;
}

export function emptyDistribution(layout: Layout): Distribution {
  return {
    layout,
    buckets: new Uint16Array(0),
    counts: new Float64Array(0),
    count: 0,
    sumUs: 0,
    maxUs: 0,
    cuts: 0,
    cutMinUs: Number.POSITIVE_INFINITY,
  };
}

/** The sum of two distributions of one layout; a commutative monoid with `emptyDistribution`. */
export function addDistributions(a: Distribution, b: Distribution): Distribution {
  if (a.layout !== b.layout) throw new Error(`layouts differ: ${a.layout} and ${b.layout}`);
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const buckets = new Uint16Array(a.buckets.length + b.buckets.length);
  const counts = new Float64Array(buckets.length);
  let n = 0;
  let i = 0;
  let j = 0;
  while (i < a.buckets.length || j < b.buckets.length) {
    const left = a.buckets[i] ?? 0x10000;
    const right = b.buckets[j] ?? 0x10000;
    const bucket = Math.min(left, right);
    let count = 0;
    if (left === bucket) count += a.counts[i++] as number;
    if (right === bucket) count += b.counts[j++] as number;
    buckets[n] = bucket;
    counts[n++] = count;
  }
  return {
    layout: a.layout,
    buckets: buckets.slice(0, n),
    counts: counts.slice(0, n),
    count: a.count + b.count,
    sumUs: a.sumUs + b.sumUs,
    maxUs: Math.max(a.maxUs, b.maxUs),
    cuts: a.cuts + b.cuts,
    cutMinUs: Math.min(a.cutMinUs, b.cutMinUs),
  };
}

/** The same values at a coarser layout. */
export function coarsen(from: Distribution, layout: Layout): Distribution {
  if (layout > from.layout) throw new Error('a distribution cannot be made finer');
  const shift = from.layout;
  const builder = new Map<number, number>();
  for (let i = 0; i < from.buckets.length; i++) {
    const bucket = bucketOf(layout, bucketHighUs(shift, from.buckets[i] as number));
    builder.set(bucket, (builder.get(bucket) ?? 0) + (from.counts[i] as number));
  }
  return {
    ...from,
    layout,
    buckets: Uint16Array.from(builder.keys()),
    counts: Float64Array.from(builder.values()),
  };
}

/** ⌈q·count⌉, at least 1; a product that floating point puts a hair above an integer is that integer. */
export function rankOf(q: number, count: number): number {
  const exact = q * count;
  return Math.max(1, Math.min(count, Math.ceil(exact - exact * 2 ** -50)));
}

/**
 * The value at rank ⌈q·count⌉: the top of its bucket, as HdrHistogram reports it, and never above the maximum.
 * @param q 0 to 1
 * @returns undefined for an empty distribution
 */
export function quantile(of: Distribution, q: number): Reading | undefined {
  if (of.count === 0) return undefined;
  const rank = rankOf(q, of.count);
  let seen = 0;
  for (let i = 0; i < of.buckets.length; i++) {
    seen += of.counts[i] as number;
    if (seen >= rank) {
      const us = Math.min(of.maxUs, bucketHighUs(of.layout, of.buckets[i] as number));
      return { us, atLeast: us >= of.cutMinUs };
    }
  }
  throw new Error('counts do not add up to count');
}

/** The largest value; a lower bound where anything was cut short. */
export function maximum(of: Distribution): Reading | undefined {
  return of.count === 0 ? undefined : { us: of.maxUs, atLeast: of.cuts > 0 };
}

/** The mean, from the exact sum; a lower bound where anything was cut short. */
export function mean(of: Distribution): Reading | undefined {
  return of.count === 0 ? undefined : { us: of.sumUs / of.count, atLeast: of.cuts > 0 };
}

/** A distribution as JSON numbers: bucket distances and counts by turns, then the exact figures. */
export interface DistributionJson {
  /** First bucket, its count, distance to the next, its count, … */
  readonly h: readonly number[];
  readonly sum: number;
  readonly max: number;
  readonly cuts?: number;
  readonly cutMin?: number;
}

export function toJson(of: Distribution): DistributionJson {
  const h: number[] = [];
  let last = 0;
  for (let i = 0; i < of.buckets.length; i++) {
    const bucket = of.buckets[i] as number;
    h.push(bucket - last, of.counts[i] as number);
    last = bucket;
  }
  const exact = { h, sum: of.sumUs, max: of.maxUs };
  return of.cuts === 0 ? exact : { ...exact, cuts: of.cuts, cutMin: of.cutMinUs };
}

export function fromJson(layout: Layout, json: DistributionJson): Distribution {
  const n = json.h.length / 2;
  const buckets = new Uint16Array(n);
  const counts = new Float64Array(n);
  let bucket = 0;
  let count = 0;
  for (let i = 0; i < n; i++) {
    bucket += json.h[2 * i] as number;
    buckets[i] = bucket;
    count += counts[i] = json.h[2 * i + 1] as number;
  }
  return {
    layout,
    buckets,
    counts,
    count,
    sumUs: json.sum,
    maxUs: json.max,
    cuts: json.cuts ?? 0,
    cutMinUs: json.cutMin ?? Number.POSITIVE_INFINITY,
  };
}
