// Laws of visits with an order: steps, think times, logins, users, and what is filled in later.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FlowStep, Plan, PlanInputs, RateInput, RateStream } from '../../src/scenario/plan.js';
import { emptyRequest } from '../../src/schedule/arrivals.js';
import { countArrivals, countStream } from '../../src/schedule/forecast.js';
import { type Shard, WHOLE } from '../../src/schedule/lanes.js';
import { fillPending } from '../../src/schedule/pending.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { captureOf, flowPlan, stepOf } from '../support/flow-plan.js';

interface Listed {
  readonly seq: number;
  readonly dueUs: number;
  readonly visitor: number;
  readonly endsVisit: boolean;
  readonly path: string;
  readonly waitUs: number | null | undefined;
}

function streamAndInput({ plan, inputs }: Planned): [RateStream, RateInput] {
  return [plan.streams[0] as RateStream, inputs.streams[0] as RateInput];
}

interface Planned {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
}

function list(planned: Planned, shard: Shard = WHOLE): Listed[] {
  const [stream, input] = streamAndInput(planned);
  const arrivals = new RateArrivals(planned.plan, stream, 0, input, shard, {});
  const request = emptyRequest();
  const listed: Listed[] = [];
  for (; arrivals.dueUs !== Number.POSITIVE_INFINITY; arrivals.advance()) {
    arrivals.request(request);
    const { seq, dueUs, visitor, endsVisit } = arrivals;
    listed.push({ seq, dueUs, visitor, endsVisit, path: request.path, waitUs: request.step?.waitUs });
  }
  return listed;
}

function byVisitor(listed: readonly Listed[]): Map<number, Listed[]> {
  const visits = new Map<number, Listed[]>();
  for (const arrival of listed)
    visits.set(arrival.visitor, [...(visits.get(arrival.visitor) ?? []), arrival]);
  return visits;
}

const USERS = Array.from({ length: 40 }, (_, i) => `user${i}`);

/** Flows of one to five steps, with or without a login, and mixes with one. */
const planned: fc.Arbitrary<Planned & { steps: FlowStep[]; loginSteps: FlowStep[] }> = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e9 }),
    lanes: fc.constantFrom(8, 16),
    rate: fc.integer({ min: 1, max: 120 }),
    thinks: fc.array(fc.constantFrom(0, 0.5, 1, 4), { minLength: 1, maxLength: 5 }),
    loginThinks: fc.array(fc.constantFrom(0, 1, 2), { minLength: 0, maxLength: 3 }),
    share: fc.constantFrom(0.1, 0.3, 0.5, 1),
  })
  .map(({ seed, lanes, rate, thinks, loginThinks, share }) => {
    const steps = thinks.map((think, i) => stepOf(`/step${i}/{item}`, think));
    const loginSteps = loginThinks.map((think, i) => stepOf(`/login${i}?as={user.name}`, think));
    const login = loginSteps.length === 0 ? {} : { login: { digest: '', share, steps: loginSteps } };
    const planned = flowPlan({
      steps,
      ...login,
      users: USERS,
      ratePerSec: rate,
      more: { seed, lanes },
    });
    return { ...planned, steps, loginSteps };
  });

describe('visits with an order', () => {
  it('are the union of their shards, exactly, and counted as they are', () => {
    fc.assert(
      fc.property(planned, fc.integer({ min: 1, max: 8 }), (one, n) => {
        const whole = list(one);
        const shards = Array.from({ length: n }, (_, i) => ({ i, n }));
        const union = shards.flatMap((shard) => list(one, shard));
        assert.deepEqual(
          union.sort((a, b) => a.dueUs - b.dueUs || a.seq - b.seq),
          whole,
        );
        const [stream, input] = streamAndInput(one);
        const counts = shards.map((shard) => countStream(one.plan, stream, 0, input, shard));
        const visits = byVisitor(whole);
        const logins = [...visits.values()].filter(([first]) => first?.path.startsWith('/login'));
        const sum = (key: 'arrivals' | 'visitors' | 'loggedIn') =>
          counts.reduce((total, count) => total + count[key], 0);
        assert.equal(sum('arrivals'), whole.length);
        assert.equal(countArrivals(one.plan, one.inputs, [], WHOLE), whole.length);
        assert.equal(sum('visitors'), visits.size);
        assert.equal(sum('loggedIn'), logins.length);
      }),
      { numRuns: 40 },
    );
  });

  it('have their steps in order, each at least the think time of the one before later', () => {
    fc.assert(
      fc.property(planned, (one) => {
        for (const visit of byVisitor(list(one)).values()) {
          const login = visit[0]?.path.startsWith('/login') === true ? one.loginSteps : [];
          const all = [...login, ...one.steps];
          assert.ok(visit.length <= all.length);
          visit.forEach(({ path, dueUs, endsVisit, waitUs }, i) => {
            const name = (text: string) => text.split(/[/?]/)[1];
            assert.equal(name(path), name(all[i]?.path ?? ''));
            assert.equal(endsVisit, i + 1 === all.length);
            const before = visit[i - 1];
            const thinkUs = all[i - 1]?.thinkUs ?? null;
            assert.equal(waitUs, thinkUs);
            if (before !== undefined) assert.ok(dueUs - before.dueUs >= (thinkUs ?? 0));
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('draw their placeholders once a visit', () => {
    const one = flowPlan({ steps: [stepOf('/a/{item}', 0.5), stepOf('/b/{item}', 0.5)] });
    const visits = [...byVisitor(list(one)).values()].filter((visit) => visit.length === 2);
    assert.ok(visits.length > 100);
    for (const [a, b] of visits) assert.equal(a?.path.slice(3), b?.path.slice(3));
    assert.ok(new Set(visits.map(([a]) => a?.path)).size > 20);
  });

  it('log in for their share of the visitors, in every lane alike', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (seed, share) => {
          const login = { digest: '', share, steps: [stepOf('/login', 0.1)] };
          const one = flowPlan({
            steps: [stepOf('/', 1)],
            login,
            users: USERS,
            ratePerSec: 50,
            more: { seed },
          });
          const firsts = [...byVisitor(list(one))].map(([visitor, [first]]) => ({
            visitor,
            path: first?.path,
          }));
          for (let lane = 0; lane < one.plan.lanes; lane++) {
            const own = firsts.filter(({ visitor }) => visitor % one.plan.lanes === lane);
            const logins = own.filter(({ path }) => path === '/login').length;
            const expected = share * own.length;
            assert.ok(Math.abs(logins - expected) < 1 + 1e-6, `${logins} of ${expected}`);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are one user from login to end, and no two of them at once while there are enough', () => {
    const login = { digest: '', share: 1, steps: [stepOf('/login?as={user.name}', 1)] };
    const users = Array.from({ length: 800 }, (_, i) => `user${i}`);
    const steps = [stepOf('/a?as={user.name}', 1), stepOf('/b?as={user.name}', 1)];
    const visits = [...byVisitor(list(flowPlan({ steps, login, users }))).values()];
    const taken = visits.map((visit) => {
      const names = new Set(visit.map(({ path }) => path.split('=')[1]));
      assert.equal(names.size, 1);
      return [...names][0];
    });
    // 400 requests at least make fewer visits than there are users, and yet not every lane has an equal part of them.
    assert.equal(new Set(taken).size, taken.length);
  });

  it('share users evenly when there are too few, even fewer than lanes', () => {
    for (const count of [1, 3, 40]) {
      const login = { digest: '', share: 1, steps: [stepOf('/login?as={user.name}', 0)] };
      const users = USERS.slice(0, count);
      const paths = list(flowPlan({ steps: [stepOf('/', 0)], login, users, ratePerSec: 100 })).map(
        ({ path }) => path,
      );
      const seen = new Set(paths.filter((path) => path.startsWith('/login')));
      assert.equal(seen.size, count);
    }
  });

  it('log in before a mix as well, whose first request waits for the login', () => {
    const login = { digest: '', share: 0.5, steps: [stepOf('/login', 3)] };
    const one = flowPlan({
      steps: [],
      login,
      users: USERS,
      seconds: 60,
      stream: {
        requests: [{ route: 0, weight: 1, method: 'GET', path: '/mix', headers: {}, body: null }],
        visits: { requests: 3, thinkUs: 1e6 },
      },
    });
    const [stream] = streamAndInput(one);
    const { flow: _, ...mix } = stream;
    const plan = { ...one.plan, streams: [mix] };
    const visits = [...byVisitor(list({ plan, inputs: one.inputs })).values()];
    const whole = visits.filter((visit) => visit[visit.length - 1]?.endsVisit);
    assert.ok(whole.length > 100);
    for (const visit of whole) {
      const expected = visit.length === 4 ? ['/login', '/mix', '/mix', '/mix'] : ['/mix', '/mix', '/mix'];
      assert.deepEqual(
        visit.map(({ path }) => path),
        expected,
      );
      const waits = visit.map(({ waitUs }) => waitUs);
      assert.deepEqual(
        waits,
        visit.length === 4 ? [null, 3e6, undefined, undefined] : [undefined, undefined, undefined],
      );
    }
  });

  it('wait for no answer that they do not use where they are not dependent', () => {
    const steps = [
      stepOf('/a', 1, { captures: [captureOf('cart')] }),
      stepOf('/b', 2),
      stepOf('/c/{cart}', 3),
      stepOf('/d', 4),
    ];
    const visits = [...byVisitor(list(flowPlan({ steps, dependent: false, seconds: 60 }))).values()];
    const whole = visits.find((visit) => visit.length === 4);
    assert.deepEqual(
      whole?.map(({ waitUs }) => waitUs),
      [null, null, 2e6, null],
    );
  });
});

describe('what is filled in later', () => {
  const request = emptyRequest();

  function first(step: FlowStep, more: Partial<Plan> = {}, stream: Partial<RateStream> = {}): void {
    const one = flowPlan({ steps: [step], more, stream });
    const [own, input] = streamAndInput(one);
    new RateArrivals(one.plan, own, 0, input, WHOLE, {}).request(request);
  }

  it('shows its name until then, in path, headers and body, and is escaped for its place', () => {
    first(
      stepOf('/cart/{cart}?n={item}', 1, {
        method: 'POST',
        headers: { 'x-cart': 'id {cart}', 'x-item': '{item}' },
        body: { kind: 'json', text: '{"cart":"{cart}"}' },
      }),
    );
    const item = request.path.split('=')[1];
    assert.equal(request.path, `/cart/{cart}?n=${item}`);
    assert.equal(request.body, '{"cart":"{cart}"}');
    assert.ok(fillPending(request, new Map([['cart', 'a/b "c"\r\nx: y']])));
    assert.equal(request.path, `/cart/a%2Fb%20%22c%22%0D%0Ax%3A%20y?n=${item}`);
    assert.equal(request.body, '{"cart":"a/b \\"c\\"\\r\\nx: y"}');
    assert.deepEqual(request.headers, [
      'x-cart',
      'id a/b "c"x: y',
      'x-item',
      item,
      'content-type',
      'application/json',
    ]);
    assert.equal(request.pending, null);
  });

  it('leaves a request as it was when a value is not known', () => {
    first(stepOf('/{a}/{b}', 1));
    const before = structuredClone({ path: request.path, headers: request.headers });
    assert.equal(fillPending(request, new Map([['a', '1']])), false);
    assert.deepEqual({ path: request.path, headers: request.headers }, before);
    assert.ok(fillPending(request, new Map(Object.entries({ a: '1', b: '2' }))));
    assert.equal(request.path, '/1/2');
  });

  it('keeps the tenant before the path', () => {
    first(stepOf('/cart/{cart}', 1), { tenants: { by: 'path', pattern: '/s/{tenant}' } }, { tenant: 'hot' });
    assert.equal(request.path, '/s/hot/cart/{cart}');
    assert.ok(fillPending(request, new Map([['cart', '7']])));
    assert.equal(request.path, '/s/hot/cart/7');
  });

  it('shows users by their placeholders where they are not known', () => {
    const login = { digest: '', share: 1, steps: [stepOf('/login?as={user.name}', 1)] };
    const one = flowPlan({ steps: [stepOf('/', 1)], login });
    assert.ok(list(one).some(({ path }) => path === '/login?as={user.name}'));
  });
});
