// Tenants over time: the share of healthy ones against what the storefront itself knows of its stores.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { evaluateGate } from '../../src/judge/gates/gates.js';
import { findIncident } from '../../src/judge/incident/incident.js';
import type { TenantHealth } from '../../src/judge/incident/tenant-health.js';
import { BROKEN, HEALTHY, judgeSlices, UNKNOWN } from '../../src/judge/incident/tenant-state.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import { Tenants } from '../../src/measure/tenants.js';
import { draw, drawKey } from '../../src/random.js';
import type { PhaseName } from '../../src/scenario/plan.js';
import { drawShop, runShop, type Spike, spikeLengthS, spikeRate } from '../support/shop-run.js';
import { gateOf, headOf, healthySnapshot, incompleteSnapshot, spikeSnapshot } from '../support/snapshots.js';

function healthOf(snapshot: Snapshot): TenantHealth {
  const health = findIncident(snapshot).tenantHealth;
  assert.ok(health !== null);
  return health;
}

/** The states of a tenant with so many planned and failed in each slice of ten seconds. */
function statesOf(slices: readonly (readonly [planned: number, failed: number])[], inOutage = 0): number[] {
  const planned = Float64Array.from(slices, ([n]) => n);
  const ok = Float64Array.from(slices, ([n, failed]) => n - failed);
  const states = new Uint8Array(slices.length);
  judgeSlices(planned, ok, 10, 0, new Uint8Array(slices.length).fill(inOutage), states);
  return [...states];
}

const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

test('a tenant is broken from its first slice over 5 % to the one after its last over 1 %', () => {
  const slices = [
    ...times(3, [100, 0] as const),
    ...times(4, [100, 30] as const),
    ...times(3, [100, 0] as const),
  ];
  assert.deepEqual(statesOf(slices), [1, 1, 1, 2, 2, 2, 2, 1, 1, 1]);
});

test('a quiet tenant is judged by as much of the last minute as it takes, and dated back', () => {
  const slices = [
    ...times(6, [12, 0] as const),
    ...times(6, [12, 6] as const),
    ...times(8, [12, 0] as const),
  ];
  assert.deepEqual(statesOf(slices), [...times(6, HEALTHY), ...times(6, BROKEN), ...times(8, HEALTHY)]);
});

test('a tenant with too few operations in a minute is unknown, and one failure among ten breaks nobody', () => {
  assert.deepEqual(statesOf(times(8, [1, 1])), times(8, UNKNOWN));
  assert.deepEqual(
    statesOf([
      [10, 0],
      [10, 1],
      [10, 0],
      [10, 0],
    ]),
    times(4, HEALTHY),
  );
});

test('states are a function of each minute: of no slice after the break is closed, and of no other tenant', () => {
  const slice = fc.tuple(fc.nat(200), fc.float({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(slice, { minLength: 1, maxLength: 60 }), (raw) => {
      const slices = raw.map(([n, share]) => [n, Math.round(n * share)] as const);
      const states = statesOf(slices);
      const well = slices.map(([n]) => [n, 0] as const);
      assert.ok(statesOf(well).every((state) => state !== BROKEN));
      // What comes later may date a break back or close it, never open one that had been closed before it.
      const padded = statesOf([...slices, ...times(12, [500, 0] as const)]);
      assert.ok(padded.slice(-6).every((state) => state === HEALTHY));
      for (const [i, state] of states.entries()) if (state === BROKEN) assert.notEqual(padded[i], UNKNOWN);
    }),
  );
});

/** Second by second, the stores that were broken: from the first to the last of failures less than a minute apart. */
function brokenStores(
  rows: readonly { atS: number; store: string; ok: number; failed: number }[],
  forS: number,
) {
  const byStore = new Map<string, { atS: number; ok: number; failed: number }[]>();
  for (const row of rows) byStore.set(row.store, [...(byStore.get(row.store) ?? []), row]);
  const broken = new Float64Array(forS);
  for (const own of byStore.values()) {
    let cluster: typeof own = [];
    let failedAtS = Number.NEGATIVE_INFINITY;
    const end = (): void => {
      const within = cluster.filter(({ atS }) => atS <= failedAtS);
      const failed = within.reduce((sum, row) => sum + row.failed, 0);
      const all = within.reduce((sum, row) => sum + row.failed + row.ok, 0);
      if (failed >= 3 && failed > 0.05 * all)
        for (let s = within[0]?.atS ?? 0; s <= failedAtS && s < forS; s++)
          broken[s] = (broken[s] as number) + 1;
      cluster = [];
    };
    for (const row of own) {
      if (row.atS - failedAtS > 60) end();
      if (row.failed > 0) failedAtS = row.atS;
      if (row.failed > 0 || cluster.length > 0) cluster.push(row);
    }
    end();
  }
  return { broken, stores: byStore.size };
}

/** A drawn shop with some hundreds of stores, of which some surge. */
function runStores(seed: number, isolation: number, surging: number) {
  const shop = drawShop(seed);
  const drawn = (what: string, low: number, high: number) =>
    low + draw(drawKey(seed, what), 0) * (high - low);
  const factor = Math.round(drawn('scale', 100, 140) / shop.spike.basePerSec) + 1;
  const stores = Math.floor(drawn('stores', 200, 260));
  const { basePerSec, height, riseS, holdS, fallS } = shop.spike;
  const spike: Spike = {
    basePerSec: basePerSec * factor,
    height: Math.min(4, height),
    onsetS: Math.floor(drawn('quiet', 50, 80)),
    riseS: Math.ceil(riseS / 2),
    holdS: Math.ceil(holdS / 4),
    fallS: Math.ceil(fallS / 2),
    afterS: 120,
  };
  const store = (u: number, atS: number): string => {
    const calm = surging === 0 ? 1 : spike.basePerSec / spikeRate(spike, atS);
    if (u < calm) return `store-${Math.floor((u / calm) * stores)}`;
    return `hot-${Math.floor(((u - calm) / (1 - calm)) * surging)}`;
  };
  const forS = spikeLengthS(spike);
  const concurrency = (shop.options.concurrency ?? 3) * factor;
  const run = runShop(
    {
      seed,
      forS,
      mostPerSec: spike.basePerSec * spike.height,
      ratePerSec: (atS) => spikeRate(spike, atS),
      store,
    },
    { ...shop.options, concurrency, queueLimit: (shop.options.queueLimit ?? 60) * factor, isolation },
  );
  return { ...run, forS };
}

const SETTINGS: readonly (readonly [seed: number, isolation: number, surging: number])[] = [
  [12, 1, 1],
  [13, 0.45, 2],
  [14, 0.4, 2],
  [15, 0.3, 1],
];

describe('the share of healthy stores', () => {
  const found: TenantHealth[] = [];
  for (const [seed, isolation, surging] of SETTINGS) {
    it(`is within 1 point of the shop's own (seed ${seed}, isolation ${isolation})`, () => {
      const { snapshot, platform, forS } = runStores(seed, isolation, surging);
      const { broken, stores } = brokenStores(platform.storeTimeline.read(), forS);
      const health = healthOf(snapshot);
      found.push(health);
      const pairs = health.slices.flatMap(({ startS, endS, share }) => {
        const down = broken.subarray(startS, endS).reduce((sum, n) => sum + n, 0) / (endS - startS);
        return share === null ? [] : [{ share, truth: 1 - down / stores }];
      });
      const off = pairs.reduce((sum, { share, truth }) => sum + Math.abs(share - truth), 0) / pairs.length;
      assert.ok(off < 0.01, `${(100 * off).toFixed(2)} points off in the mean`);
      const least = Math.min(...pairs.map(({ truth }) => truth));
      const lowest = health.lowest?.share ?? 1;
      assert.ok(Math.abs(lowest - least) < 0.04, `lowest ${lowest} where it was ${least}`);
    });
  }

  it('says what a surging store cost the others, and that it was little where it was bounded', () => {
    const [shared, bounded] = [found[0], found[3]];
    assert.ok(shared?.isolation && bounded?.isolation, 'no hot store was found');
    assert.ok((shared.isolation.ratio ?? 0) > 0.3, `shared: ${shared.isolation.ratio}`);
    assert.ok((bounded.isolation.ratio ?? 1) < 0.05, `bounded: ${bounded.isolation.ratio}`);
    assert.ok(shared.isolation.bystandersBroken > 100 && bounded.isolation.bystandersBroken < 10);
    assert.equal(bounded.worstByTime[0]?.name, 'hot-0');
  });
});

test('the spike: how low, how long, from when on well again, and who had it worst', () => {
  const health = healthOf(spikeSnapshot());
  assert.equal(health.known, 12);
  assert.ok((health.lowest?.share ?? 1) < 0.5);
  assert.equal(health.lowestByPhase[0], 1);
  assert.ok((health.lowestByPhase[2] ?? 1) < 0.5);
  assert.equal(health.lowestByPhase[4], 1);
  assert.equal(health.unwellAtS, 30);
  assert.ok(health.wellAgainAtS !== null && health.wellAgainAtS >= 70 && health.wellAgainAtS <= 90);
  assert.equal(health.worstByShare[0]?.name, 'hot-shop');
  const [below99, , below50] = health.below;
  assert.ok(below99 !== undefined && below50 !== undefined && below99.seconds > below50.seconds);
});

test('a healthy run never had less than all; one that was cut is not well again', () => {
  const healthy = healthOf(healthySnapshot());
  assert.deepEqual(
    [healthy.lowest?.share, healthy.unwellAtS, healthy.wellAgainAtS, healthy.broken, healthy.lostS],
    [1, null, null, 0, 0],
  );
  const cut = healthOf(incompleteSnapshot());
  assert.deepEqual([cut.slices.at(-1)?.endS, cut.wellAgainAtS], [41, null]);
});

test('a gate reads the lowest share of healthy tenants, of the run or of a phase', () => {
  const metric = { kind: 'healthy_tenants' } as const;
  const result = (snapshot: Snapshot, phase?: PhaseName) =>
    evaluateGate(snapshot, gateOf('', metric, '>', 0.99, phase === undefined ? {} : { phase })).result;
  assert.deepEqual(
    [result(spikeSnapshot()), result(spikeSnapshot(), 'before'), result(spikeSnapshot(), 'peak')],
    ['fail', 'pass', 'fail'],
  );
  assert.equal(result(healthySnapshot()), 'pass');
  assert.equal(result({ ...healthySnapshot(), tenants: new Tenants(headOf()) }), 'no_data');
});

test('a plan without tenants has no health of them', () => {
  const snapshot = { ...healthySnapshot(), tenants: new Tenants(headOf()) };
  assert.equal(findIncident(snapshot).tenantHealth, null);
});

test('ten thousand tenants beyond which others are folded together: these are no tenant', () => {
  const head = headOf({ durationS: 60 });
  const tenants = new Tenants(head);
  const [[, { response }] = assert.fail('no tenant')] = spikeSnapshot().tenants;
  for (let i = 0; i < 10_050; i++)
    tenants.addSlice({ tenant: `t${i}`, sliceS: 10, planned: 60, ok: i % 2 === 0 ? 60 : 0, response });
  const health = healthOf({ ...healthySnapshot(), head, tenants });
  assert.equal(health.known, 10_000);
  assert.ok(Math.abs((health.slices[1]?.share ?? 0) - 0.5) < 0.02);
  assert.equal(health.worstByTime.length, 20);
});
