import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { Snapshot } from '../../src/measure/snapshot.js';
import { jsonReport, summarise } from '../../src/report/json.js';
import { TENANTS_LISTED } from '../../src/report/summary/listed.js';
import { SUMMARY, summarySchema } from '../../src/report/summary-schema.js';
import { matchesGolden } from '../support/golden.js';
import {
  CART_PEAK,
  completed,
  ERRORS_1,
  ERRORS_RECORDED,
  headOf,
  healthySnapshot,
  incompleteSnapshot,
  judged,
  nightSnapshot,
  P99_800,
  snapshotOf,
  spikeSnapshot,
  stalledSnapshot,
  THROUGHPUT,
} from '../support/snapshots.js';

const GATES = [ERRORS_1, P99_800, CART_PEAK, THROUGHPUT, ERRORS_RECORDED];
const told = (snapshot: Snapshot) => jsonReport(summarise(snapshot, judged(snapshot, GATES)));
const runs: [string, Snapshot][] = [
  ['spike', spikeSnapshot()],
  ['healthy', healthySnapshot()],
  ['stalled', stalledSnapshot()],
  ['incomplete', incompleteSnapshot()],
  ['night', nightSnapshot()],
  ['empty', completed(snapshotOf(headOf(), []))],
];

for (const [name, snapshot] of runs) {
  test(`summary of the ${name} run is of its schema`, () => {
    SUMMARY.parse(JSON.parse(told(snapshot)));
    const published = z.fromJSONSchema(summarySchema() as Parameters<typeof z.fromJSONSchema>[0]);
    published.parse(JSON.parse(told(snapshot)));
  });
}

test('golden: summary of the spike', () => {
  matchesGolden(told(spikeSnapshot()), new URL('golden/spike.json.txt', import.meta.url));
});

test('golden: summary of the night', () => {
  matchesGolden(told(nightSnapshot()), new URL('golden/night.json.txt', import.meta.url));
});

test('golden: schema of the summary', () => {
  const text = `${JSON.stringify(summarySchema(), null, 2)}\n`;
  matchesGolden(text, new URL('golden/summary.schema.json.txt', import.meta.url));
});

test('the names that scripts rely on', () => {
  const names =
    'scenario label planId seed target startedAt durationS complete planned plannedTotal sent attempts outcomes ' +
    'statuses errors response service wait lag generatorShare streams routes tenants phases windows coverage ' +
    'validity gates verdict incident exitCode speed shards connections';
  const summary = summarise(spikeSnapshot(), judged(spikeSnapshot(), GATES));
  for (const name of names.split(' ')) assert.ok(name in summary, name);
  assert.deepEqual(Object.keys(summary.response), ['p50', 'p90', 'p95', 'p99', 'p999', 'max', 'mean']);
});

test('parts add up to the whole, window by window and in all', () => {
  for (const [, snapshot] of runs) {
    const summary = summarise(snapshot, judged(snapshot, []));
    const sum = (parts: readonly { planned: number; ok: number }[]) => [
      parts.reduce((total, { planned }) => total + planned, 0),
      parts.reduce((total, { ok }) => total + ok, 0),
    ];
    const whole = [summary.planned, summary.outcomes.ok];
    for (const parts of [summary.windows, summary.streams, summary.routes, summary.phases]) {
      assert.deepEqual(sum(parts), whole);
    }
    assert.equal(
      Object.values(summary.outcomes).reduce((total, n) => total + n, 0),
      summary.planned,
    );
    for (const { planned, ok, failed } of summary.windows) {
      assert.equal(ok + Object.values(failed).reduce((total, n) => total + n, 0), planned);
    }
  }
});

test('what was recorded adds up, by window, route and phase, and is absent where nothing was', () => {
  const { recorded, windows, unknownIds } = summarise(nightSnapshot(), judged(nightSnapshot(), []));
  assert.ok(recorded !== null);
  for (const parts of [recorded.routes, recorded.phases]) {
    assert.equal(
      parts.reduce((sum, { requests }) => sum + requests, 0),
      recorded.requests,
    );
    assert.equal(
      parts.reduce((sum, part) => sum + part.unknownIds, 0),
      unknownIds,
    );
  }
  const inWindows = windows.reduce((sum, window) => sum + (window.recorded?.failed ?? 0), 0);
  assert.equal(inWindows, Math.round((recorded.errors ?? 0) * recorded.requests));
  assert.equal(recorded.statuses['200'], 1840);
  // The stream beside it was never recorded: its failures are not the recording's.
  assert.equal(recorded.replayed.requests, 2400);
  const without = summarise(spikeSnapshot(), judged(spikeSnapshot(), []));
  assert.equal(without.recorded, null);
  assert.ok(without.windows.every((window) => !('recorded' in window)));
});

test('an incomplete summary counts what was due through its last window', () => {
  const { complete, planned, plannedTotal, closedS, durationS } = summarise(
    incompleteSnapshot(),
    judged(incompleteSnapshot(), []),
  );
  assert.deepEqual({ complete, closedS, durationS }, { complete: false, closedS: 41, durationS: 120 });
  assert.equal(plannedTotal, spikeSnapshot().head.plannedTotal);
  assert.ok(planned < plannedTotal);
});

test('a censored value is at least what it says, and no data is null', () => {
  const summary = summarise(spikeSnapshot(), judged(spikeSnapshot(), GATES));
  assert.deepEqual(Object.keys(summary.response.p99 as object), ['atLeast']);
  assert.equal(typeof summary.response.p50, 'number');
  const empty = summarise(
    completed(snapshotOf(headOf(), [])),
    judged(completed(snapshotOf(headOf(), [])), []),
  );
  assert.equal(empty.response.p50, null);
  assert.equal(empty.errors, null);
});

test('tenants are listed to a bound, the worst first, and counted in full', () => {
  const ops = Array.from({ length: 2 * TENANTS_LISTED }, (_, i) => ({
    windowS: i % 60,
    tenant: `t${i}`,
    outcome: i === 399 ? ('reset' as const) : ('ok' as const),
  }));
  const snapshot = completed(snapshotOf(headOf(), ops));
  const { tenants, tenantsTotal } = summarise(snapshot, judged(snapshot, []));
  assert.equal(tenants.length, TENANTS_LISTED);
  assert.equal(tenantsTotal, 2 * TENANTS_LISTED);
  assert.equal(tenants[0]?.name, 't399');
});

test('control characters are escaped in JSON that may be printed', () => {
  const snapshot = completed(snapshotOf(headOf({ scenario: 'a\u001b[2J\u009b2J\u202e' }), []));
  const text = told(snapshot);
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}|\u202e/u);
  assert.equal(JSON.parse(text).scenario, 'a\u001b[2J\u009b2J\u202e');
});
