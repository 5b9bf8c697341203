// The histogram of record: hdr-histogram-js behind a small class, with what it loses kept beside it.
//
// The library's traps, and how they are closed here:
// - out-of-range values throw, or are accepted through bucket rounding: values are clamped before they get there;
// - 32-bit counts wrap silently: 64-bit counts;
// - autoResize makes two histograms disagree about their range: off, one fixed range for all;
// - the exact maximum is lost when a histogram is encoded, and the exact sum was never in it: both kept beside it;
// - quantiles walk every bucket: fine for a report, not for a hot path, which uses sparse distributions instead.
// - a histogram is an array of 147 KB however few values it has: one is built to be read, from sparse buckets of the
//   same layout, which is what each route and phase keeps.
import * as hdr from 'hdr-histogram-js';
import { bucketLowUs, FINE, MAX_VALUE_US } from './buckets.js';
import type { Distribution, Reading } from './distribution.js';
import { DistributionSum } from './distribution-sum.js';

export class Histogram {
  /** The one that was read last: who reads one quantile reads others. */
  static #built: { readonly of: Histogram; readonly hdr: hdr.Histogram } | null = null;

  readonly #sum = new DistributionSum(FINE);

  get count(): number {
    return this.#sum.exact.count;
  }

  /** How many of the values were cut short (timeouts). */
  get cuts(): number {
    return this.#sum.exact.cuts;
  }

  /** Adds a distribution of the 3-digit layout; lossless. */
  add(distribution: Distribution): void {
    if (distribution.layout !== FINE) throw new Error('the histogram of record takes 3-digit distributions');
    this.#sum.add(distribution);
    if (Histogram.#built?.of === this) Histogram.#built = null;
  }

  /** Adds another histogram; lossless. */
  merge(other: Histogram): void {
    this.add(other.#sum.read());
  }

  /**
   * The value at rank ⌈q·count⌉, never above the exact maximum; a lower bound where cut values lie at or below it.
   * @param q 0 to 1
   */
  quantile(q: number): Reading | undefined {
    if (this.count === 0) return undefined;
    const { maxUs, cutMinUs } = this.#sum.exact;
    const us = Math.min(maxUs, this.#build().getValueAtPercentile(q * 100));
    return { us, atLeast: us >= cutMinUs };
  }

  /** All of it as sparse buckets; not to be changed. */
  read(): Distribution {
    return this.#sum.read();
  }

  maximum(): Reading | undefined {
    return this.count === 0 ? undefined : { us: this.#sum.exact.maxUs, atLeast: this.cuts > 0 };
  }

  mean(): Reading | undefined {
    if (this.count === 0) return undefined;
    return { us: this.#sum.exact.sumUs / this.count, atLeast: this.cuts > 0 };
  }

  /** HdrHistogram V2, compressed, base64: what other tools of that family read. */
  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.#build());
  }

  #build(): hdr.Histogram {
    if (Histogram.#built?.of === this) return Histogram.#built.hdr;
    const built = hdr.build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: MAX_VALUE_US,
      numberOfSignificantValueDigits: 3,
      bitBucketSize: 64,
      autoResize: false,
      useWebAssembly: false,
    });
    const { buckets, counts } = this.#sum.read();
    for (let i = 0; i < buckets.length; i++)
      built.recordValueWithCount(bucketLowUs(FINE, buckets[i] as number), counts[i] as number);
    Histogram.#built = { of: this, hdr: built };
    return built;
  }
}

/** The sum of some histograms; none of them is changed. */
export function sumHistograms(parts: Iterable<Histogram>): Histogram {
  const sum = new Histogram();
  for (const part of parts) sum.merge(part);
  return sum;
}
