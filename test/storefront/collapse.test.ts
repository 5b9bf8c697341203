// Overload that costs capacity: a shop that serves the abandoned collapses, and with a crowd that retries it stays down.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StorefrontOptions } from '../../src/storefront/settings.js';
import { between, type Crowd, sendCrowd } from './crowd.js';
import { poisson } from './simulate.js';

/** Some 120 requests a second, and no more. */
const SHORT_LINE: StorefrontOptions = { autoscaler: { minInstances: 5, maxInstances: 5 } };
/** A line of eight seconds, for clients that wait three. */
const COLLAPSING: StorefrontOptions = {
  ...SHORT_LINE,
  queueLimit: 1_000,
  waitLimitUs: 60e6,
  servesAbandoned: true,
};

const PATIENT: Crowd = { timeoutUs: 3e6, retries: 0, budget: Number.POSITIVE_INFINITY };
const RETRYING: Crowd = { ...PATIENT, retries: 2 };
const BUDGETED: Crowd = { ...RETRYING, budget: 0.1 };

/** Goodput a second, and the share of slots taken in thousandths, once it is settled. */
function steady(options: StorefrontOptions, ratePerSec: number) {
  const { platform, seconds } = sendCrowd(
    poisson(1, 40, ratePerSec, () => ratePerSec),
    options,
    PATIENT,
  );
  const busy = platform.timeline.read().slice(25, 40);
  return {
    goodput: between(seconds, 25, 40).ok / 15,
    utilisation: busy.reduce((sum, { utilisationPermille }) => sum + utilisationPermille, 0) / 15,
    inVain: busy.at(-1)?.inVain ?? 0,
  };
}

describe('congestion collapse', () => {
  it('takes nearly all goodput at twice saturation, with every slot taken by those who have left', () => {
    const peak = steady(COLLAPSING, 110);
    const over = steady(COLLAPSING, 240);
    assert.ok(peak.goodput > 100 && peak.inVain === 0, `${peak.goodput}/s at its peak`);
    assert.ok(over.goodput < 0.1 * peak.goodput, `${over.goodput}/s at twice that`);
    assert.ok(over.utilisation > 990 && over.inVain > 500, 'and it is as busy as can be');
  });

  it('does not happen to a shop with a short line', () => {
    const peak = steady(SHORT_LINE, 110);
    const over = steady(SHORT_LINE, 240);
    assert.ok(over.goodput > 0.95 * peak.goodput, `${over.goodput}/s of ${peak.goodput}/s`);
  });
});

/** Twenty seconds of three times normal, then normal again. */
const surge = (atS: number) => (atS >= 20 && atS < 40 ? 180 : 60);

/** Shares of visits that were served: before the surge, in it, and a minute and more after it; and attempts a visit. */
function through(seed: number, options: StorefrontOptions, crowd: Crowd) {
  const { seconds } = sendCrowd(poisson(seed, 130, 180, surge), { ...options, seed }, crowd);
  const served = (fromS: number, toS: number) => {
    const { ok, planned } = between(seconds, fromS, toS);
    return ok / planned;
  };
  const { attempts, planned } = between(seconds, 100, 130);
  return {
    before: served(0, 20),
    during: served(30, 40),
    after: served(100, 130),
    amplification: attempts / planned,
  };
}

describe('metastability', () => {
  for (const seed of [1, 2, 3]) {
    it(`keeps a shop down after the surge, with a crowd that retries (seed ${seed})`, () => {
      const { before, during, after, amplification } = through(seed, COLLAPSING, RETRYING);
      assert.ok(before > 0.99 && during < 0.3, `${before} before, ${during} in the surge`);
      assert.ok(after < 0.05, `${after} of the visits are served a minute after it`);
      assert.ok(amplification > 2.5, `by ${amplification} attempts each`);
    });

    it(`lets go where nobody retries, or within a budget of a tenth (seed ${seed})`, () => {
      for (const crowd of [PATIENT, BUDGETED]) {
        const { during, after } = through(seed, COLLAPSING, crowd);
        assert.ok(during < 0.3, `${during} in the surge`);
        assert.ok(after > 0.99, `${after} after it`);
      }
    });

    it(`is not there where a short line turns away at once (seed ${seed})`, () => {
      assert.ok(through(seed, SHORT_LINE, RETRYING).after > 0.99);
    });
  }
});
