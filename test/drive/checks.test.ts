// Checks on answers: a soft error inside a 200 is a bad body, whatever it is packed in; caches are counted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { Answer, LOOKED_AT } from '../../src/drive/answer.js';
import { CACHE_HEADERS } from '../../src/drive/cache-headers.js';
import { decodeBody } from '../../src/drive/visits/body.js';
import type { CacheResult } from '../../src/measure/operation.js';
import { OUTCOMES } from '../../src/measure/outcome.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import type { RateStream, RouteChecks } from '../../src/scenario/plan.js';
import { type Answer as Answered, simulate } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const PAGE = '<h1>Blue shirt</h1><button>Add to cart</button> 12,00 €';
const page = (more: Partial<Answered> = {}): Answered => ({
  serviceUs: 5_000,
  status: 200,
  headers: ['content-type', 'text/html; charset=utf-8'],
  body: PAGE,
  ...more,
});

interface Row {
  readonly name: string;
  readonly checks: RouteChecks;
  readonly answer: Answered;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly method?: string;
}

const CONTAINS: RouteChecks = { contains: ['Add to cart'] };
const packed = (encoding: string, body: Uint8Array) =>
  page({ headers: ['content-encoding', encoding], body });

const TABLE: readonly Row[] = [
  { name: 'a text that is there', checks: CONTAINS, answer: page(), outcome: 'ok' },
  { name: 'a text that is not', checks: CONTAINS, answer: page({ body: 'Sold out' }), outcome: 'bad_body' },
  {
    name: 'a text in another case',
    checks: { contains: ['add to cart'] },
    answer: page(),
    outcome: 'bad_body',
  },
  { name: 'a text that is not ASCII', checks: { contains: ['12,00 €'] }, answer: page(), outcome: 'ok' },
  { name: 'two texts', checks: { contains: ['Blue', 'cart'] }, answer: page(), outcome: 'ok' },
  { name: 'one of two texts', checks: { contains: ['Blue', 'Red'] }, answer: page(), outcome: 'bad_body' },
  { name: 'no body at all', checks: CONTAINS, answer: { serviceUs: 1, status: 200 }, outcome: 'bad_body' },
  {
    name: 'HEAD, which has no body',
    checks: CONTAINS,
    method: 'HEAD',
    answer: { serviceUs: 1, status: 200 },
    outcome: 'ok',
  },
  {
    name: '304, which has none either',
    checks: CONTAINS,
    answer: { serviceUs: 1, status: 304 },
    outcome: 'ok',
  },
  {
    name: 'a redirect to the front page',
    checks: CONTAINS,
    answer: page({ status: 302, body: '' }),
    outcome: 'bad_body',
  },
  {
    name: 'a bad status, whatever the body',
    checks: CONTAINS,
    answer: page({ status: 503, body: '' }),
    outcome: 'bad_status',
  },
  { name: 'gzip', checks: CONTAINS, answer: packed('gzip', zlib.gzipSync(PAGE)), outcome: 'ok' },
  {
    name: 'x-gzip, in capitals',
    checks: CONTAINS,
    answer: packed('X-GZIP', zlib.gzipSync(PAGE)),
    outcome: 'ok',
  },
  {
    name: 'gzip of something else',
    checks: CONTAINS,
    answer: packed('gzip', zlib.gzipSync('Sold out')),
    outcome: 'bad_body',
  },
  {
    name: 'gzip cut short',
    checks: CONTAINS,
    answer: packed('gzip', zlib.gzipSync(PAGE).subarray(0, -9)),
    outcome: 'bad_body',
  },
  { name: 'damaged gzip', checks: CONTAINS, answer: packed('gzip', Buffer.from(PAGE)), outcome: 'bad_body' },
  { name: 'deflate', checks: CONTAINS, answer: packed('deflate', zlib.deflateSync(PAGE)), outcome: 'ok' },
  {
    name: 'deflate without its frame',
    checks: CONTAINS,
    answer: packed('deflate', zlib.deflateRawSync(PAGE)),
    outcome: 'ok',
  },
  { name: 'brotli', checks: CONTAINS, answer: packed('br', zlib.brotliCompressSync(PAGE)), outcome: 'ok' },
  {
    name: 'brotli in gzip',
    checks: CONTAINS,
    answer: packed('br, gzip', zlib.gzipSync(zlib.brotliCompressSync(PAGE))),
    outcome: 'ok',
  },
  { name: 'identity', checks: CONTAINS, answer: packed('identity', Buffer.from(PAGE)), outcome: 'ok' },
  {
    name: 'an encoding that nobody knows',
    checks: CONTAINS,
    answer: packed('rot13', Buffer.from(PAGE)),
    outcome: 'bad_body',
  },
  {
    name: 'too many encodings',
    checks: CONTAINS,
    answer: packed('identity,'.repeat(1000), Buffer.from(PAGE)),
    outcome: 'bad_body',
  },
  {
    name: 'a bomb',
    checks: CONTAINS,
    answer: packed('gzip', zlib.gzipSync(Buffer.alloc(5 << 20, PAGE))),
    outcome: 'bad_body',
  },
  {
    name: 'a text at the end of the first MiB',
    checks: CONTAINS,
    answer: page({ body: PAGE.padStart(1 << 20, 'x').slice(0, -3) }),
    outcome: 'ok',
  },
  {
    name: 'a text beyond it',
    checks: CONTAINS,
    answer: page({ body: PAGE.padStart((1 << 20) + 100, 'x') }),
    outcome: 'bad_body',
  },
  { name: 'enough bytes', checks: { minBytes: 20 }, answer: page(), outcome: 'ok' },
  {
    name: 'as many bytes as asked',
    checks: { minBytes: 8 },
    answer: page({ body: 'Sold out' }),
    outcome: 'ok',
  },
  { name: 'a byte less', checks: { minBytes: 9 }, answer: page({ body: 'Sold out' }), outcome: 'bad_body' },
  {
    name: 'a header with its text',
    checks: { header: { 'content-type': 'TEXT/html' } },
    answer: page(),
    outcome: 'ok',
  },
  {
    name: 'a header with another',
    checks: { header: { 'content-type': 'json' } },
    answer: page(),
    outcome: 'bad_body',
  },
  {
    name: 'a header of any value',
    checks: { header: { 'content-type': '' } },
    answer: page(),
    outcome: 'ok',
  },
  {
    name: 'a header that is not there',
    checks: { header: { etag: '' } },
    answer: page(),
    outcome: 'bad_body',
  },
  {
    name: 'a header that is there twice',
    checks: { header: { vary: 'b' } },
    answer: page({ headers: ['vary', 'a', 'vary', 'b'] }),
    outcome: 'ok',
  },
  {
    name: 'a header on HEAD',
    checks: { header: { etag: '' } },
    method: 'HEAD',
    answer: page(),
    outcome: 'bad_body',
  },
];

/** A steady plan whose one route has checks. */
function planWith(checks: RouteChecks | undefined, method = 'GET') {
  const { plan, inputs } = steadyPlan({ ratePerSec: 5, seconds: 2 });
  const [stream] = plan.streams as [RateStream];
  const requests = stream.requests.map((request) => ({ ...request, method }));
  const routes = plan.routes.map((route) => ({ ...route, ...(checks && { checks }) }));
  return { plan: { ...plan, routes, streams: [{ ...stream, requests }] }, inputs };
}

describe('checks', () => {
  for (const { name, checks, answer, outcome, method } of TABLE) {
    it(`make ${outcome} of ${name}`, () => {
      const { snapshot, plannedTotal } = simulate({ ...planWith(checks, method), target: () => answer });
      const { counts } = sumGroups(snapshot);
      const found = OUTCOMES.filter((_, i) => counts.outcomes[i] === plannedTotal);
      assert.ok(plannedTotal > 0);
      assert.deepEqual(found, [outcome]);
    });
  }

  it('keep nothing of an answer that no check looks at', () => {
    const answer = new Answer();
    answer.header('content-type', 'text/html');
    answer.data(Buffer.from(PAGE));
    assert.deepEqual([answer.headers, answer.body.length, answer.bytes], [[], 0, Buffer.byteLength(PAGE)]);
  });

  it('find a text however its bytes arrive, in a buffer that is written over', () => {
    const bytes = zlib.gzipSync(PAGE);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
        const answer = new Answer();
        answer.bodyMax = 1000;
        answer.header('content-encoding', 'gzip');
        const buffer = Buffer.alloc(bytes.length);
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        at.slice(1).forEach((end, i) => {
          const length = bytes.copy(buffer, 0, at[i], end);
          answer.data(buffer.subarray(0, length));
        });
        assert.equal(decodeBody(answer), PAGE);
      }),
    );
  });

  it('read what there is of a body whose end was not kept', () => {
    for (const [encoding, body] of [
      ['gzip', zlib.gzipSync(PAGE.repeat(100), { level: 0 })],
      [
        'br',
        zlib.brotliCompressSync(
          Buffer.from(fc.sample(fc.string({ minLength: 5000 }), { seed: 1, numRuns: 1 })[0] ?? ''),
        ),
      ],
    ] as const) {
      const answer = new Answer();
      answer.bodyMax = body.length - 20;
      answer.header('content-encoding', encoding);
      answer.data(body);
      assert.ok((decodeBody(answer) ?? '').length > 100, encoding);
    }
  });
});

/** Names and values by turns, and what they say together. */
const CACHES: readonly (readonly [readonly string[], CacheResult | null])[] = [
  [[], null],
  [['x-cache', 'HIT'], 'hit'],
  [['x-cache', 'MISS'], 'miss'],
  [['x-cache', 'Hit from cloudfront'], 'hit'],
  [['x-cache', 'RefreshHit from cloudfront'], 'hit'],
  [['x-cache', 'Miss from cloudfront'], 'miss'],
  [['x-cache', 'Error from cloudfront'], null],
  [['x-cache', 'HIT, MISS'], 'hit'],
  [['x-cache', 'MISS, MISS'], 'miss'],
  [['x-cache', 'TCP_MEM_HIT from a23-1-2-3.deploy.akamaitechnologies.com (AkamaiGHost/11)'], 'hit'],
  [['x-cache', 'TCP_MISS from a23-1-2-3'], 'miss'],
  [['x-cache', 'hit-for-pass'], 'miss'],
  [['x-cache', ''], null],
  [['cf-cache-status', 'HIT'], 'hit'],
  [['cf-cache-status', 'REVALIDATED'], 'hit'],
  [['cf-cache-status', 'STALE'], 'hit'],
  [['cf-cache-status', 'UPDATING'], 'hit'],
  [['cf-cache-status', 'EXPIRED'], 'miss'],
  [['cf-cache-status', 'BYPASS'], 'miss'],
  [['cf-cache-status', 'DYNAMIC'], 'miss'],
  [['cf-cache-status', 'NONE/UNKNOWN'], null],
  [['x-vercel-cache', 'PRERENDER'], 'hit'],
  [['x-cache-status', 'EXPIRED'], 'miss'],
  [['x-proxy-cache', 'HIT'], 'hit'],
  [['cdn-cache', 'MISS'], 'miss'],
  [['cache-status', '"Netlify Edge"; hit; ttl=3'], 'hit'],
  [['cache-status', 'Origin; fwd=uri-miss; stored, Edge; hit'], 'hit'],
  [['cache-status', 'Edge; fwd=stale; fwd-status=304'], 'miss'],
  [['age', '12'], 'hit'],
  [['age', '0'], null],
  [['age', '-1'], null],
  [['age', 'old'], null],
  [['age', '12', 'x-cache', 'MISS'], 'miss'],
  [['x-cache', 'MISS', 'age', '12'], 'miss'],
  [['x-cache', 'MISS', 'cf-cache-status', 'HIT'], 'hit'],
  [['cf-cache-status', 'HIT', 'x-cache', 'MISS'], 'hit'],
  [['age', '3', 'x-cache', 'strange'], 'hit'],
];

describe('cache headers', () => {
  it('say hit, miss or nothing; any hit counts, and what is said wins over the age', () => {
    const answer = new Answer();
    for (const [headers, expected] of CACHES) {
      answer.reset();
      for (let i = 0; i < headers.length; i += 2) answer.header(headers[i] ?? '', headers[i + 1] ?? '');
      assert.equal(answer.cache, expected, headers.join(' '));
    }
  });

  it('are among those that transports pass on', () => {
    for (const name of CACHE_HEADERS) assert.ok(LOOKED_AT.includes(name), name);
  });

  it('are counted for each operation', () => {
    const { plan, inputs } = planWith(undefined);
    const { snapshot, plannedTotal } = simulate({
      plan,
      inputs,
      target: (seq) => page({ headers: ['x-cache', seq % 2 === 0 ? 'HIT' : 'MISS'] }),
    });
    const { cacheHits, cacheMisses } = sumGroups(snapshot).counts;
    assert.ok(cacheHits > 0 && cacheMisses > 0);
    assert.equal(cacheHits + cacheMisses, plannedTotal);
  });
});
