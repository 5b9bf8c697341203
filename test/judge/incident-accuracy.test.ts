// The incident as figures against what the simulated storefront knows of itself, over settings drawn at test time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalsBySecond } from '../../src/judge/facts.js';
import { findIncident, type Incident } from '../../src/judge/incident/incident.js';
import { countDrawnShop } from '../support/shop-counts.js';
import {
  type DrawnShop,
  drawShop,
  meanServiceUs,
  runDrawnShop,
  type Spike,
  spikeLengthS,
} from '../support/shop-run.js';
import { type ShopTruth, truthOf } from '../support/shop-truth.js';

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

/** What a shop's first instances serve, requests a second. */
function capacityOf({ options }: DrawnShop): number {
  const { autoscaler, concurrency = 1 } = options;
  return ((autoscaler?.minInstances ?? 1) * concurrency * 1e6) / meanServiceUs(options);
}

/** The same shop under a spike that is so many times what its first instances serve, where that is less or more. */
function withPeak(shop: DrawnShop, bound: (height: number, capacityInBases: number) => number): DrawnShop {
  const capacityInBases = capacityOf(shop) / shop.spike.basePerSec;
  const spike: Spike = { ...shop.spike, height: bound(shop.spike.height, capacityInBases) };
  return { ...shop, spike };
}

function judged(seed: number, shop: DrawnShop): { incident: Incident; truth: ShopTruth } {
  const run = countDrawnShop(seed, shop);
  return { incident: findIncident(run.snapshot), truth: truthOf(run, shop, spikeLengthS(shop.spike)) };
}

/** At less than 1.3 × its capacity chance decides when a shop is broken: neither side has a date to the second. */
const broken = SEEDS.map((seed) => ({
  seed,
  ...judged(
    seed,
    withPeak(drawShop(seed), (height, capacity) => Math.max(height, 1.3 * capacity)),
  ),
}));

const near = (a: number | null, b: number | null, byS: number): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) <= byS;

test('outages start and end within two seconds of the shop’s own, in nine settings of ten', () => {
  const wrong = broken.filter(({ incident: { outages }, truth }) => {
    const same = (i: number): boolean =>
      near(outages[i]?.startS ?? null, truth.outages[i]?.startS ?? null, 2) &&
      near(outages[i]?.endS ?? null, truth.outages[i]?.endS ?? null, 2);
    return outages.length !== truth.outages.length || !outages.every((_, i) => same(i));
  });
  assert.ok(
    wrong.length <= SEEDS.length / 10,
    `seeds ${wrong.map(({ seed }) => seed)}: ${JSON.stringify(wrong.map(({ truth }) => truth.outages))}`,
  );
});

test('the knee is within a tenth of what the shop could serve when demand passed it', () => {
  for (const { seed, incident, truth } of broken) {
    assert.ok(incident.knee !== null && truth.capacityPerSec !== null, `seed ${seed}`);
    const ratio = incident.knee.ratePerSec / truth.capacityPerSec;
    assert.ok(Math.abs(ratio - 1) <= 0.1, `seed ${seed}: ${ratio} of the capacity`);
  }
});

test('the autoscaler’s reaction is within 15 % of the shop’s own', () => {
  for (const { seed, incident, truth } of broken) {
    assert.ok(truth.reactionS !== null, `seed ${seed}: an instance came`);
    const reactionS = incident.scaler?.reactionS ?? Number.NaN;
    assert.ok(
      Math.abs(reactionS / truth.reactionS - 1) <= 0.15,
      `seed ${seed}: ${reactionS} s, ${truth.reactionS} s`,
    );
  }
});

test('enough comes no sooner than the first, and never before demand', () => {
  for (const { seed, incident } of broken) {
    const { exceededAtS = 0, reactedAtS = null, enoughAtS = null } = incident.scaler ?? {};
    assert.ok(reactedAtS === null || reactedAtS >= exceededAtS, `seed ${seed}`);
    assert.ok(enoughAtS === null || reactedAtS === null || enoughAtS >= reactedAtS - 2, `seed ${seed}`);
  }
});

test('a shop whose autoscaler adds nothing shows its knee and no capacity that came', () => {
  for (const seed of SEEDS.slice(0, 8)) {
    const drawn = withPeak(drawShop(seed), (height, capacity) => Math.max(height, 1.5 * capacity));
    const { autoscaler } = drawn.options;
    const fixed = { ...autoscaler, maxInstances: autoscaler?.minInstances ?? 1 };
    const { incident, truth } = judged(seed, { ...drawn, options: { ...drawn.options, autoscaler: fixed } });
    assert.equal(truth.reactionS, null);
    assert.equal(incident.scaler?.reactionS, null, `seed ${seed}`);
    assert.equal(incident.scaler?.enoughS, null, `seed ${seed}`);
    assert.ok(Math.abs((incident.knee?.ratePerSec ?? 0) / (truth.capacityPerSec ?? 1) - 1) <= 0.1);
    assert.ok(
      incident.goodput?.collapse?.collapsed !== true,
      `seed ${seed}: it sheds, and keeps its goodput`,
    );
  }
});

test('where the shop was never saturated, there is no outage, no knee, no lag and no collapse', () => {
  for (const seed of SEEDS.slice(0, 12)) {
    const shop = withPeak(drawShop(seed), (height, capacity) => Math.min(height, 0.7 * capacity));
    const { incident, truth } = judged(seed, shop);
    assert.deepEqual(truth, { outages: [], capacityPerSec: null, reactionS: null });
    assert.deepEqual(incident.outages, [], `seed ${seed}`);
    assert.deepEqual([incident.knee, incident.scaler], [null, null]);
    assert.ok(incident.goodput === null || incident.goodput.collapse === null);
  }
});

test('counts by second are those of the whole run', () => {
  const [seed] = SEEDS as [number];
  const shop = drawShop(seed);
  const short: DrawnShop = {
    ...shop,
    spike: { ...shop.spike, onsetS: 10, riseS: 10, holdS: 20, fallS: 10, afterS: 10 },
  };
  assert.deepEqual(
    totalsBySecond(countDrawnShop(seed, short).snapshot),
    totalsBySecond(runDrawnShop(seed, short).snapshot),
  );
});
