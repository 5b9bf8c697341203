// The bench's arithmetic, and the README's table, which is made from its saved figures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { scheduleError, spacingError } from '../bench/arrival-error.js';
import { placeTable, README, SAVED } from '../bench/render.js';
import { assess, FigureBook, type Results, type Target } from '../bench/results.js';

/** By turns nanoseconds and id. */
function stampsOf(arrivals: readonly (readonly [atUs: number, id: number])[]): BigInt64Array {
  return BigInt64Array.from(arrivals.flatMap(([atUs, id]) => [BigInt(Math.round(atUs * 1e3)), BigInt(id)]));
}

const SETTING: Results['setting'] = {
  date: '2026-11-24T00:00:00.000Z',
  commit: 'abc',
  cpu: 'a CPU',
  cores: 2,
  pinned: true,
  node: 'v20.20.2',
  server: 'nginx',
  rounds: 3,
  notes: [],
};

describe('the bench', () => {
  it('takes what is constant out of an arrival error, and keeps what is not', () => {
    const planned = new Map(Array.from({ length: 100 }, (_, id) => [id, id * 500]));
    const late = stampsOf([...planned].map(([id, dueUs]) => [7e9 + dueUs + (id === 99 ? 250 : 0), id]));
    const error = scheduleError(late, planned);
    assert.equal(error.p50Us, 0);
    assert.equal(error.maxUs, 250);
  });

  it('tells lost, repeated and unplanned arrivals apart', () => {
    const planned = new Map([
      [1, 0],
      [2, 10],
      [3, 20],
    ]);
    const { lost, twice, stray, arrived } = scheduleError(
      stampsOf([
        [0, 1],
        [10, 2],
        [11, 2],
        [12, -1],
      ]),
      planned,
    );
    assert.deepEqual({ lost, twice, stray, arrived }, { lost: 1, twice: 1, stray: 1, arrived: 4 });
  });

  it('finds no error in even spacing, whatever the order of the ids', () => {
    const even = stampsOf(Array.from({ length: 1_000 }, (_, i) => [i * 100, -1]));
    assert.ok(spacingError(even, 10_000).maxUs < 1e-6);
    // At half the rate that was asked for, it falls ever further behind.
    assert.ok(spacingError(even, 20_000).maxUs > 40_000);
  });

  it('compares sides round by round, and says which is the worse', () => {
    const book = new FigureBook();
    // A machine that is ten times as slow in the second round changes both sides, and no ratio.
    for (const [side, values] of [
      ['ours', [100, 10, 90]],
      ['theirs', [200, 20, 100]],
    ] as const)
      for (const [round, value] of values.entries())
        book.add({ section: 'ceiling', load: 'any', side, metric: 'perCpuSec' }, round, value);
    const results = { setting: SETTING, figures: book.figures };
    const target: Target = {
      what: 'requests',
      section: 'ceiling',
      load: 'any',
      side: 'ours',
      metric: 'perCpuSec',
      beside: 'theirs',
      atLeast: 0.5,
    };
    const standing = assess(results, target);
    assert.deepEqual(standing?.reached, { median: 0.5, min: 0.5, max: 0.9 });
    assert.equal(standing.met, true);
    assert.equal(standing.worse, true);
    assert.equal(assess(results, { ...target, atLeast: 0.6 })?.met, false);
    assert.equal(assess(results, { ...target, beside: 'nobody' }), undefined);
  });

  it('compares no round with another where one of the sides has failed', () => {
    const book = new FigureBook();
    const figure = { section: 'ceiling', load: 'any', metric: 'perCpuSec' } as const;
    for (const round of [0, 2]) book.add({ ...figure, side: 'ours' }, round, 10 * (round + 1));
    for (const round of [0, 1, 2]) book.add({ ...figure, side: 'theirs' }, round, 10 * (round + 1));
    const target: Target = { ...figure, what: 'requests', side: 'ours', beside: 'theirs', atLeast: 1 };
    const results = { setting: SETTING, figures: book.figures };
    assert.deepEqual(assess(results, target)?.reached, { median: 1, min: 1, max: 1 });
  });

  it('has made the README’s table from its saved figures', () => {
    const readme = readFileSync(README, 'utf8');
    const results = JSON.parse(readFileSync(SAVED, 'utf8')) as Results;
    assert.equal(placeTable(readme, results), readme, 'npm run bench -- --readme makes it anew');
  });
});
