// Builds a distribution from values as they come; made for the sender's hot path.
import { bucketCount, bucketOf, type Layout } from './buckets.js';
import type { Distribution } from './distribution.js';

/** Up to this many values are kept as a list of buckets; beyond it a counter per bucket is cheaper. */
const LIST_MAX = 4096;

/** Counts values of one layout. Recording a value allocates nothing once the builder has warmed up. */
export class DistributionBuilder {
  #list = new Uint16Array(16);
  #listed = 0;
  #dense: Uint32Array | undefined;
  #count = 0;
  #sumUs = 0;
  #maxUs = 0;
  #cuts = 0;
  #cutMinUs = Number.POSITIVE_INFINITY;

  constructor(private readonly layout: Layout) {}

  /**
   * Records a duration.
   * @param us whole microseconds; below 0 counts as 0
   * @param cut whether it was cut short, so that the true value is at least this
   */
  record(us: number, cut: boolean): void {
    const value = us > 0 ? us : 0;
    const bucket = bucketOf(this.layout, value);
    if (this.#dense !== undefined) {
      this.#dense[bucket] = (this.#dense[bucket] as number) + 1;
    } else {
      if (this.#listed === this.#list.length) this.#grow();
      if (this.#dense === undefined) this.#list[this.#listed++] = bucket;
      else (this.#dense as Uint32Array)[bucket] = ((this.#dense as Uint32Array)[bucket] as number) + 1;
    }
    this.#count++;
    this.#sumUs += value;
    if (value > this.#maxUs) this.#maxUs = value;
    if (cut) {
      this.#cuts++;
      if (value < this.#cutMinUs) this.#cutMinUs = value;
    }
  }

  /** The distribution so far; the builder starts again from nothing. */
  take(): Distribution {
    // No value is in a bucket above the largest value's.
    const used = this.#dense?.subarray(0, bucketOf(this.layout, this.#maxUs) + 1);
    const { buckets, counts } = used === undefined ? this.#fromList() : fromDense(used);
    const taken = {
      layout: this.layout,
      buckets,
      counts,
      count: this.#count,
      sumUs: this.#sumUs,
      maxUs: this.#maxUs,
      cuts: this.#cuts,
      cutMinUs: this.#cutMinUs,
    };
    used?.fill(0);
    this.#listed = 0;
    this.#count = this.#sumUs = this.#maxUs = this.#cuts = 0;
    this.#cutMinUs = Number.POSITIVE_INFINITY;
    return taken;
  }

  #grow(): void {
    if (this.#listed < LIST_MAX) {
      const longer = new Uint16Array(this.#listed * 2);
      longer.set(this.#list);
      this.#list = longer;
      return;
    }
    const dense = new Uint32Array(bucketCount(this.layout));
    for (let i = 0; i < this.#listed; i++) {
      const bucket = this.#list[i] as number;
      dense[bucket] = (dense[bucket] as number) + 1;
    }
    this.#dense = dense;
  }

  #fromList(): Pick<Distribution, 'buckets' | 'counts'> {
    const sorted = this.#list.subarray(0, this.#listed).sort();
    const buckets = new Uint16Array(sorted.length);
    const counts = new Float64Array(sorted.length);
    let n = 0;
    for (const bucket of sorted) {
      if (n === 0 || buckets[n - 1] !== bucket) buckets[n++] = bucket;
      counts[n - 1] = (counts[n - 1] as number) + 1;
    }
    return { buckets: buckets.slice(0, n), counts: counts.slice(0, n) };
  }
}

/** Loops in place of `forEach`: thousands of buckets are looked at between two requests. */
function fromDense(dense: Uint32Array): Pick<Distribution, 'buckets' | 'counts'> {
  let n = 0;
  for (let bucket = 0; bucket < dense.length; bucket++) if (dense[bucket] !== 0) n++;
  const buckets = new Uint16Array(n);
  const counts = new Float64Array(n);
  n = 0;
  for (let bucket = 0; bucket < dense.length; bucket++) {
    const count = dense[bucket] as number;
    if (count === 0) continue;
    buckets[n] = bucket;
    counts[n++] = count;
  }
  return { buckets, counts };
}
