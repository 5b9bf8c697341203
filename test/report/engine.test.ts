// What the reports say of the engine: connections as a load, caches, steps that waited, hooks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../src/judge/verdict.js';
import { COARSE } from '../../src/measure/buckets.js';
import { readLine, snapshotOf, writeLine } from '../../src/measure/result-file.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import { summarise } from '../../src/report/json.js';
import { paintFor } from '../../src/report/paint.js';
import { SUMMARY } from '../../src/report/summary-schema.js';
import { textReport } from '../../src/report/text.js';
import { distributionOf, healthySnapshot } from '../support/snapshots.js';

/** A run with a cache in front, dependent steps, hooks, and both protocols. */
function busySnapshot(): Snapshot {
  const snapshot = healthySnapshot();
  for (const group of snapshot.groups.values()) {
    group.counts.cacheHits = 30;
    group.counts.cacheMisses = 10;
  }
  for (const [key, slice] of snapshot.slices)
    snapshot.slices.set(key, { ...slice, slip: distributionOf(COARSE, [20_000, 40_000]) });
  for (const health of snapshot.health) {
    health.http1 = 5;
    health.http2 = 20;
    health.hookCalls = 100;
    health.hookUs = 700;
    health.dns = distributionOf(COARSE, [150]);
  }
  return snapshot;
}

const told = (snapshot: Snapshot) =>
  textReport(snapshot, judge(snapshot, []), { width: 100, paint: paintFor(0), next: '' });

test('the details tell connections, protocols, addresses and handshakes', () => {
  const text = told(busySnapshot());
  assert.match(text, /CONNECTIONS +p50 +p99 +max/);
  assert.match(text, /150 opened, 2\.5\/s at most, 170 at once at most; HTTP\/1\.1 30, HTTP\/2 120/);
  assert.match(text, /TLS handshakes: 120 whole, 30 resumed, 2\.5\/s at\s+most/);
  for (const part of ['opening', 'name', 'TCP', 'TLS']) assert.match(text, new RegExp(`^ ${part} `, 'm'));
});

test('cache hits by route, the slip of steps that waited, and the cost of hooks are told', () => {
  const text = told(busySnapshot());
  assert.match(text, /CACHE +hits +misses +not said/);
  assert.match(text, /75\.0 %/);
  assert.match(text, /^ slip +/m);
  assert.match(text, /hooks +600 calls, \S+ \S+ each/);
});

test('none of it is told where there was none', () => {
  const text = told(healthySnapshot());
  assert.doesNotMatch(text, /CACHE|slip|hooks/);
});

test('the summary has the same figures', () => {
  const snapshot = busySnapshot();
  const summary = summarise(snapshot, judge(snapshot, []));
  SUMMARY.parse(summary);
  assert.deepEqual(summary.connections.handshakes, { full: 120, resumed: 30, perSecMax: 2.5 });
  assert.deepEqual([summary.connections.http1, summary.connections.http2], [30, 120]);
  assert.deepEqual(summary.hooks, { calls: 600, totalMs: 4.2, meanUs: 7 });
  assert.equal(summary.slip.max, 40);
  assert.ok(summary.routes.every(({ cache }) => cache.hits === 3 * cache.misses));
});

test('a result file keeps them all', () => {
  const { head, health, slices } = busySnapshot();
  const [line] = health;
  const [slice] = slices.values();
  assert.ok(line !== undefined && slice !== undefined);
  const written = [
    writeLine({ kind: 'head', head }),
    writeLine({ kind: 'health', health: line }),
    writeLine({ kind: 'slice', slice }),
  ];
  const read = snapshotOf(written.map(readLine));
  assert.deepEqual([...read.health], [line]);
  assert.deepEqual([...read.slices.values()], [slice]);
});
