// Laws of recording, merging and the result file: conservation, order, and that lines add up in any order.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FINE } from '../../src/measure/buckets.js';
import { addCells, addCounts, type Cell, type Counts, emptyCounts } from '../../src/measure/cell.js';
import { addDistributions, emptyDistribution } from '../../src/measure/distribution.js';
import { ResultFormatError } from '../../src/measure/line-codec.js';
import { MergeError, mergeHeads } from '../../src/measure/merge.js';
import type { Settled } from '../../src/measure/operation.js';
import { OUTCOMES } from '../../src/measure/outcome.js';
import { type Closed, Recorder } from '../../src/measure/recorder.js';
import { absorbLine, type ResultLine, readLine, writeLine } from '../../src/measure/result-file.js';
import { emptySnapshot, type Head, mergeSnapshots, type Snapshot } from '../../src/measure/snapshot.js';
import { Collector } from '../../src/workers/collector.js';
import { curveOf, planOf, streamOf } from '../support/plans.js';

const PHASES = [
  { name: 'before', startS: 0, endS: 8 },
  { name: 'peak', startS: 8, endS: 30 },
] as const;

const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.record({
    dueUs: fc.integer({ min: 0, max: 25e6 }),
    slipUs: fc.constantFrom(0, 0, 1_500_000),
    lagUs: fc.oneof(fc.constant(100), fc.integer({ min: 0, max: 3e6 })),
    lengthUs: fc.integer({ min: 0, max: 6e6 }),
    outcome: fc.constantFrom(...OUTCOMES),
    stream: fc.integer({ min: 0, max: 1 }),
    route: fc.integer({ min: 0, max: 2 }),
    tenant: fc.constantFrom(null, 'a', 'b', 'c'),
    status: fc.constantFrom(0, 200, 404, 410, 503),
    recordedOutcome: fc.constantFrom(null, 'ok', 'bad_status', 'timeout'),
    recordedStatus: fc.constantFrom(200, 301, 404, 503),
    recordedDurationUs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 12e6 })),
    retries: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  { minLength: 1, maxLength: 120 },
);

interface Operation {
  readonly dueUs: number;
  /** How much later than due it could be fired, and how much later still it was. */
  readonly slipUs: number;
  readonly lagUs: number;
  readonly lengthUs: number;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly stream: number;
  readonly route: number;
  readonly tenant: string | null;
  readonly status: number;
  readonly recordedOutcome: Settled['recordedOutcome'];
  readonly recordedStatus: number;
  readonly recordedDurationUs: number;
  readonly retries: number;
}

const TIMEOUT_US = 10e6;
const PLAIN = {
  dueUs: 0,
  slipUs: 0,
  lagUs: 100,
  lengthUs: 10,
  outcome: 'ok' as const,
  stream: 0,
  route: 0,
  tenant: null,
  status: 200,
  retries: 0,
};
const NOT_RECORDED = { recordedOutcome: null, recordedStatus: 0, recordedDurationUs: Number.NaN };

/** Of these outcomes an operation may never have been fired; here it never was. */
const UNFIRED: readonly Operation['outcome'][] = ['shed', 'unsent', 'stopped', 'abandoned'];

function settledOf(op: Operation): Settled {
  const readyUs = op.dueUs + op.slipUs;
  const fired = UNFIRED.includes(op.outcome) ? Number.NaN : readyUs + op.lagUs;
  const sent = ['refused', 'dns'].includes(op.outcome) ? Number.NaN : fired + 100;
  return {
    ...op,
    readyUs,
    cache: null,
    firedUs: fired,
    sentUs: sent,
    endUs: endOf(op),
    stallUs: op.lengthUs % 3 === 0 ? 50 : 0,
    bytes: 10,
    attempts: Number.isNaN(sent) ? 0 : 1 + op.retries,
    tries: wasRetried(op) ? { ...NEVER, retries: op.retries, firedUs: fired } : null,
    leaves: op.outcome === 'reset' && op.retries > 0,
  };
}

const NEVER = { reloads: 0, overBudget: 0, retryAfters: 0, wasSent: true };

function wasRetried({ retries, outcome }: Operation): boolean {
  return retries > 0 && !UNFIRED.includes(outcome);
}

function endOf({ dueUs, slipUs, lagUs, lengthUs }: Operation): number {
  return dueUs + slipUs + lagUs + 200 + lengthUs;
}

/** Lives through operations in time order, taking what has closed as it goes. */
function record(ops: readonly Operation[], tenantsMax = 100): Closed[] {
  const recorder = new Recorder(3, TIMEOUT_US, PHASES, tenantsMax);
  const events = ops.flatMap((op) => [
    { atUs: op.dueUs, run: () => recorder.due(op) },
    ...Array.from({ length: wasRetried(op) ? op.retries : 0 }, () => ({
      atUs: endOf(op) - 50,
      run: () => recorder.again(endOf(op) - 50),
    })),
    { atUs: endOf(op), run: () => recorder.settle(settledOf(op)) },
  ]);
  events.sort((a, b) => a.atUs - b.atUs);
  const closed: Closed[] = [];
  const dues = ops.map(({ dueUs }) => dueUs).sort((a, b) => a - b);
  for (const { atUs, run } of events) {
    run();
    const next = dues.find((dueUs) => dueUs > atUs) ?? Number.POSITIVE_INFINITY;
    closed.push(recorder.takeClosed(Math.min(next, atUs)));
  }
  closed.push(recorder.takeClosed(Number.POSITIVE_INFINITY));
  return closed;
}

function linesOf(closed: readonly Closed[]): ResultLine[] {
  return closed.flatMap(({ cells, slices, tenants, emissions }): ResultLine[] => [
    ...cells.map((cell) => ({ kind: 'cell' as const, cell })),
    ...slices.map((slice) => ({ kind: 'slice' as const, slice })),
    ...tenants.map((tenant) => ({ kind: 'tenant' as const, tenant })),
    ...emissions.map((emission) => ({ kind: 'emission' as const, emission })),
  ]);
}

const { plan } = planOf([streamOf('a'), streamOf('b')], [curveOf([[30, 1, 1]]), curveOf([[30, 1, 1]])]);
const HEAD: Head = {
  format: 2,
  version: '1.0.0',
  node: 'v20',
  plan,
  planId: 'p',
  scenario: 's',
  label: null,
  target: 'http://127.0.0.1:1',
  targetIsLocal: true,
  shards: [{ i: 0, n: 2 }],
  hosts: ['h'],
  workers: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  durationS: 30,
  phases: PHASES,
  normalPerSec: 1,
  peakPerSec: 2,
  plannedTotal: 10,
  gates: [],
  capDeclared: false,
  coverage: { dropped: {}, notes: [] },
};

/** All that a snapshot counts, in an order of its own, for comparison. */
function digest(snapshot: Snapshot): string {
  const sorted = <T>(map: Iterable<[unknown, T]>, show: (value: T) => unknown) =>
    [...map]
      .map(([key, value]) => [String(key), show(value)] as const)
      .sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const statuses = (of: Map<number, number>) => [...of].sort((a, b) => a[0] - b[0]);
  const counts = (c: Counts) => ({
    ...c,
    statuses: statuses(c.statuses),
    recorded: c.recorded && { ...c.recorded, statuses: statuses(c.recorded.statuses) },
  });
  return JSON.stringify([
    sorted(snapshot.seconds, (s) => [s.streams.map(counts), s.response]),
    sorted(snapshot.groups, (g) => [
      counts(g.counts),
      [0.1, 0.5, 0.99, 1].map((q) => g.response.quantile(q)),
      g.response.mean(),
      [0.1, 0.5, 0.99, 1].map((q) => g.recordedDuration?.quantile(q)),
      g.recordedDuration?.mean(),
    ]),
    sorted(snapshot.slices, (s) => s),
    sorted(snapshot.emissions, (e) => e),
    sorted(snapshot.tenants, (t) => [t.planned, t.ok, [...t.slices].sort((a, b) => a[0] - b[0]), t.response]),
  ]);
}

function absorbAll(lines: readonly ResultLine[]): Snapshot {
  const snapshot = emptySnapshot(HEAD);
  for (const line of lines) absorbLine(snapshot, line);
  return snapshot;
}

describe('the recorder', () => {
  it('counts every operation once, and gives each window up once, in order, when all of it has settled', () => {
    fc.assert(
      fc.property(operations, (ops) => {
        const closed = record(ops);
        const cells = closed.flatMap((part) => part.cells);
        assert.equal(
          cells.reduce((sum, { planned }) => sum + planned, 0),
          ops.length,
        );
        for (const cell of cells)
          assert.equal(
            cell.outcomes.reduce((sum, n) => sum + n, 0),
            cell.planned,
          );
        const keys = cells.map(({ stream, route, windowS }) => `${stream}/${route}/${windowS}`);
        assert.equal(new Set(keys).size, keys.length);
        const windows = cells.map(({ windowS }) => windowS);
        assert.deepEqual(
          windows,
          [...windows].sort((a, b) => a - b),
        );
        const tenants = closed.flatMap((part) => part.tenants).reduce((sum, { planned }) => sum + planned, 0);
        assert.equal(tenants, ops.filter(({ tenant }) => tenant !== null).length);
        const fired = closed.flatMap((part) => part.slices).reduce((sum, { lag }) => sum + lag.count, 0);
        assert.equal(fired, ops.filter(({ outcome }) => !UNFIRED.includes(outcome)).length);
      }),
    );
  });

  it('counts what was recorded with the arrival, whatever becomes of the replay', () => {
    fc.assert(
      fc.property(operations, (ops) => {
        const cells = record(ops).flatMap((part) => part.cells);
        const sum = emptyCounts();
        for (const cell of cells) addCounts(sum, cell);
        const known = ops.filter(({ recordedOutcome }) => recordedOutcome !== null);
        if (known.length === 0) return assert.equal(sum.recorded, null);
        const those = (test: (op: Operation) => boolean) => known.filter(test).length;
        assert.equal(sum.recorded?.planned, known.length);
        assert.equal(
          sum.recorded?.failed,
          those(({ recordedOutcome }) => recordedOutcome !== 'ok'),
        );
        for (const status of [200, 301, 404, 503]) {
          const n = those(({ recordedStatus }) => recordedStatus === status);
          assert.equal(sum.recorded?.statuses.get(status) ?? 0, n);
        }
        const unknown = those(
          ({ status, recordedStatus }) => [404, 410].includes(status) && [200, 301].includes(recordedStatus),
        );
        assert.equal(sum.recorded?.unknownIds, unknown);
        const cuts = those(({ recordedOutcome }) => recordedOutcome === 'timeout');
        const took = those((op) => op.recordedOutcome === 'ok' && !Number.isNaN(op.recordedDurationUs));
        const durations = cells.map(({ recordedDuration }) => recordedDuration).reduce(addDistributions);
        assert.deepEqual([durations.cuts, durations.count], [cuts, cuts + took]);
        assert.equal(durations.cutMinUs, cuts === 0 ? Number.POSITIVE_INFINITY : TIMEOUT_US);
      }),
    );
  });

  it('counts when operations could be fired and when they were, by tenths of a second, each slice given up once', () => {
    fc.assert(
      fc.property(operations, (ops) => {
        const emissions = record(ops).flatMap((part) => part.emissions);
        const starts = emissions.map(({ sliceS }) => sliceS);
        assert.deepEqual(
          starts,
          [...new Set(starts)].sort((a, b) => a - b),
        );
        const expected = new Map<string, number>();
        const count = (side: string, atUs: number) => {
          const key = `${side} ${Math.floor(atUs / 1e5)}`;
          expected.set(key, (expected.get(key) ?? 0) + 1);
        };
        for (const op of ops) {
          const { readyUs, firedUs } = settledOf(op);
          if (op.outcome === 'stopped' || op.outcome === 'abandoned') continue;
          count('due', readyUs);
          if (!Number.isNaN(firedUs)) count('fired', firedUs);
        }
        const actual = new Map<string, number>();
        for (const { sliceS, ...sides } of emissions) {
          for (const side of ['due', 'fired'] as const)
            sides[side].forEach((n, i) => {
              if (n > 0) actual.set(`${side} ${sliceS * 10 + i}`, n);
            });
        }
        assert.deepEqual([...actual].sort(), [...expected].sort());
      }),
    );
  });

  it('counts what was sent again with its operation, and by the second in which that was', () => {
    fc.assert(
      fc.property(operations, (ops) => {
        const closed = record(ops);
        const retried = ops.filter(wasRetried);
        const sum = emptyCounts();
        for (const cell of closed.flatMap((part) => part.cells)) addCounts(sum, cell);
        const retries = retried.reduce((n, op) => n + op.retries, 0);
        assert.equal(sum.induced?.retries ?? 0, retries);
        assert.equal(
          sum.induced?.leavers ?? 0,
          ops.filter((op) => op.outcome === 'reset' && op.retries > 0).length,
        );
        const again = new Map<number, number>();
        for (const { sliceS, again: seconds } of closed.flatMap((part) => part.emissions))
          for (const [i, n] of seconds.entries()) if (n > 0) again.set(sliceS + i, n);
        const expected = new Map<number, number>();
        for (const op of retried) {
          const second = Math.floor((endOf(op) - 50) / 1e6);
          expected.set(second, (expected.get(second) ?? 0) + op.retries);
        }
        assert.deepEqual([...again].sort(), [...expected].sort());
      }),
    );
  });

  it('folds tenants beyond its bound into one', () => {
    const ops = Array.from({ length: 50 }, (_, i) => ({
      dueUs: i * 1000,
      slipUs: 0,
      lagUs: 100,
      lengthUs: 10,
      outcome: 'ok' as const,
      stream: 0,
      route: 0,
      tenant: `t${i}`,
      status: 200,
      retries: 0,
      ...NOT_RECORDED,
    }));
    const tenants = record(ops, 10).flatMap((part) => part.tenants);
    assert.equal(tenants.length, 11);
    assert.equal(tenants.find(({ tenant }) => tenant === 'other')?.planned, 40);
  });
});

describe('result lines', () => {
  it('are written and read back the same', () => {
    fc.assert(
      fc.property(operations, (ops) => {
        for (const line of [{ kind: 'head' as const, head: HEAD }, ...linesOf(record(ops))]) {
          const text = writeLine(line);
          assert.equal(writeLine(readLine(text)), text);
          if (line.kind === 'cell' || line.kind === 'emission') assert.deepEqual(readLine(text), line);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('say nothing of a recording where there is none, and are read without it', () => {
    const [cell] = record([{ ...PLAIN, ...NOT_RECORDED }]).flatMap((part) => part.cells);
    const text = writeLine({ kind: 'cell', cell: cell as Cell });
    assert.doesNotMatch(text, /"rec"/);
    const read = readLine(text);
    assert.ok(read.kind === 'cell' && read.cell.recorded === null);
    assert.deepEqual(read.cell.recordedDuration, emptyDistribution(FINE));
  });

  it('of one window add up as a commutative monoid, recorded counts too', () => {
    const inOneCell = operations.map((ops) => {
      const same = ops.map((op) => ({ ...op, dueUs: op.dueUs % 1e6, stream: 0, route: 0 }));
      return record(same).flatMap((part) => part.cells)[0] as Cell;
    });
    const sum = (...cells: readonly Cell[]): Cell => {
      const [empty] = record([{ ...PLAIN, ...NOT_RECORDED }]).flatMap((part) => part.cells);
      const total = {
        ...(empty as Cell),
        ...emptyCounts(),
        response: emptyDistribution(FINE),
        recordedDuration: emptyDistribution(FINE),
      };
      for (const cell of cells) addCells(total, cell);
      return total;
    };
    fc.assert(
      fc.property(inOneCell, inOneCell, inOneCell, (a, b, c) => {
        assert.deepEqual(sum(a, b), sum(b, a));
        assert.deepEqual(sum(sum(a, b), c), sum(a, sum(b, c)));
        assert.deepEqual(sum(a), a);
      }),
      { numRuns: 50 },
    );
  });

  it('add up to the same in any order, and split in any way', () => {
    fc.assert(
      fc.property(operations, fc.integer(), (ops, seed) => {
        const lines = linesOf(record(ops));
        const whole = digest(absorbAll(lines));
        const shuffled = lines
          .map((line, i) => ({ line, key: Math.sin(seed + i * 7.13) }))
          .sort((a, b) => a.key - b.key);
        const parts = [shuffled.slice(0, lines.length / 2), shuffled.slice(lines.length / 2)];
        const [a, b] = parts.map((part) => absorbAll(part.map(({ line }) => line))) as [Snapshot, Snapshot];
        assert.equal(digest(mergeSnapshots(a, b, HEAD)), whole);
        assert.equal(digest(mergeSnapshots(b, a, HEAD)), whole);
        assert.equal(digest(mergeSnapshots(a, mergeSnapshots(b, emptySnapshot(HEAD), HEAD), HEAD)), whole);
      }),
      { numRuns: 50 },
    );
  });

  it('are refused with a reason where they are none', () => {
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"t":"cat"}',
      '{"t":"cell","s":0}',
      '{"t":"head","format":1}',
      '{"t":"cell","s":0,"r":0,"w":0,"planned":1,"sent":1,"attempts":1,"bytes":1,"out":{},"status":{},"response":{"h":[],"sum":0,"max":0},"rec":{"n":"1","status":{}}}',
      '{"t":"cell","s":0.5,"r":0,"w":0}',
    ]) {
      assert.throws(() => readLine(text), ResultFormatError, text);
    }
  });
});

describe('merging heads', () => {
  const other: Head = { ...HEAD, shards: [{ i: 1, n: 2 }] };

  it('takes disjoint shards of one run', () => {
    const merged = mergeHeads(HEAD, other);
    assert.deepEqual(merged.shards, [
      { i: 0, n: 2 },
      { i: 1, n: 2 },
    ]);
    assert.equal(merged.plannedTotal, 20);
  });

  for (const [what, change] of [
    ['plan', { planId: 'q' }],
    ['target', { target: 'http://127.0.0.1:2' }],
    ['version', { version: '2.0.0' }],
    ['counted twice', { shards: [{ i: 2, n: 4 }] }],
  ] as const) {
    it(`refuses: ${what}`, () => {
      assert.throws(
        () => mergeHeads(HEAD, { ...other, ...change }),
        (error) => error instanceof MergeError && error.message.includes(what),
      );
    });
  }
});

describe('the collector', () => {
  const emptyClosed = (closedS: number, cells: Cell[] = []): Closed => ({
    closedS,
    cells,
    slices: [],
    tenants: [],
    emissions: [],
  });
  const cell = (windowS: number): Cell => {
    const [first] = record([{ ...PLAIN, ...NOT_RECORDED }]).flatMap((part) => part.cells);
    return {
      ...(first as Cell),
      windowS,
      statuses: new Map([[200, 1]]),
      outcomes: [...(first as Cell).outcomes],
    };
  };

  it('lets a window go when every worker has closed it, with their cells added up, in order', () => {
    const emitted: Cell[] = [];
    const collector = new Collector(
      2,
      { i: 0, n: 1 },
      (line) => line.kind === 'cell' && emitted.push(line.cell),
    );
    collector.add(0, emptyClosed(3, [cell(0), cell(2)]), []);
    assert.deepEqual(emitted, []);
    collector.add(1, emptyClosed(1, [cell(0)]), []);
    assert.deepEqual(
      emitted.map(({ windowS, planned }) => [windowS, planned]),
      [[0, 2]],
    );
    assert.equal(collector.closedS, 1);
    collector.finish(1);
    assert.deepEqual(
      emitted.map(({ windowS }) => windowS),
      [0, 2],
    );
    collector.add(0, emptyClosed(6, [cell(5)]), []);
    collector.finish(0);
    assert.deepEqual(
      emitted.map(({ windowS }) => windowS),
      [0, 2, 5],
    );
  });
});
