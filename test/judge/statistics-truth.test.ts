import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanLimits } from '../../src/judge/statistics/mean.js';
import {
  neededFor,
  type ShareLimits,
  shareLimits,
  type Tick,
} from '../../src/judge/statistics/proportion.js';
import { wilson } from '../../src/judge/statistics/wilson.js';
import { independent, type QueueTick, queue, spells } from '../support/queues.js';

const BOUND = 0.01;
const RATE = 200;
/** True shares that gates are held against: half the bound, the bound itself, twice the bound. */
const SHARES = [BOUND / 2, BOUND, 2 * BOUND] as const;
/** Lengths of runs of queues at 200 a second: 10 s to 500 s. */
const QUEUE_RUNS = [
  { n: 2000, runs: 250 },
  { n: 6000, runs: 250 },
  { n: 20_000, runs: 250 },
  { n: 100_000, runs: 80 },
] as const;
const HALF = 0;
const AT_BOUND = 1;
const TWICE = 2;

const limitsOf = (ticks: Tick[]): ShareLimits => {
  const limits = shareLimits([ticks]);
  assert.ok(limits !== null);
  return limits;
};
const passes = ({ high }: ShareLimits): boolean => high < BOUND;
const fails = ({ surelyAbove }: ShareLimits): boolean => surelyAbove > BOUND;
const slow = (ticks: readonly QueueTick[], level: number): Tick[] =>
  ticks.map(({ n, sum, hits }) => ({ n, sum, hits: hits[level] as number }));
const failed = (ticks: readonly QueueTick[], level: number): Tick[] =>
  ticks.map(({ n, hits }) => ({ n, hits: hits[level] as number }));

/** What a gate answers by limits that take every operation for independent. */
function naive(ticks: readonly Tick[]): { passes: boolean; fails: boolean } {
  const n = ticks.reduce((sum, tick) => sum + tick.n, 0);
  const hits = ticks.reduce((sum, tick) => sum + tick.hits, 0);
  return { passes: wilson(hits, n, 1.645).high < BOUND, fails: wilson(hits, n, 2.326).low > BOUND };
}

interface Answers {
  readonly runs: number;
  passedAtHalf: number;
  passedAtBound: number;
  failedAtBound: number;
  failedAtTwice: number;
  naiveWrong: number;
}

/** Judges runs of which the true share is known, at each of SHARES. */
function judge(
  runs: number,
  make: (traffic: { seed: number; ratePerSec: number; shares: readonly number[] }) => QueueTick[],
  ticksOf: (ticks: readonly QueueTick[], level: number) => Tick[],
): Answers {
  const answers = {
    runs,
    passedAtHalf: 0,
    passedAtBound: 0,
    failedAtBound: 0,
    failedAtTwice: 0,
    naiveWrong: 0,
  };
  for (let seed = 1; seed <= runs; seed++) {
    const ticks = make({ seed, ratePerSec: RATE, shares: SHARES });
    const atBound = limitsOf(ticksOf(ticks, AT_BOUND));
    if (passes(limitsOf(ticksOf(ticks, HALF)))) answers.passedAtHalf++;
    if (passes(atBound)) answers.passedAtBound++;
    if (fails(atBound)) answers.failedAtBound++;
    if (fails(limitsOf(ticksOf(ticks, TWICE)))) answers.failedAtTwice++;
    const { passes: passed, fails: failedNaively } = naive(ticksOf(ticks, AT_BOUND));
    if (passed || failedNaively) answers.naiveWrong++;
  }
  return answers;
}

/** How often an event of this probability may happen in so many runs: three standard deviations over its mean. */
const atMost = (runs: number, p: number): number => runs * p + 3 * Math.sqrt(runs * p * (1 - p));

// What came of it, at last count, in % of runs: how often a gate was wrong where the true share was just its bound (5 and
// 1 are allowed; the rest is undecided), how often by naive limits, and how often it decided at half the bound and twice.
//
//                               passed   failed   naive: wrong   half passed   twice failed
//   queue, load .5,     2,000     4.0      0.4         50.8           14.4          10.4
//                       6,000     2.4      0.0         52.4           16.4          41.6
//                      20,000     5.6      0.4         50.8           61.6          93.2
//                     100,000     1.3      0.0         58.8          100.0         100.0
//   queue, load .8,     2,000     0.8      0.4         84.0            0.4           1.6
//                       6,000     1.6      0.4         86.8            0.8           3.2
//                      20,000     1.6      0.0         86.4            4.4           9.2
//                     100,000     2.5      0.0         85.0           31.3          78.8
//   queue, load .9,     2,000     0.0      0.0         96.4            0.0           0.0
//                       6,000     0.0      2.4         96.0            0.0           4.4
//                      20,000     0.4      0.4         94.0            0.0           2.8
//                     100,000     1.3      0.0         92.5            0.0          20.0
//   spells of .2 s,    20,000     0.0      0.0         79.5            4.5          25.5
//   spells of 2 s,     20,000    33.5      1.0         94.5           59.5           7.5
//                     100,000     0.0      0.0         92.0            9.0          19.0
//   independent,        2,000     3.0      0.0          5.0           66.0          84.5
//                      20,000     2.0      0.0          2.0          100.0         100.0
//
// At a load of .9, 100,000 operations hold some five moments at which anything was slow: there is not more to know.

test('on queues, a gate is wrong no more often than its limits say, where naive ones mostly are', () => {
  const total = { runs: 0, passed: 0, failed: 0 };
  for (const load of [0.5, 0.8, 0.9]) {
    for (const { n, runs } of QUEUE_RUNS) {
      const of = judge(runs, (traffic) => queue(load, { ...traffic, n }), slow);
      const what = `load ${load}, n ${n}: ${JSON.stringify(of)}`;
      assert.ok(of.passedAtBound <= atMost(runs, 0.05), what);
      assert.ok(of.failedAtBound <= atMost(runs, 0.01), what);
      assert.ok(of.naiveWrong > runs / 3, what);
      total.runs += runs;
      total.passed += of.passedAtBound;
      total.failed += of.failedAtBound;
    }
  }
  assert.ok(total.passed <= 0.05 * total.runs, JSON.stringify(total));
  assert.ok(total.failed <= 0.01 * total.runs, JSON.stringify(total));
});

test('failures that come in spells fail no gate at its bound, and pass none once spells were seen', () => {
  for (const { meanS, n, runs } of [
    { meanS: 0.2, n: 20_000, runs: 200 },
    { meanS: 2, n: 20_000, runs: 200 },
    { meanS: 2, n: 100_000, runs: 100 },
  ]) {
    const of = judge(runs, (traffic) => spells(meanS, { ...traffic, n }), failed);
    const what = `spells of ${meanS} s, n ${n}: ${JSON.stringify(of)}`;
    assert.ok(of.failedAtBound <= atMost(runs, 0.01), what);
    // In 100 s there is one spell of 2 s or none, and of what was not seen nothing can be said.
    if (meanS * RATE * 100 <= n) assert.ok(of.passedAtBound <= atMost(runs, 0.05), what);
    assert.ok(of.naiveWrong > runs / 3, what);
  }
});

test('a gate decides once there is enough to see', () => {
  const alone = judge(100, (traffic) => independent({ ...traffic, n: 20_000 }), failed);
  assert.ok(alone.passedAtHalf === 100 && alone.failedAtTwice === 100, JSON.stringify(alone));
  const few = judge(200, (traffic) => independent({ ...traffic, n: 2000 }), failed);
  assert.ok(few.passedAtHalf > 100 && few.failedAtTwice > 140, JSON.stringify(few));
  assert.ok(few.passedAtBound <= atMost(200, 0.05) && few.failedAtBound <= atMost(200, 0.01));
  const half = judge(100, (traffic) => queue(0.5, { ...traffic, n: 20_000 }), slow);
  assert.ok(half.passedAtHalf > 50 && half.failedAtTwice > 80, JSON.stringify(half));
  const busy = judge(50, (traffic) => queue(0.8, { ...traffic, n: 100_000 }), slow);
  assert.ok(busy.passedAtHalf > 12 && busy.failedAtTwice > 30, JSON.stringify(busy));
});

test('a short run of a busy queue that shows nothing slow shows nothing, by what its responses say', () => {
  let withSums = 0;
  let without = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const ticks = queue(0.9, { seed, ratePerSec: RATE, n: 2000, shares: [BOUND] });
    if (passes(limitsOf(slow(ticks, 0)))) withSums++;
    if (passes(limitsOf(failed(ticks, 0)))) without++;
  }
  assert.ok(withSums <= atMost(200, 0.05) && without > 100, `${withSums} with sums, ${without} without`);
});

test('as many operations as are said to be needed decide about half of the time, and rightly', () => {
  let asked = 0;
  let decided = 0;
  for (const { load, level } of [
    { load: 0.5, level: HALF },
    { load: 0.5, level: TWICE },
    { load: 0.8, level: TWICE },
  ]) {
    for (let seed = 1; seed <= 40; seed++) {
      const seen = limitsOf(slow(queue(load, { seed, ratePerSec: RATE, n: 8000, shares: SHARES }), level));
      if (passes(seen) || fails(seen)) continue;
      const needed = neededFor(seen, BOUND);
      if (needed === null || needed > 150_000) continue;
      assert.ok(needed > seen.n);
      const again = { seed: 1000 + seed, ratePerSec: RATE, n: needed, shares: SHARES };
      const then = limitsOf(slow(queue(load, again), level));
      asked++;
      if (passes(then) || fails(then)) decided++;
      assert.ok(!(level === HALF ? fails(then) : passes(then)));
    }
  }
  assert.ok(asked > 60 && decided / asked > 0.4 && decided / asked < 0.8, `${decided} of ${asked}`);
});

test('limits of a mean hold the true mean of a queue', () => {
  for (const { load, n } of [
    { load: 0.5, n: 2000 },
    { load: 0.8, n: 6000 },
    { load: 0.8, n: 20_000 },
    { load: 0.9, n: 40_000 },
  ]) {
    const runs = 150;
    const mean = 1 / (RATE / load - RATE);
    const missed = { low: 0, high: 0, above: 0, below: 0 };
    for (let seed = 1; seed <= runs; seed++) {
      const limits = meanLimits([queue(load, { seed, ratePerSec: RATE, n, shares: [] })]);
      assert.ok(limits !== null);
      if (limits.low > mean) missed.low++;
      if (limits.high < mean) missed.high++;
      if (limits.surelyAbove > mean) missed.above++;
      if (limits.surelyBelow < mean) missed.below++;
    }
    const what = `load ${load}, n ${n}: ${JSON.stringify(missed)}`;
    assert.ok(missed.low <= atMost(runs, 0.05) && missed.high <= atMost(runs, 0.05), what);
    assert.ok(missed.above <= atMost(runs, 0.01) && missed.below <= atMost(runs, 0.01), what);
  }
});
