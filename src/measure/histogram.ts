// The histogram of record: hdr-histogram-js behind a small class, with what it loses kept beside it.
//
// The library's traps, and how they are closed here:
// - out-of-range values throw, or are accepted through bucket rounding: values are clamped before they get there;
// - 32-bit counts wrap silently: 64-bit counts;
// - autoResize makes two histograms disagree about their range: off, one fixed range for all;
// - the exact maximum is lost when a histogram is encoded, and the exact sum was never in it: both kept beside it;
// - quantiles walk every bucket: fine for a report, not for a hot path, which uses sparse distributions instead.
import * as hdr from 'hdr-histogram-js';
import { bucketLowUs, FINE, MAX_VALUE_US } from './buckets.js';
import { type Distribution, emptyDistribution, type Reading } from './distribution.js';

type Exact = Pick<Distribution, 'count' | 'sumUs' | 'maxUs' | 'cuts' | 'cutMinUs'>;

export class Histogram {
  readonly #hdr = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_VALUE_US,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
    autoResize: false,
    useWebAssembly: false,
  });
  #exact: Exact = emptyDistribution(FINE);

  get count(): number {
    return this.#exact.count;
  }

  /** How many of the values were cut short (timeouts). */
  get cuts(): number {
    return this.#exact.cuts;
  }

  /** Adds a distribution of the 3-digit layout; lossless. */
  add(distribution: Distribution): void {
    if (distribution.layout !== FINE) throw new Error('the histogram of record takes 3-digit distributions');
    for (let i = 0; i < distribution.buckets.length; i++) {
      const valueUs = bucketLowUs(FINE, distribution.buckets[i] as number);
      this.#hdr.recordValueWithCount(valueUs, distribution.counts[i] as number);
    }
    this.#addExact(distribution);
  }

  /** Adds another histogram; lossless. */
  merge(other: Histogram): void {
    this.#hdr.add(other.#hdr);
    this.#addExact(other.#exact);
  }

  /**
   * The value at rank ⌈q·count⌉, never above the exact maximum; a lower bound where cut values lie at or below it.
   * @param q 0 to 1
   */
  quantile(q: number): Reading | undefined {
    if (this.count === 0) return undefined;
    const us = Math.min(this.#exact.maxUs, this.#hdr.getValueAtPercentile(q * 100));
    return { us, atLeast: us >= this.#exact.cutMinUs };
  }

  maximum(): Reading | undefined {
    return this.count === 0 ? undefined : { us: this.#exact.maxUs, atLeast: this.cuts > 0 };
  }

  mean(): Reading | undefined {
    return this.count === 0 ? undefined : { us: this.#exact.sumUs / this.count, atLeast: this.cuts > 0 };
  }

  /** HdrHistogram V2, compressed, base64: what other tools of that family read. */
  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.#hdr);
  }

  #addExact(b: Exact): void {
    const a = this.#exact;
    this.#exact = {
      count: a.count + b.count,
      sumUs: a.sumUs + b.sumUs,
      maxUs: Math.max(a.maxUs, b.maxUs),
      cuts: a.cuts + b.cuts,
      cutMinUs: Math.min(a.cutMinUs, b.cutMinUs),
    };
  }
}

/** The sum of some histograms; none of them is changed. */
export function sumHistograms(parts: Iterable<Histogram>): Histogram {
  const sum = new Histogram();
  for (const part of parts) sum.merge(part);
  return sum;
}
