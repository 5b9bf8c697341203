// Visits with a memory, simulated: dependent steps wait, values are carried on, and everything due settles once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quantile } from '../../src/measure/distribution.js';
import { OUTCOME_INDEX, type Outcome } from '../../src/measure/outcome.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import { captureOf, type FlowOptions, flowPlan, stepOf } from '../support/flow-plan.js';
import { type Answer, type Simulated, simulate, type TargetModel } from '../support/simulation.js';

const SHOP = [
  stepOf('/product', 1),
  stepOf('/add', 1, { route: 1, captures: [captureOf('cart')] }),
  stepOf('/cart/{cart}', 1, { route: 2 }),
];
const ROUTES = ['product', 'add', 'cart'].map((name) => ({
  name,
  expect: [[200, 399] as const],
  match: null,
}));

function plan(more: Partial<FlowOptions> = {}) {
  return flowPlan({ steps: SHOP, seconds: 10, ...more, more: { routes: ROUTES, ...more.more } });
}

function count(result: Simulated, outcome: Outcome): number {
  return sumGroups(result.snapshot).counts.outcomes[OUTCOME_INDEX[outcome]] as number;
}

function assertConserved(result: Simulated): void {
  const { counts } = sumGroups(result.snapshot);
  assert.equal(counts.planned, result.plannedTotal);
  assert.equal(
    counts.outcomes.reduce((sum, n) => sum + n, 0),
    counts.planned,
  );
  const arrived = [...result.log.arrived.values()].reduce((sum, n) => sum + n, 0);
  assert.equal(counts.attempts, arrived);
  assert.deepEqual(
    result.windows,
    [...result.windows].sort((a, b) => a - b),
  );
}

/** A request that arrived: when, and its path. */
interface Seen {
  readonly atUs: number;
  readonly path: string;
}

/** A shop that answers an add with a cart of that request's number. */
function shop(serviceUs: number, seen: Seen[] = []): TargetModel {
  return (seq, atUs, _uniform, { path }) => {
    seen.push({ atUs, path });
    const body = path === '/add' ? JSON.stringify({ cart: `c${seq}` }) : 'a page';
    return { serviceUs, status: 200, body };
  };
}

/** How many slips the run counted, and the longest. */
function slips(result: Simulated): { count: number; maxUs: number } {
  let n = 0;
  let maxUs = 0;
  for (const { slip } of result.snapshot.slices.values()) {
    n += slip.count;
    maxUs = Math.max(maxUs, quantile(slip, 1)?.us ?? 0);
  }
  return { count: n, maxUs };
}

describe('a flow', () => {
  it('carries what an answer gave into the later steps of that visit, and of no other', () => {
    const policies: ConnectionPolicy[] = [
      { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
      { kind: 'fresh' },
      { kind: 'pool', size: 20 },
    ];
    for (const connections of policies) {
      const seen: Seen[] = [];
      const result = simulate({
        ...plan({ ratePerSec: 60, more: { connections } }),
        target: shop(20_000, seen),
      });
      assertConserved(result);
      assert.equal(count(result, 'ok'), result.plannedTotal);
      const carts = seen.filter(({ path }) => path.startsWith('/cart/')).map(({ path }) => path);
      assert.ok(carts.length > 100, `${carts.length} carts`);
      assert.equal(new Set(carts).size, carts.length, 'each cart is looked at by the one who filled it');
      for (const path of carts) assert.match(path, /^\/cart\/c\d+$/);
    }
  });

  it('fires a step no sooner than the think time after the answer, and counts the slip', () => {
    const serviceUs = 700_000;
    const seen: Seen[] = [];
    const result = simulate({ ...plan(), target: shop(serviceUs, seen), connectUs: 0 });
    assertConserved(result);
    const added = new Map(seen.filter(({ path }) => path === '/add').map((one, i) => [i, one.atUs]));
    const looked = seen.filter(({ path }) => path.startsWith('/cart/')).map(({ atUs }) => atUs);
    for (const [i, atUs] of looked.entries()) {
      assert.ok(atUs >= (added.get(i) as number) + serviceUs + 1e6, `cart ${i} came too soon`);
    }
    const { count: slipped, maxUs } = slips(result);
    assert.ok(slipped > 20);
    assert.ok(maxUs <= 2 * serviceUs * 1.02, 'it slips by the answers it waited for, no more');
    assert.ok(
      (sumGroups(result.snapshot).response.quantile(1)?.us ?? 0) < serviceUs * 1.02,
      'from ready to end',
    );
  });

  it('does not slip where answers are quick and nobody has to come back at once', () => {
    const result = simulate({ ...plan({ ratePerSec: 2, seconds: 60 }), target: shop(0), connectUs: 0 });
    assertConserved(result);
    assert.equal(slips(result).count, 0);
  });

  it('fires a step that may follow at once as soon as the answer is there', () => {
    const steps = [stepOf('/a', 0), stepOf('/b', 0), stepOf('/c', 0)];
    const result = simulate({ ...flowPlan({ steps }), target: shop(300_123), connectUs: 0 });
    assertConserved(result);
    assert.ok(slips(result).count > 50, 'many wait');
    for (const { lag } of result.snapshot.slices.values())
      assert.ok((quantile(lag, 1)?.us ?? 0) <= 10, 'not a heartbeat later');
  });

  it('leaves steps unfilled whose values never came, and sends those that need none', () => {
    const fails = (_seq: number, _atUs: number, _uniform: unknown, { path }: { path: string }): Answer =>
      path === '/add'
        ? { serviceUs: 1_000, status: 503, body: '{"cart":"no"}' }
        : { serviceUs: 1_000, status: 200 };
    const failing = simulate({ ...plan(), target: fails });
    assertConserved(failing);
    assert.equal(
      count(failing, 'ok') + count(failing, 'bad_status') + count(failing, 'unfilled'),
      failing.plannedTotal,
    );
    assert.ok(count(failing, 'unfilled') > 20);

    const product = simulate({
      ...plan(),
      target: (seq, atUs, uniform, request) =>
        request.path === '/product' ? { serviceUs: 10, status: 500 } : shop(10)(seq, atUs, uniform, request),
    });
    assertConserved(product);
    assert.equal(count(product, 'unfilled'), 0);
    assert.ok(count(product, 'ok') > 50, 'the shopper goes on behind a page that failed');
  });

  it('leaves steps unfilled where an answer that is ok lacks the value', () => {
    const bodies = ['{}', '{"cart":""}', 'no JSON', '{"cart":{"a":1}}', '{"cart":12345678901234567890}'];
    for (const body of [...bodies, `{"cart":"${'x'.repeat(5000)}"}`]) {
      const result = simulate({ ...plan(), target: () => ({ serviceUs: 10, status: 200, body }) });
      assertConserved(result);
      assert.ok(count(result, 'unfilled') > 20, body.slice(0, 40));
    }
  });

  it('forgets a value when the step that takes it anew fails', () => {
    const steps = [
      stepOf('/token', 0.1, { captures: [captureOf('csrf')] }),
      stepOf('/post?csrf={csrf}', 0.1, { captures: [captureOf('csrf')] }),
      stepOf('/last?csrf={csrf}', 0.1),
    ];
    const result = simulate({
      ...flowPlan({ steps }),
      target: (_seq, _atUs, _uniform, { path }) =>
        path === '/token'
          ? { serviceUs: 1, status: 200, body: '{"csrf":"1"}' }
          : { serviceUs: 1, status: 403 },
    });
    assertConserved(result);
    assert.ok(count(result, 'bad_status') > 100, 'posts are sent');
    assert.ok(count(result, 'unfilled') > 100, 'last steps are not');
    assert.equal(
      count(result, 'ok') + count(result, 'bad_status') + count(result, 'unfilled'),
      result.plannedTotal,
    );
  });

  it('delays nobody else when the shop stands still for one', () => {
    const { plan: flow, inputs } = plan({ ratePerSec: 60, seconds: 20, more: { timeoutUs: 5e6 } });
    const seen: { atUs: number; seq: number }[] = [];
    const result = simulate({
      plan: flow,
      inputs,
      connectUs: 0,
      target: (seq, atUs, uniform, request) => {
        seen.push({ atUs, seq });
        // Every tenth request is never answered.
        return seq % 10 === 3
          ? { serviceUs: Number.POSITIVE_INFINITY, status: 0 }
          : shop(1_000)(seq, atUs, uniform, request);
      },
    });
    assertConserved(result);
    assert.ok(count(result, 'timeout') > 50);
    for (const slice of result.snapshot.slices.values())
      assert.ok((quantile(slice.lag, 1)?.us ?? 0) <= 1_000, 'what is ready is fired');
  });

  it('sends steps when they are due where they do not depend', () => {
    const steps = [stepOf('/a', 1), stepOf('/b', 1), stepOf('/c', 1)];
    const never: TargetModel = () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 });
    const open = simulate({ ...flowPlan({ steps, dependent: false }), target: never });
    assertConserved(open);
    assert.equal(slips(open).count, 0);
    const closed = simulate({ ...flowPlan({ steps }), target: never });
    assertConserved(closed);
    assert.ok(slips(closed).maxUs > 9e6);
  });

  it('settles everything once, whatever the shop does, with any connections and any bound', () => {
    const erratic: TargetModel = (seq, _atUs, uniform, { path }) => {
      const what = uniform('what');
      const serviceUs = 1_000 + uniform('service') * 900_000;
      if (what < 0.1) return { serviceUs: Number.POSITIVE_INFINITY, status: 0 };
      if (what < 0.2) return { serviceUs, status: 0, failure: 'reset' };
      const body = path === '/add' ? `{"cart":"${seq}"}` : '';
      return { serviceUs, status: what < 0.35 ? 503 : 200, body };
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom<ConnectionPolicy>(
          { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
          { kind: 'visitor', perVisitor: 1, idleUs: 500_000 },
          { kind: 'fresh' },
          { kind: 'pool', size: 3 },
        ),
        fc.constantFrom(5, 50, 1e9),
        fc.boolean(),
        fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
        (seed, connections, inFlightMax, dependent, stopS) => {
          const login = {
            digest: '',
            share: 0.4,
            steps: [stepOf('/in?{user.name}', 0.5), stepOf('/ok', 0.2)],
          };
          const { plan: flow, inputs } = plan({
            ratePerSec: 60,
            seconds: 6,
            dependent,
            login,
            users: ['a', 'b'],
            more: { seed, connections, timeoutUs: 1e6 },
          });
          const arrange = stopS === undefined ? {} : stopAt(stopS * 1e6);
          const result = simulate({ plan: flow, inputs, seed, target: erratic, inFlightMax, ...arrange });
          if (stopS === undefined) {
            assertConserved(result);
            return;
          }
          const { counts } = sumGroups(result.snapshot);
          assert.equal(
            counts.outcomes.reduce((sum, n) => sum + n, 0),
            counts.planned,
          );
          assert.equal(result.reason, 'stopped');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('settles as stopped what waits when the run is stopped, at once', () => {
    const result = simulate({
      ...plan({ ratePerSec: 50, seconds: 20 }),
      target: () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 }),
      ...stopAt(5e6),
    });
    assert.equal(result.reason, 'stopped');
    const { counts } = sumGroups(result.snapshot);
    assert.equal(count(result, 'stopped'), counts.planned);
    assert.ok(counts.planned > counts.attempts, 'some were never sent');
  });

  it('sheds what would wait beyond the bound', () => {
    const result = simulate({
      ...plan({ ratePerSec: 100, seconds: 10 }),
      target: () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 }),
      inFlightMax: 100,
    });
    assertConserved(result);
    assert.ok(count(result, 'shed') > 100);
  });

  it('settles a late start as unsent, and what follows in time is sent', () => {
    const result = simulate({ ...plan(), target: shop(1_000), startedAtUs: 4e6 });
    assertConserved(result);
    const due = count(result, 'unsent');
    assert.ok(due > 50 && due < result.plannedTotal - 50, `${due} unsent`);
    assert.ok(count(result, 'ok') > 50);
  });
});

describe('a login', () => {
  it('comes before a mix, whose requests wait for it and then no longer for each other', () => {
    const login = {
      digest: '',
      share: 1,
      steps: [stepOf('/login?as={user.name}', 0, { captures: [captureOf('token')] })],
    };
    const paths: string[] = [];
    const { plan: mixed, inputs } = flowPlan({
      steps: [],
      login,
      users: ['ann', 'bob'],
      ratePerSec: 40,
      stream: {
        requests: [
          { route: 0, weight: 1, method: 'GET', path: '/mix?t={token}&v={visitor}', headers: {}, body: null },
        ],
        visits: { requests: 4, thinkUs: 100_000 },
      },
    });
    const streams = mixed.streams.map((stream) => {
      if (stream.kind !== 'rate') return stream;
      const { flow: _, ...rest } = stream;
      return rest;
    });
    const result = simulate({
      plan: { ...mixed, streams },
      inputs,
      target: (seq, _atUs, _uniform, { path }) => {
        paths.push(path);
        const slow = path.startsWith('/login') ? 2e6 : Number.POSITIVE_INFINITY;
        return { serviceUs: slow, status: 200, body: `{"token":"t${seq}"}` };
      },
    });
    assertConserved(result);
    assert.equal(count(result, 'unfilled'), 0);
    const mixes = paths.filter((path) => path.startsWith('/mix'));
    assert.equal(count(result, 'timeout'), mixes.length);
    const perVisitor = new Map<string, string>();
    for (const path of mixes) {
      const [, token = '', visitor = ''] = /t=(t\d+)&v=(\d+)/.exec(path) ?? [];
      assert.equal(perVisitor.get(visitor) ?? token, token);
      perVisitor.set(visitor, token);
    }
    assert.ok(perVisitor.size > 20);
    assert.ok(slips(result).maxUs < 2.1e6, 'a mix waits for its login alone, never for a request that hangs');
  });
});

/** Plans a stop, after which nothing may take longer. */
function stopAt(atUs: number): Pick<Parameters<typeof simulate>[0], 'arrange'> {
  return { arrange: (world, driver) => world.at(atUs, () => driver.stop(0)) };
}
