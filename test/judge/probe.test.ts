// What the answers of a probe mean: tables of edges, redirects and advice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalOf } from '../../src/judge/probe/edges.js';
import { daysLeft, judgeProbe } from '../../src/judge/probe/probe.js';
import { meaningOf, type ProbeContext } from '../../src/judge/probe/probe-meaning.js';
import { whereLeads } from '../../src/judge/probe/redirect.js';
import { OUTCOMES } from '../../src/measure/outcome.js';
import type { Handshake, Probed } from '../../src/measure/probed.js';
import { handshakeOf, NOW_MS, probedOf } from '../support/probes.js';

const CONTEXT: ProbeContext = {
  target: 'http://shop.test',
  nowMs: NOW_MS,
  redirects: 0,
  hasBasicAuth: false,
  insecure: false,
};

const bad = (status: number, more: Partial<Probed> = {}) =>
  probedOf({ outcome: 'bad_status', status, ...more });

describe('an edge', () => {
  const rows: [name: string | null | undefined, status: number, headers: string[], body?: string][] = [
    ['Cloudflare', 403, ['cf-mitigated', 'challenge', 'cf-ray', '8f']],
    ['Cloudflare', 200, ['cf-mitigated', 'challenge']],
    ['Cloudflare', 429, ['server', 'cloudflare', 'cf-ray', '8f']],
    ['AWS WAF', 202, ['x-amzn-waf-action', 'challenge']],
    ['AWS WAF', 405, ['x-amzn-waf-action', 'captcha']],
    ['Akamai', 403, ['server', 'AkamaiGHost']],
    ['Sucuri', 403, ['x-sucuri-id', '15005']],
    ['Imperva', 200, [], '<script src="/_Incapsula_Resource?x">'],
    ['F5 BIG-IP', 200, [], 'The requested URL was rejected. Please consult with your administrator.'],
    ['DataDome', 403, ['x-datadome', 'protected']],
    ['the AWS load balancer', 403, ['server', 'awselb/2.0']],
    [null, 403, ['server', 'nginx']],
    [null, 430, []],
    // Passed through, and not refused.
    [undefined, 200, ['cf-ray', '8f', 'server', 'cloudflare']],
    [undefined, 200, ['server', 'AkamaiGHost']],
    [undefined, 404, ['cf-ray', '8f']],
    [undefined, 503, ['x-iinfo', '1']],
    [undefined, 200, [], 'we use mod_security'],
  ];
  for (const [name, status, headers, body = ''] of rows) {
    it(`${status} with ${headers.join(' ') || body || 'nothing'} is ${name === undefined ? 'no refusal' : `refused by ${name ?? 'somebody'}`}`, () => {
      assert.equal(refusalOf({ status, headers, body })?.edge, name);
    });
  }
});

describe('a redirect', () => {
  const rows: [location: string, to: string, target?: string, host?: string][] = [
    ['/new', 'target'],
    ['?page=2', 'target'],
    ['http://shop.test/x', 'target'],
    ['http://a.shop.test/x', 'target', 'http://shop.test', 'a.shop.test'],
    ['https://shop.test/x', 'secure'],
    ['https://shop.test:8443/x', 'secure', 'http://shop.test:8080', 'shop.test:8080'],
    ['http://shop.test/x', 'target', 'https://shop.test'],
    ['https://www.shop.test/', 'elsewhere'],
    ['http://shop.test:81/', 'elsewhere'],
    ['//evil.test/', 'elsewhere'],
    ['/account/login?back=%2F', 'login'],
    ['/password', 'login'],
    ['/products/loginova', 'target'],
    ['http://[', 'nowhere'],
    ['javascript:alert(1)', 'elsewhere'],
  ];
  for (const [location, to, target = 'http://shop.test', host = 'shop.test'] of rows) {
    it(`to ${location} from ${host} at ${target} leads ${to}`, () => {
      assert.equal(whereLeads(location, { target, host, path: '/a/b' }).to, to);
    });
  }
});

describe('an answer of a probe', () => {
  const rows: [
    what: string,
    probed: Probed,
    id: string | null,
    said?: RegExp,
    context?: Partial<ProbeContext>,
  ][] = [
    ['200', probedOf({}), null],
    ['404 where 200 was recorded', bad(404, { recordedStatus: 200 }), 'unknown_id', /404, and 200 when/],
    ['410 of a made-up request', bad(410), 'unknown_id', /^410: this staging/],
    ['404 as it was recorded', probedOf({ status: 404, recordedStatus: 404 }), null],
    ['403 that the route expects', probedOf({ status: 403 }), null],
    [
      '403 of an edge',
      bad(403, { headers: ['cf-ray', '8f'] }),
      'edge_refused',
      /Cloudflare refused with 403/,
    ],
    [
      '429 with a time to wait',
      bad(429, { headers: ['retry-after', '30'] }),
      'edge_refused',
      /refused with 429, retry-after: 30/,
    ],
    ['a challenge with 200', probedOf({ headers: ['cf-mitigated', 'challenge'] }), 'edge_refused'],
    [
      '401',
      bad(401, { headers: ['www-authenticate', 'Basic realm="x"'] }),
      'login_wanted',
      /name and a pass/,
    ],
    ['401 of a token', bad(401, { headers: ['www-authenticate', 'Bearer'] }), 'login_wanted', /Bearer/],
    [
      '401 despite a login',
      bad(401, { headers: ['www-authenticate', 'Basic'] }),
      'login_wanted',
      /name/,
      { hasBasicAuth: true },
    ],
    ['421', bad(421), 'wrong_server', /shop\.test/],
    ['500', bad(500), 'unexpected_status', /500, where 200-399 is expected/],
    [
      '302 off the target',
      probedOf({ status: 302, location: 'https://www.live.test/' }),
      'redirect_elsewhere',
    ],
    ['302 to https', probedOf({ status: 301, location: 'https://shop.test/' }), 'redirect_secure'],
    ['302 within', probedOf({ status: 302, location: '/b' }), 'redirect', /follow it|within/],
    ['302 as it was recorded', probedOf({ status: 302, location: '/b', recordedStatus: 302 }), null],
    [
      'a loop',
      bad(302, { location: '/b', followed: [{ status: 302, location: '/a' }] }),
      'redirect',
      /on and on/,
      { redirects: 1 },
    ],
    [
      'a body without its text',
      probedOf({ outcome: 'bad_body', failedChecks: [{ check: 'contains', wanted: 'Add to cart' }] }),
      'bad_body',
      /200, but it does not contain "Add to cart"/,
    ],
  ];
  for (const [what, probed, id, said = /./, context = {}] of rows) {
    it(`${what} is ${id ?? 'nothing to be said'}`, () => {
      const meaning = meaningOf(probed, { ...CONTEXT, ...context });
      assert.equal(meaning?.id ?? null, id);
      if (meaning === null) return;
      assert.match(meaning.message, said);
      assert.notEqual(meaning.advice, '');
      assert.equal(meaning.level, probed.outcome === 'ok' ? 'warning' : 'problem');
    });
  }

  it('that did not come is said in words, whatever became of it', () => {
    for (const outcome of OUTCOMES) {
      if (outcome === 'ok' || outcome === 'bad_status' || outcome === 'bad_body') continue;
      const meaning = meaningOf(probedOf({ outcome, status: 0, totalUs: 5e6 }), CONTEXT);
      assert.equal(meaning?.id, outcome);
      assert.equal(meaning?.level, 'problem');
    }
  });
});

describe('what answers say together', () => {
  const of = (probes: Probed[], handshakes: Handshake[] = [], context: Partial<ProbeContext> = {}) =>
    judgeProbe(probes, handshakes, { ...CONTEXT, ...context });

  it('alike ones are one finding with every place', () => {
    const [finding, ...more] = of([
      bad(404, { route: 'a' }),
      bad(404, { route: 'b', tenant: 'x' }),
      probedOf({ route: 'b', tenant: 'x' }),
    ]);
    assert.deepEqual(more, []);
    assert.deepEqual(finding?.where, ['a', 'b of x']);
  });

  it('a tenant of whom nothing is there is unknown, unless nobody is known', () => {
    const gone = [bad(404, { tenant: 'x', route: 'a' }), bad(404, { tenant: 'x', route: 'b' })];
    const [finding, ...more] = of([probedOf({ tenant: 'y' }), ...gone]);
    assert.deepEqual(more, []);
    assert.equal(finding?.id, 'unknown_tenant');
    assert.deepEqual(finding?.where, ['x']);
    assert.deepEqual(
      of(gone).map(({ id }) => id),
      ['unknown_id'],
    );
  });

  it('refusals of all are said first', () => {
    const all = of([bad(403, { route: 'a' }), bad(401, { route: 'b' })]);
    assert.equal(all[0]?.id, 'refused_everybody');
    assert.deepEqual(
      of([bad(403), probedOf({})]).map(({ id }) => id),
      ['edge_refused'],
    );
  });

  it('certificates are told where they are not trusted or end soon', () => {
    const days = (n: number) => ({ validToMs: NOW_MS + n * 86_400_000 + 1 });
    const rows: [Handshake, string | undefined][] = [
      [handshakeOf(days(400)), undefined],
      [handshakeOf(days(14)), undefined],
      [handshakeOf(days(13)), 'certificate_ends'],
      [handshakeOf({ trusted: false, distrust: 'CERT_HAS_EXPIRED', ...days(-2) }), 'certificate'],
      [{ ...handshakeOf({}), certificate: null, error: 'ECONNRESET' }, 'handshake'],
    ];
    for (const [handshake, id] of rows) assert.equal(of([], [handshake])[0]?.id, id);
    assert.equal(daysLeft(NOW_MS - 1, NOW_MS), -1);
    assert.equal(daysLeft(Number.NaN, NOW_MS), null);
  });

  it('problems come before warnings', () => {
    const levels = of([probedOf({ route: 'a', status: 302, location: '/b' }), bad(500, { route: 'b' })]).map(
      ({ level }) => level,
    );
    assert.deepEqual(levels, ['problem', 'warning']);
  });
});
