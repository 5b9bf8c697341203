import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { Head, Snapshot } from '../../src/measure/snapshot.js';
import { columnsOf } from '../../src/report/escape.js';
import { type ColourLevel, paintFor } from '../../src/report/paint.js';
import { textReport } from '../../src/report/text.js';
import type { Gate } from '../../src/scenario/gate.js';
import { matchesGolden } from '../support/golden.js';
import {
  BYSTANDERS,
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
  P99_RECORDED,
  snapshotOf,
  spikeSnapshot,
  stalledSnapshot,
  THROUGHPUT,
} from '../support/snapshots.js';

const CHECKOUT_RECORDED = {
  ...P99_RECORDED,
  text: 'p99[route=checkout] < recorded * 1.2',
  selector: { route: 'checkout' },
};
const EMPTY = completed(snapshotOf(headOf(), []));
const NEXT = 'flashcrowd report run.ndjson --format html --open';
const runs: [name: string, snapshot: Snapshot, gates: Gate[]][] = [
  ['spike', spikeSnapshot(), [ERRORS_1, P99_800, BYSTANDERS, CART_PEAK, THROUGHPUT]],
  ['healthy', healthySnapshot(), [ERRORS_1, P99_800, THROUGHPUT]],
  ['stalled', stalledSnapshot(), [ERRORS_1, P99_800]],
  ['incomplete', incompleteSnapshot(), [CART_PEAK, THROUGHPUT]],
  ['night', nightSnapshot(), [ERRORS_RECORDED, P99_RECORDED, CHECKOUT_RECORDED]],
];

const told = (snapshot: Snapshot, gates: Gate[] = [], width = 100, level: ColourLevel = 0) =>
  textReport(snapshot, judged(snapshot, gates), { width, paint: paintFor(level), next: NEXT });

for (const [name, snapshot, gates] of runs) {
  for (const width of [80, 100]) {
    test(`golden: ${name} in ${width} columns`, () => {
      matchesGolden(told(snapshot, gates, width), new URL(`golden/${name}-${width}.txt`, import.meta.url));
    });
  }
}

test('no line is wider than the terminal, at any width, painted or not', () => {
  for (const [, snapshot, gates] of runs) {
    const judgement = judged(snapshot, gates);
    for (let width = 60; width <= 200; width += 7) {
      for (const level of [0, 3] as const) {
        const text = textReport(snapshot, judgement, { width, paint: paintFor(level), next: NEXT });
        for (const line of stripVTControlCharacters(text).split('\n')) {
          assert.ok(columnsOf(line) <= width, `${width}: ${line}`);
        }
      }
    }
  }
});

test('level 0 writes no escapes, and paint moves no column of the tables', () => {
  for (const [, snapshot, gates] of runs) {
    const plain = told(snapshot, gates);
    assert.equal(stripVTControlCharacters(plain), plain);
    const painted = stripVTControlCharacters(told(snapshot, gates, 100, 3));
    const withoutBlocks = (text: string) => text.split('\n').filter((line) => !/[│█]/.test(line));
    assert.deepEqual(withoutBlocks(painted), withoutBlocks(plain));
  }
});

test('names from outside cannot write to the terminal', () => {
  const hostile = fc.string({
    unit: fc.oneof(fc.constantFrom('\u001b[2J', '\u001b]0;x\u0007', '\u009b', '\n', '\u202e'), fc.string()),
    maxLength: 8,
  });
  fc.assert(
    fc.property(hostile, fc.constantFrom<ColourLevel>(0, 3), (name, level) => {
      const { plan } = headOf();
      const changes: Partial<Head> = {
        scenario: name,
        label: name,
        target: `https://shop.example/${name}`,
        planId: name,
        hosts: [name],
        startedAt: name,
        coverage: { dropped: { [`${name}!`]: 3 }, notes: [name, name] },
      };
      const routes = plan.routes.map((route) => ({ ...route, name: name + route.name }));
      const streams = plan.streams.map((stream) => ({ ...stream, name: name + stream.name }));
      const head = headOf({ ...changes, planChanges: { routes, streams } });
      const ops = [0, 1, 2].map((i) => ({
        windowS: i,
        route: i,
        stream: i % 2,
        tenant: `${name}${i}`,
        outcome: i === 0 ? ('reset' as const) : ('ok' as const),
      }));
      const gates = [{ ...ERRORS_1, text: `errors[stream=${name}] < 1%` }];
      const snapshot = completed(snapshotOf(head, ops));
      const text = textReport(snapshot, judged(snapshot, gates), {
        width: 100,
        paint: paintFor(level),
        next: name,
      });
      // What is left once colours are taken away: nothing that moves, clears, retitles or reorders.
      const ours = new RegExp(`${'\u001b'}\\[[0-9;]*m`, 'g');
      const rest = text.replace(ours, '').replaceAll('\n', '');
      assert.doesNotMatch(rest, /\p{Cc}|[\u202a-\u202e]/u);
      assert.equal(text.split('\n').length, told(snapshot, gates).split('\n').length + (safeNext(name) - 1));
    }),
    { numRuns: 100 },
  );
});

/** Lines that the NEXT hint takes: none where nothing of it can be shown. */
function safeNext(name: string): number {
  const shown = textReport(EMPTY, judged(EMPTY, []), {
    width: 100,
    paint: paintFor(0),
    next: name,
    brief: true,
  });
  return shown.split('\n').filter((line) => line.startsWith(' NEXT')).length;
}

test('fast-forward is said', () => {
  const fast = completed(snapshotOf(headOf({ planChanges: { speed: 10 } }), [{ windowS: 0 }]));
  assert.match(told(fast), /Speed +10×: curves, stages and spikes kept their rate and lasted 1\/10 as long/);
  assert.doesNotMatch(told(healthySnapshot()), /Speed/);
});

test('that night is told beside now, with what is not alike', () => {
  assert.match(
    told(nightSnapshot()),
    /That night 23\.7 % of 2,400 requests failed; now 2\.5 % \(unknown id 2\.5 %\):/,
  );
  const amplified = told(nightSnapshot({ amplify: 5 }), [], 200);
  assert.match(amplified, /That night 23\.7 % of requests failed; now .* at 5× that night's traffic: p99 /);
  const hurried = told(nightSnapshot({}, { speed: 10 }), [], 200);
  assert.match(hurried, /at 10× the speed durations still compare, rates do not/);
  assert.match(hurried, /Speed +10×: recordings came at 10× their rate/);
  assert.doesNotMatch(told(healthySnapshot()), /That night|THEN AND NOW|unknown id/);
});

test('an interruption is shown with the exit code of the process', () => {
  const snapshot = incompleteSnapshot();
  const options = { width: 100, paint: paintFor(0), exitCode: 130, brief: true };
  const text = textReport(snapshot, judged(snapshot, []), options);
  assert.match(text, /exit 130/);
  assert.match(text, /INCOMPLETE through 0:41 of 2:00/);
});

test('a run in which nothing was due has a report', () => {
  assert.match(told(completed(snapshotOf(headOf(), [])), [ERRORS_1]), /nothing was due/);
});

test('everything well is said in few lines', () => {
  const first = told(healthySnapshot(), [P99_800]).split('─────\n')[0] ?? '';
  assert.doesNotMatch(first, /Broke|Recovered|Who|Coverage/);
  assert.match(first, / HELD /);
});
