// Where a surge came from, and the timeline: what is told of which run, and what is not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findIncident } from '../../src/judge/incident/incident.js';
import { judge } from '../../src/judge/verdict.js';
import { absorbClosed, type Snapshot } from '../../src/measure/snapshot.js';
import { sentenceOf, stateOf } from '../../src/report/story.js';
import { SourceTally, sourcesByPhase } from '../../src/schedule/load-sources.js';
import { forecastOf } from '../support/recorded-simulation.js';
import { planOf, row } from '../support/recordings.js';
import {
  completed,
  headOf,
  healthySnapshot,
  incompleteSnapshot,
  nightSnapshot,
  type Op,
  snapshotOf,
  spikeSnapshot,
  stalledSnapshot,
} from '../support/snapshots.js';

const kinds = (snapshot: Snapshot): string[] => judge(snapshot, []).timeline.map(({ kind }) => kind);

describe('the surge', () => {
  it('came from what has more of the added load than of the normal one', () => {
    const surge = findIncident(spikeSnapshot()).surge;
    assert.ok(surge !== null);
    assert.equal(surge.base, 'before');
    assert.deepEqual(
      surge.leading.map(({ dimension, name, multiple }) => [dimension, name, multiple === null]),
      [
        ['stream', 'promo', true],
        ['tenant', 'hot-shop', false],
      ],
    );
    const [promo, everyday] = surge.grew.filter(({ dimension }) => dimension === 'stream');
    assert.equal(promo?.shareOfAdded, 1);
    assert.ok(Math.abs((promo?.spikePerSec ?? 0) - (surge.spikePerSec - surge.normalPerSec)) < 1e-9);
    assert.equal(everyday?.multiple, 1);
  });

  it('is none of a steady plan, nor of one of which the spike was not reached', () => {
    assert.equal(findIncident(healthySnapshot()).surge, null);
    const { head } = spikeSnapshot();
    const ops = Array.from({ length: 20 }, (_, windowS): Op => ({ windowS, tenant: 'a' }));
    assert.equal(findIncident(snapshotOf(head, ops)).surge, null);
  });

  it('has referrers and kinds of clients of the head, and no leader where all grew alike', () => {
    const base = spikeSnapshot();
    const clients = [
      { name: 'bot', planned: [30, 20, 40, 10, 20] },
      { name: 'person', planned: [270, 180, 360, 90, 180] },
    ];
    const referrers = [
      { name: 't.example', planned: [0, 500, 4000, 10, 0] },
      { name: 'search.example', planned: [300, 200, 400, 100, 200] },
    ];
    const surge = findIncident({ ...base, head: { ...base.head, sources: { referrers, clients } } }).surge;
    assert.deepEqual(
      surge?.leading.flatMap(({ dimension, name }) => (dimension === 'stream' ? [] : [dimension, name])),
      ['tenant', 'hot-shop', 'referrer', 't.example'],
    );
  });

  it('of a plan that starts in the spike is held against its quietest phase', () => {
    const phases = [
      { name: 'peak', startS: 0, endS: 20 },
      { name: 'decay', startS: 20, endS: 40 },
      { name: 'after', startS: 40, endS: 60 },
    ] as const;
    const ops = (function* (): Generator<Op> {
      for (let windowS = 0; windowS < 60; windowS++)
        for (let i = 0; i < (windowS < 20 ? 30 : windowS < 40 ? 20 : 10); i++)
          yield { windowS, stream: i < 10 ? 0 : 1 };
    })();
    const surge = findIncident(completed(snapshotOf(headOf({ phases }), ops))).surge;
    assert.deepEqual([surge?.base, surge?.normalPerSec, surge?.spikePerSec], ['after', 10, 30]);
  });
});

describe('sources of a recording', () => {
  const referred = (url: string) => ({ headers: JSON.stringify([['referer', url]]), host: 'shop.example' });

  it('are the host of the other site that referred and the class of the client, by phase', () => {
    const tally = new SourceTally();
    for (let s = 0; s < 1000; s++) {
      tally.add(s * 1e6, row(0, { clientClass: 'bot' }));
      if (s >= 500) tally.add(s * 1e6, row(0, referred('https://u:p@T.example:8443/a?token=1')));
      tally.add(s * 1e6, row(0, referred('https://shop.example/cart')));
    }
    const phases = [
      { name: 'before', startS: 0, endS: 500 },
      { name: 'peak', startS: 500, endS: 1000 },
    ] as const;
    const forecast = { ...forecastOf(planOf({}), 0, []), sources: tally.result() };
    assert.equal(forecast.sources.binS, 4);
    assert.deepEqual(sourcesByPhase([undefined, forecast], phases), {
      referrers: [{ name: 't.example:8443', planned: [0, 500] }],
      clients: [
        { name: 'person', planned: [500, 1000] },
        { name: 'bot', planned: [500, 500] },
      ],
    });
    assert.equal(sourcesByPhase([undefined], phases), undefined);
  });

  it('are bounded, and what comes often is kept among any number of others', () => {
    const tally = new SourceTally();
    for (let i = 0; i < 5_000; i++) {
      tally.add(i * 1e3, row(0, referred(`https://x${i}.example/`)));
      if (i % 5 === 0) tally.add(i * 1e3, row(0, referred('https://t.example/')));
    }
    const phases = [{ name: 'steady', startS: 0, endS: 5 }] as const;
    const forecast = { ...forecastOf(planOf({}), 0, []), sources: tally.result() };
    const { referrers } = sourcesByPhase([forecast], phases) ?? assert.fail('no sources');
    assert.deepEqual(referrers[0], { name: 't.example', planned: [1000] });
    assert.equal(referrers.length, 25);
  });
});

describe('the timeline', () => {
  it('of the spike tells it in order, from the rise of the load to what was lost', () => {
    const { timeline } = judge(spikeSnapshot(), []);
    assert.deepEqual(
      timeline.map(({ kind }) => kind),
      [
        'load_rises',
        'outage_opens',
        'load_identified',
        'worst',
        'capacity_added',
        'outage_ends',
        'capacity_suffices',
        'stores_well',
        'load_normal',
        'run_ends',
      ],
    );
    assert.ok(timeline.every(({ atS }, i) => i === 0 || atS >= (timeline[i - 1]?.atS ?? 0)));
    assert.equal(timeline[0]?.at, '2025-11-20T17:26:30.000Z');
    assert.equal(timeline[0]?.recordedAt, null);
  });

  it('has the instants of the recording, at its speed', () => {
    const night = nightSnapshot({}, { speed: 2 });
    const head = { ...night.head, recordedFrom: '2024-11-29T10:00:00.000Z' };
    const { timeline } = judge({ ...night, head }, []);
    const rises = timeline.find(({ kind }) => kind === 'load_rises');
    assert.deepEqual([rises?.atS, rises?.recordedAt], [20, '2024-11-29T10:00:40.000Z']);
    const odd = { ...night.head, startedAt: 'some day', recordedFrom: '' };
    assert.ok(judge({ ...night, head: odd }, []).timeline.every(({ at, recordedAt }) => !at && !recordedAt));
  });

  it('of a run that cannot be believed says nothing of the shop', () => {
    const { timeline, ...rest } = judge(stalledSnapshot(), []);
    assert.deepEqual(
      timeline.map(({ kind }) => kind),
      ['not_believed'],
    );
    const [entry] = timeline;
    assert.ok(entry !== undefined && sentenceOf(entry, { timeline, ...rest }).includes('cannot be believed'));
  });

  it('of a result that was cut ends there, and does not say that it recovered', () => {
    assert.deepEqual(kinds(incompleteSnapshot()).slice(-2), ['not_recovered', 'result_ends']);
    assert.deepEqual(kinds(healthySnapshot()), ['run_ends']);
  });

  it('tells of many outages the costliest, and stays short; only the last is resolved', () => {
    const forS = 1200;
    const head = headOf({ durationS: forS, phases: [{ name: 'steady', startS: 0, endS: forS }] });
    const snapshot = snapshotOf(
      head,
      (function* (): Generator<Op> {
        for (let windowS = 0; windowS < forS; windowS++) {
          const broken = windowS % 100 >= 50 && windowS % 100 < 70;
          for (let i = 0; i < 60; i++) yield { windowS, outcome: broken && i % 2 === 0 ? 'reset' : 'ok' };
        }
      })(),
    );
    absorbClosed(snapshot, { shard: { i: 0, n: 1 }, closedS: forS });
    const judgement = judge(completed(snapshot), []);
    assert.equal(judgement.incident.outages.length, 12);
    assert.ok(judgement.timeline.length <= 40);
    const states = judgement.timeline.map((entry) => stateOf(entry, judgement));
    assert.equal(states.filter((state) => state === 'investigating').length, 6);
    assert.ok(states.filter((state) => state === 'resolved').length <= 1);
    for (const entry of judgement.timeline) assert.match(sentenceOf(entry, judgement), /^[A-Z0-9].*\.$/);
  });
});
