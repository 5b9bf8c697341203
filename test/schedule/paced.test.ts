// Recorded rows at the times of a curve: which row is sent when, by whom, and what happens when the rows end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Row } from '../../src/recording/row.js';
import { type Curve, type Pace, type RecordingInput, SEQ_PER_STREAM } from '../../src/scenario/plan.js';
import { PacedSchedule } from '../../src/schedule/paced.js';
import { DROPPED } from '../../src/schedule/recorded-rules.js';
import { curveOf, curves } from '../support/plans.js';
import { bySeq, crowd, INPUT, planOf, row, scheduled, someRows, union } from '../support/recordings.js';

function paced(arrivals: Pace['arrivals']): Pace {
  return { source: { kind: 'stages', stages: [] }, arrivals, fromUs: 0, toUs: null };
}

function inputOf(curve: Curve): RecordingInput {
  return { ...INPUT, curve };
}

const EVEN = planOf({ pace: paced('even') });

describe('a paced recording', () => {
  it('unites of its shards, whatever their number, rounds and batches', async () => {
    const all = fc.record({
      rows: someRows,
      curve: curves,
      n: fc.integer({ min: 1, max: 16 }),
      batch: fc.integer({ min: 1, max: 50 }),
      arrivals: fc.constantFrom<Pace['arrivals']>('poisson', 'even'),
      fold: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(all, async ({ rows, curve, n, batch, arrivals: kind, fold }) => {
        const plan = planOf({ pace: paced(kind), fold });
        const { arrivals, dropped, remapped } = await scheduled(plan, inputOf(curve), rows);
        const whole = { arrivals: arrivals.toSorted(bySeq), dropped, remapped };
        assert.deepEqual(await union(plan, inputOf(curve), rows, n, batch), whole);
      }),
      { numRuns: 50 },
    );
  });

  it('gives arrivals in due order, numbered by lane without holes', async () => {
    const { arrivals } = await scheduled(
      planOf({ pace: paced('poisson') }),
      inputOf(curveOf([[60, 5, 50]])),
      crowd(90),
    );
    const next = new Array<number>(16).fill(0);
    let last = 0;
    for (const { dueUs, seq, visitor } of arrivals) {
      assert.ok(Number.isInteger(dueUs) && dueUs >= last && dueUs < 60e6);
      last = dueUs;
      const lane = visitor % 16;
      assert.equal(seq, SEQ_PER_STREAM + 16 * next[lane]!++ + lane);
    }
    // 1,650 with a standard deviation of 41.
    assert.ok(Math.abs(arrivals.length - 1_650) < 200, `${arrivals.length}`);
  });

  it('sends the n-th row that may be replayed as the n-th arrival', async () => {
    const rows = ['/a', '/cart/add?id=1', '/b', '/c'].map((path, i) => row(i * 9e6, { path }));
    const { arrivals, dropped } = await scheduled(EVEN, inputOf(curveOf([[3, 1, 1]])), rows);
    assert.deepEqual(
      arrivals.map(({ path, dueUs }) => [path, dueUs]),
      [
        ['/a', 500_000],
        ['/b', 1_500_000],
        ['/c', 2_500_000],
      ],
    );
    assert.deepEqual(dropped, { [DROPPED.acting]: 1 });
  });

  it('is read again when it ends, by new visitors, its dropped rows counted once', async () => {
    const rows = [row(0, { client: 'a' }), row(1, { client: 'b' }), row(2, { client: 'a', method: 'POST' })];
    const { arrivals, dropped } = await scheduled(EVEN, inputOf(curveOf([[7, 1, 1]])), rows);
    assert.equal(arrivals.length, 7);
    assert.equal(new Set(arrivals.map(({ visitor }) => visitor)).size, 7);
    assert.deepEqual(dropped, { [DROPPED.method]: 1 });
  });

  it('keeps a visitor through a round', async () => {
    const rows = Array.from({ length: 6 }, (_, i) => row(i, { client: `c${i % 2}` }));
    const { arrivals } = await scheduled(EVEN, inputOf(curveOf([[12, 1, 1]])), rows);
    const visitors = arrivals.map(({ visitor }) => visitor);
    assert.deepEqual(visitors.slice(0, 2), visitors.slice(2, 4));
    assert.deepEqual(new Set(visitors).size, 4);
  });

  it('opens a small recording once, and a large one for every round', async () => {
    const opened = async (rows: readonly Row[], n: number) =>
      (await scheduled(EVEN, inputOf(curveOf([[n, 1, 1]])), rows, undefined, 1_024)).opened;
    assert.equal(await opened(crowd(10), 100), 1);
    assert.equal(await opened(crowd(9_000), 20_000), 3);
  });

  it('ends where no row may be replayed', async () => {
    for (const rows of [[], [row(0, { method: 'POST' })]]) {
      const { arrivals, opened } = await scheduled(EVEN, inputOf(curveOf([[5, 1, 1]])), rows);
      assert.deepEqual([arrivals.length, opened], [0, 1]);
      const schedule = new PacedSchedule(EVEN, 1, inputOf(curveOf([[5, 1, 1]])), { index: 0, count: 1 });
      schedule.push(rows, () => {});
      assert.equal(schedule.again(), false);
    }
  });

  it('stops reading when the curve ends', async () => {
    const schedule = new PacedSchedule(EVEN, 1, inputOf(curveOf([[3, 1, 1]])), { index: 0, count: 1 });
    let sent = 0;
    schedule.push(crowd(10), () => sent++);
    assert.deepEqual([sent, schedule.ended, schedule.again()], [3, true, false]);
    assert.equal(schedule.use.rows, 3);
  });

  it('says how much of it was used, and in what time', async () => {
    const schedule = new PacedSchedule(EVEN, 1, inputOf(curveOf([[8, 1, 1]])), { index: 0, count: 1 });
    const rows = Array.from({ length: 4 }, (_, i) => row(i * 10e6));
    schedule.push(rows, () => {});
    assert.ok(schedule.again());
    schedule.push(rows, () => {});
    assert.deepEqual(schedule.use, { rows: 8, arrivals: 8, recordedUs: 60e6, dueUs: 7e6 });
  });

  it('does not take for a retry what the round before left open', async () => {
    const rows = [row(0), row(1e6, { status: 503 })];
    const plan = planOf({ pace: paced('even'), fold: true });
    const { arrivals } = await scheduled(plan, inputOf(curveOf([[6, 1, 1]])), rows);
    assert.deepEqual(
      arrivals.map(({ recordedStatus }) => recordedStatus),
      [200, 503, 200, 503, 200, 503],
    );
  });
});
