// Recorded rows as arrivals: due times, visitors, lanes, clones, and which rows are left out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Row } from '../../src/recording/row.js';
import type { Plan, RecordingStream } from '../../src/scenario/plan.js';
import { CLONE_SHIFT_MAX_US, SEQ_PER_STREAM } from '../../src/scenario/plan.js';
import { type RecordedArrival, RecordedSchedule, THINNED } from '../../src/schedule/recorded.js';
import { DROPPED } from '../../src/schedule/recorded-rules.js';
import { NOT_REPLAYED } from '../../src/schedule/row-judge.js';
import {
  bySeq,
  crowd,
  INPUT,
  ORIGIN_US,
  planOf,
  products,
  row,
  scheduled,
  someRows,
  union,
} from '../support/recordings.js';

function run(plan: Plan, rows: readonly Row[], lanes = { index: 0, count: 1 }, batch = 7) {
  const schedule = new RecordedSchedule(plan, 1, INPUT, lanes);
  const arrivals: RecordedArrival[] = [];
  const emit = (arrival: RecordedArrival) => arrivals.push(arrival);
  for (let i = 0; i < rows.length; i += batch) schedule.push(rows.slice(i, i + batch), emit);
  schedule.end(emit);
  return { arrivals, dropped: Object.fromEntries(schedule.dropped) };
}

describe('shards', () => {
  it('unite to the schedule, whatever their number, amplification and batches, with ids and folded retries', async () => {
    const all = fc.record({
      rows: someRows,
      amplify: fc.constantFrom(0.3, 1, 1.5, 3),
      n: fc.integer({ min: 1, max: 16 }),
      speed: fc.constantFrom(1, 3),
      batch: fc.integer({ min: 1, max: 50 }),
      fold: fc.boolean(),
      by: fc.constantFrom('none' as const, 'hash' as const, 'popularity' as const, 'table' as const),
    });
    await fc.assert(
      fc.asyncProperty(all, async ({ rows, amplify, n, speed, batch, fold, by }) => {
        const { mapping, lists } = products(by === 'none' ? 'hash' : by, { recorded: ['7', 'a/b'] });
        const ids = by === 'none' ? [] : [mapping];
        const plan = planOf({ amplify, writes: ['cart'], fold, ids }, { speed });
        const input = { ...INPUT, ids: ids.map(() => lists) };
        const { arrivals, dropped, remapped } = await scheduled(plan, input, rows);
        const whole = { arrivals: arrivals.toSorted(bySeq), dropped, remapped };
        assert.deepEqual(await union(plan, input, rows, n, batch), whole);
      }),
    );
  });

  it('give arrivals in due order, numbered by lane without holes', () => {
    fc.assert(
      fc.property(someRows, fc.constantFrom(1, 2.5), (rows, amplify) => {
        const { arrivals } = run(planOf({ amplify }), rows);
        const next = new Array<number>(16).fill(0);
        let last = 0;
        for (const { dueUs, seq, visitor } of arrivals) {
          assert.ok(Number.isInteger(dueUs) && dueUs >= last);
          last = dueUs;
          const lane = visitor % 16;
          assert.equal(seq, SEQ_PER_STREAM + 16 * next[lane]!++ + lane);
          assert.ok(visitor >= 0 && visitor < 2 ** 48);
        }
      }),
    );
  });
});

describe('due times', () => {
  it('are those of the recording, from the origin', () => {
    const { arrivals } = run(planOf({}), [row(0), row(1_234_567), row(1_234_567), row(9e6)]);
    assert.deepEqual(
      arrivals.map((arrival) => arrival.dueUs),
      [0, 1_234_567, 1_234_567, 9e6],
    );
  });

  it('are divided by the speed, all requests kept', () => {
    const { arrivals } = run(planOf({}, { speed: 4 }), [row(0), row(1_000_002), row(9e6)]);
    assert.deepEqual(
      arrivals.map((arrival) => arrival.dueUs),
      [0, 250_001, 2_250_000],
    );
  });

  it('at the same instant keep the order of rows', () => {
    const rows = Array.from({ length: 50 }, (_, i) => row(5, { client: `c${i}`, path: `/${i}` }));
    const { arrivals } = run(planOf({}), rows);
    assert.deepEqual(
      arrivals.map((arrival) => arrival.path),
      rows.map((one) => one.path),
    );
  });
});

describe('amplify', () => {
  it('clones whole visitors, each shifted as one by at most a second', () => {
    const rows = [5e6, 6e6, 8.5e6].flatMap((us) => [row(us, { client: 'a' }), row(us + 3, { client: 'b' })]);
    const { arrivals } = run(planOf({ amplify: 3 }), rows);
    assert.equal(arrivals.length, 18);
    const visitors = new Map<number, number[]>();
    for (const { visitor, dueUs } of arrivals)
      visitors.set(visitor, [...(visitors.get(visitor) ?? []), dueUs]);
    assert.equal(visitors.size, 6);
    const starts = new Set<number>();
    for (const [first, second, third] of visitors.values()) {
      assert.deepEqual([second! - first!, third! - first!], [1e6, 3.5e6]);
      assert.ok(Math.abs(first! - 5e6) <= CLONE_SHIFT_MAX_US + 3);
      starts.add(first!);
    }
    assert.ok(starts.has(5e6) && starts.has(5e6 + 3), 'the originals keep their times');
    assert.equal(starts.size, 6);
  });

  it('by a broken number gives that share of clients one clone more', () => {
    const { arrivals } = run(planOf({ amplify: 2.25 }), crowd(4_000));
    // 9,000 with a standard deviation of 27.
    assert.ok(Math.abs(arrivals.length - 9_000) < 140, `${arrivals.length}`);
  });

  it('below 1 thins by client, never inside one, and counts what it left out', () => {
    const rows = crowd(2_000).flatMap((one) => [one, { ...one, path: '/x' }]);
    const { arrivals, dropped } = run(planOf({ amplify: 0.25 }), rows);
    assert.equal(arrivals.length + dropped[THINNED]!, rows.length);
    assert.ok(Math.abs(arrivals.length - 1_000) < 200, `${arrivals.length}`);
    const perVisitor = new Map<number, number>();
    for (const { visitor } of arrivals) perVisitor.set(visitor, (perVisitor.get(visitor) ?? 0) + 1);
    assert.deepEqual(new Set(perVisitor.values()), new Set([2]));
  });

  it('by 0 sends nothing', () => {
    assert.equal(run(planOf({ amplify: 0 }), crowd(10)).arrivals.length, 0);
  });

  it('reflects a clone that would be due before the start', () => {
    const { arrivals } = run(planOf({ amplify: 40 }), [row(0), row(1)]);
    assert.equal(arrivals.length, 80);
    assert.ok(arrivals.every(({ dueUs }) => dueUs >= 0 && dueUs <= CLONE_SHIFT_MAX_US + 1));
  });

  it('adds visitors evenly over the lanes', () => {
    const { arrivals } = run(planOf({ amplify: 4 }), crowd(4_000));
    const counts = new Array<number>(16).fill(0);
    for (const { visitor } of arrivals) counts[visitor % 16]!++;
    // 1,000 in each with a standard deviation of 31.
    for (const count of counts) assert.ok(Math.abs(count - 1_000) < 160, counts.join(' '));
  });

  it('makes counts as bursty as k times the visitors, not as copied stamps', () => {
    // A rate that swings between 20 and 180 a second once a minute, for 20 minutes: Poisson by thinning.
    const rows: Row[] = [];
    let state = 12_345;
    const uniform = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 1) / 4_294_967_297;
    };
    for (let us = 0; us < 1_200e6; ) {
      us += (-Math.log(uniform()) / 180) * 1e6;
      const rate = 100 + 80 * Math.sin((2 * Math.PI * us) / 60e6);
      if (uniform() < rate / 180) rows.push(row(Math.floor(us), { client: `c${rows.length}` }));
    }
    const dispersion = (times: readonly number[]) => {
      const counts = new Float64Array(12_000);
      for (const us of times) if (us < 1_200e6) counts[Math.floor(us / 1e5)]!++;
      const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
      return counts.reduce((a, b) => a + (b - mean) ** 2, 0) / counts.length / mean;
    };
    const recorded = dispersion(rows.map((one) => one.startUs - ORIGIN_US));
    const amplified = dispersion(
      run(planOf({ amplify: 5 }), rows, undefined, 1_024).arrivals.map((one) => one.dueUs),
    );
    const wanted = 1 + 5 * (recorded - 1);
    const copied = 5 * recorded;
    assert.ok(copied > wanted * 1.12, 'the recording can tell the two apart');
    assert.ok(
      Math.abs(amplified - wanted) < wanted * 0.2,
      `${amplified} for ${wanted}; copied stamps have ${copied}`,
    );
  });
});

describe('routes and tenants', () => {
  it('the first route that takes method and path, without the query; else other', () => {
    const rows = ['/', '/?a=1', '/products/7?x=/', '/products/7/8', '/a/b.jpg?v=2', '/nothing'].map(
      (path, i) => row(i, { path }),
    );
    rows.push(row(9, { path: '/products/7', method: 'HEAD' }));
    const { arrivals } = run(planOf({}), rows);
    assert.deepEqual(
      arrivals.map((arrival) => arrival.route),
      [0, 0, 1, 4, 3, 4, 4],
    );
    assert.equal(arrivals[2]!.path, '/products/7?x=/');
  });

  it('a tenant by host', () => {
    const plan = planOf(
      {},
      { tenants: { by: 'host', pattern: '{tenant}.shop.example', sendAs: '{tenant}.shop.example' } },
    );
    const hosts = ['hot.shop.example', 'a.b.shop.example:8080', 'shop.example', '.shop.example', undefined];
    const { arrivals } = run(
      plan,
      hosts.map((host, i) => row(i, { host })),
    );
    assert.deepEqual(
      arrivals.map((arrival) => arrival.tenant),
      ['hot', 'a.b', null, null, null],
    );
  });

  it('a tenant by path, which is sent as recorded', () => {
    const plan = planOf({}, { tenants: { by: 'path', pattern: '/s/{tenant}' } });
    const paths = ['/s/hot/products/1', '/s/hot', '/s/hot?x=/', '/s/', '/t/hot'];
    const { arrivals } = run(
      plan,
      paths.map((path, i) => row(i, { path })),
    );
    assert.deepEqual(
      arrivals.map((arrival) => arrival.tenant),
      ['hot', 'hot', 'hot', null, null],
    );
    assert.deepEqual(
      arrivals.map((arrival) => arrival.path),
      paths,
    );
  });
});

describe('hosts', () => {
  const rows = [row(0, { host: 'a.shop.example' }), row(1, { host: 'cdn.example' }), row(2)];

  it('are mapped, and what no rule maps is dropped and counted', () => {
    const { arrivals, dropped } = run(planOf({ hosts: { '*.shop.example': '*.stg.example' } }), rows);
    assert.deepEqual(
      arrivals.map((arrival) => arrival.host),
      ['a.stg.example', null],
    );
    assert.deepEqual(dropped, { 'host not mapped': 1 });
  });

  it('may be sent as recorded, or not at all', () => {
    const sent = (hosts: RecordingStream['hosts']) =>
      run(planOf({ hosts }), rows).arrivals.map((arrival) => arrival.host);
    assert.deepEqual(sent('as-recorded'), ['a.shop.example', 'cdn.example', null]);
    assert.deepEqual(sent(null), [null, null, null]);
  });
});

describe('rows that are left out', () => {
  const cases: readonly (readonly [string, Partial<RecordingStream>, Partial<Row>, string | null])[] = [
    ['a GET is sent', {}, {}, null],
    ['before from', { fromUs: ORIGIN_US + 1 }, {}, 'before from'],
    ['at to', { toUs: ORIGIN_US }, {}, 'after to'],
    ['a POST', {}, { method: 'POST' }, DROPPED.method],
    [
      'a POST of a route in writes is sent',
      { writes: ['cart'] },
      { method: 'POST', path: '/cart/add' },
      null,
    ],
    ['a POST of another route', { writes: ['cart'] }, { method: 'POST' }, DROPPED.method],
    ['a path that acts', {}, { path: '/cart/add?id=1' }, DROPPED.acting],
    [
      'a path that acts, of a route in writes, is sent',
      { writes: ['cart'] },
      { path: '/cart/add?id=1' },
      null,
    ],
    ['OPTIONS, whatever writes says', { writes: ['home'] }, { method: 'OPTIONS' }, DROPPED.neverSent],
    ['TRACE', { writes: ['home'] }, { method: 'TRACE' }, DROPPED.neverSent],
    ['a websocket', {}, { status: 101 }, DROPPED.upgrade],
    ['where method', { where: { method: ['head'] } }, {}, DROPPED.where],
    ['where path takes it', { where: { path: ['/no', '/pro*'] } }, { path: '/products/7?q=1' }, null],
    ['where path does not', { where: { path: ['/pro*'] } }, { path: '/x?/pro' }, DROPPED.where],
    ['where route', { where: { route: ['pro*', 'home'] } }, { path: '/products/7' }, null],
    ['where client', { where: { client: ['person'] } }, { clientClass: 'bot' }, DROPPED.where],
    ['where tenant, and the row has none', { where: { tenant: ['*'] } }, {}, DROPPED.where],
    ['where not tenant, and the row has none', { where: { not: { tenant: ['hot'] } } }, {}, null],
    ['where all that is named holds', { where: { method: ['GET'], route: ['cart'] } }, {}, DROPPED.where],
    ['where comes before the rest', { where: { route: ['cart'] } }, { method: 'POST' }, DROPPED.where],
  ];
  for (const [name, stream, rest, reason] of cases) {
    it(name, () => {
      const { arrivals, dropped } = run(planOf(stream), [row(0, rest)]);
      assert.equal(arrivals.length, reason === null ? 1 : 0);
      assert.deepEqual(dropped, reason === null ? {} : { [reason]: 1 });
    });
  }

  it('count once, amplified or not', () => {
    assert.deepEqual(run(planOf({ amplify: 5 }), [row(0, { method: 'POST' })]).dropped, {
      [DROPPED.method]: 1,
    });
  });

  it('leaves a hole in its route when nobody chose to leave it out', () => {
    const rows = [
      row(0, { method: 'POST', path: '/cart/add' }),
      row(1, { path: '/cart/add' }),
      row(2, { path: '/products/7' }),
      row(3, { path: '/x' }),
    ];
    const schedule = new RecordedSchedule(planOf({ where: { not: { path: ['/x'] } } }), 1, INPUT, {
      index: 0,
      count: 1,
    });
    schedule.push(rows, () => {});
    assert.deepEqual([...schedule.missing], [[2, 2]]);
    assert.equal(schedule.replayable, 1);
    assert.equal(schedule.dropped.get(DROPPED.where), 1);
  });

  it('a recorded status goes along, for what it says of the answer', () => {
    const { arrivals } = run(planOf({}), [row(0, { status: 404 }), row(1, { status: undefined })]);
    assert.deepEqual(
      arrivals.map((arrival) => arrival.recordedStatus),
      [404, 0],
    );
  });
});

describe('folded retries', () => {
  const failed = (us: number, rest: Partial<Row> = {}) => row(us, { status: 503, ...rest });
  const cases: readonly (readonly [string, readonly Row[], number])[] = [
    ['the same client asking again after an error', [failed(0), row(5e6)], 1],
    ['every try but the first', [failed(0), failed(2e6), failed(4e6), row(6e6)], 3],
    ['not another client', [failed(0), row(5e6, { client: 'd' })], 0],
    ['not another path', [failed(0), row(5e6, { path: '/x' })], 0],
    ['not the same again after an answer', [row(0), row(5e6)], 0],
    ['not what comes half a minute later', [failed(0), row(30e6)], 0],
    [
      'what is asked for again after a long path',
      [failed(0, { path: `/${'x'.repeat(500)}` }), row(5e6, { path: `/${'x'.repeat(500)}` })],
      1,
    ],
  ];
  for (const [name, rows, folded] of cases) {
    it(`leave out ${name}`, () => {
      const { arrivals, dropped } = run(planOf({ fold: true }), rows);
      assert.equal(arrivals.length, rows.length - folded);
      assert.deepEqual(dropped, folded === 0 ? {} : { [NOT_REPLAYED.retry]: folded });
      assert.equal(run(planOf({ fold: false }), rows).arrivals.length, rows.length);
    });
  }

  it('do not look at what came before the cut', () => {
    const plan = planOf({ fold: true, fromUs: ORIGIN_US + 1 });
    assert.deepEqual(run(plan, [failed(0), row(5e6)]).dropped, { [NOT_REPLAYED.before]: 1 });
  });

  it('are the same for every shard, though there are more than can be remembered', async () => {
    const rows = [0, 1].flatMap((round) =>
      Array.from({ length: 70_000 }, (_, i) =>
        failed(round * 5e6 + i, { client: `client ${i}`, status: round === 0 ? 503 : 200 }),
      ),
    );
    const plan = planOf({ fold: true });
    const whole = await scheduled(plan, INPUT, rows, undefined, 1_024);
    const parts = await union(plan, INPUT, rows, 2, 1_024);
    assert.deepEqual(parts.dropped, whole.dropped);
    assert.ok((whole.dropped[NOT_REPLAYED.retry] ?? 0) < 70_000, 'some are forgotten');
  });
});
