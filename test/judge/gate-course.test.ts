// Gates on what befell the shop: outages, time to degrade, recovery; and what a stop or an open end leaves of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Snapshot } from '../../src/measure/snapshot.js';
import { type GateNames, parseGate } from '../../src/scenario/gates.js';
import { completed, gateOn, headOf, type Op, snapshotOf } from '../support/snapshots.js';

const NAMES: GateNames = { streams: [], routes: undefined, hurried: [], recordings: [] };

function on(snapshot: Snapshot, text: string) {
  const gate = parseGate(text, NAMES);
  assert.ok(!('message' in gate), JSON.stringify(gate));
  return gateOn(snapshot, gate);
}

const SPIKE = headOf({
  durationS: 300,
  phases: [
    { name: 'before', startS: 0, endS: 60 },
    { name: 'onset', startS: 60, endS: 90 },
    { name: 'peak', startS: 90, endS: 180 },
    { name: 'decay', startS: 180, endS: 200 },
    { name: 'after', startS: 200, endS: 300 },
  ],
  normalPerSec: 20,
  peakPerSec: 60,
});

/** 20/s, 60/s from 1:00 to 3:20; all that is due from one second to another fails. */
function spike(fromS: number, toS: number, throughS = 300): Snapshot {
  const ops: Op[] = [];
  for (let windowS = 0; windowS < throughS; windowS++) {
    const n = windowS >= 60 && windowS < 200 ? 60 : 20;
    const bad = windowS >= fromS && windowS < toS;
    for (let i = 0; i < n; i++) ops.push(bad ? { windowS, outcome: 'bad_status' } : { windowS });
  }
  const snapshot = snapshotOf(SPIKE, ops);
  return throughS === 300 ? completed(snapshot) : snapshot;
}

const steady = (bad: (windowS: number) => boolean): Snapshot => {
  const ops = Array.from({ length: 3600 }, (_, i): Op => {
    const windowS = Math.floor(i / 60);
    return bad(windowS) ? { windowS, outcome: 'bad_status' } : { windowS };
  });
  return completed(snapshotOf(headOf(), ops));
};

/** Results, with the actual figure in seconds. */
function figures(snapshot: Snapshot, ...texts: string[]): [string, number | null][] {
  return texts.map((text) => {
    const { result, actual } = on(snapshot, text);
    return [result, typeof actual === 'object' && actual !== null ? actual.us / 1e6 : null];
  });
}

/** Two minutes of ten tenants; all that is due to some of them fails for a while. */
function stores(broken: number): Snapshot {
  const ops: Op[] = [];
  for (let windowS = 0; windowS < 120; windowS++) {
    for (let i = 0; i < 100; i++) {
      const tenant = `shop-${i % 10}`;
      const bad = i % 10 < broken && windowS >= 40 && windowS < 80;
      ops.push(bad ? { windowS, tenant, outcome: 'bad_status' } : { windowS, tenant });
    }
  }
  const phases = [
    { name: 'before', startS: 0, endS: 30 },
    { name: 'peak', startS: 30, endS: 120 },
  ] as const;
  return completed(snapshotOf(headOf({ durationS: 120, phases }), ops));
}

describe('a gate on healthy tenants', () => {
  it('reads the lowest share of them that were well at one time', () => {
    const { result, actual, n, reason } = on(stores(3), 'healthy_tenants > 90%');
    assert.deepEqual([result, n], ['fail', 12_000]);
    assert.ok(typeof actual === 'number' && Math.abs(actual - 0.7) < 1e-9, `${actual}`);
    assert.match(reason ?? '', /of 10 tenants with enough requests to tell; 3 were broken at [01]:\d\d/);
    assert.equal(on(stores(3), 'healthy_tenants > 60%').result, 'pass');
    assert.equal(on(stores(0), 'healthy_tenants >= 100%').result, 'pass');
  });

  it('looks at one phase where one is named', () => {
    assert.equal(on(stores(3), 'healthy_tenants > 90% [phase=peak]').result, 'fail');
    assert.equal(on(stores(3), 'healthy_tenants >= 100% [phase=before]').result, 'pass');
  });

  it('has nothing to read where there are no tenants', () => {
    assert.equal(
      on(
        steady(() => false),
        'healthy_tenants > 90%',
      ).result,
      'no_data',
    );
  });
});

describe('a gate on the course of an incident', () => {
  it('reads how long the shop was broken, from when, and when it was well after the load', () => {
    const broken = spike(100, 230);
    assert.deepEqual(figures(broken, 'outage < 2m', 'outage < 3m', 'outage <= 0s'), [
      ['fail', 130],
      ['pass', 130],
      ['fail', 130],
    ]);
    assert.deepEqual(figures(broken, 'time_to_degrade > 30s', 'time_to_degrade > 1m'), [
      ['pass', 40],
      ['fail', 40],
    ]);
    assert.deepEqual(figures(broken, 'recovery < 20s', 'recovery < 40s'), [
      ['fail', 30],
      ['pass', 30],
    ]);
    assert.match(on(broken, 'recovery < 20s').reason ?? '', /back at normal at 3:20, .* well again at 3:50/);
    assert.equal(on(broken, 'outage < 2m').limits, null);
  });

  it('holds where nothing broke', () => {
    assert.deepEqual(
      figures(spike(0, 0), 'outage <= 0s', 'outage < 5m', 'recovery < 1s', 'time_to_degrade > 1h'),
      [
        ['pass', 0],
        ['pass', 0],
        ['pass', 0],
        ['pass', 240],
      ],
    );
  });

  it('counts a recovery under load as none after it', () => {
    assert.deepEqual(figures(spike(100, 150), 'recovery < 1s'), [['pass', 0]]);
  });

  it('is decided by an outage without an end once it is beyond the bound, and open before', () => {
    const open = spike(150, 300);
    assert.deepEqual(figures(open, 'outage < 2m', 'outage < 10m', 'recovery < 1m', 'recovery < 5m'), [
      ['fail', 150],
      ['inconclusive', 150],
      ['fail', 100],
      ['inconclusive', 100],
    ]);
    const { actual } = on(open, 'outage < 10m');
    assert.ok(typeof actual === 'object' && actual?.atLeast === true);
  });

  it('says nothing of a run that ended too early to tell', () => {
    const short = spike(0, 0, 80);
    assert.deepEqual(figures(short, 'time_to_degrade > 10s', 'time_to_degrade > 1m'), [
      ['pass', 20],
      ['inconclusive', 20],
    ]);
    assert.equal(on(spike(100, 130, 130), 'recovery < 1m').result, 'no_data');
    assert.equal(on(completed(snapshotOf(SPIKE, [])), 'outage < 1m').result, 'no_data');
  });

  it('needs a spike for what is counted from one', () => {
    const broken = steady((t) => t >= 20 && t < 35);
    assert.deepEqual(figures(broken, 'outage < 20s', 'outage < 10s'), [
      ['pass', 15],
      ['fail', 15],
    ]);
    for (const text of ['recovery < 1m', 'time_to_degrade > 1m']) {
      const { result, reason } = on(broken, text);
      assert.equal(result, 'no_data');
      assert.match(reason ?? '', /the plan has no spike/);
    }
    assert.equal(
      on(
        steady(() => false),
        'recovery < 1m',
      ).result,
      'pass',
    );
  });
});
