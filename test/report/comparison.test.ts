// The report of a comparison: what it looks like, that it keeps within its columns, and what makes runs comparable.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type Allowed, comparable, planDifferences } from '../../src/judge/comparison/comparable.js';
import { compareRuns } from '../../src/judge/comparison/comparison.js';
import { figuresOf, type RunFigures } from '../../src/judge/comparison/figures.js';
import { DEFAULT_MARGINS } from '../../src/judge/comparison/metrics.js';
import { noiseOf } from '../../src/judge/comparison/noise.js';
import type { Validity } from '../../src/judge/validity/finding.js';
import type { Head } from '../../src/measure/snapshot.js';
import { comparisonText } from '../../src/report/comparison/comparison.js';
import { type ComparisonReport, comparisonJson } from '../../src/report/comparison/comparison-json.js';
import { COMPARISON } from '../../src/report/comparison/comparison-schema.js';
import { noiseText } from '../../src/report/comparison/noise.js';
import { columnsOf } from '../../src/report/escape.js';
import { jsonText } from '../../src/report/json-text.js';
import { paintFor } from '../../src/report/paint.js';
import { matchesGolden } from '../support/golden.js';
import { queueRun } from '../support/queue-runs.js';
import { completed, headOf, incompleteSnapshot, nightSnapshot, snapshotOf } from '../support/snapshots.js';

const VALID: Validity = { verdict: 'valid', findings: [] };

function reportOf(
  base: readonly RunFigures[],
  candidate: readonly RunFigures[],
  more: Partial<ComparisonReport> = {},
): ComparisonReport {
  const told = (run: RunFigures) => ({ file: run.name, head: run.head, validity: VALID });
  const comparison = compareRuns(
    { base, candidate, paired: true },
    { margins: DEFAULT_MARGINS, noise: null },
  );
  return {
    base: base.map(told),
    candidate: candidate.map(told),
    comparison,
    differences: [],
    because: null,
    noise: null,
    exitCode: comparison.exitCode,
    ...more,
  };
}

const queue = (name: string, seed: number, tail = 1) =>
  queueRun({ name, arrivals: 1, seed, seconds: 120, ratePerSec: 200, tail });
const [QUIET, SLOWER] = [queue('before.ndjson', 1), queue('after.ndjson', 2, 1.6)];
const WINDOWS = reportOf([QUIET], [SLOWER], {
  differences: [{ path: 'timeoutUs', base: '10000000', candidate: '2000000' }],
  because: 'the new client waits less',
});
const NIGHT = reportOf(
  [figuresOf(nightSnapshot(), 'control.ndjson', null)],
  [figuresOf(nightSnapshot(), 'fixed.ndjson', null)],
);
const DISTRUSTED: ComparisonReport = {
  ...reportOf([QUIET], [SLOWER]),
  base: [
    {
      file: 'before.ndjson',
      head: QUIET.head,
      validity: {
        verdict: 'invalid',
        findings: [
          {
            id: 'unsent',
            level: 'invalid',
            figure: 1,
            limit: 0,
            unit: 'share',
            message: '12 % of what was due was not sent',
            advice: 'send less',
          },
        ],
      },
    },
  ],
  comparison: null,
  exitCode: 3,
};

describe('the report of a comparison', () => {
  const reports = { windows: WINDOWS, night: NIGHT, distrusted: DISTRUSTED };
  for (const [name, report] of Object.entries(reports)) {
    it(`looks as it looked: ${name}`, () => {
      const text = comparisonText(report, 100, paintFor(0));
      matchesGolden(text, new URL(`golden/comparison-${name}-100.txt`, import.meta.url));
      const json = comparisonJson(report);
      COMPARISON.parse(json);
      matchesGolden(jsonText(json), new URL(`golden/comparison-${name}.json.txt`, import.meta.url));
    });
  }

  it('keeps within its columns, painted or plain, and obeys nothing that a file is called', () => {
    const hostile = { ...QUIET, name: '\u001b[31mred\u001b[0m\nand on.ndjson' };
    for (const report of [WINDOWS, NIGHT, DISTRUSTED, reportOf([hostile], [SLOWER])]) {
      for (const width of [60, 80, 120, 200]) {
        const plain = comparisonText(report, width, paintFor(0));
        assert.ok(!plain.includes('\u001b'));
        const text = stripVTControlCharacters(comparisonText(report, width, paintFor(3)));
        assert.equal(text, plain);
        for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, `${width}: ${line}`);
      }
    }
  });

  it('tells the noise of a runner within its columns', () => {
    const noise = noiseOf([QUIET, queue('b', 3), queue('c', 4)]);
    for (const width of [60, 100]) {
      const text = noiseText(noise, 'Everyday', width, paintFor(0));
      for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, line);
      assert.match(text, /first\s+idea\s+only/);
    }
  });
});

describe('runs that are compared', () => {
  const allowed: Allowed = { keys: [], because: null, paired: false };
  const withHead = (name: string, changes: Parameters<typeof headOf>[0]): RunFigures =>
    figuresOf(completed(snapshotOf(headOf(changes), [{ windowS: 0 }])), name, null);
  const base = withHead('a', {});
  const messages = (candidate: RunFigures, more: Partial<Allowed> = {}) =>
    comparable([base], [candidate], { ...allowed, ...more }).problems.map(({ message }) => message);

  it('are whole and complete', () => {
    assert.deepEqual(messages(withHead('b', {})), []);
    assert.match(messages(withHead('b', { shards: [{ i: 1, n: 2 }] })).join(), /a part of a run: shard 1\/2/);
    const cut = comparable([base], [figuresOf(incompleteSnapshot(), 'cut', null)], allowed).problems;
    assert.ok(cut.some(({ message }) => message.includes('incomplete')));
  });

  it('have one plan, but for the seed and what was allowed to differ', () => {
    const other = (planChanges: Partial<Head['plan']>) =>
      withHead('b', { planId: 'f'.repeat(64), planChanges });
    assert.match(messages(other({ timeoutUs: 5e6 })).join(), /timeoutUs \(10000000 and 5000000\)/);
    assert.deepEqual(messages(other({ seed: 8 })), []);
    assert.equal(comparable([base], [other({ seed: 8 })], allowed).paired, false);
    assert.match(messages(other({ timeoutUs: 5e6 }), { keys: ['timeoutUs'] }).join(), /reason/);
    const because = { because: 'it is faster' };
    assert.deepEqual(messages(other({ timeoutUs: 5e6 }), { keys: ['timeoutUs'], ...because }), []);
    const streams = base.head.plan.streams.map((stream) => ({ ...stream, amplify: 2 }));
    assert.deepEqual(messages(other({ streams }), { keys: ['streams'], ...because }), []);
    assert.match(messages(other({ streams }), { keys: ['stream'], ...because }).join(), /amplify/);
  });

  it('are pairs where the plans of each pair are the same, whatever their seeds', () => {
    const seeded = (name: string, seed: number) =>
      withHead(name, { planId: String(seed).repeat(64), planChanges: { seed } });
    const of = (seeds: number[], from: string) => seeds.map((seed) => seeded(`${from}${seed}`, seed));
    assert.equal(comparable(of([1, 2, 3], 'a'), of([1, 2, 3], 'b'), allowed).paired, true);
    assert.equal(comparable(of([1, 2, 3], 'a'), of([4, 5, 6], 'b'), allowed).paired, false);
    assert.equal(comparable(of([1, 2], 'a'), of([4, 5], 'b'), { ...allowed, paired: true }).paired, true);
  });

  it('differ at places that are named', () => {
    const { plan } = base.head;
    const changed = { ...plan, headers: { 'x-team': 'cart' }, streams: plan.streams.slice(0, 1) };
    const places = planDifferences(plan, changed).map(({ path }) => path);
    assert.deepEqual(places, ['headers.x-team', 'streams[1]']);
  });
});
