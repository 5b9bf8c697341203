// A distribution that others are added to, in place and in little memory.
import type { Layout } from './buckets.js';
import { type Distribution, emptyDistribution } from './distribution.js';

/** Whole numbers in as few bytes each as the largest of them needs. */
export type Counters = Uint16Array | Uint32Array | Float64Array;

/** Counters of zero, of a width that holds `most`. */
export function countersOf(length: number, most: number): Counters {
  if (most <= 0xffff) return new Uint16Array(length);
  return most <= 0xffffffff ? new Uint32Array(length) : new Float64Array(length);
}

/** The same counters, wide enough for `most`. */
export function widened(counters: Counters, most: number): Counters {
  if (counters.BYTES_PER_ELEMENT === 8 || most < 2 ** (8 * counters.BYTES_PER_ELEMENT)) return counters;
  const wider = countersOf(counters.length, most);
  wider.set(counters);
  return wider;
}

/** Where so many times as many buckets are known, those of a distribution are looked for one by one. */
const FEW = 16;

/** The sum of distributions of one layout: 4 bytes a bucket while it holds no more than 65,535 values. */
export class DistributionSum {
  #buckets = new Uint16Array(0);
  #counts: Counters = new Uint16Array(0);
  #used = 0;
  #exact: Omit<Distribution, 'buckets' | 'counts'>;

  constructor(layout: Layout) {
    this.#exact = emptyDistribution(layout);
  }

  add(b: Distribution): void {
    const a = this.#exact;
    if (a.layout !== b.layout) throw new Error(`layouts differ: ${a.layout} and ${b.layout}`);
    if (b.count === 0) return;
    this.#exact = {
      layout: a.layout,
      count: a.count + b.count,
      sumUs: a.sumUs + b.sumUs,
      maxUs: Math.max(a.maxUs, b.maxUs),
      cuts: a.cuts + b.cuts,
      cutMinUs: Math.min(a.cutMinUs, b.cutMinUs),
    };
    this.#counts = widened(this.#counts, this.#exact.count);
    if (b.buckets.length * FEW < this.#used) {
      for (let j = 0; j < b.buckets.length; j++) this.#addOne(b.buckets[j] as number, b.counts[j] as number);
      return;
    }
    const used = this.#used + this.#newIn(b);
    this.#reserve(used);
    this.#mergeIn(b, used);
  }

  /** All but the buckets. */
  get exact(): Omit<Distribution, 'buckets' | 'counts'> {
    return this.#exact;
  }

  /** The sum so far. */
  read(): Distribution {
    return {
      ...this.#exact,
      buckets: this.#buckets.slice(0, this.#used),
      counts: Float64Array.from(this.#counts.subarray(0, this.#used)),
    };
  }

  /** Adds to one bucket, which is looked for by halves. */
  #addOne(bucket: number, count: number): void {
    let at = 0;
    for (let end = this.#used; at < end; ) {
      const middle = (at + end) >> 1;
      if ((this.#buckets[middle] as number) < bucket) at = middle + 1;
      else end = middle;
    }
    if (at === this.#used || this.#buckets[at] !== bucket) {
      this.#reserve(this.#used + 1);
      this.#buckets.copyWithin(at + 1, at, this.#used);
      this.#counts.copyWithin(at + 1, at, this.#used);
      this.#buckets[at] = bucket;
      this.#counts[at] = 0;
      this.#used++;
    }
    this.#counts[at] = (this.#counts[at] as number) + count;
  }

  /** How many of b's buckets are not known yet. */
  #newIn({ buckets }: Distribution): number {
    let fresh = 0;
    let i = 0;
    for (const bucket of buckets) {
      while (i < this.#used && (this.#buckets[i] as number) < bucket) i++;
      if (i === this.#used || this.#buckets[i] !== bucket) fresh++;
    }
    return fresh;
  }

  /** Makes room for some buckets in all. */
  #reserve(needed: number): void {
    if (needed <= this.#buckets.length) return;
    const length = Math.max(needed, Math.ceil(this.#buckets.length * 1.25));
    const buckets = new Uint16Array(length);
    const counts = countersOf(length, this.#exact.count);
    buckets.set(this.#buckets);
    counts.set(this.#counts);
    this.#buckets = buckets;
    this.#counts = counts;
  }

  /** From the largest bucket down, so that nothing is overwritten before it has moved. */
  #mergeIn(b: Distribution, used: number): void {
    let i = this.#used - 1;
    let to = used - 1;
    this.#used = used;
    for (let j = b.buckets.length - 1; j >= 0; to--) {
      const theirs = b.buckets[j] as number;
      const ours = i < 0 ? -1 : (this.#buckets[i] as number);
      let count = 0;
      if (theirs >= ours) count += b.counts[j--] as number;
      if (ours >= theirs) count += this.#counts[i--] as number;
      this.#buckets[to] = Math.max(ours, theirs);
      this.#counts[to] = count;
    }
  }
}
