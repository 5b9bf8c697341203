// What is kept of an answer that came over a real socket: what something asked for, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exchange } from '../../src/drive/exchange.js';
import { MonotonicClock } from '../../src/drive/pacing/clock.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';
import { decodeBody } from '../../src/drive/visits/body.js';
import { Checks } from '../../src/drive/visits/checks.js';
import type { RouteClass } from '../../src/scenario/plan.js';
import { startRawServer } from '../support/raw-server.js';

const ANSWER = [
  'HTTP/1.1 302 Found',
  'LOCATION: /next',
  'Set-Cookie: a=1; Path=/',
  'set-cookie: b=2',
  'Age: 0',
  'Cache-Status: edge; hit',
  'Content-Type: text/html',
  'Content-Length: 11',
  '',
  'hello world',
].join('\r\n');

/** Sends one request of a route and gives back its exchange. */
async function exchangeWith(route: RouteClass): Promise<Exchange> {
  const server = await startRawServer((socket) => socket.write(ANSWER));
  const clock = new MonotonicClock('sleep');
  const transport = new UndiciTransport(
    {
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: server.port,
      host: `127.0.0.1:${server.port}`,
      addresses: ['127.0.0.1'],
      headers: [],
    },
    clock,
    clock.nowUs(),
  );
  const exchange = new Exchange();
  exchange.reset();
  new Checks([route]).prepare(exchange);
  await new Promise<void>((resolve) => {
    const listener = { opened: () => {}, settled: () => resolve(), closed: () => {} };
    transport.connection(null, null, listener).send(exchange);
  });
  transport.close();
  await server.close();
  assert.equal(exchange.failure, null);
  return exchange;
}

const ROUTE: RouteClass = { name: 'page', expect: [[200, 399]], match: null };

test('where nothing is checked: cookies, location and cache, but no body and no other header', async () => {
  const { answer } = await exchangeWith(ROUTE);
  assert.deepEqual([answer.status, answer.location, answer.cache], [302, '/next', 'hit']);
  assert.deepEqual(answer.setCookies, ['a=1; Path=/', 'b=2']);
  assert.deepEqual([answer.headers, answer.body.length, answer.bodyBytes], [[], 0, 11]);
});

test('where it is checked: the body and all headers', async () => {
  const checks = { contains: ['lo wo'], header: { 'content-type': 'html' }, minBytes: 11 };
  const exchange = await exchangeWith({ ...ROUTE, checks });
  const { answer } = exchange;
  assert.equal(decodeBody(answer), 'hello world');
  assert.equal(answer.headers[answer.headers.indexOf('content-type') + 1], 'text/html');
  assert.ok(new Checks([{ ...ROUTE, checks }]).passes(exchange));
  assert.ok(!new Checks([{ ...ROUTE, checks: { minBytes: 12 } }]).passes(exchange));
});

test('a body that comes a byte at a time takes no more room than is wanted of it', () => {
  const { answer } = new Exchange();
  answer.bodyMax = 1_000;
  const chunk = Buffer.from('x');
  for (let i = 0; i < 5_000; i++) answer.data(chunk);
  assert.equal(answer.bodyBytes, 5_000);
  assert.equal(answer.body.toString(), 'x'.repeat(1_000));
  assert.equal(answer.body.buffer.byteLength, 1_000);
});

test('an error that was recorded as such need not be a page; one that is expected must', () => {
  const checks = new Checks([{ ...ROUTE, checks: { contains: ['Add to cart'] } }]);
  const exchange = new Exchange();
  exchange.answer.status = 404;
  exchange.request.recordedStatus = 404;
  assert.ok(checks.passes(exchange));
  exchange.request.recordedStatus = 200;
  assert.ok(!checks.passes(exchange));
});
