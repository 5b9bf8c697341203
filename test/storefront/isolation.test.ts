// A hot store among twenty: what isolation saves the others, and what priority saves the shoppers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StorefrontOptions } from '../../src/storefront/settings.js';
import { type Arrival, failedShare, poisson, simulate } from './simulate.js';

/** The hot store goes from 10 to 210 requests a second; nineteen others keep 40 among them. */
const rate = (atS: number) => (atS < 5 ? 50 : 250);
const surge = (seed: number) => {
  const arrivals = poisson(seed, 30, 250, rate, (u) => `u${u}`);
  return arrivals.map((arrival) => {
    const u = Number(arrival.store.slice(1)) * rate(arrival.atUs / 1e6);
    return { ...arrival, store: u < 40 ? `store-${Math.floor((u * 19) / 40)}` : 'hot' };
  });
};
/** No scaling: capacity is what it is. */
const FIXED: StorefrontOptions = { autoscaler: { minInstances: 6, maxInstances: 6 } };

function failedOf(seed: number, options: StorefrontOptions, who: (arrival: Arrival) => boolean): number {
  return failedShare(simulate(surge(seed), { ...FIXED, seed, ...options }, who).felt);
}

const bystanders = (arrival: Arrival) => arrival.store !== 'hot';
const hot = (arrival: Arrival) => arrival.store === 'hot';

for (const seed of [1, 2, 3, 4]) {
  test(`isolation keeps bystanders well (seed ${seed})`, () => {
    const alone = failedOf(seed, { isolation: 0.4 }, bystanders);
    const shared = failedOf(seed, { isolation: 1 }, bystanders);
    assert.ok(alone < 0.01, `with isolation ${alone} of bystanders failed`);
    assert.ok(shared > 0.3, `without, ${shared}`);
    assert.ok(failedOf(seed, { isolation: 0.4 }, hot) > 0.5, 'the hot store pays for itself');
  });

  test(`priority keeps pages well while merchants crowd the dashboard (seed ${seed})`, () => {
    const crowd = poisson(seed, 30, 140, () => 140).map((arrival, n) =>
      n % 2 === 0 ? arrival : { ...arrival, route: 'admin' as const },
    );
    const failed = (priority: boolean, who: (arrival: Arrival) => boolean) =>
      failedShare(simulate(crowd, { ...FIXED, seed, priority }, who).felt);
    const pages = (arrival: Arrival) => arrival.route !== 'admin';
    const dashboard = (arrival: Arrival) => arrival.route === 'admin';
    assert.ok(failed(true, pages) < 0.001, `of the pages ${failed(true, pages)} failed`);
    assert.ok(failed(false, pages) > 0.01, `without priority, ${failed(false, pages)}`);
    assert.ok(failed(true, dashboard) > failed(false, dashboard), 'and the dashboard pays for it');
  });
}

test('with isolation and priority, a store at its bound sheds its own dashboard first, and no one else’s', () => {
  const options = { ...FIXED, isolation: 0.4, priority: true, seed: 9 };
  const quiet = simulate(surge(9), options, (arrival) => bystanders(arrival) && arrival.route === 'admin');
  const own = simulate(
    surge(9),
    options,
    (arrival) => hot(arrival) && arrival.route === 'admin' && arrival.atUs > 8e6,
  );
  assert.ok(failedShare(quiet.felt) < 0.02, `bystanders' dashboards: ${failedShare(quiet.felt)}`);
  assert.ok(failedShare(own.felt) > 0.9, `the hot store's: ${failedShare(own.felt)}`);
});
