// Redirects: followed only to the target, by the rules of Fetch, each hop a request; the operation is one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Exchange } from '../../src/drive/exchange.js';
import { Redirects } from '../../src/drive/visits/redirects.js';
import { quantile } from '../../src/measure/distribution.js';
import { OUTCOME_INDEX, type Outcome } from '../../src/measure/outcome.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import type { ConnectionPolicy, Plan, RateStream, RequestTemplate } from '../../src/scenario/plan.js';
import { type Answer, type Seen, type Simulated, simulate, type TargetModel } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly status?: number;
  readonly recorded?: number;
  readonly secure?: boolean;
}

/** What is sent next: `METHOD host path`, or that nothing is. */
function next(location: string | null, asked: Asked = {}): string {
  const {
    method = 'GET',
    path = '/a/b?c=d',
    host = null,
    status = 302,
    recorded = 0,
    secure = false,
  } = asked;
  const protocol = secure ? 'https:' : 'http:';
  const redirects = new Redirects(5, { protocol, host: secure ? 'shop.example' : 'shop.example:8080' });
  const exchange = new Exchange();
  Object.assign(exchange.request, { method, path, host, recordedStatus: recorded, body: 'x' });
  exchange.answer.status = status;
  exchange.answer.location = location;
  const verdict = redirects.follow(exchange);
  if (verdict === 'no') assert.equal(exchange.request.path, path, 'what is not followed is left as it was');
  const { request } = exchange;
  return verdict === 'again' ? `${request.method} ${request.host} ${request.path}` : verdict;
}

describe('where a redirect leads', () => {
  const FOLLOWED: readonly (readonly [string, string, Asked?])[] = [
    ['/x', 'GET null /x'],
    ['x', 'GET null /a/x'],
    ['../x/./y', 'GET null /x/y'],
    ['?p=2', 'GET null /a/b?p=2'],
    ['/x?q=a%20b#top', 'GET null /x?q=a%20b'],
    ['/x y', 'GET null /x%20y'],
    ['', 'GET null /a/b?c=d'],
    [Buffer.from('/é').toString('latin1'), 'GET null /%C3%A9'],
    ['http://shop.example:8080/x', 'GET null /x'],
    ['//shop.example:8080/x', 'GET null /x'],
    ['HTTP://SHOP.example:8080/x', 'GET null /x'],
    ['http://a.shop.example/x', 'GET a.shop.example /x', { host: 'a.shop.example' }],
    ['http://shop.example:8080/x', 'GET null /x', { host: 'a.shop.example' }],
    ['/x', 'GET a.shop.example /x', { host: 'a.shop.example' }],
    ['https://shop.example/x', 'GET null /x', { secure: true }],
    ['https://shop.example:443/x', 'GET null /x', { secure: true }],
    ['http://shop.example/x', 'GET null /x', { secure: true }],
  ];
  for (const [location, expected, asked] of FOLLOWED) {
    it(`${JSON.stringify(location)} is followed`, () => assert.equal(next(location, asked), expected));
  }

  const LEFT: readonly (readonly [string, string | null, Asked?])[] = [
    ['no Location', null],
    ['another host', 'http://other.example/x'],
    ['another port', 'http://shop.example:9090/x'],
    ['a host without the port', 'http://shop.example/x'],
    ['a host that only begins alike', 'http://shop.example:8080.other.example/x'],
    ['a login in it', 'http://user:pw@shop.example:8080/x'],
    ['the other scheme', 'https://shop.example:8080/x'],
    ['plain HTTP on another port', 'http://shop.example:8080/x', { secure: true }],
    ['no web page', 'mailto:shop@example'],
    ['a script', 'javascript:alert(1)'],
    ['a control character', '/x\u0000y'],
    ['a tab', '/x\ty'],
    ['no URL', 'http://['],
    ['a long Location', `/${'x'.repeat(9_000)}`],
    ['a path that gets long', `/${'"'.repeat(8_000)}`],
    ['a path that acts', '/account/logout'],
    ['a status that is no redirect', '/x', { status: 200 }],
    ['304', '/x', { status: 304 }],
    ['300', '/x', { status: 300 }],
    ['what was recorded as a redirect', '/x', { recorded: 301 }],
  ];
  for (const [name, location, asked] of LEFT) {
    it(`${name} is not followed`, () => assert.equal(next(location, asked), 'no'));
  }

  it('a path that acts is followed where the request was one that may', () => {
    assert.equal(next('/checkout/done', { path: '/checkout' }), 'GET null /checkout/done');
    assert.equal(next('/checkout/done', { method: 'POST', status: 303 }), 'GET null /checkout/done');
  });

  it('what was recorded with a page, and is a redirect now, is followed', () => {
    assert.equal(next('/x', { recorded: 200 }), 'GET null /x');
  });

  it('the method is kept or becomes GET as Fetch says', () => {
    const methods = (status: number) =>
      ['GET', 'HEAD', 'POST', 'PUT'].map((method) => next('/x', { method, status }).split(' ')[0]);
    assert.deepEqual(methods(301), ['GET', 'HEAD', 'GET', 'PUT']);
    assert.deepEqual(methods(302), ['GET', 'HEAD', 'GET', 'PUT']);
    assert.deepEqual(methods(303), ['GET', 'HEAD', 'GET', 'GET']);
    assert.deepEqual(methods(307), ['GET', 'HEAD', 'POST', 'PUT']);
    assert.deepEqual(methods(308), ['GET', 'HEAD', 'POST', 'PUT']);
  });
});

const OK: Answer = { serviceUs: 10_000, status: 200 };
const to = (location: string, status = 302, more: Partial<Answer> = {}): Answer => ({
  serviceUs: 10_000,
  status,
  headers: ['location', location],
  ...more,
});

function run(
  target: TargetModel,
  more: Partial<Plan> = {},
  request: Partial<RequestTemplate> = {},
): Simulated {
  const { plan, inputs } = steadyPlan({ ratePerSec: 20, seconds: 5, timeoutUs: 1e6 });
  const [stream] = plan.streams as [RateStream];
  const requests = stream.requests.map((one) => ({ ...one, ...request }));
  return simulate({
    plan: { ...plan, redirects: 3, streams: [{ ...stream, requests }], ...more },
    inputs,
    target,
  });
}

function countsOf(result: Simulated) {
  const { counts } = sumGroups(result.snapshot);
  const of = (outcome: Outcome) => counts.outcomes[OUTCOME_INDEX[outcome]] as number;
  const arrived = [...result.log.arrived.values()].reduce((sum, n) => sum + n, 0);
  assert.equal(counts.attempts, arrived, 'attempts = what the target saw');
  assert.equal(counts.planned, result.plannedTotal);
  return { ...counts, of };
}

describe('an operation with redirects', () => {
  const hops: TargetModel = (_seq, _atUs, _uniform, { path }) =>
    path.startsWith('/?') ? to('/1') : path === '/1' ? to('/2', 301) : OK;

  it('is one operation of several requests, from due to the end of the last', () => {
    const result = run(hops);
    const { of, attempts, sent, planned, statuses } = countsOf(result);
    assert.deepEqual([of('ok'), attempts, sent], [planned, 3 * planned, planned]);
    assert.deepEqual([...statuses], [[200, planned]]);
    const response = sumGroups(result.snapshot).response.quantile(0.5);
    assert.ok((response?.us ?? 0) >= 30_000);
    for (const { wait, service } of result.snapshot.slices.values()) {
      assert.ok((quantile(wait, 1)?.us ?? 0) < 1_000, 'the hops before the last are no wait');
      assert.ok((quantile(service, 0)?.us ?? 0) >= 29_000);
    }
  });

  it('is its first answer where none are followed', () => {
    const { plan } = steadyPlan({ ratePerSec: 1, seconds: 1 });
    assert.equal(plan.redirects, undefined);
    const result = run(hops, { redirects: 0 });
    const { attempts, planned, statuses } = countsOf(result);
    assert.equal(attempts, planned);
    assert.deepEqual([...statuses], [[302, planned]]);
  });

  it('settles once, whatever comes on the way and however connections are had', () => {
    const erratic: TargetModel = (_seq, atUs, uniform) => {
      const what = uniform(`what ${atUs}`);
      const serviceUs = 1_000 + uniform(`service ${atUs}`) * 200_000;
      if (what < 0.05) return { serviceUs: Number.POSITIVE_INFINITY, status: 0 };
      if (what < 0.15) return { serviceUs, status: 0, failure: 'reset' };
      if (what < 0.7)
        return to(`/${what}`, 302, { serviceUs, headers: ['location', '/x', 'set-cookie', `a=${what}`] });
      return { serviceUs, status: what < 0.75 ? 503 : 200 };
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
        (seed, connections) => {
          const { of, outcomes, planned, attempts, sent } = countsOf(run(erratic, { seed, connections }));
          assert.equal(
            outcomes.reduce((sum, n) => sum + n, 0),
            planned,
          );
          assert.ok(of('ok') > 0 && attempts > sent);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is a bad status when it goes on beyond the number', () => {
    const { of, attempts, planned } = countsOf(run(() => to('/again')));
    assert.deepEqual([of('bad_status'), attempts], [planned, 4 * planned]);
  });

  it('times out from when it was fired, whatever number of hops it took', () => {
    const { of, planned } = countsOf(run(() => to('/again', 302, { serviceUs: 400_000 }), { redirects: 20 }));
    assert.equal(of('timeout'), planned);
  });

  it('ends as the hop does that fails', () => {
    const { of, planned } = countsOf(
      run((_seq, _atUs, _uniform, { path }) =>
        path === '/1' ? { ...OK, failure: 'protocol' } : path === '/2' ? OK : to('/1'),
      ),
    );
    assert.equal(of('protocol'), planned);
  });

  it('tries a hop once more that a kept connection lost', () => {
    const lost = new Set<number>();
    const { of, attempts, planned } = countsOf(
      run((seq, _atUs, _uniform, { path }) => {
        if (path !== '/1') return to('/1');
        if (lost.has(seq)) return OK;
        lost.add(seq);
        return { ...OK, failure: 'reset' };
      }),
    );
    assert.deepEqual([of('ok'), attempts], [planned, 3 * planned]);
  });

  it('loses its body when it becomes a GET, and keeps it with 307; shared headers stay as they were', () => {
    const seen: Seen[] = [];
    const post: Partial<RequestTemplate> = {
      method: 'POST',
      path: '/cart',
      headers: { 'x-team': 'checkout' },
      body: { kind: 'json', text: '{}' },
    };
    run(
      (_seq, _atUs, _uniform, request) => {
        seen.push(request);
        return request.path === '/cart' ? to('/keep', 307) : request.path === '/keep' ? to('/see', 303) : OK;
      },
      {},
      post,
    );
    const headers = ['x-team', 'checkout', 'content-type', 'application/json'];
    for (const { path, method, body, headers: sent } of seen) {
      const reads = path === '/see';
      assert.deepEqual([method, body], reads ? ['GET', null] : ['POST', '{}']);
      assert.deepEqual([...sent].sort(), reads ? ['checkout', 'x-team'] : [...headers].sort());
    }
    assert.equal(new Set(seen.map(({ path }) => path)).size, 3);
  });

  it('carries the cookie that was set on the way', () => {
    const { of, planned } = countsOf(
      run((seq, _atUs, _uniform, { path, headers }) => {
        if (path.startsWith('/?'))
          return to('/in', 302, { headers: ['location', '/in', 'set-cookie', `s=${seq}; Path=/in`] });
        return { serviceUs: 1, status: headers.join() === `cookie,s=${seq}` ? 200 : 500 };
      }),
    );
    assert.equal(of('ok'), planned);
  });

  it('is checked by its last answer alone', () => {
    const routes: Plan['routes'] = [
      { name: 'home', expect: [[200, 200]], match: null, checks: { minBytes: 10, contains: ['cart'] } },
    ];
    const counted = (first: string, last: string) =>
      countsOf(
        run(
          (_seq, _atUs, _uniform, { path }) =>
            path === '/1' ? { ...OK, body: last } : to('/1', 302, { body: first }),
          { routes },
        ),
      );
    const good = counted('moved', 'add to cart');
    assert.equal(good.of('ok'), good.planned);
    const bad = counted('moved: add to cart', 'cart');
    assert.equal(bad.of('bad_body'), bad.planned);
  });
});
