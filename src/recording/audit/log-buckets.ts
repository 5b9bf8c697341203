// A small histogram of whole numbers: exact below 32, within 3 % above; for audits, where a shape is enough.

/** Sixteen buckets for each power of two up to 2^31: 1.8 KB. */
const BUCKETS = 448;
const VALUE_MAX = 2 ** 31 - 1;

/** Values that are kept as they are before there are buckets: most of what is audited comes once or twice. */
const FEW = 16;

/** Counts of values; a bucket holds up to 2^32 − 1 of them. Exact while there are no more than 16 values. */
export class LogBuckets {
  #count = 0;
  #sum = 0;
  readonly #few: number[] = [];
  #buckets: Uint32Array | null = null;

  /** @param value a whole number from 0; beyond 2^31 − 1 it counts as that */
  add(value: number): void {
    const held = value < 0 ? 0 : value > VALUE_MAX ? VALUE_MAX : value | 0;
    this.#count++;
    this.#sum += held;
    if (this.#buckets !== null) {
      this.#buckets[bucketOf(held)]!++;
      return;
    }
    this.#few.push(held);
    if (this.#few.length <= FEW) return;
    this.#buckets = new Uint32Array(BUCKETS);
    for (const one of this.#few) this.#buckets[bucketOf(one)]!++;
    this.#few.length = 0;
  }

  /** Adds another's values. */
  addAll(other: LogBuckets): void {
    if (other.#buckets === null) {
      for (const value of other.#few) this.add(value);
      return;
    }
    this.#buckets ??= new Uint32Array(BUCKETS);
    for (const one of this.#few.splice(0)) this.#buckets[bucketOf(one)]!++;
    for (let i = 0; i < BUCKETS; i++) this.#buckets[i]! += other.#buckets[i] as number;
    this.#count += other.#count;
    this.#sum += other.#sum;
  }

  /** Null without values. */
  mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }

  /** The value of rank ⌈q·n⌉, by the middle of its bucket; null without values. */
  quantile(q: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    const buckets = this.#buckets;
    if (buckets === null) return this.#few.toSorted((a, b) => a - b)[rank - 1] as number;
    let bucket = 0;
    for (let seen = 0; bucket < BUCKETS - 1; bucket++) {
      seen += buckets[bucket] as number;
      if (seen >= rank) break;
    }
    return middleOf(bucket);
  }
}

function bucketOf(value: number): number {
  const shift = Math.max(0, 27 - Math.clz32(value));
  return shift * 16 + (value >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 32) return bucket;
  const shift = (bucket >> 4) - 1;
  return (bucket - shift * 16) * 2 ** shift + (2 ** shift - 1) / 2;
}
