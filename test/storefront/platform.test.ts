// The platform's accounting, whatever happens: nothing is lost, nothing is counted twice, no bound is passed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Platform, type Ticket } from '../../src/storefront/platform.js';
import { ROUTES, type RouteName } from '../../src/storefront/routes.js';
import type { ScriptedEvent } from '../../src/storefront/script.js';
import { resolveSettings, type StorefrontOptions } from '../../src/storefront/settings.js';
import { ENDINGS, type Tally, viewTally } from '../../src/storefront/tally.js';

const PAGES = ROUTES.filter((route) => route !== 'other');
const FLAT = Object.fromEntries(ROUTES.map((route) => [route, { medianUs: 1_000, sigma: 0 }]));

type Step =
  | { readonly do: 'arrive'; readonly afterUs: number; readonly store: number; readonly route: RouteName }
  | {
      readonly do: 'reject';
      readonly afterUs: number;
      readonly store: number;
      readonly status: '404' | '405';
    }
  | { readonly do: 'abort'; readonly afterUs: number; readonly which: number };

const afterUs = fc.nat(200);
/** One store is busier than the others, so that it meets its own bounds. */
const store = fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      afterUs,
      store,
      route: fc.constantFrom(...PAGES),
    }),
  },
  fc.record({
    do: fc.constant('reject' as const),
    afterUs,
    store,
    status: fc.constantFrom('404' as const, '405' as const),
  }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), afterUs, which: fc.nat(50) }) },
);

const options: fc.Arbitrary<StorefrontOptions> = fc.record({
  seed: fc.nat(1_000),
  speed: fc.constantFrom(1, 10_000),
  concurrency: fc.integer({ min: 1, max: 3 }),
  queueLimit: fc.nat(6),
  waitLimitUs: fc.nat(3_000),
  isolation: fc.constantFrom(1, 0.6, 0.3),
  priority: fc.boolean(),
  servesAbandoned: fc.boolean(),
  stores: fc.integer({ min: 1, max: 6 }),
  service: fc.constant({ ...FLAT, product: { medianUs: 800, sigma: 1 } }),
  autoscaler: fc.record({
    minInstances: fc.integer({ min: 1, max: 2 }),
    maxInstances: fc.integer({ min: 2, max: 4 }),
  }),
});

const times = fc.tuple(fc.nat(4_000), fc.integer({ min: 1, max: 4_000 }));
const event = fc
  .tuple(
    fc.constantFrom(
      { kind: 'autoscaler_stuck' as const },
      { kind: 'metrics_late' as const, byUs: 1e6 },
      { kind: 'instances_lost' as const, instances: 1 },
      { kind: 'instances_down' as const, instances: 1 },
      { kind: 'instances_down' as const, instances: 'all' as const },
      { kind: 'dashboard_degraded' as const },
      { kind: 'stores_isolated' as const, share: 0.4 },
      { kind: 'store_isolated' as const, store: 'store-0', share: 0.3 },
    ),
    times,
  )
  .map(([change, [fromUs, forUs]]): ScriptedEvent => ({ ...change, text: '', fromUs, toUs: fromUs + forUs }));
/** Options with a script of events that change things while the steps are taken. */
const scripted: fc.Arbitrary<StorefrontOptions> = fc
  .tuple(options, fc.array(event, { maxLength: 4 }))
  .map(([plain, script]) => ({ ...plain, speed: 1, script }));

/** Drives one platform through the steps; `before` and `check` see it before and after each. */
function drive(
  steps: readonly Step[],
  settings: StorefrontOptions,
  check: (platform: Platform<number>, tickets: readonly Ticket<number>[]) => void = () => {},
  before: (platform: Platform<number>, untilUs: number) => void = () => {},
) {
  const answers = new Map<number, number>();
  const tickets: Ticket<number>[] = [];
  const platform = new Platform<number>(resolveSettings(settings), (ticket, status) => {
    assert.ok(!answers.has(ticket.reply), 'a ticket is answered once');
    answers.set(ticket.reply, status);
  });
  let nowUs = 0;
  for (const next of steps) {
    nowUs += next.afterUs;
    before(platform, nowUs);
    if (next.do === 'arrive') {
      tickets.push(platform.arrive(`store-${next.store}`, next.route, nowUs, tickets.length));
    } else if (next.do === 'reject') platform.reject(`store-${next.store}`, 'other', next.status, nowUs);
    else if (tickets.length > 0)
      platform.abort(tickets[next.which % tickets.length] as Ticket<number>, nowUs);
    check(platform, tickets);
  }
  return { platform, tickets, answers, nowUs };
}

test('arrivals = ok + 4xx + 503 + 504 + aborted + inside, at any time, in all and by route and store', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), scripted, (steps, settings) => {
      drive(steps, settings, (platform, tickets) => {
        const { total, routes, stores } = platform.tallies;
        const unsettled = tickets.filter((ticket) => ticket.state !== 'settled').length;
        assert.equal(viewTally(total).inside, unsettled);
        for (const parts of [Object.values(routes), [...stores.values()]]) {
          assert.equal(
            sumOf(parts, (tally) => tally.arrivals),
            total.arrivals,
          );
          for (const ending of ENDINGS) {
            assert.equal(
              sumOf(parts, (tally) => tally.endings[ending]),
              total.endings[ending],
            );
          }
        }
        assert.ok(stores.size <= (settings.stores ?? 0) + 1);
      });
    }),
  );
});

test('bounds hold: queue, slots, a store’s share of both; and nobody waits before a free slot', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), options, (steps, settings) => {
      const { queueLimit = 0, isolation = 1 } = settings;
      let slotsMax = 0;
      drive(steps, settings, (platform, tickets) => {
        slotsMax = Math.max(slotsMax, platform.slots);
        const waiting = tickets.filter((ticket) => ticket.state === 'waiting');
        if (settings.servesAbandoned) assert.ok(platform.queued >= waiting.length);
        else assert.equal(platform.queued, waiting.length);
        assert.ok(platform.queued <= queueLimit);
        assert.ok(platform.busy <= slotsMax);
        const bound =
          isolation === 1 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(isolation * slotsMax));
        for (const ticket of tickets) {
          assert.ok(ticket.tenant.busy <= bound);
          if (isolation === 1) continue;
          const [pages, dashboards] = ticket.tenant.waiting;
          assert.ok(pages.size + dashboards.size <= Math.ceil(isolation * queueLimit));
        }
        if (isolation === 1 && waiting.length > 0) assert.ok(platform.busy >= platform.slots);
      });
    }),
  );
});

test('everything is settled in the end, and answers are what was counted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), scripted, (steps, settings) => {
      const { platform, tickets, answers, nowUs } = drive(steps, settings);
      platform.advance(nowUs + 60e6);
      assert.ok(tickets.every((ticket) => ticket.state === 'settled'));
      assert.equal(platform.busy + platform.queued, 0);
      const { endings } = platform.tallies.total;
      for (const status of [200, 503, 504] as const) {
        assert.equal([...answers.values()].filter((answer) => answer === status).length, endings[status]);
      }
      assert.equal(answers.size + endings.aborted, tickets.length);
    }),
  );
});

test('being late changes nothing: what happens, happens at its own instant', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), scripted, (steps, settings) => {
      const late = drive(steps, settings);
      const onTime = drive(steps, settings, undefined, (platform, untilUs) => {
        while (platform.nextUs <= untilUs) platform.advance(platform.nextUs);
      });
      for (const { platform, nowUs } of [late, onTime]) platform.advance(nowUs + 10e6);
      assert.deepEqual(onTime.answers, late.answers);
      assert.deepEqual(onTime.platform.timeline.read(), late.platform.timeline.read());
    }),
  );
});

function flat(settings: StorefrontOptions, answer: (name: string, status: number) => void = () => {}) {
  const autoscaler = { minInstances: 1, maxInstances: 1, ...settings.autoscaler };
  const resolved = resolveSettings({
    concurrency: 1,
    queueLimit: 10,
    service: FLAT,
    ...settings,
    autoscaler,
  });
  return new Platform<string>(resolved, (ticket, status) => answer(ticket.reply, status));
}

test('first come, first served', () => {
  const order: string[] = [];
  const platform = flat({}, (name) => order.push(name));
  for (const name of ['a', 'b', 'c', 'd']) platform.arrive('shop', 'home', 0, name);
  platform.advance(10_000);
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
});

test('a full queue answers 503 at once, also when there is none', () => {
  for (const queueLimit of [0, 2]) {
    const answers: [string, number][] = [];
    const platform = flat({ queueLimit }, (name, status) => answers.push([name, status]));
    for (let n = 0; n <= queueLimit; n++) platform.arrive('shop', 'home', 0, 'in');
    platform.arrive('shop', 'home', 0, 'out');
    assert.deepEqual(answers, [['out', 503]]);
  }
});

test('who waits too long is answered 504 at the limit, and costs no service', () => {
  const answers: [string, number, number][] = [];
  let nowUs = 0;
  const platform = flat({ waitLimitUs: 2_500 }, (name, status) => answers.push([name, status, nowUs]));
  for (const name of ['a', 'b', 'c', 'd', 'e']) platform.arrive('shop', 'home', 0, name);
  while (platform.nextUs < 10_000) platform.advance((nowUs = platform.nextUs));
  assert.deepEqual(answers, [
    ['a', 200, 1_000],
    ['b', 200, 2_000],
    ['d', 504, 2_500],
    ['e', 504, 2_500],
    ['c', 200, 3_000],
  ]);
});

test('a request that is left while it waits costs nothing; one that is left in service costs all', () => {
  const answers: [string, number, number][] = [];
  let nowUs = 0;
  const platform = flat({}, (name, status) => answers.push([name, status, nowUs]));
  const [a, b] = ['a', 'b', 'c'].map((name) => platform.arrive('shop', 'home', 0, name));
  platform.abort(a as Ticket<string>, 100);
  platform.abort(b as Ticket<string>, 100);
  platform.abort(b as Ticket<string>, 100);
  assert.deepEqual([platform.busy, platform.queued], [1, 1]);
  while (platform.nextUs < 10_000) platform.advance((nowUs = platform.nextUs));
  assert.deepEqual(answers, [['c', 200, 2_000]]);
  assert.equal(platform.tallies.total.endings.aborted, 2);
});

test('where the abandoned are served, one that is left while it waits keeps its place and costs all', () => {
  const answers: [string, number, number][] = [];
  let nowUs = 0;
  const settings = { servesAbandoned: true, queueLimit: 3, waitLimitUs: 2_500 };
  const platform = flat(settings, (name, status) => answers.push([name, status, nowUs]));
  const [, b, , d] = ['a', 'b', 'c', 'd'].map((name) => platform.arrive('shop', 'home', 0, name));
  for (const left of [b, b, d]) platform.abort(left as Ticket<string>, 100);
  platform.arrive('shop', 'home', 100, 'e');
  assert.equal(platform.queued, 3, 'their places are not free');
  while (platform.nextUs < 1e6) platform.advance((nowUs = platform.nextUs));
  assert.deepEqual(answers, [
    ['e', 503, 0],
    ['a', 200, 1_000],
    ['c', 200, 3_000],
  ]);
  assert.equal(platform.tallies.total.endings.aborted, 2);
  assert.equal(platform.busy + platform.queued, 0);
  platform.advance(1e6);
  assert.equal(platform.timeline.read()[0]?.inVain, 0);
});

test('a page takes the place of a dashboard request in a full queue', () => {
  const answers: [string, number][] = [];
  const platform = flat({ queueLimit: 2, priority: true }, (name, status) => answers.push([name, status]));
  platform.arrive('shop', 'admin', 0, 'serving');
  platform.arrive('shop', 'admin', 0, 'dashboard 1');
  platform.arrive('shop', 'admin', 0, 'dashboard 2');
  platform.arrive('shop', 'home', 0, 'page');
  platform.arrive('shop', 'admin', 0, 'dashboard 3');
  platform.advance(10_000);
  assert.deepEqual(answers, [
    ['dashboard 1', 503],
    ['dashboard 3', 503],
    ['serving', 200],
    ['page', 200],
    ['dashboard 2', 200],
  ]);
});

test('under isolation a store that only waits keeps its place when its dashboard request is shed', () => {
  const answers: [string, number][] = [];
  const settings = { concurrency: 2, queueLimit: 1, isolation: 0.99, priority: true };
  const platform = flat(settings, (name, status) => answers.push([name, status]));
  platform.arrive('hot', 'home', 0, 'hot');
  platform.arrive('warm', 'home', 0, 'warm');
  platform.arrive('small', 'admin', 0, 'dashboard');
  platform.arrive('small', 'home', 0, 'page');
  platform.advance(10_000);
  assert.deepEqual(answers, [
    ['dashboard', 503],
    ['hot', 200],
    ['warm', 200],
    ['page', 200],
  ]);
});

test('a page goes before a dashboard request that came first, also of another store under isolation', () => {
  for (const isolation of [1, 0.99]) {
    const order: string[] = [];
    const platform = flat({ isolation, priority: true }, (name) => order.push(name));
    platform.arrive('one', 'home', 0, 'serving');
    platform.arrive('two', 'admin', 0, 'dashboard');
    platform.arrive('three', 'home', 0, 'page');
    platform.advance(10_000);
    assert.deepEqual(order, ['serving', 'page', 'dashboard']);
  }
});

test('a store that has nothing inside any more is forgotten', () => {
  for (const end of ['served', 'late', 'left while waiting', 'left in service']) {
    const platform = flat({ isolation: 0.5, concurrency: 2, waitLimitUs: 500 });
    const first = platform.arrive('shop', 'home', 0, '');
    const second =
      end === 'late' || end === 'left while waiting' ? platform.arrive('shop', 'home', 0, '') : first;
    if (end.startsWith('left')) platform.abort(second, 10);
    platform.advance(5_000);
    assert.equal(platform.busy + platform.queued, 0);
    assert.notEqual(platform.arrive('shop', 'home', 5_000, '').tenant, first.tenant, end);
  }
});

test('the timeline adds up to the totals, second by second', () => {
  const platform = flat({ queueLimit: 3, waitLimitUs: 1_500, timelineS: 100 });
  for (let n = 0; n < 500; n++) {
    const ticket = platform.arrive('shop', 'home', n * 7_919, 'x');
    for (let m = 0; m < n % 6; m++) platform.arrive('shop', 'cart', n * 7_919, 'x');
    if (n % 9 === 0) platform.abort(ticket, n * 7_919);
  }
  platform.advance(50e6);
  const seconds = platform.timeline.read();
  const { arrivals, endings } = platform.tallies.total;
  assert.equal(seconds.length, 50);
  const sum = (of: (second: (typeof seconds)[number]) => number) =>
    seconds.reduce((total, s) => total + of(s), 0);
  assert.equal(
    sum((second) => second.arrivals),
    arrivals,
  );
  assert.equal(
    sum((second) => second.ok),
    endings['200'],
  );
  assert.equal(
    sum((second) => second.shed503),
    endings['503'],
  );
  assert.equal(
    sum((second) => second.late504),
    endings['504'],
  );
  assert.equal(
    sum((second) => second.aborted),
    endings.aborted,
  );
  assert.equal(
    seconds[0]?.arrivals,
    Math.ceil(1e6 / 7_919) + [...Array(127).keys()].reduce((t, n) => t + (n % 6), 0),
  );
});

function sumOf(tallies: readonly Tally[], of: (tally: Tally) => number): number {
  return tallies.reduce((sum, tally) => sum + of(tally), 0);
}
