// How a plan stood to its machine's ceiling: told in the report and the summary, kept by results and their merges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../src/judge/verdict.js';
import type { CeilingUse } from '../../src/measure/calibration.js';
import { mergeHeads } from '../../src/measure/merge.js';
import { readLine, writeLine } from '../../src/measure/result-file.js';
import { summarise } from '../../src/report/json.js';
import { paintFor } from '../../src/report/paint.js';
import { SUMMARY } from '../../src/report/summary-schema.js';
import { textReport } from '../../src/report/text.js';
import { headOf, healthySnapshot } from '../support/snapshots.js';

const USE: CeilingUse = { ceilingPerSec: 10_000, share: 0.42, measuredAt: '2025-11-10T17:26:00.000Z' };

test('the report and the summary tell the ceiling, the share and the age', () => {
  const snapshot = healthySnapshot();
  const with_ = { ...snapshot, head: { ...snapshot.head, calibration: USE } };
  const told = (of: typeof snapshot) =>
    textReport(of, judge(of, []), { width: 100, paint: paintFor(0), next: '' });
  assert.match(told(with_), /ceiling +10,000\/s by calibration \d+ days before; the planned peak is 42\.0 %/);
  assert.doesNotMatch(told(snapshot), /by calibration/);
  const { calibration } = SUMMARY.parse(summarise(with_, judge(with_, [])));
  assert.equal(calibration?.share, 0.42);
  assert.ok((calibration?.ageDays ?? 0) > 0);
  assert.ok(!('calibration' in summarise(snapshot, judge(snapshot, []))));
});

test('a result keeps it, and a merged one the shard that had the least room, in any order', () => {
  const head = headOf({ calibration: USE });
  const read = readLine(writeLine({ kind: 'head', head }));
  assert.ok(read.kind === 'head');
  assert.deepEqual(read.head.calibration, USE);
  const shards = [USE, { ...USE, share: 0.6 }, { ...USE, share: 0.6, ceilingPerSec: 5 }, undefined].map(
    (calibration, i) => headOf({ shards: [{ i, n: 4 }], ...(calibration && { calibration }) }),
  );
  const [a, b, c, d] = shards;
  assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  const orders = [
    [a, b, c, d],
    [d, c, b, a],
    [c, a, d, b],
  ];
  for (const order of orders)
    assert.deepEqual(order.reduce(mergeHeads).calibration, { ...USE, share: 0.6, ceilingPerSec: 5 });
  assert.ok(!('calibration' in mergeHeads(d, headOf({ shards: [{ i: 0, n: 4 }] }))));
});
