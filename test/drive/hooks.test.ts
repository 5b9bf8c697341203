// Hooks: what they may change and what not, what a throw comes to, and what modules are refused.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Hooks } from 'flashcrowd/hooks';
import { Exchange } from '../../src/drive/exchange.js';
import { loadHooks } from '../../src/drive/visits/hook-module.js';
import { HookCaller } from '../../src/drive/visits/hooks.js';
import { UserError } from '../../src/problem.js';
import { steadyPlan } from '../support/steady-plan.js';

const SHARED: readonly string[] = Object.freeze(['Accept', 'text/html', 'X-Key', 'a', 'x-key', 'b']);

function callerOf(hooks: Hooks, warnings: string[] = []): HookCaller {
  let us = 0;
  return new HookCaller({
    plan: steadyPlan({ ratePerSec: 1, seconds: 1 }).plan,
    hooks,
    targetHost: 'shop.test',
    nowUs: () => (us += 7),
    warn: (text) => warnings.push(text),
  });
}

function exchangeOf(): Exchange {
  const exchange = new Exchange();
  exchange.reset();
  exchange.request.headers = SHARED;
  exchange.request.path = '/p?id=4';
  exchange.seq = 4;
  exchange.visitor = 2;
  return exchange;
}

describe('beforeRequest', () => {
  it('sees the request and which one it is', () => {
    const seen: unknown[] = [];
    const caller = callerOf({
      beforeRequest: (request, context) => {
        seen.push(request.method, request.host, request.path, request.body);
        seen.push(request.headers.get('ACCEPT'), request.headers.get('x-key'), request.headers.get('none'));
        seen.push([...request.headers], { ...context });
      },
    });
    assert.equal(caller.before(exchangeOf()), true);
    assert.deepEqual(seen.slice(0, 7), ['GET', 'shop.test', '/p?id=4', null, 'text/html', 'a, b', undefined]);
    assert.deepEqual(seen[7], [
      ['Accept', 'text/html'],
      ['X-Key', 'a'],
      ['x-key', 'b'],
    ]);
    const context = seen[8] as Record<string, unknown>;
    assert.deepEqual(
      [context.seq, context.visitor, context.stream, context.route, context.tenant],
      [4, 2, 'steady', 'home', null],
    );
  });

  it('changes path, headers and body of this request alone', () => {
    const caller = callerOf({
      beforeRequest: (request) => {
        request.path += '&ts=1';
        request.headers.set('X-Signature', 's1');
        request.headers.set('x-key', 'c');
        request.headers.delete('accept');
        request.body = 'signed';
      },
    });
    const exchange = exchangeOf();
    exchange.extraHeaders = Object.freeze(['cookie', 'c=1']);
    assert.equal(caller.before(exchange), true);
    assert.equal(exchange.request.path, '/p?id=4&ts=1');
    assert.equal(exchange.request.body, 'signed');
    assert.deepEqual(exchange.request.headers, []);
    assert.deepEqual(exchange.extraHeaders, ['cookie', 'c=1', 'X-Signature', 's1', 'x-key', 'c']);
    assert.deepEqual(SHARED, ['Accept', 'text/html', 'X-Key', 'a', 'x-key', 'b']);
  });

  it('copies no list that it does not change', () => {
    const exchange = exchangeOf();
    callerOf({ beforeRequest: (request) => request.headers.set('x-signature', 's') }).before(exchange);
    assert.equal(exchange.request.headers, SHARED);
    callerOf({ beforeRequest: () => {} }).before(exchange);
    assert.equal(exchange.request.headers, SHARED);
  });

  it('signs again what is sent again, in place of the old signature', () => {
    let n = 0;
    const caller = callerOf({ beforeRequest: (request) => request.headers.set('x-signature', `s${++n}`) });
    const exchange = exchangeOf();
    caller.before(exchange);
    caller.before(exchange);
    assert.deepEqual(exchange.extraHeaders, ['x-signature', 's2']);
  });

  const refused: readonly [string, NonNullable<Hooks['beforeRequest']>, RegExp][] = [
    ['Host', ({ headers }) => headers.set('Host', 'evil.test'), /header host is not a hook's/],
    ['framing', ({ headers }) => headers.set('Content-Length', '0'), /content-length is not/],
    ['the run’s name', ({ headers }) => headers.delete('x-flashcrowd-run'), /x-flashcrowd-run is not/],
    ['a name with a blank', ({ headers }) => headers.set('x y', '1'), /not a header name/],
    ['a value with a line break', ({ headers }) => headers.set('x', '1\r\nhost: evil'), /value of x holds/],
    ['a path elsewhere', (request) => (request.path = 'http://evil.test/'), /is not a path/],
    ['a path with a blank', (request) => (request.path = '/a HTTP/1.1\r\n'), /is not a path/],
    ['the method', (request) => Object.assign(request, { method: 'DELETE' }), /method/],
    ['the host', (request) => Object.assign(request, { host: 'evil.test' }), /host/],
    ['a body that is none', (request) => Object.assign(request, { body: 7 }), /a body is/],
  ];
  for (const [what, beforeRequest, message] of refused) {
    it(`may not change ${what}: it throws, and nothing of the request is changed`, () => {
      const warnings: string[] = [];
      const exchange = exchangeOf();
      const before = { ...exchange.request };
      assert.equal(callerOf({ beforeRequest }, warnings).before(exchange), false);
      assert.match(warnings.join(), message);
      assert.deepEqual({ ...exchange.request }, before);
      assert.equal(exchange.extraHeaders, null);
    });
  }

  it('that throws is told of once, and counted each time', () => {
    const warnings: string[] = [];
    const caller = callerOf(
      {
        beforeRequest: () => {
          throw new Error('no key');
        },
      },
      warnings,
    );
    assert.equal(caller.before(exchangeOf()), false);
    assert.equal(caller.before(exchangeOf()), false);
    assert.deepEqual(warnings, ['the hook beforeRequest threw: no key']);
    assert.deepEqual(caller.takeCost(), { hookCalls: 2, hookUs: 14, hookMaxUs: 7 });
    assert.deepEqual(caller.takeCost(), { hookCalls: 0, hookUs: 0, hookMaxUs: 0 });
  });

  it('that returns a promise ends the run', () => {
    const lazy = { beforeRequest: () => Promise.resolve() } as unknown as Hooks;
    assert.throws(
      () => callerOf(lazy).before(exchangeOf()),
      /beforeRequest returned a promise; .*synchronous/,
    );
  });

  it('asks for nothing of the answer where nothing looks at it', () => {
    const exchange = exchangeOf();
    callerOf({ beforeRequest: () => {} }).before(exchange);
    assert.deepEqual([exchange.answer.keepsHeaders, exchange.answer.bodyMax], [false, 0]);
  });
});

describe('afterResponse', () => {
  it('sees status, headers and the decoded body, bounded, and the request as it was sent', () => {
    const seen: unknown[] = [];
    const caller = callerOf({
      afterResponse: (response, request, context) => {
        seen.push(response.status, response.headers.get('X-Sum'), response.body, request.path, context.seq);
      },
    });
    const exchange = exchangeOf();
    assert.equal(caller.before(exchange), true);
    exchange.answer.status = 201;
    exchange.answer.header('x-sum', '9');
    exchange.answer.header('content-encoding', 'gzip');
    exchange.answer.data(gzipSync('hello'));
    assert.equal(caller.after(exchange), true);
    assert.deepEqual(seen, [201, '9', 'hello', '/p?id=4', 4]);
    assert.equal(exchange.answer.bodyMax, 65_536);
  });

  it('that throws fails the request, and cannot change it any more', () => {
    const change = callerOf({
      afterResponse: (_response, request) => Object.assign(request, { path: '/x' }),
    });
    const exchange = exchangeOf();
    change.before(exchange);
    assert.equal(change.after(exchange), false);
    assert.equal(exchange.request.path, '/p?id=4');
    const header = callerOf({
      afterResponse: (_response, request) =>
        (request.headers as unknown as { set: (name: string, value: string) => void }).set('a', 'b'),
    });
    assert.equal(header.after(exchange), false);
  });
});

describe('a module of hooks', () => {
  async function refusalOf(t: TestContext, text: string | undefined): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'hooks-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'sign.mjs');
    if (text !== undefined) writeFileSync(file, text);
    try {
      await loadHooks(file);
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.ok(error.message.startsWith(file));
      return error.message;
    }
    return '';
  }

  const table: readonly [string, string | undefined, RegExp][] = [
    ['that is good loads', 'export const afterResponse = () => {};', /^$/],
    ['that is not there', undefined, /cannot be loaded/],
    ['with a mistake in it', 'export function beforeRequest( {', /cannot be loaded/],
    ['that throws', "throw new Error('no key file');", /cannot be loaded: no key file/],
    ['without a hook', 'export const sign = () => {};', /exports neither beforeRequest nor afterResponse/],
    ['whose hook is none', 'export const beforeRequest = 4;', /beforeRequest is not a function/],
    [
      'whose hook is async',
      'export async function beforeRequest() {}',
      /AsyncFunction; hooks must be synchronous/,
    ],
    ['whose hook is a generator', 'export function* afterResponse() {}', /GeneratorFunction/],
  ];
  for (const [what, text, message] of table) {
    it(what, async (t) => assert.match(await refusalOf(t, text), message));
  }
});
