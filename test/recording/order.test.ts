// Starts from stamps, and rows in the order of their starts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StartOrder, sizeOf } from '../../src/recording/read/order.js';
import { spread, stampRule } from '../../src/recording/read/stamps.js';
import type { Row } from '../../src/recording/row.js';

function row(startUs: number, path = '/', durationUs?: number): Row {
  return {
    startUs,
    durationUs,
    method: 'GET',
    host: undefined,
    path,
    status: 200,
    bytes: 1,
    client: 'c',
    clientClass: 'person',
    headers: undefined,
    body: undefined,
  };
}

describe('spreading', () => {
  const spreadSecond = (n: number, second = 1_700_000_000, seed = 1, file = 0) => {
    const rows = Array.from({ length: n }, (_, i) => row(second * 1e6, `/${i}`));
    spread(rows, second * 1e6, stampRule(seed, file, 'unknown', 1e6));
    return rows;
  };

  it('keeps the order of lines, inside the second', () => {
    const rows = spreadSecond(500);
    for (let i = 0; i < rows.length; i++) {
      const { startUs, path } = rows[i]!;
      assert.equal(path, `/${i}`);
      assert.ok(startUs >= 1_700_000_000e6 && startUs < 1_700_000_001e6 && Number.isInteger(startUs));
      if (i > 0) assert.ok(startUs >= rows[i - 1]!.startUs);
    }
  });

  it('is uniform: every tenth of the second has its share', () => {
    const counts = new Array<number>(10).fill(0);
    for (let second = 0; second < 400; second++) {
      for (const { startUs } of spreadSecond(25, second)) counts[Math.floor((startUs % 1e6) / 1e5)]!++;
    }
    // 1,000 expected in each with a standard deviation of 30.
    for (const count of counts) assert.ok(Math.abs(count - 1_000) < 150, counts.join(' '));
  });

  it('depends on seed, file and second alone', () => {
    const starts = (rows: readonly Row[]) => rows.map(({ startUs }) => startUs % 1e6);
    const one = starts(spreadSecond(9));
    assert.deepEqual(starts(spreadSecond(9)), one);
    assert.notDeepEqual(starts(spreadSecond(9, 1_700_000_001)), one);
    assert.notDeepEqual(starts(spreadSecond(9, 1_700_000_000, 2)), one);
    assert.notDeepEqual(starts(spreadSecond(9, 1_700_000_000, 1, 1)), one);
  });

  it('comes before the duration is taken off an end', () => {
    const rule = stampRule(1, 0, 'end', 1e6);
    const plain = row(5e6);
    const timed = row(5e6, '/', 250_000);
    spread([plain], 5e6, rule);
    spread([timed], 5e6, rule);
    assert.equal(plain.startUs - timed.startUs, 250_000);
  });
});

/** Pushes rows through a window of seconds; gives what came out and what was too late. */
function through(rows: readonly Row[], windowUs: number, max = 1e9) {
  const out: Row[] = [];
  let tooLate = 0;
  const settle = (step: Row[]) => void out.push(...step.sort((a, b) => a.startUs - b.startUs));
  const order = new StartOrder(1e6, windowUs, { used: 0, max }, settle, () => tooLate++);
  for (const one of rows) order.push(one);
  order.end();
  return { out, tooLate };
}

function isSorted(rows: readonly Row[]): boolean {
  return rows.every((one, i) => i === 0 || rows[i - 1]!.startUs <= one.startUs);
}

describe('the order of starts', () => {
  it('is whole for rows that are out of order by less than the window', () => {
    const displaced = fc.array(fc.tuple(fc.nat(3_000), fc.nat(100)), { maxLength: 600 });
    fc.assert(
      fc.property(displaced, (starts) => {
        const rows = starts.map(([ds, late]) => ({ at: ds / 10 + late, row: row(ds * 1e5) }));
        rows.sort((a, b) => a.at - b.at);
        const { out, tooLate } = through(
          rows.map((one) => one.row),
          102e6,
        );
        assert.equal(tooLate, 0);
        assert.equal(out.length, rows.length);
        assert.ok(isSorted(out));
      }),
    );
  });

  it('is whole for any rows: what cannot be placed is dropped and counted', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500_000_000)), fc.integer({ min: 300, max: 15_000 }), (starts, max) => {
        const { out, tooLate } = through(
          starts.map((startUs) => row(startUs)),
          5e6,
          max,
        );
        assert.ok(isSorted(out));
        assert.equal(out.length + tooLate, starts.length);
      }),
    );
  });

  it('survives one stamp far in the future', () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => row(i * 1e6));
    rows.splice(500, 0, row(4e15));
    const { out, tooLate } = through(rows, 10e6);
    assert.equal(tooLate, 0);
    assert.equal(out.length, 1_001);
    assert.ok(isSorted(out));
  });

  it('holds no more than its budget', () => {
    const budget = { used: 0, max: 100 * sizeOf(row(0)) };
    const order = new StartOrder(
      1e6,
      1e12,
      budget,
      () => undefined,
      () => undefined,
    );
    for (let i = 0; i < 5_000; i++) {
      order.push(row(i * 3e5));
      assert.ok(budget.used <= budget.max);
    }
  });
});
