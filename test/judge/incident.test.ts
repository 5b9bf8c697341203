import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findIncident } from '../../src/judge/incident/incident.js';
import { outages, patienceFor } from '../../src/judge/incident/outages.js';
import { wilson } from '../../src/judge/statistics/wilson.js';
import {
  headOf,
  healthySnapshot,
  incompleteSnapshot,
  snapshotOf,
  spikeSnapshot,
} from '../support/snapshots.js';

const run = (...parts: [seconds: number, planned: number, bad: number][]) =>
  parts.flatMap(([seconds, planned, bad]) =>
    Array.from({ length: seconds }, () => ({ planned, ok: planned - Math.round(planned * bad) })),
  );
const found = (seconds: ReturnType<typeof run>) => outages(seconds, patienceFor(seconds.length));

test("Wilson's interval has the values of its tables", () => {
  assert.ok(Math.abs(wilson(0, 1000).high - 0.00268) < 1e-4);
  assert.ok(wilson(0, 270).high < 0.01 && wilson(0, 260).high > 0.01);
  assert.ok(wilson(5, 5).low > 0.05 && wilson(1, 5).low < 0.05);
});

test('an outage is from its first broken second to the second after its last unwell one', () => {
  assert.deepEqual(found(run([100, 200, 0], [40, 400, 0.5], [160, 200, 0])), [{ startS: 100, endS: 140 }]);
});

test('an outage is not over while some still fail', () => {
  assert.deepEqual(found(run([60, 500, 0], [60, 500, 0.3], [60, 500, 0.03], [120, 500, 0])), [
    { startS: 60, endS: 180 },
  ]);
});

test('one that does not end has no end', () => {
  assert.deepEqual(found(run([100, 200, 0], [100, 200, 0.2])), [{ startS: 100, endS: null }]);
});

test('a second of failures is no outage, and few failures all along are none', () => {
  assert.deepEqual(found(run([100, 50, 0], [1, 50, 0.2], [100, 50, 0])), []);
  assert.deepEqual(found(run([300, 200, 0.04])), []);
});

test('outages closer than fifteen seconds are one, farther apart are two', () => {
  const twice = (gapS: number) =>
    run([60, 500, 0], [20, 500, 0.4], [gapS, 500, 0], [20, 500, 0.4], [80, 500, 0]);
  assert.equal(found(twice(13)).length, 1);
  assert.equal(found(twice(40)).length, 2);
});

test('a run of forty seconds can show its recovery', () => {
  assert.deepEqual(found(run([10, 150, 0], [18, 500, 0.5], [12, 200, 0])), [{ startS: 10, endS: 28 }]);
  assert.deepEqual(patienceFor(40), { closeForS: 3, wellMaxS: 14, mergeS: 4 });
  assert.deepEqual(patienceFor(3600), { closeForS: 10, wellMaxS: 60, mergeS: 15 });
});

test('a little shop that is well again is found to be, without a failure in its longest window', () => {
  assert.deepEqual(found(run([100, 2, 0], [60, 2, 1], [200, 2, 0])), [{ startS: 100, endS: 160 }]);
});

test('outages ascend, do not touch, and lie inside the run', () => {
  const second = fc.tuple(fc.nat(50), fc.float({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(second, { maxLength: 300 }), (raw) => {
      const seconds = raw.map(([planned, bad]) => ({ planned, ok: planned - Math.round(planned * bad) }));
      let last = -1;
      for (const { startS, endS } of found(seconds)) {
        assert.ok(startS > last && startS < seconds.length);
        assert.ok(endS === null || (endS > startS && endS <= seconds.length));
        last = endS ?? seconds.length;
      }
    }),
  );
});

test('the incident of the spike: when, at what multiple, what it cost, and whom', () => {
  const { outages: list, hit } = findIncident(spikeSnapshot());
  assert.equal(list.length, 1);
  const outage = list[0];
  assert.ok(outage !== undefined && outage.endS !== null && outage.multipleAtEnd !== null);
  assert.equal(outage.phase, 'onset');
  assert.ok(outage.startS >= 34 && outage.startS <= 37);
  assert.ok(outage.multiple > 1.7 && outage.multiple < 2.4);
  assert.ok(outage.endS >= 70 && outage.endS <= 80);
  assert.ok(outage.underLoad && outage.multipleAtEnd > 4.5);
  assert.ok(outage.worst.share > 0.5);
  assert.deepEqual(
    hit.hot.map(({ name }) => name),
    ['hot-shop'],
  );
  assert.equal(hit.bystanders?.tenants, 11);
  assert.equal(hit.untouched, 2);
  assert.deepEqual(
    hit.streams.map(({ name }) => name),
    ['everyday', 'promo'],
  );
});

test('a healthy run has no incident, and one that was cut has no recovery', () => {
  assert.deepEqual(findIncident(healthySnapshot()).outages, []);
  assert.equal(findIncident(incompleteSnapshot()).outages.at(-1)?.endS, null);
});

test('a steady plan breaks at 1×, whatever its rate', () => {
  const ops = Array.from({ length: 6000 }, (_, i) => ({
    windowS: Math.floor(i / 100),
    outcome: i >= 3000 ? ('timeout' as const) : ('ok' as const),
  }));
  const [outage] = findIncident(snapshotOf(headOf({ normalPerSec: 7 }), ops)).outages;
  assert.deepEqual([outage?.startS, outage?.multiple, outage?.ratePerSec], [30, 1, 100]);
});

test('multiples are of the part of the plan that the result covers', () => {
  const whole = spikeSnapshot();
  const half = { ...whole, head: { ...whole.head, shards: [{ i: 0, n: 2 }], normalPerSec: 120 } };
  const multiple = (snapshot: typeof whole) => findIncident(snapshot).outages[0]?.multiple;
  assert.equal(multiple(half), multiple(whole));
});
