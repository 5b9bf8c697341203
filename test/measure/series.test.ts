import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FINE } from '../../src/measure/buckets.js';
import { quantile, rankOf } from '../../src/measure/distribution.js';
import { DistributionBuilder } from '../../src/measure/distribution-builder.js';
import { countOver } from '../../src/measure/series.js';

describe('the count over a bound', () => {
  it('agrees with every quantile: at most n (1 - q) lie over what q reads, and more over anything less', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 999 }),
        (values, permille) => {
          const builder = new DistributionBuilder(FINE);
          for (const value of values) builder.record(value, false);
          const of = builder.take();
          const q = permille / 1000;
          const us = quantile(of, q)?.us ?? Number.NaN;
          const beyond = of.count - rankOf(q, of.count);
          assert.ok(countOver(of, us) <= beyond);
          assert.ok(countOver(of, us - 1) > beyond);
        },
      ),
    );
  });
});
