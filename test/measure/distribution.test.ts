// Laws of buckets, distributions and histograms: exact counts, known errors, merging in any order.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as hdr from 'hdr-histogram-js';
import {
  bucketCount,
  bucketHighUs,
  bucketLowUs,
  bucketOf,
  COARSE,
  FINE,
  type Layout,
  MAX_VALUE_US,
} from '../../src/measure/buckets.js';
import {
  addDistributions,
  coarsen,
  type Distribution,
  emptyDistribution,
  fromJson,
  maximum,
  mean,
  quantile,
  rankOf,
  toJson,
} from '../../src/measure/distribution.js';
import { DistributionBuilder } from '../../src/measure/distribution-builder.js';
import { Histogram } from '../../src/measure/histogram.js';

const values = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 3000 }),
    fc.integer({ min: 0, max: MAX_VALUE_US }),
    fc.integer({ min: 0, max: 500_000_000 }),
  ),
  { maxLength: 300 },
);

function build(
  of: readonly number[],
  layout: Layout = FINE,
  cutFrom = Number.POSITIVE_INFINITY,
): Distribution {
  const builder = new DistributionBuilder(layout);
  for (const value of of) builder.record(value, value >= cutFrom);
  return builder.take();
}

describe('buckets', () => {
  it('are those of HdrHistogram', () => {
    const peer = hdr.build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: MAX_VALUE_US,
      numberOfSignificantValueDigits: 3,
      bitBucketSize: 64,
      autoResize: false,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_VALUE_US }), (value) => {
        const bucket = bucketOf(FINE, value);
        peer.reset();
        peer.recordValue(value);
        // At the very top the peer names the exact maximum, so the comparison is by the percentile of two values.
        assert.ok(bucketLowUs(FINE, bucket) <= value && value <= bucketHighUs(FINE, bucket));
        assert.equal(peer.getValueAtPercentile(50), bucketHighUs(FINE, bucket));
      }),
    );
  });

  it('know a value to one part in a thousand, or in a hundred', () => {
    for (const [layout, error] of [
      [FINE, 0.001],
      [COARSE, 0.008],
    ] as const) {
      for (let bucket = 1; bucket < bucketCount(layout); bucket++) {
        const low = bucketLowUs(layout, bucket);
        assert.ok(bucketHighUs(layout, bucket) - low <= error * low, `bucket ${bucket}`);
        assert.equal(bucketOf(layout, low), bucket);
        assert.equal(bucketOf(layout, Math.min(MAX_VALUE_US, bucketHighUs(layout, bucket))), bucket);
      }
    }
  });
});

describe('distributions', () => {
  it('are a commutative monoid under addition, exactly', () => {
    fc.assert(
      fc.property(values, values, values, (x, y, z) => {
        const [a, b, c] = [build(x), build(y), build(z)];
        const empty = emptyDistribution(FINE);
        assert.deepEqual(addDistributions(a, b), addDistributions(b, a));
        assert.deepEqual(
          addDistributions(addDistributions(a, b), c),
          addDistributions(a, addDistributions(b, c)),
        );
        assert.deepEqual(addDistributions(a, empty), a);
        assert.deepEqual(addDistributions(a, b), build([...x, ...y]));
      }),
    );
  });

  it('give the value at its rank, to the bucket', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (x, q) => {
        const sorted = [...x].sort((a, b) => a - b);
        const read = quantile(build(x), q);
        if (sorted.length === 0) return assert.equal(read, undefined);
        const exact = sorted[rankOf(q, sorted.length) - 1] as number;
        assert.equal(bucketOf(FINE, read?.us ?? -1), bucketOf(FINE, exact));
        assert.ok((read?.us ?? 0) <= (sorted.at(-1) as number));
      }),
    );
  });

  it('keep count, sum and maximum exactly, also beyond what buckets hold', () => {
    fc.assert(
      fc.property(values, (x) => {
        const built = build(x);
        assert.equal(built.count, x.length);
        assert.equal(
          built.sumUs,
          x.reduce((sum, v) => sum + v, 0),
        );
        assert.equal(built.maxUs, Math.max(0, ...x));
        assert.equal(
          built.counts.reduce((sum, n) => sum + n, 0),
          x.length,
        );
      }),
    );
  });

  it('are the same whether values were listed or counted', () => {
    const x = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 200_000);
    const parts = [build(x.slice(0, 3000)), build(x.slice(3000, 6000)), build(x.slice(6000))];
    assert.deepEqual(build(x), parts.reduce(addDistributions));
  });

  it('call a quantile a lower bound exactly from the first value that was cut', () => {
    const of = build(
      [...Array.from({ length: 90 }, () => 5_000), ...Array.from({ length: 10 }, () => 10_000_000)],
      FINE,
      10_000_000,
    );
    assert.deepEqual(quantile(of, 0.9), { us: 5_003, atLeast: false });
    assert.equal(quantile(of, 0.91)?.atLeast, true);
    assert.ok((quantile(of, 0.99)?.us ?? 0) >= 10_000_000 * 0.999);
    assert.equal(maximum(of)?.atLeast, true);
    assert.equal(mean(of)?.atLeast, true);
  });

  it('survive JSON, and coarsening keeps what is exact', () => {
    fc.assert(
      fc.property(values, (x) => {
        const of = build(x, FINE, 1_000_000);
        assert.deepEqual(fromJson(FINE, JSON.parse(JSON.stringify(toJson(of)))), of);
        const coarse = coarsen(of, COARSE);
        assert.equal(coarse.count, of.count);
        assert.equal(coarse.sumUs, of.sumUs);
        assert.deepEqual(coarse.buckets, build(x, COARSE).buckets);
      }),
    );
  });
});

describe('the histogram of record', () => {
  it('agrees with the distributions it was made of', () => {
    fc.assert(
      fc.property(values, values, (x, y) => {
        const histogram = new Histogram();
        histogram.add(build(x));
        const other = new Histogram();
        other.add(build(y));
        histogram.merge(other);
        const sum = addDistributions(build(x), build(y));
        for (const q of [0.5, 0.9, 0.99, 0.999, 1]) assert.deepEqual(histogram.quantile(q), quantile(sum, q));
        assert.deepEqual(histogram.maximum(), maximum(sum));
        assert.deepEqual(histogram.mean(), mean(sum));
      }),
      { numRuns: 50 },
    );
  });

  it('encodes to what other tools of its family read', () => {
    const histogram = new Histogram();
    histogram.add(build([1, 2, 3, 1_000, 1_000_000]));
    const decoded = hdr.decodeFromCompressedBase64(histogram.encode());
    assert.equal(decoded.totalCount, 5);
    assert.equal(decoded.getValueAtPercentile(50), 3);
  });
});
