// A small histogram of whole numbers: exact below 32, within 3 % above; for audits, where a shape is enough.

/** Sixteen buckets for each power of two up to 2^31: 1.8 KB. */
const BUCKETS = 448;
const VALUE_MAX = 2 ** 31 - 1;

/** Counts of values; a bucket holds up to 2^32 − 1 of them. */
export class LogBuckets {
  #count = 0;
  #sum = 0;
  readonly #buckets = new Uint32Array(BUCKETS);

  /** @param value a whole number from 0; beyond 2^31 − 1 it counts as that */
  add(value: number): void {
    const held = value < 0 ? 0 : value > VALUE_MAX ? VALUE_MAX : value | 0;
    const shift = Math.max(0, 27 - Math.clz32(held));
    this.#buckets[shift * 16 + (held >>> shift)]!++;
    this.#count++;
    this.#sum += value;
  }

  /** Null without values. */
  mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }

  /** The value of rank ⌈q·n⌉, by the middle of its bucket; null without values. */
  quantile(q: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    let bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      seen += this.#buckets[bucket] as number;
      if (seen >= rank) break;
    }
    if (bucket < 32) return bucket;
    const shift = (bucket >> 4) - 1;
    return (bucket - shift * 16) * 2 ** shift + (2 ** shift - 1) / 2;
  }
}
