import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findIncident } from '../../src/judge/incident/incident.js';
import { binsOf } from '../../src/report/bins.js';
import { chart, draw } from '../../src/report/chart.js';
import { render, widthOf } from '../../src/report/line.js';
import { paintFor } from '../../src/report/paint.js';
import {
  completed,
  headOf,
  healthySnapshot,
  incompleteSnapshot,
  snapshotOf,
  spikeSnapshot,
} from '../support/snapshots.js';

const drawn = (snapshot: ReturnType<typeof spikeSnapshot>, width = 100, colour = false) =>
  chart(snapshot, findIncident(snapshot), { width, colour }).map((line) => render(line, width, paintFor(0)));

test('bins lose no second and double none', () => {
  const second = fc
    .nat(500)
    .chain((planned) => fc.record({ planned: fc.constant(planned), ok: fc.nat(planned) }));
  fc.assert(
    fc.property(
      fc.array(second, { maxLength: 300 }),
      fc.nat(50),
      fc.integer({ min: 1, max: 200 }),
      (seconds, more, columns) => {
        const durationS = seconds.length + more;
        const bins = binsOf(seconds, durationS, columns);
        const sum = (of: readonly { planned: number; ok: number }[], key: 'planned' | 'ok') =>
          of.reduce((total, item) => total + item[key], 0);
        assert.ok(bins.length <= columns);
        assert.equal(sum(bins, 'planned'), sum(seconds, 'planned'));
        assert.equal(sum(bins, 'ok'), sum(seconds, 'ok'));
        assert.equal(bins[0]?.fromS, 0);
        assert.equal(bins.at(-1)?.toS, durationS);
        bins.slice(1).forEach((bin, i) => {
          assert.equal(bin.fromS, bins[i]?.toS);
        });
      },
    ),
  );
});

test('ok and failed blocks of a column add up to what was planned, within half a block', () => {
  const rows = drawn(spikeSnapshot()).slice(1, -1);
  // At 1:00 five times normal were due: a column of five rows, the upper ones failed.
  const column = Math.round(6 + 94 / 2);
  const cells = rows.map((row) => row[column]);
  assert.deepEqual(cells, ['░', '░', '░', '█', '█']);
});

test('the picture names where it broke and where it was well', () => {
  const axis = drawn(spikeSnapshot()).at(-1) ?? '';
  assert.ok(axis.indexOf('▲broke') > 0 && axis.indexOf('▲broke') < axis.indexOf('▲well'));
  assert.doesNotMatch(drawn(healthySnapshot()).at(-1) ?? '', /▲/);
  assert.match(drawn(incompleteSnapshot()).at(-1) ?? '', /▲/);
});

test('a chart is as wide as it may be and never wider', () => {
  for (const width of [60, 80, 100, 140, 200]) {
    for (const snapshot of [spikeSnapshot(), healthySnapshot(), incompleteSnapshot()]) {
      for (const line of chart(snapshot, findIncident(snapshot), { width, colour: true })) {
        assert.ok(widthOf(line) <= width);
      }
    }
  }
});

test('what is too little for a block shows as what it was', () => {
  const bin = (fromS: number, planned: number, ok: number) => ({ fromS, toS: fromS + 1, planned, ok });
  const bins = [bin(0, 200, 200), bin(1, 1, 1), bin(2, 1, 0)];
  const picture = {
    words: { title: 'LOAD', good: 'ok', bad: 'failed', top: 'planned' },
    durationS: 3,
    normalPerSec: null,
    marks: [],
    binsIn: () => bins,
  };
  const lines = draw(picture, { width: 40, colour: false }).map((line) => render(line, 40, paintFor(0)));
  assert.match(lines.at(-2) ?? '', /│█+▁+░+ *$/);
});

test('a run in which nothing was due has an empty picture', () => {
  assert.doesNotThrow(() => drawn(completed(snapshotOf(headOf(), []))));
  assert.doesNotThrow(() => drawn(snapshotOf(headOf({ durationS: 0, phases: [] }), [])));
});
