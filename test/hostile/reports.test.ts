// Hostile texts in the place of every text of a result, an audit and a plan: no report passes one on alive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { liveLines } from '../../src/live/live-view.js';
import { readLine, writeLine } from '../../src/measure/result-file.js';
import type { Head, Snapshot } from '../../src/measure/snapshot.js';
import { Tenants } from '../../src/measure/tenants.js';
import { auditJson, auditText } from '../../src/report/audit.js';
import { jsonReport, summarise } from '../../src/report/json.js';
import { paintFor } from '../../src/report/paint.js';
import { type PlanReport, planJson, planText } from '../../src/report/plan.js';
import { textReport } from '../../src/report/text.js';
import { draftScenario } from '../../src/scenario/draft.js';
import { readYaml } from '../../src/scenario/yaml.js';
import { auditOf, shopRows } from '../recording/audit-support.js';
import { assertPlain, HOSTILE } from '../support/hostile.js';
import { ERRORS_1, judged, nightSnapshot, P99_800, spikeSnapshot } from '../support/snapshots.js';

/** Texts that decide how a report is made, or are read as instants: others stand in for nothing. */
const KEPT = new Set([
  'kind',
  'of',
  'by',
  'reason',
  'startedAt',
  'at',
  'to',
  'layout',
  'result',
  'unit',
  'op',
]);

/** The same value with another text for each of its texts, and for the keys of its maps of counts. */
function poisoned<T>(value: T, text: string): T {
  const of = (part: unknown, key: string): unknown => {
    if (typeof part === 'string') return KEPT.has(key) ? part : `${part}${text}`;
    if (Array.isArray(part)) return part.map((one) => of(one, key));
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, one]) => [COUNTS.has(key) ? `${name}${text}` : name, of(one, name)]),
    );
  };
  return of(value, '') as T;
}
const ESC = '\u001b';
const COUNTS = new Set(['dropped', 'setApart', 'hosts', 'methods', 'redacted', 'why']);

function poisonedSnapshot(snapshot: Snapshot, text: string): Snapshot {
  const tenants = new Tenants(snapshot.head);
  for (const [name, { slices, response }] of snapshot.tenants) {
    for (const [sliceS, counts] of slices)
      tenants.addSlice({ tenant: `${name}${text}`, sliceS, ...counts, response });
  }
  const { plan, ...head } = poisoned(snapshot.head, text);
  return { ...snapshot, tenants, head: { ...head, plan: { ...plan, format: 1 } } satisfies Head };
}

/** Short ones only: what is long is cut, and takes its time. */
const TEXTS = HOSTILE.filter(({ length }) => length < 1_000);

for (const [name, snapshot] of [
  ['spike', spikeSnapshot()],
  ['night', nightSnapshot()],
] as const) {
  test(`no text of a result gets through its reports: ${name}`, () => {
    for (const text of TEXTS) {
      const hostile = poisonedSnapshot(snapshot, text);
      const gates = [ERRORS_1, P99_800].map((gate) => ({ ...gate, text: `${gate.text}${text}` }));
      const judgement = judged(hostile, gates);
      const next = `flashcrowd report '${text}'`;
      for (const level of [0, 3] as const) {
        const report = textReport(hostile, judgement, { width: 100, paint: paintFor(level), next });
        // Paint is ours: of colours alone, and it is gone here.
        assert.ok(level === 0 || report.split(ESC).every((part, i) => i === 0 || /^\[[\d;]*m/.test(part)));
        assertPlain(stripVTControlCharacters(report), 'the text report');
      }
      assertPlain(jsonReport(summarise(hostile, judgement)), 'the JSON report');
      const line = writeLine({ kind: 'head', head: hostile.head });
      assertPlain(line, 'the head line');
      const read = readLine(line);
      assert.equal(read.kind === 'head' && read.head.scenario, hostile.head.scenario);
    }
  });
}

test('no text of an audit gets through it, nor through the scenario that is drafted from it', () => {
  const audit = auditOf(shopRows(), {
    dropped: { 'no request': 6 },
    setApart: { outside: 2 },
    redacted: { tokens: 5, strange: 1 },
    clockJumps: [{ file: 'a.log', line: 4, seconds: -9 }],
    examples: [{ file: 'a.log', line: 7, reason: 'no request' }],
    files: ['a.log', 'b.log'].map((file) => ({
      file,
      digest: 'ab',
      lines: 1,
      rows: 1,
      format: 'x',
      cut: 'ends early',
    })),
  });
  for (const text of TEXTS) {
    const hostile = poisoned(audit, text);
    assertPlain(auditText(hostile, 100, paintFor(0)), 'the audit');
    assertPlain(auditJson(hostile), 'the JSON audit');
    const draft = draftScenario(
      { ...hostile, from: `2025-11-28T17:26${text}` },
      { recordings: [`a.log${text}`] },
    );
    assertPlain(draft, 'the draft');
    assert.match(draft, /^[\n\x20-\x7e×]*$/);
    const { value, errors } = readYaml(draft);
    assert.deepEqual(errors, []);
    const keys = Object.keys(value as object).filter(
      (key) => !['name', 'target', 'tenants', 'seed', 'streams', 'routes', 'gates'].includes(key),
    );
    assert.deepEqual(keys, []);
    assert.equal((value as { target: unknown }).target, 'http://127.0.0.1:8080');
  }
});

test('no text of a plan gets through it, nor through the live view', () => {
  const { head } = spikeSnapshot();
  const report: PlanReport = {
    ...head,
    shard: { i: 0, n: 1 },
    seed: 1,
    lanes: 8,
    speed: 1,
    window: null,
    timeoutUs: 1e7,
    connections: { kind: 'fresh' },
    planned: 10,
    ceiling: null,
    space: { bytes: 1, stalledBytes: 2, stalledInFlight: 3, resultBytes: 4 },
    visitors: 3,
    visitorsKnown: true,
    peakAtS: 1,
    perSec: new Float64Array([1, 2, 3]),
    headroom: [{ lagS: 15, factor: 2 }],
    streams: [
      {
        name: 'promo',
        kind: 'spike',
        arrivals: 10,
        visitors: 3,
        peakPerSec: 5,
        flow: [{ request: 'GET /', thinkS: 1, captures: ['cart'] }],
      },
    ],
    routes: [{ name: 'product', share: 1 }],
    writes: ['POST cart'],
    requestBytes: 100,
    inFlightMax: 10,
    connectionsAtPeak: null,
    needs: [{ what: 'ports', needed: 1, available: 2 }],
    coverage: { dropped: { bots: 2 }, routes: [{ route: 'cart', rows: 1, share: 0.1 }], notes: ['a note'] },
    amplified: [],
    gates: ['p99 < 1s'],
    warnings: ['a warning'],
  };
  for (const text of TEXTS) {
    const { connections, ...rest } = poisoned(report, text);
    const hostile: PlanReport = { ...rest, connections: report.connections };
    assertPlain(planText(hostile, 100, paintFor(0)), 'the plan');
    assertPlain(planJson(hostile), 'the JSON plan');
    const live = liveLines(
      {
        scenario: text,
        target: text,
        atUs: 1,
        durationS: 9,
        phases: [],
        plannedPerSec: 1,
        normalPerSec: 1,
        peakPerSec: 1,
        last: { planned: 1, ok: 1, failed: 0 },
        inFlight: 0,
        ok: 1,
        failed: 0,
        p99: '',
        history: [],
        stopping: false,
      },
      100,
      paintFor(0),
    );
    for (const line of live) assertPlain(line, 'the live view');
    assert.ok(!live.some((line) => line.includes('\n')));
  }
});
