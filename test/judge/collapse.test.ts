// The knee and the collapse of shops that serve those who have left, against what such a shop can serve: drawn by seed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findIncident } from '../../src/judge/incident/incident.js';
import { draw, drawKey } from '../../src/random.js';
import type { StorefrontOptions } from '../../src/storefront/settings.js';
import { meanServiceUs, runShop, type Spike, spikeLengthS, spikeRate } from '../support/shop-run.js';

/** A shop of fixed size under a spike that goes to 2.3 to 3 times what it can serve. */
function drawn(seed: number, line: (capacityPerSec: number) => Partial<StorefrontOptions>) {
  const between = (what: string, low: number, high: number) =>
    low + draw(drawKey(seed, what), 0) * (high - low);
  const instances = Math.floor(between('instances', 3, 7));
  const shop = { seed, autoscaler: { minInstances: instances, maxInstances: instances } };
  const capacityPerSec = (3 * instances * 1e6) / meanServiceUs(shop);
  const spike: Spike = {
    basePerSec: capacityPerSec * between('busy', 0.35, 0.6),
    height: 1,
    onsetS: 60,
    riseS: between('rise', 2, 200),
    holdS: between('hold', 40, 90),
    fallS: between('fall', 30, 100),
    afterS: 90,
  };
  const most = capacityPerSec * between('most', 2.3, 3);
  const steep = { ...spike, height: most / spike.basePerSec };
  const load = {
    seed,
    forS: Math.ceil(spikeLengthS(steep)),
    mostPerSec: most,
    ratePerSec: (atS: number) => spikeRate(steep, atS),
  };
  const { snapshot, platform } = runShop(load, { ...shop, ...line(capacityPerSec) });
  return { capacityPerSec, incident: findIncident(snapshot), platform };
}

/** Fifteen to thirty seconds of work, where clients wait ten. */
const longLine = (seed: number) => (capacityPerSec: number) => ({
  queueLimit: Math.round(capacityPerSec * (15 + 15 * draw(drawKey(seed, 'line'), 0))),
  waitLimitUs: 120e6,
  servesAbandoned: true,
});

describe('the knee of a shop', () => {
  for (const seed of [1, 2, 3]) {
    it(`is what it can serve, though its line took in far more before it collapsed (seed ${seed})`, () => {
      const { capacityPerSec, incident, platform } = drawn(seed, longLine(seed));
      assert.ok(platform.timeline.read().some(({ inVain }) => inVain > 5 * capacityPerSec));
      const { knee } = incident;
      const collapse = incident.goodput?.collapse;
      assert.ok(
        Math.abs((knee?.ratePerSec ?? 0) / capacityPerSec - 1) < 0.1,
        `the knee is told at ${knee?.ratePerSec}/s, it is at ${capacityPerSec}/s`,
      );
      assert.equal(collapse?.collapsed, true, JSON.stringify(collapse));
    });

    it(`is what it can serve, and goes on to, where it turns away at once (seed ${seed})`, () => {
      const { capacityPerSec, incident } = drawn(seed, () => ({}));
      const { knee } = incident;
      const collapse = incident.goodput?.collapse;
      assert.ok(
        Math.abs((knee?.ratePerSec ?? 0) / capacityPerSec - 1) < 0.1,
        `the knee is told at ${knee?.ratePerSec}/s, it is at ${capacityPerSec}/s`,
      );
      assert.equal(collapse?.collapsed, false, JSON.stringify(collapse));
    });
  }
});
