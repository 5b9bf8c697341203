// A scripted night: each event does to the shop what it says, at its own time, and stands in its view.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROUTES } from '../../src/storefront/routes.js';
import { parseEvent } from '../../src/storefront/script.js';
import type { StorefrontOptions } from '../../src/storefront/settings.js';
import { viewOf } from '../../src/storefront/view.js';
import { type Arrival, failedShare, poisson, simulate } from './simulate.js';

/** An autoscaler that is quick when it is let: orders within 15 s of a rise, and boots in 10 s. */
const QUICK: StorefrontOptions = {
  autoscaler: {
    minInstances: 5,
    maxInstances: 12,
    metricLagUs: 5e6,
    metricPeriodUs: 10e6,
    evaluateEveryUs: 5e6,
    stepInstances: 2,
    bootUs: 10e6,
    bootSpreadUs: 0,
    cooldownUs: 10e6,
  },
};
const FIXED: StorefrontOptions = { autoscaler: { minInstances: 6, maxInstances: 6 } };

/** Under a load that doubles at 30 s. */
function night(events: readonly string[], options: StorefrontOptions = QUICK, forS = 120) {
  const arrivals = poisson(3, forS, 160, (atS) => (atS < 30 ? 60 : 160));
  const { platform, felt } = simulate(arrivals, { ...options, script: events.map(parseEvent) });
  const firstS = (arrivals[0]?.atUs ?? 0) / 1e6;
  return { platform, felt, seconds: platform.timeline.read(), firstS };
}

/** The first second in which more instances serve than at the start. */
const grewAtS = ({ seconds }: ReturnType<typeof night>) =>
  seconds.findIndex(({ instancesServing }) => instancesServing > 5);

describe('a scripted night', () => {
  it('leaves a stuck group without instances, however many are ordered, until it is over', () => {
    const usual = grewAtS(night([]));
    const stuck = night(['autoscaler stuck from 20s to 80s']);
    assert.ok(usual > 40 && usual < 65, `usually it grows at ${usual} s`);
    assert.ok(grewAtS(stuck) >= 80 + 10, `stuck, at ${grewAtS(stuck)} s`);
    const ordered = stuck.seconds[78]?.instancesBooting ?? 0;
    assert.ok(ordered >= 2, 'orders were accepted all the same');
    assert.equal(stuck.seconds[92]?.instancesServing, 5 + ordered, 'and come when it is over');
  });

  it('makes the autoscaler see late what it sees', () => {
    const usual = grewAtS(night([]));
    const late = grewAtS(night(['metrics late by 30s from 20s to 100s']));
    assert.ok(late >= usual + 20 && late <= usual + 35, `${late} s instead of ${usual} s`);
    assert.equal(grewAtS(night(['metrics late by 30s from 90s'])), usual, 'not before it begins');
  });

  it('lets it go on with the last that it saw', () => {
    // Full is what was seen last: it orders on and on.
    const { seconds } = night(['metrics late by 1h from 45s']);
    const wanted = seconds.map(({ instancesDesired }) => instancesDesired);
    assert.ok((wanted[45] ?? 0) > 5 && (wanted[45] ?? 0) < 12, `${wanted[45]} when they get late`);
    assert.equal(wanted[110], 12);
  });

  it('takes lost instances away at their instant, and the autoscaler replaces them', () => {
    const { seconds } = night(['2 instances lost at 20s']);
    assert.equal(seconds[19]?.instancesServing, 5);
    assert.equal(seconds[20]?.instancesServing, 3);
    const back = seconds.findIndex(({ atS, instancesServing }) => atS > 20 && instancesServing >= 5);
    assert.ok(back >= 30 && back < 55, `they are back at ${back} s`);
  });

  it('replaces instances also when none is left to measure', () => {
    const slow = { autoscaler: { ...QUICK.autoscaler, bootUs: 60e6 } };
    const { seconds } = night(['9 instances lost at 20s'], slow);
    assert.equal(seconds[21]?.instancesServing, 0);
    assert.ok((seconds[60]?.instancesBooting ?? 0) >= 5, 'all are ordered before the first is there');
    assert.ok((seconds.at(-1)?.instancesServing ?? 0) >= 5);
  });

  it('fails whoever comes while all instances are down, and nobody before or long after', () => {
    const { felt, seconds } = night(['all instances down from 10s to 20s']);
    assert.deepEqual(
      [8, 11, 18, 21].map((s) => seconds[s]?.slots),
      [15, 0, 0, 15],
    );
    assert.ok(failedShare(felt.slice(0, 9)) === 0);
    assert.ok(failedShare(felt.slice(11, 19)) > 0.9);
    assert.ok(failedShare(felt.slice(22, 29)) < 0.05);
  });

  it('degrades the dashboard from a time on', () => {
    const crowd = poisson(5, 40, 140, () => 140).map((arrival, n) =>
      n % 2 === 0 ? arrival : { ...arrival, route: 'admin' as const },
    );
    const script = [parseEvent('dashboard degraded from 20s')];
    const pages = (arrival: Arrival) => arrival.route !== 'admin';
    const { felt } = simulate(crowd, { ...FIXED, script }, pages);
    assert.ok(failedShare(felt.slice(5, 20)) > 0.01, 'pages fail before');
    assert.ok(failedShare(felt.slice(21, 40)) < 0.001, 'and no more after');
  });

  it('isolates a store, or all, for a while', () => {
    for (const event of ['store hot isolated to 40%', 'stores isolated to 40%']) {
      const arrivals = poisson(7, 40, 250, () => 250).map((arrival, n) => ({
        ...arrival,
        store: n % 6 === 0 ? `store-${n % 7}` : 'hot',
      }));
      const script = [parseEvent(`${event} from 15s to 30s`)];
      const bystanders = ({ store }: Arrival) => store !== 'hot';
      const { felt } = simulate(arrivals, { ...FIXED, script }, bystanders);
      assert.ok(failedShare(felt.slice(5, 15)) > 0.3, `before: ${event}`);
      assert.ok(failedShare(felt.slice(16, 30)) < 0.01, `while: ${event}`);
      assert.ok(failedShare(felt.slice(32, 40)) > 0.3, `after: ${event}`);
    }
  });

  it('takes its time from the first request, divided by the speed, and says when each event was', () => {
    const events = [
      'autoscaler stuck from 100s to 200s',
      '1 instance lost at 150s',
      'dashboard degraded from 1h',
    ];
    const late = poisson(1, 30, 60, () => 60).map((arrival) => ({ ...arrival, atUs: arrival.atUs + 5e6 }));
    const { platform } = simulate(late, { speed: 10, script: events.map(parseEvent) });
    const began = (late[0]?.atUs ?? 0) / 1e6;
    const { events: seen } = viewOf(platform, new Date(0), 60e6);
    assert.deepEqual(
      seen.map(({ text, fromS, toS }) => [text, fromS, toS]),
      [
        [events[0], round(began + 10), round(began + 20)],
        [events[1], round(began + 15), null],
        [events[2], round(began + 360), null],
      ],
    );
  });

  it('has not begun before there is a request', () => {
    const { platform } = simulate([], { script: [parseEvent('1 instance lost at 0')] });
    assert.deepEqual(platform.script.view(), [
      { text: '1 instance lost at 0', kind: 'instances_lost', fromS: null, toS: null },
    ]);
    assert.equal(platform.scaler.serving, 5);
  });

  it('lets the later of two events on one thing count', () => {
    const { seconds } = night(['2 instances down from 10s to 30s', '4 instances down from 20s to 25s']);
    assert.deepEqual(
      [9, 15, 22, 27, 31].map((s) => (seconds[s]?.slots ?? 0) / 3),
      [5, 3, 1, 3, 5],
    );
  });
});

function round(seconds: number): number {
  return Math.round(seconds * 1e3) / 1e3;
}

it('keeps what it has seen bounded also while metrics are late', () => {
  const arrivals = poisson(1, 300, 20, () => 20);
  const service = Object.fromEntries(ROUTES.map((route) => [route, { medianUs: 1_000, sigma: 0 }]));
  const { platform } = simulate(arrivals, {
    ...QUICK,
    service,
    script: [parseEvent('metrics late by 100s from 50s')],
  });
  const { length } = platform.scaler.points;
  assert.ok(length > 20 && length <= (5 + 100 + 10) / 5 + 3, `${length} points`);
});
