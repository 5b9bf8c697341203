// Recorded ids sent as others: where they are found, which is sent instead, and which ids are the popular ones.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { IdMapping } from '../../src/scenario/plan.js';
import { Batcher } from '../../src/schedule/batcher.js';
import { IdFinder, IdMapper } from '../../src/schedule/recorded-ids.js';
import { NOT_REPLAYED } from '../../src/schedule/row-judge.js';
import { PopularIds, studyRecordings } from '../../src/schedule/study.js';
import { INPUT, planOf, products, row, scheduled } from '../support/recordings.js';

function finder(...places: string[]): IdFinder {
  return new IdFinder({ name: 'product', in: places });
}

const PATH = '/products/{product}';
const QUERY = '?product_id={product}';

describe('ids', () => {
  const cases: readonly (readonly [place: string, path: string, ids: readonly string[]])[] = [
    [PATH, '/products/7', ['7']],
    [PATH, '/products/7?x=1', ['7']],
    [PATH, '/products/7#top', ['7']],
    [PATH, '/products/a%2Fb', ['a/b']],
    [PATH, '/products/100%', ['100%']],
    [PATH, '/products/', []],
    [PATH, '/products/7/reviews', []],
    [PATH, '/x/products/7', []],
    ['/products/{product}*', '/products/7/reviews', ['7']],
    ['*/products/{product}/*', '/s/hot/products/7/x/products/8/y', ['7']],
    ['/p-{product}.html', '/p-7-8.html', ['7-8']],
    ['/p-{product}.html', '/p-.html', []],
    ['/{shop}/p/{product}', '/hot/p/7', ['7']],
    [QUERY, '/cart?product_id=7', ['7']],
    [QUERY, '/cart?a=1&product_id=7&b=2', ['7']],
    [QUERY, '/cart?product_id=7&product_id=8', ['7', '8']],
    [QUERY, '/cart?product_id=a+b%26c', ['a b&c']],
    [QUERY, '/cart?product%5Fid=7', ['7']],
    [QUERY, '/cart?product_id=', []],
    [QUERY, '/cart?product_id', []],
    [QUERY, '/cart?my_product_id=7', []],
    [QUERY, '/cart#?product_id=7', []],
    [QUERY, '/cart?x=1#&product_id=7', []],
    ['/cart?id={product}', '/cart?id=7', ['7']],
    ['/cart?id={product}', '/user?id=7', []],
  ];
  for (const [place, path, ids] of cases) {
    it(`of ${place} in ${path}: ${ids.join(', ') || 'none'}`, () => {
      const found = finder(place).find(path);
      assert.deepEqual(
        found.map(({ id }) => id),
        ids,
      );
      for (const { from, to } of found) assert.ok(from < to && to <= path.length);
    });
  }

  it('are found in time linear in the path, whatever it holds', () => {
    const long = `/products/${'/products/'.repeat(5_000)}${'&product_id=7'.repeat(5_000)}`;
    const places = ['*/products/{product}*', '*{a}*{product}*{b}*', QUERY];
    assert.equal(finder(...places).find(`${long}?${long}`).length, 5_002);
  });
});

describe('a mapped id', () => {
  function map(path: string, by: IdMapping['by'], recorded: readonly string[] = []): string | null {
    const { mapping, lists } = products(by, { staging: ['s/1', 's 2', 's3'], recorded });
    return new IdMapper(7, [mapping], [lists]).map(path)?.path ?? null;
  }

  it('by popularity is that of the same rank, the ranks going round', () => {
    const ranks = ['a', 'b', 'c', 'd', 'e/f'];
    assert.deepEqual(
      ranks.map((id) => map(`/products/${encodeURIComponent(id)}`, 'popularity', ranks)),
      ['/products/s%2F1', '/products/s%202', '/products/s3', '/products/s%2F1', '/products/s%202'],
    );
  });

  it('by table is that of the table, and there is none for others', () => {
    assert.equal(map('/products/x', 'table', ['w', 'x', 'y']), '/products/s%202');
    assert.equal(map('/products/z', 'table', ['w', 'x', 'y']), null);
    assert.equal(map('/other', 'table', ['w', 'x', 'y']), '/other');
  });

  it('by hash is always the same, spread over all', () => {
    const sent = Array.from({ length: 300 }, (_, i) => map(`/products/${i}`, 'hash'));
    assert.deepEqual(
      sent,
      Array.from({ length: 300 }, (_, i) => map(`/products/${i}`, 'hash')),
    );
    const counts = new Map<string | null, number>();
    for (const path of sent) counts.set(path, (counts.get(path) ?? 0) + 1);
    // 100 of each with a standard deviation of 8.
    for (const count of counts.values()) assert.ok(Math.abs(count - 100) < 45, `${count}`);
    assert.equal(counts.size, 3);
  });

  it('by popularity but without a rank is that of its hash', () => {
    assert.equal(map('/products/zz', 'popularity', ['a']), map('/products/zz', 'hash'));
  });

  it('stays in its place, whatever else the path holds', () => {
    const path = '/products/7?a=%2F&product_id=8&product_id=7&b=+#top';
    assert.equal(
      map(path, 'table', ['7', '8', '9']),
      '/products/s%2F1?a=%2F&product_id=s%202&product_id=s%2F1&b=+#top',
    );
  });

  it('leaves any path as it was when it is mapped to itself', () => {
    const piece = fc.constantFrom('/products/', 'a', '%41', '%', '/', '?', '&', '=', 'product_id=', '#', '+');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = `/${pieces.join('')}`;
        const { mapping } = products('table');
        const ids = new IdFinder(mapping).find(path).map(({ id }) => id);
        const mapper = new IdMapper(7, [mapping], [{ staging: ids, recorded: ids }]);
        const mapped = mapper.map(path);
        assert.ok(mapped !== null);
        const again = new IdFinder(mapping).find(mapped.path).map(({ id }) => id);
        assert.deepEqual(again, ids);
        assert.deepEqual(mapped.kinds, ids.length === 0 ? [] : [0]);
      }),
    );
  });

  it('of several kinds is each its own; where two claim one place, the first named has it', () => {
    const kind = (name: string, place: string): IdMapping => ({
      ...products('hash').mapping,
      name,
      in: [place],
    });
    const mappings = [kind('a', '/{a}/x'), kind('b', '/y/{b}'), kind('c', '/{c}/*')];
    const mapper = new IdMapper(
      7,
      mappings,
      ['A', 'B', 'C'].map((id) => ({ staging: [id], recorded: [] })),
    );
    assert.deepEqual(mapper.map('/y/x'), { path: '/A/B', kinds: [0, 1, 2] });
  });
});

describe('replayed rows', () => {
  it('are sent with mapped ids and counted, and dropped where the table has none', async () => {
    const { mapping, lists } = products('table', { recorded: ['7', '8', '9'] });
    const rows = ['/products/7', '/products/5', '/', '/cart?product_id=9'].map((path, i) => row(i, { path }));
    const { arrivals, dropped, remapped } = await scheduled(
      planOf({ ids: [mapping] }),
      { ...INPUT, ids: [lists] },
      rows,
    );
    assert.deepEqual(
      arrivals.map(({ path }) => path),
      ['/products/s1', '/', '/cart?product_id=s3'],
    );
    assert.deepEqual(dropped, { [NOT_REPLAYED.id]: 1 });
    assert.deepEqual(remapped, { 0: 2 });
    assert.equal(arrivals[0]?.route, 1, 'the route is that of the recorded path');
  });
});

describe('a batch', () => {
  it('keeps the routes of two recorded paths that are sent as one', () => {
    const batcher = new Batcher();
    const arrival = { dueUs: 0, seq: 0, visitor: 0, tenant: null, method: 'GET', path: '/a', host: null };
    const rest = {
      recordedStatus: 200,
      recordedDurationUs: 1,
      headers: undefined,
      body: undefined,
      row: row(0),
    };
    for (const route of [1, 2, 1]) batcher.add({ ...arrival, ...rest, route });
    const batch = batcher.take();
    assert.deepEqual(
      [...(batch?.request ?? [])].map((i) => batch?.requests[i]?.route),
      [1, 2, 1],
    );
  });

  it('holds equal requests once, and tells all others apart', () => {
    const batcher = new Batcher();
    const first = { dueUs: 0, seq: 0, visitor: 0, tenant: null, method: 'GET', path: '/a', host: null };
    const base = { ...first, route: 0, recordedStatus: 200, recordedDurationUs: 1 };
    const plain = { ...base, headers: undefined, body: undefined, row: row(0) };
    const others = [
      { ...plain, path: '/b' },
      { ...plain, method: 'HEAD' },
      { ...plain, recordedStatus: 503 },
      { ...plain, host: 'shop.example' },
      { ...plain, tenant: 'ada' },
      { ...plain, headers: '[["a","b"]]' },
      { ...plain, body: new Uint8Array([1]) },
    ];
    for (const arrival of [plain, ...others, plain, ...others]) batcher.add(arrival);
    const batch = batcher.take();
    assert.deepEqual([...(batch?.request ?? [])], [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 8]);
    const asked = [...(batch?.request ?? [])].map((i) => batch?.requests[i]);
    assert.deepEqual(
      asked,
      [plain, ...others, plain, ...others].map(
        ({ route, tenant, method, path, host, recordedStatus, headers, body }) => {
          return { route, tenant, method, path, host, recordedStatus, headers, body };
        },
      ),
    );
  });

  it('may hold more requests than 16 bits tell apart, as clones of a second come together', () => {
    const batcher = new Batcher();
    const rest = { tenant: null, method: 'GET', host: null, route: 0, recordedStatus: 0 };
    for (let i = 0; i < 70_000; i++) {
      const arrival = { ...rest, dueUs: i, seq: 2 * i, visitor: 3 * i, recordedDurationUs: 4 * i };
      batcher.add({ ...arrival, path: `/${i}`, headers: undefined, body: undefined, row: row(0) });
    }
    const batch = batcher.take();
    assert.equal(batcher.take(), undefined);
    for (const i of [0, 511, 512, 65_535, 65_536, 69_999]) {
      assert.equal(batch?.requests[batch.request[i] as number]?.path, `/${i}`);
      const numbers = [batch?.dueUs[i], batch?.seq[i], batch?.visitor[i], batch?.recordedDurationUs[i]];
      assert.deepEqual(numbers, [i, 2 * i, 3 * i, 4 * i]);
    }
  });
});

describe('popular ids', () => {
  it('are counted among the rows that are replayed, the most requested first', async () => {
    const { mapping, lists } = products('popularity');
    const plan = planOf({ ids: [mapping], where: { not: { method: ['HEAD'] } } });
    const rows = ['b', 'a', 'b', 'c', 'c', 'b'].map((id, i) => row(i, { path: `/products/${id}` }));
    const hidden = Array.from({ length: 9 }, (_, i) => row(9 + i, { path: '/products/d', method: 'HEAD' }));
    const inputs = { streams: [INPUT, { ...INPUT, ids: [lists] }] };
    const studied = await studyRecordings(
      { ...plan, streams: plan.streams },
      { streams: inputs.streams },
      () =>
        async function* () {
          yield [...rows, ...hidden];
        },
    );
    const input = studied.streams[1];
    assert.ok(input?.kind === 'recording');
    assert.deepEqual(input.ids, [{ ...lists, recorded: ['b', 'c', 'a'] }]);
  });

  it('of the same count are ranked by their text, in whatever order they came', () => {
    const ids = ['c', 'a', 'b', 'b', 'c', 'a', 'd'];
    const ranked = (order: readonly string[]) => {
      const counter = new PopularIds();
      for (const id of order) counter.add(id);
      return counter.ranked();
    };
    assert.deepEqual(ranked(ids), ['a', 'b', 'c', 'd']);
    assert.deepEqual(ranked(ids.toReversed()), ['a', 'b', 'c', 'd']);
  });

  it('are found in bounded memory, though they come late and among any number of others', () => {
    const counter = new PopularIds(100);
    for (let i = 0; i < 500; i++) counter.add(`early ${i % 100}`);
    for (let i = 0; i < 50_000; i++) {
      counter.add(`rare ${i}`);
      // Three times before the rarer ones are forgotten: never as often as those that came early.
      if (i % 33 === 0) counter.add('hot');
    }
    const ranked = counter.ranked();
    assert.equal(ranked.length, 100);
    assert.ok(ranked.includes('hot'));
  });
});
