// Comparisons: how often they are wrong on correlated queues, what they find, and what they refuse to decide.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareRuns, type TestResult } from '../../src/judge/comparison/comparison.js';
import { pairedEffect, welchEffect } from '../../src/judge/comparison/effect.js';
import { figuresOf, type RunFigures } from '../../src/judge/comparison/figures.js';
import { DEFAULT_MARGINS, type Metric } from '../../src/judge/comparison/metrics.js';
import { noiseOf } from '../../src/judge/comparison/noise.js';
import { draw, drawKey } from '../../src/random.js';
import { type QueueRun, queueRun } from '../support/queue-runs.js';
import { completed, headOf, type Op, snapshotOf } from '../support/snapshots.js';

const COMPARISONS = 200;
const RATE = 400;

const compare = (
  base: readonly RunFigures[],
  candidate: readonly RunFigures[],
  paired = true,
  noise = null,
) => compareRuns({ base, candidate, paired }, { margins: DEFAULT_MARGINS, noise });

function testOf(tests: readonly TestResult[], metric: Metric, scope = 'whole run'): TestResult {
  const found = tests.find((test) => test.metric === metric && test.scope.name === scope);
  assert.ok(found !== undefined, `${metric} of ${scope}`);
  return found;
}

let seeds = 0;
/** A run with service times of its own. */
function run(seconds: number, arrivals: number, more: Partial<QueueRun> = {}): RunFigures {
  const seed = ++seeds;
  return queueRun({ name: `run ${seed}`, arrivals, seed, seconds, ratePerSec: RATE, ...more });
}

/** What a runner does to all service times of a run, and to none of the next: log-normal of this spread. */
function drifted(spread: number): number {
  const key = drawKey(seeds, 'drift');
  return Math.exp(spread * Math.sqrt(3) * (2 * draw(key, 1) - 1));
}

describe('comparing windows of one pair of runs', () => {
  const bases = Array.from({ length: COMPARISONS }, (_, i) => run(300, i));

  it('fails at most 2 % of A/A comparisons of a correlated queue, and passes nearly all', () => {
    let failed = 0;
    let passed = 0;
    bases.forEach((base, i) => {
      const { verdict, unit } = compare([base], [run(300, i)]);
      assert.equal(unit, 'windows');
      if (verdict === 'fail') failed++;
      if (verdict === 'pass') passed++;
    });
    assert.ok(failed <= 0.02 * COMPARISONS, `${failed} failed`);
    assert.ok(passed >= 0.9 * COMPARISONS, `${passed} passed`);
  });

  it('finds a p99 that is 30 % slower, the rest being as it was, in at least 90 %', () => {
    const some = bases.slice(0, 60);
    const found = some.filter((base, i) => {
      const { tests, verdict } = compare([base], [run(300, i, { tail: 1.3 })]);
      assert.equal(testOf(tests, 'p50').verdict, 'pass');
      return verdict === 'fail' && testOf(tests, 'p99').verdict === 'fail';
    });
    assert.ok(found.length >= 0.9 * some.length, `${found.length} of ${some.length}`);
  });

  it('covers the true change with its limits as often as it says', () => {
    let above = 0;
    let below = 0;
    bases.forEach((base, i) => {
      const { tests } = compare([base], [bases[(i + 1) % bases.length] as RunFigures]);
      const { least, most } = testOf(tests, 'p95');
      if ((least ?? -1) > 0) above++;
      if ((most ?? 1) < 0) below++;
    });
    // The lower limit has 99 %, as there are five tests, the upper one 95 %.
    assert.ok(above <= 0.04 * COMPARISONS, `${above} above`);
    assert.ok(below <= 0.1 * COMPARISONS, `${below} below`);
  });
});

describe('comparing runs', () => {
  it('fails at most 2 % of A/A comparisons though every run is of its own pace', () => {
    let failed = 0;
    for (let i = 0; i < COMPARISONS; i++) {
      const side = () => Array.from({ length: 3 }, (_, k) => run(40, 3 * i + k, { slowed: drifted(0.04) }));
      const { verdict, unit } = compare(side(), side());
      assert.equal(unit, 'runs');
      if (verdict === 'fail') failed++;
    }
    assert.ok(failed <= 0.02 * COMPARISONS, `${failed} failed`);
  });

  it('finds a p99 that is 30 % slower, the rest being as it was, in at least 90 %, with five pairs', () => {
    const TRIALS = 30;
    let found = 0;
    for (let i = 0; i < TRIALS; i++) {
      const side = (tail: number) => Array.from({ length: 5 }, (_, k) => run(120, 5 * i + k, { tail }));
      const { tests } = compare(side(1), side(1.3));
      if (testOf(tests, 'p99').verdict === 'fail') found++;
    }
    assert.ok(found >= 0.9 * TRIALS, `${found} of ${TRIALS}`);
  });
});

describe('the noise of a runner', () => {
  it('widens what windows of one pair say, so that a change of pace alone fails no more', () => {
    const pace = (i: number) => ({ slowed: i % 2 === 0 ? 1 : 1.12 });
    const noise = noiseOf(Array.from({ length: 6 }, (_, i) => run(60, 1, pace(i))));
    const [base, candidate] = [run(300, 1, pace(0)), run(300, 1, pace(1))];
    const runs = { base: [base], candidate: [candidate], paired: true };
    const margins = DEFAULT_MARGINS;
    assert.equal(compareRuns(runs, { margins, noise: null }).verdict, 'fail');
    assert.notEqual(compareRuns(runs, { margins, noise }).verdict, 'fail');
  });

  it('asks for margins of twice what pairs of the same thing differ by, and more where runs are few', () => {
    const noise = noiseOf(Array.from({ length: 8 }, () => run(60, 1)));
    assert.equal(noise.pairs, 28);
    for (const { metric, p95, margin, marginAtMost } of noise.metrics) {
      if (metric === 'errors') {
        assert.equal(margin, 0);
        continue;
      }
      assert.ok(Math.abs(margin - Math.abs(Math.exp(metric === 'goodput' ? -2 * p95 : 2 * p95) - 1)) < 1e-12);
      assert.ok(marginAtMost >= margin);
    }
  });

  it('notices that a runner drifts', () => {
    const drifting = noiseOf(Array.from({ length: 8 }, (_, i) => run(60, 1, { slowed: 1 + 0.03 * i })));
    const steady = noiseOf(
      Array.from({ length: 8 }, (_, i) => run(60, 1, { slowed: i % 2 === 0 ? 1 : 1.2 })),
    );
    const p95 = ({ metrics }: typeof steady) => metrics.find(({ metric }) => metric === 'p95');
    assert.equal(p95(drifting)?.drifts, true);
    assert.equal(p95(steady)?.drifts, false);
  });
});

/** A run of two minutes at 50 a second; each operation as it is told. */
function built(name: string, op: (windowS: number, i: number) => Partial<Op>, split = 120): RunFigures {
  const phases = [
    { name: 'before', startS: 0, endS: split },
    { name: 'peak', startS: split, endS: 120 },
  ] as const;
  const head = headOf({
    durationS: 120,
    phases: split === 120 ? [{ ...phases[0], name: 'steady' }] : phases,
  });
  const ops: Op[] = [];
  for (let windowS = 0; windowS < 120; windowS++) {
    for (let i = 0; i < 50; i++) {
      const key = drawKey(windowS, name);
      ops.push({ windowS, serviceUs: Math.round(20_000 * (1 + 3 * draw(key, i) ** 4)), ...op(windowS, i) });
    }
  }
  return figuresOf(completed(snapshotOf(head, ops)), name, 'route');
}

describe('a comparison', () => {
  const good = built('a', () => ({}));

  it('compares errors as a difference of shares, and goodput as what is left', () => {
    const failing = built('b', (windowS, i) => ((windowS + i) % 10 === 0 ? { outcome: 'bad_status' } : {}));
    const { tests, verdict } = compare([good], [failing]);
    assert.equal(verdict, 'fail');
    const errors = testOf(tests, 'errors');
    assert.equal(errors.verdict, 'fail');
    assert.ok(Math.abs((errors.change ?? 0) - 0.1) < 1e-9);
    const goodput = testOf(tests, 'goodput');
    assert.equal(goodput.verdict, 'fail');
    assert.ok(Math.abs((goodput.change ?? 0) + 0.1) < 1e-4);
    assert.ok((goodput.least ?? 0) <= (goodput.change ?? 0) && (goodput.change ?? 0) <= (goodput.most ?? 0));
    assert.equal(compare([failing], [good]).tests.filter((test) => test.verdict === 'fail').length, 0);
  });

  it('fails a candidate of which nothing is ok, and says that its latencies cannot be compared', () => {
    const dead = built('c', () => ({ outcome: 'refused' }));
    const { tests, verdict } = compare([good], [dead]);
    assert.equal(verdict, 'fail');
    assert.equal(testOf(tests, 'p99').verdict, 'inconclusive');
    assert.match(testOf(tests, 'p99').reason ?? '', /too few/);
    assert.equal(testOf(tests, 'errors').verdict, 'fail');
  });

  it('never passes a quantile that timeouts cut on the side of the candidate, and fails it if that is enough', () => {
    const slow = built('d', (_, i) =>
      i < 2 ? { outcome: 'timeout', serviceUs: 10_000_000, lagUs: 0, waitUs: 0 } : {},
    );
    const p99 = testOf(compare([good], [slow]).tests, 'p99');
    assert.equal(p99.verdict, 'fail');
    assert.equal(p99.change, null);
    assert.equal(p99.most, null);
    const both = testOf(
      compare(
        [slow],
        [
          built('e', (_, i) =>
            i < 2 ? { outcome: 'timeout', serviceUs: 10_000_000, lagUs: 0, waitUs: 0 } : {},
          ),
        ],
      ).tests,
      'p99',
    );
    assert.equal(both.verdict, 'inconclusive');
    assert.match(both.reason ?? '', /timeouts/);
    assert.equal(testOf(compare([slow], [good]).tests, 'p99').verdict, 'pass');
  });

  it('judges runs the same way where timeouts cut them', () => {
    const late = (name: string) =>
      built(name, (_, i) =>
        i < 2 ? { outcome: 'timeout', serviceUs: 10_000_000, lagUs: 0, waitUs: 0 } : {},
      );
    const goods = ['f', 'g', 'h'].map((name) => built(name, () => ({})));
    const lates = ['i', 'j', 'k'].map(late);
    assert.equal(testOf(compare(goods, lates).tests, 'p99').verdict, 'fail');
    assert.equal(testOf(compare(lates, goods).tests, 'p99').verdict, 'pass');
    assert.equal(testOf(compare(lates, ['l', 'm', 'n'].map(late)).tests, 'p99').verdict, 'inconclusive');
  });

  it('asks every phase that holds enough, and says what it did not ask', () => {
    const worse = (name: string, from: number) =>
      built(name, (windowS) => (windowS < from ? {} : { serviceUs: 90_000 }), from);
    const halves = compare([built('o', () => ({}), 60)], [worse('p', 60)]);
    assert.equal(testOf(halves.tests, 'p50', 'before').verdict, 'pass');
    assert.equal(testOf(halves.tests, 'p50', 'peak').verdict, 'fail');
    assert.deepEqual(
      halves.notCompared.filter(({ scope }) => scope.kind === 'phase'),
      [],
    );
    const { tests, notCompared, verdict } = compare([built('q', () => ({}), 90)], [worse('r', 90)]);
    assert.equal(testOf(tests, 'p50', 'before').verdict, 'pass');
    const left = notCompared.find(({ scope }) => scope.name === 'peak');
    assert.match(left?.reason ?? '', /too short/);
    assert.notEqual(verdict, 'pass');
  });

  it('compares routes by runs, and not by windows', () => {
    const cart = (name: string, serviceUs: number) =>
      built(name, (_, i) => (i % 5 === 0 ? { route: 1, serviceUs: serviceUs + i } : {}));
    const side = (from: string, serviceUs: number) => [1, 2, 3].map((n) => cart(`${from}${n}`, serviceUs));
    const { tests } = compare(side('q', 40_000), side('r', 90_000));
    assert.equal(testOf(tests, 'p95', 'cart').verdict, 'fail');
    assert.equal(testOf(tests, 'p95', 'product').verdict, 'pass');
    const { notCompared } = compare([cart('s', 40_000)], [cart('t', 40_000)]);
    assert.match(notCompared.find(({ scope }) => scope.name === 'cart')?.reason ?? '', /3 pairs/);
  });

  it('is inconclusive where the margin lies between the limits', () => {
    const noisy = (name: string, factor: number) => {
      const key = drawKey(7, name);
      return built(name, (windowS) => ({
        serviceUs: Math.round(20_000 * factor * (1 + draw(key, Math.floor(windowS / 10)))),
      }));
    };
    const { tests } = compare([noisy('v', 1)], [noisy('w', 1.08)]);
    const p50 = testOf(tests, 'p50');
    assert.equal(p50.verdict, 'inconclusive');
    assert.ok((p50.least ?? 1) < p50.bound && p50.bound < (p50.most ?? -1));
    assert.ok((p50.detectable ?? 0) > p50.bound);
  });
});

describe('limits of an effect', () => {
  const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 8 });
  const exactly = (all: readonly number[]) => all.map((value) => ({ least: value, most: value }));

  it('lie around the estimate and widen with confidence', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        for (const effect of [pairedEffect(exactly(a)), welchEffect(exactly(a), exactly(b))]) {
          const estimate = effect.estimate ?? Number.NaN;
          assert.ok(effect.lower(0.99) <= effect.lower(0.8) + 1e-12);
          assert.ok(effect.lower(0.8) <= estimate + 1e-9 && estimate <= effect.upper(0.8) + 1e-9);
          assert.ok(effect.upper(0.8) <= effect.upper(0.99) + 1e-12);
        }
      }),
    );
  });

  it('of sides that are swapped are each other’s, with the sign turned', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const there = welchEffect(exactly(a), exactly(b));
        const back = welchEffect(exactly(b), exactly(a));
        assert.ok(Math.abs(there.lower(0.95) + back.upper(0.95)) < 1e-9);
      }),
    );
  });

  it('say nothing on the side on which a value is not bounded', () => {
    const cut = [
      { least: 1, most: Number.POSITIVE_INFINITY },
      { least: 1.1, most: 1.1 },
    ];
    const effect = pairedEffect(cut);
    assert.equal(effect.estimate, null);
    assert.equal(effect.upper(0.95), Number.POSITIVE_INFINITY);
    assert.ok(Number.isFinite(effect.lower(0.95)));
  });
});
