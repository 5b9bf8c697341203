// The report of a probe: what it looks like, that it keeps within its columns, and that nothing of a response is obeyed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { judgeProbe } from '../../src/judge/probe/probe.js';
import type { Probed } from '../../src/measure/probed.js';
import { columnsOf } from '../../src/report/escape.js';
import { jsonText } from '../../src/report/json-text.js';
import { paintFor } from '../../src/report/paint.js';
import { probeText } from '../../src/report/probe.js';
import { type ProbeReport, probeJson } from '../../src/report/probe-json.js';
import { PROBE } from '../../src/report/probe-schema.js';
import { matchesGolden } from '../support/golden.js';
import { handshakeOf, NOW_MS, probedOf } from '../support/probes.js';

function reportOf(probes: readonly Probed[], more: Partial<ProbeReport> = {}): ProbeReport {
  const handshakes = [
    handshakeOf({ validToMs: NOW_MS + 6 * 86_400_000 + 1 }),
    handshakeOf({ trusted: false, distrust: 'it is not for hot.shop.test' }),
  ];
  const context = {
    target: 'https://shop.test',
    nowMs: NOW_MS,
    redirects: 2,
    hasBasicAuth: false,
    insecure: false,
  };
  return {
    scenario: 'Promo spike, 5×',
    planId: 'c0ffee'.repeat(8),
    run: 'c0ffee-1',
    target: {
      url: 'https://shop.test',
      addresses: ['192.0.2.1', '192.0.2.2'],
      dnsUs: 3_200,
      proxy: null,
      transport: 'HTTP/2 by ALPN',
    },
    nowMs: NOW_MS,
    handshakes,
    probes,
    findings: judgeProbe(probes, handshakes, context),
    leftOut: { pairs: 1_300, unsent: 0, routes: [{ route: '/cart/add', rows: 412 }], unmet: ['search'] },
    ...more,
  };
}

const request = (path: string, host = 'shop.test', method = 'GET') => ({
  method,
  path,
  host,
  serverName: host,
});

const NIGHT = reportOf([
  probedOf({
    route: 'home',
    request: request('/'),
    cache: { result: 'hit', header: 'cf-cache-status: HIT' },
  }),
  probedOf({ outcome: 'bad_status', status: 404, recordedStatus: 200, bytes: 512 }),
  probedOf({
    route: 'cart',
    tenant: 'hot-shop',
    request: request('/cart', 'hot.shop.test', 'POST'),
    outcome: 'bad_status',
    status: 403,
    headers: ['cf-mitigated', 'challenge', 'server', 'cloudflare'],
  }),
  probedOf({
    route: 'old',
    request: request('/a/path/that/is/quite/long/and/goes/on/for/longer/than/any/terminal/is?x=1'),
    status: 302,
    followed: [{ status: 301, location: '/b' }],
    location: 'https://www.live.example/',
  }),
  probedOf({ route: 'stuck', outcome: 'timeout', status: 0, firstByteUs: null, totalUs: 10_000_000 }),
  probedOf({
    route: 'page',
    outcome: 'bad_body',
    failedChecks: [
      { check: 'contains', wanted: 'Add to cart' },
      { check: 'minBytes', wanted: '2048' },
    ],
  }),
]);

describe('the report of a probe', () => {
  for (const width of [80, 100]) {
    it(`golden: in ${width} columns`, () => {
      const text = probeText(NIGHT, width, paintFor(0));
      for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, line);
      matchesGolden(text, new URL(`golden/probe-${width}.txt`, import.meta.url));
    });
  }

  it('golden: as JSON, of its schema', () => {
    const json = probeJson(NIGHT);
    PROBE.parse(json);
    assert.equal(json.ok, false);
    matchesGolden(jsonText(json), new URL('golden/probe.json.txt', import.meta.url));
  });

  it('says with one word whether all of it was as expected', () => {
    const good = reportOf([probedOf({})]);
    assert.match(probeText(good, 80, paintFor(0)), /^ {2}AS EXPECTED {3}1 of 1/);
    const cut = { ...good, leftOut: { ...good.leftOut, unsent: 3 } };
    assert.match(probeText(cut, 80, paintFor(0)), /^ {2}NOT AS EXPECTED {3}1 of 4/);
    assert.equal(probeJson(cut).ok, false);
  });

  it('shows every answer that was not as expected, and some of the others', () => {
    const many = Array.from({ length: 150 }, (_, i) =>
      probedOf({ route: `r${i}`, ...(i % 3 === 0 && { outcome: 'reset', status: 0 }) }),
    );
    const text = probeText(reportOf(many), 80, paintFor(0));
    assert.equal(text.match(/✗ reset/g)?.length, 50);
    assert.equal(text.match(/✓ 200/g)?.length, 40);
    assert.match(text, /and 60 more as expected/);
  });

  it('lets nothing of a response move the cursor, whatever it holds', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('\u001b', '[', '2', 'J', ']', '\u0007', '\u009b', '\r', '\n', 'a', '\u202e'),
    });
    fc.assert(
      fc.property(hostile, hostile, (one, two) => {
        const probes = (['ok', 'bad_status'] as const).map((outcome, i) =>
          probedOf({
            outcome,
            status: 302 + i * 101,
            location: one,
            tenant: two,
            route: one,
            request: request(one, two),
            headers: ['cf-mitigated', one, 'www-authenticate', two, 'server', one],
            cache: { result: 'hit', header: one },
            body: two,
          }),
        );
        const handshakes = [
          handshakeOf({ subject: one, issuer: two, names: [one, two], trusted: false, distrust: one }),
        ];
        const text = probeText(reportOf(probes, { handshakes }), 80, paintFor(0));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
        const json = jsonText(probeJson(reportOf(probes, { handshakes })));
        assert.equal(stripVTControlCharacters(json), json);
      }),
    );
  });
});
