// Events as they are written: what is understood, and what is refused with a word on why.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEvent } from '../../src/storefront/script.js';
import { resolveSettings } from '../../src/storefront/settings.js';
import { UnitError } from '../../src/units.js';

describe('an event of a script', () => {
  for (const [text, expected] of [
    ['autoscaler stuck from 60s to 3m', { kind: 'autoscaler_stuck', fromUs: 60e6, toUs: 180e6 }],
    ['metrics late by 2m from 1m to 5m', { kind: 'metrics_late', byUs: 120e6, fromUs: 60e6, toUs: 300e6 }],
    ['1 instance lost at 90s', { kind: 'instances_lost', instances: 1, fromUs: 90e6 }],
    [
      '2 instances down from 90s to 110s',
      { kind: 'instances_down', instances: 2, fromUs: 90e6, toUs: 110e6 },
    ],
    ['all instances down from 90s', { kind: 'instances_down', instances: 'all', fromUs: 90e6 }],
    ['dashboard degraded from 1h30m', { kind: 'dashboard_degraded', fromUs: 5_400e6 }],
    ['stores isolated to 30% from 0', { kind: 'stores_isolated', share: 0.3, fromUs: 0 }],
    [
      'store hot-shop isolated to 0.2 from 5 to 6',
      { kind: 'store_isolated', store: 'hot-shop', share: 0.2, fromUs: 5e6, toUs: 6e6 },
    ],
  ] as const) {
    it(`reads: ${text}`, () => assert.deepEqual(parseEvent(text), { ...expected, text }));
  }

  it('minds no blanks', () => {
    assert.equal(parseEvent('  dashboard   degraded from  1m ').text, 'dashboard degraded from 1m');
  });

  for (const [text, why] of [
    ['', /is no event/],
    ['autoscaler sulks from 1m', /is no event/],
    ['autoscaler stuck', /is no event/],
    ['autoscaler stuck at 1m', /lasts/],
    ['autoscaler stuck from soon', /"soon" is not a duration/],
    ['autoscaler stuck from 3m to 2m', /ends before it begins/],
    ['autoscaler stuck from 3m to 3m', /ends before it begins/],
    ['metrics late by much from 1m', /"much" is not a duration/],
    ['2 instances lost from 1m to 2m', /has no length/],
    ['stores isolated to 0% from 1m', /is not a share/],
    ['stores isolated to 120% from 1m', /is not a share/],
    ['stores isolated to half from 1m', /is not a share/],
    ['store UPPER isolated to 20% from 1m', /is no event/],
  ] as const) {
    it(`refuses: ${text === '' ? 'nothing' : text}`, () => {
      assert.throws(
        () => parseEvent(text),
        (error) => error instanceof UnitError && why.test(error.message),
      );
    });
  }

  it('may delay metrics by a thousand evaluations, and be one of two hundred', () => {
    const script = [parseEvent('metrics late by 3h from 0')];
    assert.equal(resolveSettings({ script }).script, script);
    assert.throws(
      () => resolveSettings({ script: [parseEvent('metrics late by 10h from 0')] }),
      /metrics late/,
    );
    const many = Array.from({ length: 201 }, () => parseEvent('dashboard degraded from 0'));
    assert.throws(() => resolveSettings({ script: many }), /events in the script/);
  });
});
