import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { betaQuantile, normalQuantile, tQuantile } from '../../src/judge/statistics/distributions.js';
import { meanLimits } from '../../src/judge/statistics/mean.js';
import {
  neededFor,
  type ShareLimits,
  shareLimits,
  type Tick,
} from '../../src/judge/statistics/proportion.js';

const BOUND = 0.01;

const limitsOf = (...stretches: Tick[][]): ShareLimits => {
  const limits = shareLimits(stretches);
  assert.ok(limits !== null);
  return limits;
};
const passes = ({ high }: ShareLimits): boolean => high < BOUND;
const fails = ({ surelyAbove }: ShareLimits): boolean => surelyAbove > BOUND;

/** Seconds of a hundred operations, of which so many fail. */
const seconds = (lengthS: number, failing: (s: number) => number): Tick[] =>
  Array.from({ length: lengthS }, (_, s) => ({ n: 100, hits: failing(s) }));
const outage = (lengthS: number, fromS: number, forS: number): Tick[] =>
  seconds(lengthS, (s) => (s >= fromS && s < fromS + forS ? 100 : 0));

test('an outage is one cluster, and yet no chance: it fails the gate', () => {
  for (const [lengthS, forS] of [
    [10, 5],
    [10, 9],
    [30, 6],
    [60, 12],
    [120, 12],
    [600, 60],
    [600, 30],
    [3600, 180],
  ] as const) {
    for (const fromS of [0, Math.floor(0.37 * (lengthS - forS)), lengthS - forS]) {
      const limits = limitsOf(outage(lengthS, fromS, forS));
      assert.ok(fails(limits), `${forS} s of ${lengthS} s from ${fromS}: ${JSON.stringify(limits)}`);
    }
  }
  // An eighth or more of a run is far beyond the bound, however it is cut.
  assert.ok(limitsOf(outage(120, 40, 24)).surelyAbove > 5 * BOUND);
  assert.ok(limitsOf(outage(600, 200, 120)).surelyAbove > 10 * BOUND);
});

test('a second or two of failures in a run are too few to tell', () => {
  for (const ticks of [outage(100, 50, 1), outage(100, 50, 2), outage(600, 300, 4)]) {
    const limits = limitsOf(ticks);
    assert.ok(!passes(limits) && !fails(limits), JSON.stringify(limits));
  }
});

test('a trend and a step are no chance', () => {
  // A hundred operations a second of which 0 to 4 fail: what is left of chance is rounding.
  const trend = limitsOf(seconds(600, (s) => Math.round(s / 150)));
  const step = limitsOf(seconds(600, (s) => (s < 300 ? 0 : 4)));
  for (const { share, low, high, effect } of [trend, step]) {
    assert.ok(effect < 3 && low > 0.85 * share && high < 1.15 * share, `${effect}: ${low} to ${high}`);
  }
});

test('blips are as many facts as there are of them', () => {
  const blips = limitsOf(seconds(600, (s) => (s % 30 === 5 ? 100 : 0)));
  assert.ok(blips.effect > 90 && blips.effect < 110 && fails(blips), JSON.stringify(blips));
  const rarer = limitsOf(seconds(3600, (s) => (s % 180 === 5 ? 100 : 0)));
  assert.ok(passes(rarer) && rarer.high > 0.0075, JSON.stringify(rarer));
});

test('phases that differ are no chance: each is held against its own share', () => {
  const calm = seconds(300, () => 1);
  const peak = seconds(60, () => 20);
  const apart = limitsOf(calm, peak, calm);
  assert.equal(apart.effect, 1);
  assert.ok(limitsOf([...calm, ...peak, ...calm]).effect > 2 * apart.effect);
});

test('where nothing was hit, three over the number of operations is the limit', () => {
  assert.ok(passes(limitsOf([{ n: 299, hits: 0 }])) && !passes(limitsOf([{ n: 298, hits: 0 }])));
  const all = limitsOf([{ n: 1000, hits: 1000 }]);
  assert.ok(all.high === 1 && all.low > 0.9969 && all.low < 0.9971);
  assert.equal(shareLimits([[{ n: 0, hits: 0 }], []]), null);
  // 299 of 0 in 298 show it not; one more does.
  assert.equal(neededFor(limitsOf([{ n: 200, hits: 0 }]), BOUND), 299);
});

test('independent counts have the limits of Clopper and Pearson', () => {
  // One hit at most in any second, far apart: 10 of 10,000.
  const { low, high, surelyAbove, surelyBelow, effect } = limitsOf(
    seconds(100, (s) => (s % 10 === 5 ? 1 : 0)),
  );
  assert.ok(effect < 1.01, String(effect));
  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual / expected - 1) < 0.005, `${actual}, not ${expected}`);
  // scipy.stats.beta.ppf(.05, 10, 9991), (.95, 11, 9990), (.01, 10, 9991), (.99, 11, 9990)
  near(low, 0.000542638);
  near(high, 0.001695631);
  near(surelyAbove, 0.000413121);
  near(surelyBelow, 0.002013446);
});

const tick = fc
  .nat({ max: 300 })
  .chain((n) =>
    fc.record({ n: fc.constant(n), hits: fc.oneof(fc.constant(0), fc.nat({ max: n }), fc.constant(n)) }),
  );
const run = fc.array(fc.array(tick, { maxLength: 60 }), { minLength: 1, maxLength: 4 });

test('limits are in order and within 0 to 1, and those of the misses mirror them', () => {
  fc.assert(
    fc.property(run, (stretches) => {
      const of = shareLimits(stretches);
      if (of === null) return;
      const inOrder = [0, of.surelyAbove, of.low, of.share, of.high, of.surelyBelow, 1];
      inOrder.reduce((a, b) => {
        assert.ok(a <= b + 1e-9, JSON.stringify(of));
        return b;
      });
      assert.ok(of.effect >= 1);
      const misses = stretches.map((ticks) => ticks.map(({ n, hits }) => ({ n, hits: n - hits })));
      const mirrored = limitsOf(...misses);
      assert.ok(Math.abs(mirrored.low - (1 - of.high)) < 1e-6, JSON.stringify([of, mirrored]));
      assert.ok(Math.abs(mirrored.surelyBelow - (1 - of.surelyAbove)) < 1e-6);
    }),
  );
});

test('more of the same narrows the limits', () => {
  fc.assert(
    fc.property(fc.array(tick, { minLength: 20, maxLength: 60 }), (ticks) => {
      const once = shareLimits([ticks]);
      if (once === null) return;
      const often = limitsOf(...Array.from({ length: 4 }, () => ticks));
      assert.ok(often.high - often.low <= once.high - once.low + 1e-9, JSON.stringify([once, often]));
    }),
  );
});

test('a single slow answer is judged by how all of them hang together', () => {
  const slow = seconds(100, (s) => (s === 50 ? 1 : 0));
  // Five seconds of quick answers, five of slow ones, and so on.
  const waves = slow.map((of, s) => ({ ...of, sum: Math.floor(s / 5) % 2 === 0 ? 100 : 900 }));
  const even = slow.map((of) => ({ ...of, sum: 500 }));
  assert.ok(passes(limitsOf(slow)) && passes(limitsOf(even)));
  assert.ok(limitsOf(waves).high > 10 * limitsOf(even).high, JSON.stringify(limitsOf(waves)));
  // What only that answer was long for says nothing of the others.
  const one = slow.map((of) => ({ ...of, sum: 500 + 1e5 * of.hits }));
  assert.ok(limitsOf(one).effect < 1.01);
});

test('what stands beside the hits can only widen the upper limit', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(tick, fc.nat({ max: 1e6 })), { minLength: 1, maxLength: 60 }), (both) => {
      const alone = shareLimits([both.map(([of]) => of)]);
      const beside = shareLimits([both.map(([of, sum]) => ({ ...of, sum }))]);
      if (alone === null || beside === null) return;
      assert.ok(beside.high >= alone.high - 1e-9 && beside.effect >= alone.effect);
    }),
  );
});

test('how many are needed depends on what is wanted of a share', () => {
  const limits = limitsOf(seconds(100, (s) => (s % 2 === 0 ? 1 : 0)));
  assert.equal(neededFor(limits, limits.share), null);
  const beyond = [neededFor(limits, 0.004, 'below'), neededFor(limits, 0.004, 'above')] as const;
  const within = [neededFor(limits, 0.006, 'below'), neededFor(limits, 0.006, 'above')] as const;
  // What fails takes 99 %, what passes 95 %.
  assert.ok(Number(beyond[0]) > 1.5 * Number(beyond[1]), String(beyond));
  assert.ok(Number(within[1]) > 1.5 * Number(within[0]), String(within));
});

test('limits of a mean are in order, and exact where nothing varies', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ n: fc.nat({ max: 100 }), sum: fc.nat({ max: 1e9 }) }), { maxLength: 60 }),
      (ticks) => {
        const of = meanLimits([ticks]);
        if (of === null) return;
        const inOrder = [0, of.surelyAbove, of.low, of.mean, of.high, of.surelyBelow];
        inOrder.reduce((a, b) => {
          assert.ok(a <= b + 1e-6 * b, JSON.stringify(of));
          return b;
        });
      },
    ),
  );
  assert.deepEqual(meanLimits([[{ n: 10, sum: 50 }], [{ n: 20, sum: 100 }]]), {
    mean: 5,
    low: 5,
    high: 5,
    surelyAbove: 5,
    surelyBelow: 5,
  });
  assert.equal(meanLimits([[{ n: 0, sum: 0 }]]), null);
});

test('quantiles are those of the tables', () => {
  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual - expected) < 1e-6 * Math.abs(expected), `${actual}, not ${expected}`);
  near(normalQuantile(0.95), 1.6448536);
  near(tQuantile(0.95, 1), 6.3137515);
  near(tQuantile(0.99, 30), 2.4572615);
  near(tQuantile(0.99, 3.2), 4.3214145);
  near(betaQuantile(0.95, 1, 300), 0.0099360819);
  near(betaQuantile(0.95, 4301, 430_000), 0.0101516957);
  near(betaQuantile(0.01, 0.3, 5), 3.2249692e-8);
  assert.equal(betaQuantile(0.05, 0, 5), 0);
  assert.equal(betaQuantile(0.95, 5, 0), 1);
  assert.throws(() => tQuantile(0.95, 0.5));
  assert.throws(() => normalQuantile(1));
});
