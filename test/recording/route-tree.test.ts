// Routes from paths: ids and names of things become one, what is asked for often stays, nothing is lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RouteTree } from '../../src/recording/audit/route-tree.js';

const COUNTS = {
  make: () => ({ n: 0 }),
  add: (into: { n: number }, from: { n: number }) => {
    into.n += from.n;
  },
};

function routesOf(paths: readonly string[]): Record<string, number> {
  const tree = new RouteTree(COUNTS);
  for (const path of paths) {
    const mark = path.indexOf('?');
    tree.of(path, mark < 0 ? path.length : mark).n++;
  }
  return Object.fromEntries(tree.list().map(([path, { n }]) => [path, n]));
}

describe('a route', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['/', '/'],
    ['/products/123', '/products/{id}'],
    ['/products/123?color=red/blue', '/products/{id}'],
    ['/products/123/', '/products/{id}/'],
    ['/img/123.jpg', '/img/{id}.jpg'],
    ['/a/0f1e2d3c4b', '/a/{id}'],
    ['/a/deadbeef', '/a/deadbeef'],
    ['/o/123e4567-e89b-12d3-a456-426614174000', '/o/{id}'],
    ['/s/eyJhbGciOiJIUzI1NiJ9x0', '/s/{id}'],
    ['/collections/summer-sale-2025', '/collections/summer-sale-2025'],
    ['/checkout/information', '/checkout/information'],
    ['/a/b/c/d/e/f/g/h/i/j/k/l/m/n', '/a/b/c/d/e/f/g/h/i/j/k/l/*'],
    [`/a/${'x'.repeat(200)}`, '/a/{id}'],
  ];
  for (const [path, route] of cases) it(path, () => assert.deepEqual(routesOf([path]), { [route]: 1 }));

  it('takes for an id what these expressions say is one', () => {
    const isId = (text: string) =>
      /^\d+$/.test(text) ||
      /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text) ||
      /^(?=.*\d)[0-9a-f]{8,}$/i.test(text) ||
      /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_]{16,}$/.test(text);
    const made = (characters: string) =>
      fc
        .constantFrom(1, 7, 8, 15, 16, 17)
        .chain((length) =>
          fc.string({ unit: fc.constantFrom(...characters), minLength: length, maxLength: length }),
        );
    const segment = fc.oneof(
      ...['0123456789', '0aF', '0f_', 'xyZ_7', 'aB', '_9', 'a1-é'].map(made),
      fc.uuid(),
      fc.uuid().map((text) => text.replace('4', 'g').toUpperCase()),
    );
    fc.assert(
      fc.property(segment, (text) => {
        assert.deepEqual(routesOf([`/${text}`]), { [isId(text) ? '/{id}' : `/${text}`]: 1 });
      }),
      { numRuns: 500 },
    );
  });

  it('is one for the names of many things, and keeps apart what is asked for often', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `/products/shoe-${i.toString(36)}-red`);
    const often = Array.from({ length: 1_000 }, () => '/products/compare');
    const files = Array.from({ length: 500 }, (_, i) => `/img/shoe-${i.toString(36)}-red.JPG`);
    const mixed = names.flatMap((name, i) => (i < 1_000 ? [name, often[i] as string] : [name]));
    const found = routesOf([...mixed, ...files]);
    assert.equal(found['/products/compare'], 1_000);
    assert.equal(found['/products/{id}'], 5_000);
    assert.equal(found['/img/{id}.jpg'], 500);
    assert.equal(Object.keys(found).length, 3);
  });

  it('joins what is below the names of things', () => {
    const paths = Array.from(
      { length: 400 },
      (_, i) => `/shops/shop-${i.toString(36)}x/${i % 2 ? 'cart' : 'items'}`,
    );
    assert.deepEqual(routesOf(paths), { '/shops/{id}/cart': 200, '/shops/{id}/items': 200 });
  });

  it('of any paths: none is lost, and there are few', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', '', '7', 'x-1', '{id}', '*', 'file.css'), { maxLength: 16 })
      .map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.array(path, { maxLength: 300 }), fc.nat(5_000), (paths, more) => {
        const many = [
          ...paths,
          ...Array.from({ length: more }, (_, i) => `/m/${i.toString(36)}z/${i % 300}q`),
        ];
        const found = routesOf(many);
        assert.equal(
          Object.values(found).reduce((sum, n) => sum + n, 0),
          many.length,
        );
        assert.ok(Object.keys(found).length < 2_000);
      }),
    );
  });
});
