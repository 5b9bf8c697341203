// The audit: exact counts of small tables, laws, and bounds on input without end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { draw, drawKey, drawUint32 } from '../../src/random.js';
import { AuditBuilder } from '../../src/recording/audit/audit-builder.js';
import { whatItCannotHold } from '../../src/recording/audit/cannot-hold.js';
import { HyperLogLog } from '../../src/recording/audit/hyperloglog.js';
import { LogBuckets } from '../../src/recording/audit/log-buckets.js';
import { RateCurveBuilder } from '../../src/recording/audit/rate-curve.js';
import { RouteAudit } from '../../src/recording/audit/route-audit.js';
import { Silences } from '../../src/recording/audit/silences.js';
import { type Counted, TopCounts } from '../../src/recording/audit/top-counts.js';
import { VisitTable } from '../../src/recording/audit/visits.js';
import { RetryFinder } from '../../src/recording/retries.js';
import type { Row } from '../../src/recording/row.js';
import { auditOf, facts, row, shopRows, T0 } from './audit-support.js';

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
const key = drawKey(7, 'audit test');

describe('an audit', () => {
  const rows: Row[] = [
    row(0, { path: '/products/1', durationUs: 10_000 }),
    row(0.5, { path: '/products/2?ref=x', status: 404, durationUs: 30_000 }),
    row(1, { path: '/cart', status: 503, client: 'b' }),
    row(9, { path: '/cart', status: 200, client: 'b' }),
    row(10, { method: 'POST', path: '/cart', client: 'b', host: 'tea.shop.example' }),
    row(10.1, { path: '/logout', clientClass: 'bot' }),
    row(10.2, { path: '/?action=logout' }),
    row(10.3, { method: 'OPTIONS', path: '/' }),
    row(4_000, { path: '/', status: 499 }),
  ];
  const builder = new AuditBuilder();
  for (const one of rows) builder.add(one);
  builder.setApart(row(3, { method: 'GET', status: 101 }));
  const audit = builder.finish(
    facts(0, {
      lines: 12,
      parsed: 10,
      dropped: { 'not HTTP': 2 },
      setApart: { websocket: 1 },
      resolutionUs: 1e6,
    }),
  );

  it('counts what was read', () => {
    assert.deepEqual([audit.lines, audit.parsed, audit.rows], [12, 10, 9]);
    assert.equal(audit.lines, audit.parsed + sum(audit.dropped));
    assert.equal(audit.parsed, audit.rows + sum(audit.setApart));
    assert.equal(audit.from, '2025-11-28T17:26:00.000000Z');
    assert.equal(audit.to, '2025-11-28T18:32:40.000000Z');
    assert.equal(audit.spanS, 4_000);
  });

  it('counts methods and statuses of all that was understood', () => {
    assert.deepEqual(audit.methods, { GET: 8, OPTIONS: 1, POST: 1 });
    assert.deepEqual(audit.statuses, { 101: 1, 200: 6, 404: 1, 499: 1, 503: 1 });
    assert.equal(sum(audit.methods), audit.parsed);
    assert.equal(audit.errorsShare, 2 / 9);
  });

  it('finds the peaks', () => {
    assert.deepEqual(audit.peakSecond, { at: '2025-11-28T17:26:10.000Z', requests: 4 });
    assert.deepEqual(audit.peakMinute, { at: '2025-11-28T17:26:00.000Z', requests: 8 });
    assert.ok(Math.abs((audit.peakToMean.second ?? 0) - 4 / (9 / 4_000)) < 1e-6);
  });

  it('finds clients, visits, bots and retries', () => {
    assert.deepEqual([audit.clients, audit.clientsExact, audit.visits, audit.bots], [2, true, 3, 1]);
    assert.deepEqual(audit.requestsPerVisit, { mean: 3, p50: 3, p95: 5 });
    assert.deepEqual([audit.retries, audit.foldRatio], [1, 9 / 8]);
  });

  it('says what would not be sent, and why', () => {
    assert.deepEqual(audit.replayable, {
      requests: 5,
      share: 5 / 9,
      why: { 'method not listed in writes': 1, 'path quarantined': 2, 'method is never sent': 1 },
    });
  });

  it('lists routes with their statuses and durations', () => {
    assert.deepEqual(audit.routes[0], {
      method: 'GET',
      path: '/',
      requests: 2,
      statuses: { 200: 1, 499: 1 },
      p50Ms: null,
      p95Ms: null,
    });
    const products = audit.routes.find(({ path }) => path === '/products/{id}');
    assert.deepEqual([products?.requests, products?.statuses], [2, { 200: 1, 404: 1 }]);
    assert.ok(Math.abs((products?.p95Ms ?? 0) - 30) < 1);
    assert.equal(audit.routes.reduce((n, { requests }) => n + requests, 0) + audit.routesOther, audit.rows);
  });

  it('knows no dispersion below the resolution of the stamps', () => {
    assert.deepEqual(Object.keys(audit.dispersion).sort(), ['0.1', '1', '10', '60']);
    assert.equal(audit.dispersion['0.1'], null);
    assert.notEqual(audit.dispersion['1'], null);
  });

  it('is plain JSON, with hosts of any name', () => {
    const odd = auditOf([row(0, { host: '__proto__' }), row(1, { host: 'other' })]);
    assert.deepEqual(JSON.parse(JSON.stringify(odd)), odd);
    assert.deepEqual(Object.keys(odd.hosts).sort(), ['__proto__', 'other']);
  });

  it('stands for nothing as well', () => {
    const none = auditOf([]);
    assert.deepEqual(
      [none.rows, none.from, none.peakSecond, none.errorsShare, none.clients],
      [0, null, null, null, 0],
    );
    assert.deepEqual(none.curve, { stepS: 1, requests: [], errors: [] });
  });

  it('survives stamps beyond all dates', () => {
    const far = auditOf([row(0), { ...row(0), startUs: 2 ** 63 }]);
    assert.ok(far.to?.startsWith('+275760'));
    assert.equal(
      far.curve.requests.reduce((a, b) => a + b, 0),
      2,
    );
  });

  it('does not depend on the order of equal starts', () => {
    const kinds = fc.record({
      at: fc.integer({ min: 0, max: 20 }),
      path: fc.constantFrom('/', '/products/1', '/cart', '/logout'),
      status: fc.constantFrom(200, 404, 500),
      client: fc.constantFrom('a', 'b', 'c'),
      host: fc.constantFrom('x.example', 'y.example', undefined),
    });
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 60 }), (list) => {
        const made = list.map(({ at, ...rest }) => row(at * 300, rest));
        const forward = made.toSorted((a, b) => a.startUs - b.startUs);
        const backward = made.toReversed().sort((a, b) => a.startUs - b.startUs);
        // A retry is told by what came before it, so that it alone may depend on the order.
        const { retries: _a, foldRatio: _b, ...one } = auditOf(forward);
        const { retries: _c, foldRatio: _d, ...other } = auditOf(backward);
        assert.deepEqual(one, other);
      }),
    );
  });

  it('has every row in its curve', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e7 }), { minLength: 1, maxLength: 200 }), (gaps) => {
        const curve = new RateCurveBuilder();
        let at = T0;
        for (const [i, gap] of gaps.entries()) curve.add((at += gap * 1e3), i % 3 === 0);
        const { stepS, requests, errors } = curve.curve();
        assert.equal(
          requests.reduce((a, b) => a + b, 0),
          gaps.length,
        );
        assert.equal(
          errors.reduce((a, b) => a + b, 0),
          Math.ceil(gaps.length / 3),
        );
        assert.ok(requests.length <= 600 && (requests.at(-1) as number) > 0);
        assert.equal(Math.log2(stepS) % 1, 0);
      }),
    );
  });
});

describe('what an audit remembers is bounded', () => {
  const N = 1_000_000;

  it('hosts: the frequent survive any number of rare ones', () => {
    const counts = new TopCounts<Counted>(1_000, () => ({ count: 0, dropped: false }));
    for (let i = 0; i < N; i++) {
      counts.of(i % 10 === 0 ? 'shop.example' : `x${i}.example`).count++;
      assert.ok(counts.size <= 1_000);
    }
    const { list, other } = counts.top(1);
    assert.deepEqual([list[0]?.[0], list[0]?.[1].count], ['shop.example', N / 10]);
    assert.equal(other, (N / 10) * 9);
  });

  it('clients: an estimate takes over, and a small table loses no request', () => {
    const table = new VisitTable(8_192);
    for (let i = 0; i < N; i++) {
      const client = [0, 1]
        .map((n) =>
          drawUint32(key, 2 * i + n)
            .toString(16)
            .padStart(8, '0'),
        )
        .join('');
      table.add(client, T0 + i * 1e6);
    }
    assert.equal(table.slots, 8_192);
    const found = table.finish();
    assert.equal(found.clientsExact, false);
    assert.ok(Math.abs(found.clients / N - 1) < 0.03, String(found.clients));
    assert.deepEqual([found.visits, found.visitsExact, found.requestsPerVisit?.mean], [N, true, 1]);
  });

  it('clients: too many at once end visits early, and it is said', () => {
    const table = new VisitTable(4_096);
    for (let i = 0; i < 20_000; i++) table.add(`client ${i}`, T0);
    const found = table.finish();
    assert.deepEqual([found.visits, found.visitsExact], [20_000, false]);
  });

  it('clients: names made to collide are still counted', () => {
    const table = new VisitTable();
    // The same low word and a high word whose product ends in zeros: all want one place.
    for (let i = 0; i < 5_000; i++)
      table.add((i * 2 ** 19).toString(16).padStart(8, '0').slice(-8).padEnd(16, '0'), T0);
    assert.ok(table.slots <= 2 ** 19);
    assert.ok(table.finish().visits >= 5_000 - 1);
  });

  it('routes and paths', () => {
    const routes = new RouteAudit();
    for (let i = 0; i < 200_000; i++) {
      const word = drawUint32(key, i).toString(36).replaceAll(/\d/g, 'z');
      routes.add(row(i, { path: i % 4 === 0 ? '/' : `/${word}/${'y'.repeat(i % 400)}` }));
    }
    const { routes: list, other } = routes.list();
    assert.equal(list.find(({ path }) => path === '/')?.requests, 50_000);
    assert.ok(list.length <= 200);
    assert.equal(list.reduce((n, { requests }) => n + requests, 0) + other, 200_000);
  });

  it('failures that may be tried again', () => {
    const finder = new RetryFinder();
    for (let i = 0; i < 100_000; i++) {
      assert.equal(finder.isRetry(row(i * 1e-6, { status: 503, path: `/${i}` })), false);
      assert.ok(finder.pending <= 32_768);
    }
    assert.equal(finder.isRetry(row(1, { path: '/99999' })), true);
    assert.equal(finder.isRetry(row(1, { path: '/99999' })), false);
    finder.isRetry(row(60, { status: 500 }));
    assert.equal(finder.pending, 1, 'what waited too long is forgotten');
  });
});

describe('the parts of an audit', () => {
  it('a histogram is exact below 32 and within 3 % above', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const buckets = new LogBuckets();
          for (const value of values) buckets.add(value);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(q * values.length)) - 1] as number;
          const read = buckets.quantile(q) as number;
          assert.ok(
            exact < 32 ? read === exact : Math.abs(read / exact - 1) <= 0.032,
            `${read} for ${exact}`,
          );
        },
      ),
    );
  });

  it('an estimate is right to about 1 %, from few to many', () => {
    const estimate = new HyperLogLog();
    let n = 0;
    for (const wanted of [10, 1_000, 100_000, 500_000]) {
      for (; n < wanted; n++) estimate.add(drawUint32(key, 2 * n), drawUint32(key, 2 * n + 1));
      for (let again = 0; again < 10; again++) estimate.add(drawUint32(key, 0), drawUint32(key, 1));
      assert.ok(Math.abs(estimate.estimate() / wanted - 1) < 0.03, `${estimate.estimate()} of ${wanted}`);
    }
  });

  it('a silence is long against the rhythm, by day and by night', () => {
    const silences = new Silences();
    let at = T0;
    let n = 0;
    const poisson = (gapS: number, count: number) => {
      for (let i = 0; i < count; i++) silences.add((at += -Math.log(1 - draw(key, n++)) * gapS * 1e6));
    };
    poisson(0.1, 20_000);
    for (let gapS = 0.1; gapS < 20; gapS *= 1.2) poisson(gapS, 200);
    poisson(20, 500);
    poisson(0.1, 20_000);
    assert.equal(silences.total, 0, 'a night is no silence');
    const from = at;
    at += 600e6;
    poisson(0.1, 1_000);
    assert.deepEqual([silences.total, silences.list()[0]?.fromUs], [1, from]);
  });

  it('lists the longest silences only, and counts all', () => {
    const silences = new Silences();
    let at = T0;
    for (let i = 0; i < 80; i++) {
      for (let k = 0; k < 2_000; k++) silences.add((at += 1e4));
      at += (60 + i) * 1e6;
    }
    silences.add(at);
    const list = silences.list();
    assert.deepEqual([silences.total, list.length], [80, 50]);
    assert.ok(list.every(({ fromUs, toUs }) => toUs - fromUs >= 90e6));
  });

  it('what a log cannot hold depends on where it was written', () => {
    const has = { statuses: true, durations: true, hosts: true, headers: true, bodies: true };
    const of = (vantage: 'origin' | 'cdn' | 'browser') =>
      whatItCannotHold({ vantages: [vantage], stamps: ['start'], resolutionUs: 1, has }).join(' ');
    assert.match(of('origin'), /CDN or cache in front/);
    assert.match(of('cdn'), /reached the origin/);
    assert.match(of('browser'), /single browsers/);
    assert.doesNotMatch(of('browser'), /logger/);
    const blind = { ...has, statuses: false, durations: false };
    const text = whatItCannotHold({
      vantages: ['origin'],
      stamps: ['end'],
      resolutionUs: 1e6,
      has: blind,
    }).join(' ');
    for (const part of [/Statuses/, /Durations/, /late by as long/, /stamp of 1 s/]) assert.match(text, part);
  });

  it('a shop night is found as it was', () => {
    const audit = auditOf(shopRows());
    assert.equal(audit.rows, 2_880);
    assert.equal(audit.peakSecond?.requests, 12);
    assert.equal(audit.clients, 40);
    assert.deepEqual(Object.values(audit.hosts), [720, 720, 720, 720]);
  });
});
