// Cookies: a visitor sends back what answers set, a new one has none; and addresses, one a visitor.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Exchange } from '../../src/drive/exchange.js';
import { Budget } from '../../src/drive/sockets/sessions.js';
import { Conversation } from '../../src/drive/visits/conversation.js';
import { Cookies } from '../../src/drive/visits/cookies.js';
import { Visitor, Visitors } from '../../src/drive/visits/visitors.js';
import type { ConnectionPolicy, Plan, RateStream } from '../../src/scenario/plan.js';
import { type Seen, simulate, World } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const POLICIES: readonly ConnectionPolicy[] = [
  { kind: 'visitor', perVisitor: null, idleUs: 500_000 },
  { kind: 'fresh' },
  { kind: 'pool', size: 3 },
];

/** Visitors of four requests, at least a second apart: idle connections are closed in between. */
function planOf(connections: ConnectionPolicy, more: Partial<Plan> = {}) {
  const { plan, inputs } = steadyPlan({
    ratePerSec: 20,
    seconds: 20,
    connections,
    visits: { requests: 4, thinkUs: 1e6 },
  });
  const [stream] = plan.streams as [RateStream];
  const requests = stream.requests.map((request) => ({ ...request, path: '/?visitor={visitor}' }));
  return { plan: { ...plan, streams: [{ ...stream, requests }], ...more }, inputs };
}

const headerOf = (headers: readonly string[], name: string): string[] =>
  headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);

/** One visitor's talk with a target, without a driver between them. */
function talk(nowUs: () => number = () => 0, ownHost = 'shop.example') {
  const cookies = new Cookies(ownHost, nowUs);
  const exchange = new Exchange();
  const visitor = new Visitor(0, 1, new Budget(8));
  const turn = (host: string | null, path: string, headers: readonly string[] = []) => {
    exchange.reset();
    exchange.who = visitor;
    Object.assign(exchange.request, { host, path, headers });
  };
  return {
    visitor,
    exchange,
    set(lines: readonly string[], host: string | null = null, path = '/') {
      turn(host, path);
      for (const line of lines) exchange.answer.header('set-cookie', line);
      cookies.heard(exchange);
    },
    /** The Cookie header sent; '' for none. */
    sent(host: string | null = null, path = '/', headers: readonly string[] = []): string {
      turn(host, path, headers);
      cookies.prepare(exchange);
      const all = [...(exchange.extraHeaders ?? []), ...exchange.request.headers];
      const lines = headerOf(all, 'cookie');
      assert.ok(lines.length <= 1, 'one Cookie header');
      return lines[0] ?? '';
    },
  };
}

describe('cookies', () => {
  for (const connections of POLICIES) {
    it(`are a visitor's own, over ${connections.kind} connections`, () => {
      const of = new Map<string, string>();
      const seen: Seen[] = [];
      const { plannedTotal } = simulate({
        ...planOf(connections),
        target: (seq, _atUs, _uniform, request) => {
          const known = of.get(request.path);
          assert.deepEqual(headerOf(request.headers, 'cookie'), known === undefined ? [] : [`sid=${known}`]);
          seen.push(request);
          if (known !== undefined) return { serviceUs: 1_000, status: 200 };
          of.set(request.path, String(seq));
          return { serviceUs: 1_000, status: 200, headers: ['set-cookie', `sid=${seq}; Path=/; HttpOnly`] };
        },
      });
      assert.equal(seen.length, plannedTotal);
      assert.ok(of.size > 50 && of.size < plannedTotal / 2);
    });
  }

  it('are not sent where the scenario has none', () => {
    simulate({
      ...planOf({ kind: 'fresh' }, { cookies: false }),
      target: (_seq, _atUs, _uniform, request) => {
        assert.deepEqual(request.headers, []);
        return { serviceUs: 1_000, status: 200, headers: ['set-cookie', 'sid=1'] };
      },
    });
  });

  it('cost a visitor nothing until one comes', () => {
    const { visitor, sent, set } = talk();
    assert.equal(sent(), '');
    set([]);
    assert.equal(visitor.jar, null);
    assert.equal(visitor.remembers, false);
    set(['a=1']);
    assert.equal(visitor.remembers, true);
  });

  it('go to the host and path that they are for', () => {
    const { set, sent } = talk();
    set(['own=1', 'all=2; Domain=shop.example', 'cart=3; Path=/cart']);
    set(['deep=4'], 'a.shop.example', '/x/y?q=/z');
    assert.equal(sent(), 'own=1; all=2');
    assert.equal(sent(null, '/cart?item=1'), 'cart=3; own=1; all=2');
    assert.equal(sent(null, '/carts'), 'own=1; all=2');
    assert.equal(sent('SHOP.example:8080'), 'own=1; all=2', 'a port and capitals make no other host');
    assert.equal(sent('a.shop.example'), 'all=2');
    assert.equal(sent('a.shop.example', '/x'), 'deep=4; all=2');
    assert.equal(sent('other.example'), '');
  });

  it('are not set by a host for another, nor for a whole public suffix', () => {
    const { set, sent, visitor } = talk();
    set(['a=1; Domain=other.example', 'b=2; Domain=example', 'c=3; Domain=co.uk'], 'shop.example');
    set(['d=4; Domain=shop.example'], 'notshop.example');
    set(['e=5'], 'not a host');
    assert.equal(visitor.jar, null);
    assert.equal(sent('other.example') + sent('notshop.example'), '');
  });

  it('that were sent before do not hide what is set later', () => {
    const { set, sent } = talk();
    set(['a=1']);
    assert.deepEqual([sent(), sent(), sent('other.example'), sent()], ['a=1', 'a=1', '', 'a=1']);
    set(['a=2', 'b=1; Path=/x']);
    assert.deepEqual([sent(), sent(null, '/x'), sent()], ['a=2', 'b=1; a=2', 'a=2']);
  });

  it('are replaced, taken away, and expire by our clock', () => {
    let nowUs = Date.UTC(2030, 0, 1) * 1e3;
    const { set, sent } = talk(() => nowUs);
    set(['a=1', 'b=1; Max-Age=60', 'c=1; Expires=Tue, 01 Jan 2030 00:02:00 GMT']);
    set(['a=2; Path=/']);
    assert.equal(sent(), 'a=2; b=1; c=1');
    nowUs += 59e6;
    assert.equal(sent(), 'a=2; b=1; c=1', 'asking does not make it last longer, nor shorter');
    nowUs += 2e6;
    assert.equal(sent(), 'a=2; c=1');
    nowUs += 60e6;
    assert.equal(sent(), 'a=2');
    set(['a=; Max-Age=0', 'd=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    assert.equal(sent(), '');
  });

  it('that are Secure are kept over plain HTTP: an edge in front of the target speaks TLS', () => {
    const { set, sent } = talk();
    set(['a=1; Secure', '__Host-b=2; Secure; Path=/', '__Secure-c=3']);
    assert.equal(sent(), 'a=1; __Host-b=2');
  });

  it("win over the request's own by name, and leave shared headers alone", () => {
    const { set, sent, exchange } = talk();
    const own = ['accept', '*/*', 'Cookie', 'theme=dark; a=old ; a=older'];
    assert.equal(sent(null, '/', own), 'theme=dark; a=old ; a=older');
    assert.equal(exchange.request.headers, own);
    set(['a=new']);
    assert.equal(sent(null, '/', own), 'a=new; theme=dark');
    assert.deepEqual(exchange.request.headers, ['accept', '*/*']);
    assert.equal(sent('other.example', '/', own), 'theme=dark; a=old ; a=older');
    assert.equal(own.length, 4);
  });

  it('are bounded, in number and in bytes', () => {
    const { set, sent, visitor } = talk();
    for (let i = 0; i < 10; i++) set(Array.from({ length: 30 }, (_, k) => `c${i}-${k}=1`));
    assert.equal(visitor.jar?.kept.length, 64);
    set(['c0-0=2']);
    assert.match(sent(), /^c0-0=2; c0-1=1; /, 'those that are there can still change');

    const long = talk();
    long.set(['a=1', `b=${'x'.repeat(9_000)}`, `c=${'x'.repeat(5_000)}`, `d=${'x'.repeat(5_000)}`]);
    long.set([`a=${'x'.repeat(5_000)}`]);
    assert.deepEqual(
      long.visitor.jar?.kept.map(({ text }) => text.length),
      [3, 5_002],
    );
    assert.equal(long.visitor.jar?.bytes, 5_005);
  });

  it('take whatever a server sends, and send only what a header can hold', () => {
    const lines = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom(...'a=;, \t\x00\x7f\x80ÿ%"\'.-Domain=Path=/Max-Age=Expires'),
        maxLength: 80,
      }),
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 20 }), fc.webPath(), (set, path) => {
        const visit = talk();
        visit.set(set, null, path === '' ? '/' : path);
        assert.doesNotMatch(visit.sent(null, path === '' ? '/' : path), /[^\t\x20-\x7e\x80-\xff]/);
        const kept = visit.visitor.jar?.kept ?? [];
        assert.equal(
          visit.visitor.jar?.bytes ?? 0,
          kept.reduce((sum, { text }) => sum + text.length, 0),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('visitors who are away', () => {
  it('are forgotten, the longest away first, when their cookies weigh too much', () => {
    const visitors = new Visitors();
    const heavy = (number: number) => {
      const visitor = visitors.due(0, number, false);
      const isNew = visitor.jar === null;
      visitor.jar ??= { kept: [], bytes: 4 * 1024 * 1024, line: null };
      visitors.settled(visitor);
      return isNew;
    };
    for (let i = 0; i < 8; i++) assert.ok(heavy(i));
    assert.ok(!heavy(0), 'one that came back is the last to go');
    assert.ok(heavy(8));
    assert.ok(!heavy(0));
    assert.ok(heavy(1), 'the longest away was forgotten');
  });
});

describe('forwarded addresses', () => {
  /** The header as it is sent by a visitor. */
  const sent = (visitor: number, stream = 0, seed = 1, headers: readonly string[] = []) => {
    const { plan } = planOf({ kind: 'fresh' });
    const forwardedFor = { header: 'x-forwarded-for', first: 0xc6120001, count: 2 ** 17 - 2 };
    const target = { protocol: 'http:', host: 'shop.example', forwardedFor } as const;
    const exchange = new Exchange();
    Object.assign(exchange, { stream, visitor });
    exchange.request.headers = headers;
    new Conversation({ ...plan, seed }, target, new World()).prepare(exchange);
    return headerOf([...(exchange.extraHeaders ?? []), ...exchange.request.headers], 'x-forwarded-for');
  };

  it('are stable for a visitor, out of the range, and differ between visitors, streams and seeds', () => {
    const of = (visitor: number, stream = 0, seed = 1) => sent(visitor, stream, seed).join();
    assert.equal(of(7), of(7));
    const all = Array.from({ length: 1000 }, (_, visitor) => of(visitor));
    for (const address of all) assert.match(address, /^198\.(?:18|19)\.\d{1,3}\.\d{1,3}$/);
    assert.ok(new Set(all).size > 980);
    assert.notEqual(of(7), of(7, 1));
    assert.notEqual(of(7), of(7, 0, 2));
  });

  it('take the place of what a request says itself', () => {
    assert.equal(sent(7, 0, 1, ['X-Forwarded-For', '10.0.0.1']).length, 1);
    assert.notEqual(sent(7, 0, 1, ['X-Forwarded-For', '10.0.0.1'])[0], '10.0.0.1');
  });
});
