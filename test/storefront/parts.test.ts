// The small parts: where a request leads, heap, service times, counts, timeline, pages and settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heap } from '../../src/storefront/heap.js';
import { pageOf } from '../../src/storefront/pages.js';
import {
  allowHeader,
  allows,
  DEFAULT_STORE,
  locate,
  ROUTES,
  storeOfHost,
} from '../../src/storefront/routes.js';
import { ServiceTimes } from '../../src/storefront/service-time.js';
import { DEFAULTS, resolveSettings } from '../../src/storefront/settings.js';
import { OTHER_STORES, Tallies } from '../../src/storefront/tally.js';
import { COLUMNS, type Column, Timeline } from '../../src/storefront/timeline.js';

test('a request leads to a store and a page', () => {
  const cases: [url: string, host: string | undefined, store: string, route: string, subject: string][] = [
    ['/', 'hot.shop.test', 'hot', 'home', ''],
    ['/?utm=1', 'HOT.shop.test:8080', 'hot', 'home', ''],
    ['/', '127.0.0.1:8080', DEFAULT_STORE, 'home', ''],
    ['/', 'localhost', DEFAULT_STORE, 'home', ''],
    ['/', '[::1]:80', DEFAULT_STORE, 'home', ''],
    ['/', undefined, DEFAULT_STORE, 'home', ''],
    ['/products/17', 'a.shop.test', 'a', 'product', '17'],
    ['/products/blue-shirt_2.html?size=m', 'a.shop.test', 'a', 'product', 'blue-shirt_2.html'],
    ['/products/', 'a.shop.test', 'a', 'other', ''],
    ['/products/a/b', 'a.shop.test', 'a', 'other', ''],
    ['/search?q=red+shoe&page=2', 'a.shop.test', 'a', 'search', 'red+shoe'],
    ['/search?page=2&q=hat', 'a.shop.test', 'a', 'search', 'hat'],
    ['/search', 'a.shop.test', 'a', 'search', ''],
    ['/cart', 'a.shop.test', 'a', 'cart', ''],
    ['/checkout', 'a.shop.test', 'a', 'checkout', ''],
    ['/admin', 'a.shop.test', 'a', 'admin', ''],
    ['/admin/orders/3', 'a.shop.test', 'a', 'admin', ''],
    ['/administrator', 'a.shop.test', 'a', 'other', ''],
    ['/assets/app.css', 'a.shop.test', 'a', 'asset', 'app.css'],
    ['/assets/', 'a.shop.test', 'a', 'other', ''],
    ['/s/b', 'a.shop.test', 'b', 'home', ''],
    ['/s/B/products/9', 'a.shop.test', 'b', 'product', '9'],
    ['/s/b/?q=1', undefined, 'b', 'home', ''],
    ['/s/', 'a.shop.test', 'a', 'other', ''],
    ['/s/no%20store/', 'a.shop.test', 'a', 'other', ''],
    ['/nothing', 'a.shop.test', 'a', 'other', ''],
    ['http://a.shop.test/', 'b.shop.test', 'b', 'other', ''],
    ['*', 'a.shop.test', 'a', 'other', ''],
  ];
  for (const [url, host, store, route, subject] of cases) {
    assert.deepEqual(locate(url, host), { store, route, subject }, `${url} at ${host}`);
  }
});

test('any URL and Host lead somewhere, to a store whose name is harmless', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (url, host) => {
      const { store, route } = locate(`/${url}`, host);
      assert.ok(ROUTES.includes(route));
      assert.match(store, /^[a-z0-9-]{1,63}$/);
      assert.match(storeOfHost(host), /^[a-z0-9-]{1,63}$/);
    }),
  );
});

test('a page allows the methods that its Allow header names', () => {
  assert.equal(allowHeader('home'), 'GET, HEAD');
  assert.equal(allowHeader('checkout'), 'POST');
  assert.ok(allows('cart', 'POST') && allows('cart', 'HEAD') && !allows('cart', 'DELETE'));
  assert.ok(!allows('checkout', 'GET') && !allows('product', 'POST'));
});

test('a heap gives back what it got, earliest first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(10), (times, popsBetween) => {
      const heap = new Heap<number>();
      const kept: number[] = [];
      times.forEach((atUs, i) => {
        heap.push(atUs, atUs);
        kept.push(atUs);
        if (popsBetween > 0 && i % popsBetween === 0) {
          kept.sort((a, b) => a - b);
          assert.equal(heap.nextUs, kept[0]);
          assert.equal(heap.pop(), kept.shift());
        }
      });
      kept.sort((a, b) => a - b);
      for (const atUs of kept) assert.equal(heap.pop(), atUs);
      assert.equal(heap.pop(), undefined);
      assert.equal(heap.nextUs, Number.POSITIVE_INFINITY);
    }),
  );
});

test('service times are log-normal, and the same for the same seed', () => {
  const times = new ServiceTimes(DEFAULTS.service, 7);
  const logs = Array.from({ length: 20_000 }, (_, seq) => Math.log(times.drawUs('product', seq)));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length;
  const { medianUs, sigma } = DEFAULTS.service.product;
  assert.ok(Math.abs(mean - Math.log(medianUs)) < 0.02, `median ${Math.exp(mean)}`);
  assert.ok(Math.abs(Math.sqrt(variance) - sigma) < 0.02, `sigma ${Math.sqrt(variance)}`);
  const again = new ServiceTimes(DEFAULTS.service, 7);
  assert.equal(again.drawUs('home', 3), times.drawUs('home', 3));
  assert.notEqual(new ServiceTimes(DEFAULTS.service, 8).drawUs('home', 3), times.drawUs('home', 3));
});

test('stores beyond the limit share one count', () => {
  const tallies = new Tallies(2);
  for (const name of ['a', 'b', 'c', 'd', 'a', 'c']) tallies.arrive('home', tallies.store(name));
  const counts = [...tallies.stores].map(([name, tally]) => [name, tally.arrivals]);
  assert.deepEqual(counts, [
    ['a', 2],
    ['b', 1],
    [OTHER_STORES, 3],
  ]);
});

test('the timeline keeps the last seconds', () => {
  const timeline = new Timeline(3);
  for (let s = 0; s < 5; s++) {
    const row = Object.fromEntries(COLUMNS.map((column, i) => [column, 100 * s + i]));
    timeline.push(row as Record<Column, number>);
  }
  assert.deepEqual(
    timeline.read().map((second) => [second.atS, second.instancesServing, second.aborted]),
    [2, 3, 4].map((s) => [s, 100 * s, 100 * s + COLUMNS.length - 1]),
  );
  assert.deepEqual(timeline.read(4).length, 1);
  assert.deepEqual(timeline.read(9), []);
});

test('pages are ASCII, of plausible size, and show only harmless words', () => {
  for (const route of ROUTES) {
    const { body } = pageOf({ store: 'shop', route, subject: 'x' }, 'GET');
    assert.equal(Buffer.byteLength(body), body.length);
    assert.ok(body.length > 100 && body.length < 20_000, `${route}: ${body.length} bytes`);
  }
  const search = pageOf({ store: 'shop', route: 'search', subject: '<script>\u00e9' }, 'GET').body;
  assert.ok(!search.includes('<script') && Buffer.byteLength(search) === search.length);
  assert.equal(JSON.parse(pageOf({ store: 'shop', route: 'cart', subject: '' }, 'POST').body).items, 1);
  assert.equal(
    JSON.parse(pageOf({ store: 'shop', route: 'checkout', subject: '' }, 'POST').body).store,
    'shop',
  );
});

test('all settings that are out of range are named at once', () => {
  assert.deepEqual(resolveSettings(), DEFAULTS);
  assert.equal(
    resolveSettings({ autoscaler: { bootUs: 5 } }).autoscaler.bootSpreadUs,
    DEFAULTS.autoscaler.bootSpreadUs,
  );
  assert.throws(
    () => resolveSettings({ speed: 0, concurrency: 1.5, isolation: 2, autoscaler: { maxInstances: 1 } }),
    (error) =>
      error instanceof RangeError &&
      ['speed', 'concurrency', 'isolation', 'autoscaler.maxInstances'].every((name) =>
        error.message.includes(name),
      ) &&
      error.message.split('\n').length === 4,
  );
});
