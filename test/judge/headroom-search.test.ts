// The search for headroom, driven by made-up trials: every way in which it can end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bracketOf,
  inversionOf,
  nextTrial,
  type SearchSettings,
  type Trial,
  type TrialOutcome,
  trialsOf,
} from '../../src/judge/headroom/search.js';
import { draw, drawKey } from '../../src/random.js';

const WIDE = { from: 1, min: 1 / 16, max: 16, within: 0.1 };
const SETTINGS: SearchSettings = { ...WIDE, trialsMax: trialsOf(WIDE).most };

/** Searches to the end. */
function search(outcome: (k: number, n: number) => TrialOutcome, settings = SETTINGS) {
  const trials: Trial[] = [];
  for (;;) {
    const next = nextTrial(trials, settings);
    if (next.kind === 'end') return { trials, why: next.why, ...bracketOf(trials) };
    assert.ok(next.k >= settings.min && next.k <= settings.max);
    trials.push({ k: next.k, outcome: outcome(next.k, trials.length) });
  }
}

const upTo = (limit: number) => (k: number) => (k <= limit ? 'held' : 'failed');

describe('the search', () => {
  it('brackets any limit to the width that is wanted, in no more trials than were said, both ends settled', () => {
    const settings = fc.record({
      limit: fc.double({ min: 0.07, max: 15, noNaN: true }),
      within: fc.constantFrom(0.02, 0.05, 0.1, 0.5),
      from: fc.constantFrom(0.5, 1, 3),
    });
    fc.assert(
      fc.property(settings, ({ limit, within, from }) => {
        const wide = { ...WIDE, within, from };
        const { trials, low, high, why } = search(upTo(limit), { ...wide, trialsMax: trialsOf(wide).most });
        assert.equal(why, 'found');
        assert.ok(low !== null && high !== null && low.k <= limit && high.k > limit);
        assert.ok(high.k / low.k <= 1 + within + 1e-3 && low.settled && high.settled);
        assert.ok(trials.length <= trialsOf(wide).most);
      }),
    );
  });

  it('takes at most 12 trials for 10 %, from a sixteenth to sixteen times, and 8 in the usual case', () => {
    assert.deepEqual(trialsOf(WIDE), { expected: 8, most: 12 });
    assert.deepEqual(
      search(upTo(2.9)).trials.map(({ k }) => k),
      [1, 2, 4, 2.828, 3.363, 3.084, 2.828, 3.084],
    );
  });

  it('never takes more trials than it may, whatever comes of them', () => {
    const outcomes = fc.array(fc.constantFrom<TrialOutcome>('held', 'failed', 'inconclusive', 'invalid'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 1, max: 40 }), (some, trialsMax) => {
        const { trials, low, high } = search((_, n) => some[n % some.length] ?? 'held', {
          ...SETTINGS,
          trialsMax,
        });
        assert.ok(trials.length <= trialsMax);
        assert.ok(low === null || high === null || low.k < high.k);
      }),
    );
  });

  it('does not rest on one lucky trial: an end that does not stand moves the bracket', () => {
    // Above 2 only the first trial at 2.828 holds, and a single one at 1.414 fails.
    const { low, high } = search((k, n) => (k === 2.828 && n === 3 ? 'held' : upTo(2)(k)), {
      ...SETTINGS,
      trialsMax: 20,
    });
    assert.ok(low !== null && high !== null && low.k >= 2 / 1.1 && low.k <= 2 && high.k > 2);
  });

  it('recovers from one unlucky trial far below the limit, and says that trials disagree', () => {
    const { trials, low, high } = search((k, n) => (n === 1 ? 'failed' : upTo(6)(k)), {
      ...SETTINGS,
      trialsMax: 20,
    });
    assert.equal(trials[1]?.k, 2);
    assert.ok(low !== null && high !== null && low.k > 6 / 1.1 && high.k < 6 * 1.1);
    assert.deepEqual(inversionOf(trials), { failedAt: 2, heldAt: low.k });
    assert.equal(inversionOf(search(upTo(3)).trials), null);
  });

  it('is right about noisy limits within a tenth nearly always', () => {
    const key = drawKey(5, 'noise');
    let wrong = 0;
    for (let round = 0; round < 200; round++) {
      const limit = 0.3 * 40 ** draw(key, round);
      // Within a few percent of the limit a trial may go either way.
      const { low, high } = search((k, n) => {
        const holds = 1 / (1 + (k / limit) ** 60);
        return draw(key, 1_000 + 100 * round + n) < holds ? 'held' : 'failed';
      });
      if (low === null || high === null || low.k > limit * 1.1 || high.k < limit / 1.1) wrong++;
    }
    assert.ok(wrong <= 6, `${wrong} of 200 are off`);
  });
});

describe('the search ends', () => {
  it('at the highest multiple that may be tried, where it held twice', () => {
    const { trials, low, high, why } = search(upTo(99), { ...SETTINGS, max: 5 });
    assert.deepEqual([low?.k, low?.settled, high, why], [5, true, null, 'found']);
    assert.deepEqual(
      trials.map(({ k }) => k),
      [1, 2, 4, 5, 5],
    );
  });

  it('at the lowest one, where it failed twice', () => {
    const { low, high } = search(upTo(0), { ...SETTINGS, min: 0.3 });
    assert.deepEqual([low, high?.k, high?.standing, high?.settled], [null, 0.3, 'failed', true]);
  });

  it('below what cannot be sent, as near as is wanted, without taking that for a failure', () => {
    const { trials, low, high } = search((k) => (k > 3 ? 'invalid' : 'held'));
    assert.equal(high?.standing, 'unsendable');
    assert.ok(low !== null && low.k > 3 / 1.1 && low.k <= 3);
    assert.equal(trials.filter(({ outcome }) => outcome === 'failed').length, 0);
  });

  it('below what two trials could not decide, and knows what failed above that', () => {
    const { low, high, fails } = search((k) => (k > 1.9 ? 'failed' : k > 1.5 ? 'inconclusive' : 'held'));
    assert.ok(low !== null && low.k <= 1.5 && high !== null && high.k / low.k <= 1.1);
    assert.deepEqual([high.standing, high.settled, fails?.k], ['unshown', true, 2]);
    assert.equal(search((k) => (k > 1.5 ? 'inconclusive' : 'held')).fails, null);
  });

  it('without an answer where nothing can be sent or decided at all', () => {
    const narrow = { ...SETTINGS, min: 0.5 };
    assert.equal(search(() => 'invalid', narrow).high?.standing, 'unsendable');
    assert.equal(search(() => 'inconclusive', narrow).high?.standing, 'unshown');
  });

  it('repeats what was inconclusive or invalid once before it believes it', () => {
    const once = (odd: TrialOutcome) =>
      search((k, n) => (n === 1 ? odd : upTo(3)(k)), { ...SETTINGS, trialsMax: 20 });
    for (const odd of ['inconclusive', 'invalid'] as const) {
      const { trials, low, high } = once(odd);
      assert.ok(trials.filter(({ k }) => k === 2).length > 1);
      assert.ok(low !== null && high !== null && low.k <= 3 && high.k > 3, odd);
    }
  });

  it('when its trials are used up, with the bracket so far', () => {
    const { low, high, why } = search(upTo(3), { ...SETTINGS, trialsMax: 4 });
    assert.deepEqual([low?.k, low?.settled, high?.k, why], [2.828, false, 4, 'trials_used']);
  });
});
