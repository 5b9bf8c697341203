// The storefront over real HTTP: pages, tenancy, methods, overload, lost clients, and counts that agree.
import assert from 'node:assert/strict';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { ROUTES } from '../../src/storefront/routes.js';
import { parseEvent } from '../../src/storefront/script.js';
import { type Storefront, startStorefront } from '../../src/storefront/server.js';
import type { StorefrontOptions } from '../../src/storefront/settings.js';
import type { StorefrontView } from '../../src/storefront/view.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true });
after(() => agent.destroy());

const service = (medianUs: number) =>
  Object.fromEntries(ROUTES.map((route) => [route, { medianUs, sigma: 0 }]));
const QUICK: StorefrontOptions = { service: service(100) };
/** Longer than any test: what is in service stays there. */
const ENDLESS: StorefrontOptions = {
  service: service(60e6),
  concurrency: 1,
  autoscaler: { minInstances: 1, maxInstances: 1 },
};

function ask(
  front: Storefront,
  path: string,
  method = 'GET',
  host = 'shop.shop.test',
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host, ...(body !== '' && { 'content-length': body.length }) };
    const asked = request(
      { host: '127.0.0.1', port: front.port, path, method, headers, agent },
      (response) => {
        let text = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

async function withStorefront(
  options: StorefrontOptions,
  use: (front: Storefront) => Promise<void>,
): Promise<void> {
  const front = await startStorefront(options);
  try {
    await use(front);
  } finally {
    await front.close();
  }
}

/** Waits, for as long as it takes, until the storefront has seen something. */
async function until(front: Storefront, seen: (view: StorefrontView) => boolean): Promise<StorefrontView> {
  for (;;) {
    const view = front.view();
    if (seen(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('every page answers, and the totals are what the client saw', () =>
  withStorefront(QUICK, async (front) => {
    const asked: [path: string, method: string, status: number, store: string, route: string][] = [
      ['/', 'GET', 200, 'a', 'home'],
      ['/', 'HEAD', 200, 'a', 'home'],
      ['/products/7', 'GET', 200, 'a', 'product'],
      ['/search?q=shoe', 'GET', 200, 'a', 'search'],
      ['/cart', 'GET', 200, 'a', 'cart'],
      ['/cart', 'POST', 200, 'a', 'cart'],
      ['/checkout', 'POST', 200, 'a', 'checkout'],
      ['/checkout', 'GET', 405, 'a', 'checkout'],
      ['/admin/orders', 'GET', 200, 'a', 'admin'],
      ['/assets/app.js', 'GET', 200, 'a', 'asset'],
      ['/nowhere', 'GET', 404, 'a', 'other'],
      ['/products/7', 'DELETE', 405, 'a', 'product'],
      ['/s/b/products/7', 'GET', 200, 'b', 'product'],
      ['/s/b/nowhere', 'POST', 404, 'b', 'other'],
    ];
    const expected: Record<string, number> = {};
    for (const [path, method, status, store, route] of asked) {
      const body = method === 'POST' ? '{"product":7,"qty":1}' : '';
      const answer = await ask(front, path, method, 'a.shop.test:80', body);
      assert.equal(answer.status, status, `${method} ${path}`);
      assert.ok(Number(answer.headers['content-length']) > 0);
      if (method === 'HEAD') assert.equal(answer.body, '');
      else assert.equal(answer.body.length, Number(answer.headers['content-length']));
      assert.equal(answer.headers.allow !== undefined, status === 405);
      for (const key of [`all ${status}`, `${route} ${status}`, `${store} arrivals`]) {
        expected[key] = (expected[key] ?? 0) + 1;
      }
    }
    const answer = await ask(front, '/__storefront/timeline');
    assert.equal(answer.headers['content-type'], 'application/json');
    const view = JSON.parse(answer.body) as StorefrontView;
    const counted: Record<string, number> = {};
    for (const [status, count] of Object.entries(view.totals.statuses)) counted[`all ${status}`] = count;
    for (const [route, tally] of Object.entries(view.totals.routes)) {
      for (const [status, count] of Object.entries(tally.statuses)) counted[`${route} ${status}`] = count;
    }
    for (const { store, arrivals } of view.stores) counted[`${store} arrivals`] = arrivals;
    assert.deepEqual(counted, expected);
    assert.equal(view.totals.arrivals, asked.length);
    assert.deepEqual([view.totals.inside, view.totals.aborted], [0, 0]);
    assert.equal(view.settings.seed, front.settings.seed);
  }));

test('HEAD promises the length that GET delivers', () =>
  withStorefront(QUICK, async (front) => {
    const [head, get] = [await ask(front, '/products/1', 'HEAD'), await ask(front, '/products/1')];
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
  }));

test('pages name their store and product', () =>
  withStorefront(QUICK, async (front) => {
    const byHost = await ask(front, '/products/blue-shirt', 'GET', 'hot.shop.test');
    assert.match(byHost.body, /Product blue-shirt \| hot</);
    const byPath = await ask(front, '/s/cool/products/9', 'GET', 'hot.shop.test');
    assert.match(byPath.body, /Product 9 \| cool</);
    assert.match((await ask(front, '/', 'GET', '127.0.0.1')).body, /\| default</);
  }));

test('the storefront’s own pages are counted nowhere', () =>
  withStorefront(QUICK, async (front) => {
    for (const [path, method, status] of [
      ['/__storefront/timeline?since=5', 'GET', 200],
      ['/__storefront/timeline', 'HEAD', 200],
      ['/__storefront/timeline', 'POST', 405],
      ['/__storefront/other', 'GET', 404],
    ] as const) {
      assert.equal((await ask(front, path, method)).status, status);
    }
    assert.equal(front.view().totals.arrivals, 0);
  }));

test('seconds are sampled, and can be read from one on', () =>
  withStorefront(QUICK, async (front) => {
    await ask(front, '/');
    const view = await until(front, ({ seconds }) => seconds.length >= 2);
    assert.equal(
      view.seconds.reduce((sum, second) => sum + second.arrivals, 0),
      1,
    );
    assert.deepEqual(
      view.seconds.slice(0, 2).map((second) => second.atS),
      [0, 1],
    );
    assert.equal(view.seconds[0]?.instancesServing, front.settings.autoscaler.minInstances);
    assert.equal(front.view(1).seconds[0]?.atS, 1);
  }));

test('a full queue answers 503 with Retry-After, at once', () =>
  withStorefront({ ...ENDLESS, queueLimit: 0, retryAfterS: 7 }, async (front) => {
    const endless = ask(front, '/').catch(() => 'cut');
    await until(front, ({ totals }) => totals.inside === 1);
    const shed = await ask(front, '/');
    assert.equal(shed.status, 503);
    assert.equal(shed.headers['retry-after'], '7');
    await front.close();
    assert.equal(await endless, 'cut');
  }));

test('what is scripted happens and is served beside the timeline', () => {
  const script = [parseEvent('all instances down from 0 to 1h')];
  return withStorefront({ ...QUICK, queueLimit: 0, script }, async (front) => {
    assert.equal(front.view().events[0]?.fromS, null);
    assert.equal((await ask(front, '/')).status, 503);
    const { events } = JSON.parse((await ask(front, '/__storefront/timeline')).body) as StorefrontView;
    const [{ text, fromS, toS } = { text: '', fromS: null, toS: null }] = events;
    assert.equal(text, script[0]?.text);
    assert.ok(fromS !== null && toS !== null && Math.round(toS - fromS) === 3_600);
  });
});

test('clients that left are served in vain where the shop serves the abandoned', () =>
  withStorefront({ ...ENDLESS, queueLimit: 5, waitLimitUs: 600e6, servesAbandoned: true }, async (front) => {
    const get = 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n';
    const socket = connect({ host: '127.0.0.1', port: front.port }, () => socket.write(get + get + get));
    socket.on('error', () => {});
    await until(front, ({ totals }) => totals.inside === 3);
    socket.resetAndDestroy();
    const { seconds } = await until(front, (view) => (view.seconds.at(-1)?.inVain ?? 0) > 0);
    assert.deepEqual([seconds.at(-1)?.inVain, seconds.at(-1)?.queued], [3, 2]);
  }));

test('who waits too long is answered 504', () =>
  withStorefront({ ...ENDLESS, queueLimit: 5, waitLimitUs: 20e3 }, async (front) => {
    const endless = ask(front, '/').catch(() => 'cut');
    await until(front, ({ totals }) => totals.inside === 1);
    assert.equal((await ask(front, '/')).status, 504);
    await front.close();
    await endless;
  }));

test('lost connections abort all their requests, pipelined ones too, and nothing else', () =>
  withStorefront({ ...ENDLESS, queueLimit: 5, waitLimitUs: 600e6 }, async (front) => {
    const get = 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n';
    const socket = connect({ host: '127.0.0.1', port: front.port }, () => socket.write(get + get + get));
    socket.on('error', () => {});
    await until(front, ({ totals }) => totals.inside === 3);
    const other = ask(front, '/').catch(() => 'cut');
    await until(front, ({ totals }) => totals.inside === 4);
    socket.resetAndDestroy();
    const { totals } = await until(front, (view) => view.totals.aborted > 0);
    assert.deepEqual([totals.aborted, totals.inside, totals.arrivals], [3, 1, 4]);
    await front.close();
    await other;
  }));

test('nonsense on a connection is refused, and the server goes on', () =>
  withStorefront(QUICK, async (front) => {
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect({ host: '127.0.0.1', port: front.port }, () => socket.write('nonsense\r\n\r\n'));
      socket.on('data', (chunk) => (received += chunk.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => resolve(received));
    });
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.equal((await ask(front, '/')).status, 200);
  }));

test('connections are kept for the next request', () =>
  withStorefront(QUICK, async (front) => {
    const own = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number>();
    for (let n = 0; n < 5; n++) {
      await new Promise<void>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port: front.port, agent: own }, (response) => {
          ports.add(response.socket.localPort ?? 0);
          response.resume().on('end', resolve);
        });
        asked.on('error', reject).end();
      });
    }
    own.destroy();
    assert.equal(ports.size, 1);
  }));

test('a port that is taken is an error with its code', () =>
  withStorefront(QUICK, async (front) => {
    await assert.rejects(startStorefront(QUICK, front.port), { code: 'EADDRINUSE' });
  }));
