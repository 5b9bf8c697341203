// Which requests a probe sends: laws over random plans, and visits with an order.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Plan, PlanInputs, RateInput, RateStream } from '../../src/scenario/plan.js';
import { emptyRequest } from '../../src/schedule/arrivals.js';
import { hiding, secretsHidden, userHidden } from '../../src/schedule/hidden.js';
import { WHOLE } from '../../src/schedule/lanes.js';
import { type ChosenProbes, Probes } from '../../src/schedule/probes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { captureOf, flowPlan, stepOf } from '../support/flow-plan.js';
import { curveOf, planOf, streamOf } from '../support/plans.js';

function arrivalsOf({ plan, inputs }: { plan: Plan; inputs: PlanInputs }, i: number): RateArrivals {
  return new RateArrivals(plan, plan.streams[i] as RateStream, i, inputs.streams[i] as RateInput, WHOLE, {});
}

function chosenOf(planned: { plan: Plan; inputs: PlanInputs }, max = 200): ChosenProbes {
  const probes = new Probes(planned.plan, max);
  for (const i of probes.order) {
    const arrivals = arrivalsOf(planned, i);
    for (const walk = probes.walk(i); !walk.isOver && arrivals.dueUs < Number.POSITIVE_INFINITY; ) {
      walk.meet(arrivals);
      arrivals.advance();
    }
  }
  return probes.choose();
}

const pathsOf = ({ visits }: ChosenProbes) =>
  visits.map(({ requests }) => requests.map(({ request }) => request.path));

/** A plan of some routes, in a mix, for some tenants. */
const mixes = fc
  .record({
    routes: fc.integer({ min: 1, max: 6 }),
    tenants: fc.integer({ min: 0, max: 9 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
    streams: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ routes, tenants, seed, streams }) => {
    const requests = Array.from({ length: routes }, (_, route) => ({
      route,
      weight: route + 1,
      method: 'GET',
      path: `/r${route}/{item}`,
      headers: {},
      body: null,
    }));
    const names = Array.from({ length: tenants }, (_, i) => `t${i}`);
    const stream = (name: string) =>
      streamOf(name, {
        requests,
        tenant: tenants === 0 ? null : '{shop}',
        data: {
          item: { kind: 'range', from: 1, to: 9, zipf: null },
          shop: { kind: 'list', values: names, zipf: 1 },
        },
      });
    return planOf(
      Array.from({ length: streams }, (_, i) => stream(`s${i}`)),
      Array.from({ length: streams }, () => curveOf([[20, 10, 10]])),
      {
        seed,
        tenants: { by: 'path', pattern: '/s/{tenant}' },
        routes: requests.map(({ route }) => ({ name: `r${route}`, expect: [[200, 399]], match: null })),
      },
    );
  });

describe('the requests of a probe', () => {
  it('are one of every route and tenant that the plan has, as the plan sends it', () => {
    fc.assert(
      fc.property(mixes, (planned) => {
        const planNow = new Map<number, string>();
        const pairs = new Set<string>();
        const request = emptyRequest();
        planned.plan.streams.forEach((_, i) => {
          for (const all = arrivalsOf(planned, i); all.dueUs < Number.POSITIVE_INFINITY; all.advance()) {
            all.request(request);
            planNow.set(all.seq, request.path);
            pairs.add(`${request.route} ${request.tenant}`);
          }
        });
        const { visits, leftOut } = chosenOf(planned);
        const sent = visits.flatMap(({ requests }) => requests);
        const keys = sent.map(({ request: { route, tenant } }) => `${route} ${tenant}`);
        assert.deepEqual(keys.sort(), [...pairs].sort());
        assert.equal(leftOut, 0);
        for (const { seq, request } of sent) assert.equal(request.path, planNow.get(seq));
      }),
      { numRuns: 40 },
    );
  });

  it('are no more than may be sent: every route first, then tenants, and the rest is counted', () => {
    fc.assert(
      fc.property(mixes, fc.integer({ min: 6, max: 20 }), (planned, max) => {
        const all = chosenOf(planned);
        const some = chosenOf(planned, max);
        const routesOf = ({ visits }: ChosenProbes) =>
          new Set(visits.flatMap(({ requests }) => requests.map(({ request }) => request.route)));
        assert.deepEqual(routesOf(some), routesOf(all));
        assert.equal(some.visits.length, Math.min(max, all.visits.length));
        assert.equal(some.leftOut, all.visits.length - some.visits.length);
        assert.deepEqual(some.unmet, all.unmet);
      }),
      { numRuns: 40 },
    );
  });

  it('are the steps of one visit in their order where there is a flow', () => {
    const steps = [
      stepOf('/a/{visitor}', 9, { captures: [captureOf('cart')] }),
      stepOf('/b/{cart}', 9),
      stepOf('/a/end', 0),
    ];
    const [visit, ...more] = pathsOf(chosenOf(flowPlan({ steps, seconds: 60 })));
    assert.deepEqual(more, []);
    assert.match(visit?.[0] ?? '', /^\/a\/\d+$/);
    assert.deepEqual(visit?.slice(1), ['/b/{cart}', '/a/end']);
  });

  it('log in first where some visitors do, and a mix behind the login is asked by who is logged in', () => {
    const get = (route: number, path: string, weight: number) => ({
      route,
      weight,
      method: 'GET',
      path,
      headers: {},
      body: null,
    });
    const planned = flowPlan({
      steps: [],
      login: {
        share: 1,
        steps: [stepOf('/login', 1), stepOf('/in/{user.name}', 1)],
        digest: '0',
      } as unknown as NonNullable<RateStream['login']>,
      users: ['ann', 'bob'],
      seconds: 60,
      more: {
        routes: ['login', 'home', 'rare'].map((name) => ({ name, expect: [[200, 399]], match: null })),
      },
    });
    const [stream] = planned.plan.streams as [RateStream];
    const { flow: _, ...rest } = stream;
    const mixed: RateStream = {
      ...rest,
      requests: [get(1, '/', 30), get(2, '/rare', 1)],
      visits: { requests: 3, thinkUs: 1e6 },
    };
    const chosen = chosenOf({ ...planned, plan: { ...planned.plan, streams: [mixed] } });
    const [visit, ...more] = pathsOf(chosen);
    assert.deepEqual(more, []);
    assert.match(visit?.join(' ') ?? '', /^\/login \/in\/(?:ann|bob) \/ \/rare$/);
    const { stream: i, visitor } = chosen.visits[0] ?? { stream: 0, visitor: 0 };
    const hide = hiding(userHidden({ ...planned.plan, streams: [mixed] }, planned.inputs, i, visitor));
    assert.equal(hide(visit?.[1] ?? ''), '/in/{user.name}');
  });
});

describe('what a probe does not show', () => {
  it('is a secret, however it is written', () => {
    const secret = 'p&ss "w+rd/é';
    const hide = hiding(secretsHidden({ LOGIN: secret, PIN: '7' }));
    for (const written of [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).replaceAll('%20', '+'),
      JSON.stringify(secret).slice(1, -1),
    ])
      assert.equal(hide(`/x?k=${written}&n=7`), '/x?k=${env:LOGIN}&n=7', written);
  });

  it('is the longer one of two of which one holds the other', () => {
    const hide = hiding(secretsHidden({ SHORT: 'abc', LONG: 'abcdef' }));
    assert.equal(hide('abcdef abc'), '${env:LONG} ${env:SHORT}');
  });
});
