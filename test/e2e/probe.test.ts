// `flashcrowd probe` with the built command: a shop with everything wrong, a good one, TLS, a proxy, a recording.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PROBE, type ProbeJson } from '../../src/report/probe-schema.js';
import { line } from '../recording/support.js';
import { runCli } from '../support/cli.js';
import { startProxy } from '../support/proxy-server.js';
import { type RawPeer, startRawServer } from '../support/raw-server.js';
import { SERVER } from '../support/tls/material.js';
import { startTlsServer } from '../support/tls-server.js';

const CA = fileURLToPath(new URL('../support/tls/ca.pem', import.meta.url));
/** `${env:NAME}`, as a scenario writes it. */
const env = (name: string) => `$\{env:${name}}`;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-probe-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function reply(peer: RawPeer, status: string, headers: readonly string[] = [], body = 'ok'): void {
  peer.write([`HTTP/1.1 ${status}`, ...headers, `content-length: ${body.length}`, '', body].join('\r\n'));
}

/** Probes a scenario of this text. */
async function probe(name: string, text: string, ...more: string[]) {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  return runCli(['probe', file, ...more], {
    cwd: folder,
    env: {
      XDG_CACHE_HOME: join(folder, 'cache'),
      TOKEN: 'hush & hush',
      LOGIN: 'me:hush-hush',
      PASS: 'hush-pass',
    },
  });
}

function jsonOf({ stdout, stderr }: { stdout: string; stderr: string }): ProbeJson {
  assert.notEqual(stdout, '', stderr);
  return PROBE.parse(JSON.parse(stdout));
}

const byRoute = ({ probes }: ProbeJson) => Object.fromEntries(probes.map((probed) => [probed.route, probed]));
const idsOf = ({ findings }: ProbeJson) => findings.map(({ id }) => id).sort();

describe('flashcrowd probe', () => {
  it('asks once for each route, walks a flow in order, says what each answer means, and tells no secret', async (t) => {
    const carts = new Set<string>();
    const server = await startRawServer((peer, head) => {
      const path = head.split(' ')[1] ?? '';
      if (path.startsWith('/home')) reply(peer, '200 OK', ['x-cache: HIT', 'server: \u009b2Jshop']);
      else if (path === '/old')
        reply(peer, '301 Moved', ['location: https://www.live.example/?k=hush%20%26%20hush']);
      else if (path === '/admin') reply(peer, '403 Forbidden', ['cf-mitigated: challenge', 'cf-ray: 8f']);
      else if (path === '/page') reply(peer, '200 OK', [], '<p>Sorry</p>');
      else if (path === '/lost') reply(peer, '404 Not Found');
      else if (path === '/cart' && head.startsWith('POST')) {
        carts.add(`c${carts.size}`);
        reply(peer, '201 Created', ['set-cookie: sid=1'], `{"id":"c${carts.size - 1}"}`);
      } else {
        const known = carts.has(path.slice('/cart/'.length)) && /^cookie: sid=1$/im.test(head);
        reply(peer, known ? '200 OK' : '422 Unprocessable');
      }
    });
    t.after(() => server.close());
    const result = await probe(
      'all',
      `target: { url: "http://127.0.0.1:${server.port}", basicAuth: "${env('LOGIN')}" }
writes: [cart]
headers: { x-token: "${env('TOKEN')}" }
streams:
  - name: browse
    stages: [{ rate: 50, for: 20s }]
    requests:
      - { route: home, get: /home, weight: 50 }
      - { route: old, get: /old }
      - { route: admin, get: /admin }
      - { route: page, get: /page }
      - { route: lost, get: /lost }
  - name: shoppers
    stages: [{ rate: 5, for: 60s }]
    flow:
      - { route: cart, post: /cart, json: { n: 1 }, capture: { cart: { json: $.id } }, think: 15s }
      - { route: mycart, get: "/cart/{cart}" }
routes:
  page: { contains: Add to cart }
`,
      '--json',
    );
    assert.equal(result.code, 1, result.stderr);
    const json = jsonOf(result);
    assert.equal(server.requests.length, 7);
    assert.equal(json.probes.length, 7);
    assert.equal(carts.size, 1);
    for (const head of server.requests) {
      assert.match(head, new RegExp(`^x-flashcrowd-run: ${json.run}$`, 'im'));
      assert.match(head, /^x-token: hush & hush$/im);
      assert.match(head, /^authorization: Basic /im);
    }
    const { home, old, admin, page, lost, cart, mycart } = byRoute(json);
    assert.deepEqual(home?.cache, { result: 'hit', header: 'x-cache: HIT' });
    assert.equal(old?.redirect?.url, `https://www.live.example/?k=${env('TOKEN')}`);
    assert.equal(home?.connection?.address, '127.0.0.1');
    assert.equal(old?.redirect?.to, 'elsewhere');
    assert.deepEqual(
      [admin, page, lost, cart, mycart].map((probed) => probed?.status),
      [403, 200, 404, 201, 200],
    );
    assert.deepEqual(page?.failedChecks, [{ check: 'contains', wanted: 'Add to cart' }]);
    assert.deepEqual(idsOf(json), ['bad_body', 'edge_refused', 'redirect_elsewhere', 'unknown_id']);
    assert.doesNotMatch(result.stdout + result.stderr, /hush|bWU6aHVzaC1odXNo/);
    assert.equal((result.stdout + result.stderr).includes('\u009b'), false);
  });

  it('exits with 0 where every answer is as expected, one of each tenant, in a table', async (t) => {
    const server = await startRawServer((peer) => reply(peer, '200 OK'));
    t.after(() => server.close());
    const { code, stdout, stderr } = await probe(
      'tenants',
      `target: { url: "http://127.0.0.1:${server.port}" }
tenants: { host: "{tenant}.shop.example" }
data: { shop: { list: [ann, bob, cid] }, n: { range: [1, 9] } }
streams:
  - stages: [{ rate: 50, for: 10s }]
    tenant: "{shop}"
    requests: [{ route: home, get: / }, { route: product, get: "/p/{n}" }]
`,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ {2}AS EXPECTED {3}6 of 6 /);
    const asked = server.requests.map((head) => {
      const host = /^host: (.*)$/im.exec(head)?.[1];
      return `${host}${head.split(' ')[1]?.replace(/\d+$/, 'N')}`;
    });
    const hosts = ['ann', 'bob', 'cid'].map((name) => `${name}.shop.example`);
    assert.deepEqual(asked.sort(), hosts.flatMap((host) => [`${host}/`, `${host}/p/N`]).sort());
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  it('shows certificates by the server name that target.hosts gives, through a proxy too', async (t) => {
    const server = await startTlsServer(SERVER);
    const proxy = await startProxy(server.port);
    t.after(() => server.close());
    t.after(() => proxy.close());
    const result = await probe(
      'secure',
      `target:
  url: https://localhost:${server.port}
  hosts: { "*.shop.example": "*.shop.test" }
  proxy: http://127.0.0.1:${proxy.port}
tenants: { host: "{tenant}.shop.example" }
streams: [{ stages: [{ rate: 20, for: 1s }], tenant: hot }]
`,
      '--json',
      '--ca',
      CA,
    );
    assert.equal(result.code, 0, result.stderr);
    const { probes, handshakes, target } = jsonOf(result);
    assert.equal(probes.length, 1);
    assert.equal(probes[0]?.host, 'hot.shop.test');
    assert.equal(probes[0]?.serverName, 'hot.shop.test');
    assert.equal(probes[0]?.connection?.protocol, 'http/1.1');
    assert.equal(target.proxy, `http://127.0.0.1:${proxy.port}`);
    const [shaken, ...more] = handshakes;
    assert.deepEqual(more, []);
    assert.equal(shaken?.serverName, 'hot.shop.test');
    assert.equal(shaken?.certificate?.trusted, true);
    assert.ok((shaken?.certificate?.daysLeft ?? 0) > 1_000);
    assert.ok(server.handshakes.some(({ servername }) => servername === 'hot.shop.test'));

    const distrusted = await probe(
      'distrusted',
      `target: https://localhost:${server.port}\nstreams: [{ stages: [{ rate: 20, for: 1s }] }]\n`,
      '--json',
    );
    assert.equal(distrusted.code, 1, distrusted.stderr);
    assert.deepEqual(idsOf(jsonOf(distrusted)), ['certificate', 'tls']);
  });

  it('says which ids of a recording this staging does not know, and which writes were left out', async (t) => {
    const server = await startRawServer((peer, head) =>
      reply(peer, head.includes('/products/') ? '404 Not Found' : '200 OK'),
    );
    t.after(() => server.close());
    const t0 = Date.UTC(2025, 10, 24, 17, 26) / 1000;
    const lines = Array.from({ length: 40 }, (_, i) =>
      line(t0 + i, i % 2 === 0 ? `/products/${i}` : '/about'),
    );
    const posts = [line(t0 + 9, '/newsletter').replace('GET', 'POST')];
    writeFileSync(join(folder, 'night.log'), `${[...lines, ...posts].join('\n')}\n`);
    const result = await probe(
      'night',
      `target: http://127.0.0.1:${server.port}
streams: [{ name: night, recording: night.log }]
routes:
  product: { path: "/products/{id}" }
`,
      '--json',
    );
    assert.equal(result.code, 1, result.stderr);
    const json = jsonOf(result);
    assert.equal(server.requests.length, json.probes.length);
    assert.ok(server.requests.every((head) => head.startsWith('GET ')));
    assert.equal(byRoute(json).product?.recordedStatus, 200);
    assert.equal(byRoute(json).product?.status, 404);
    assert.deepEqual(idsOf(json), ['unknown_id']);
    assert.match(json.findings[0]?.message ?? '', /200 when it was recorded/);
    assert.equal(
      json.leftOut.routes.reduce((sum, { rows }) => sum + rows, 0),
      1,
    );
  });

  it('sends nothing where nothing answers, and where a write is not listed', async () => {
    const gone = await startRawServer(() => {});
    await gone.close();
    const nobody = await probe(
      'gone',
      `target: http://127.0.0.1:${gone.port}\nstreams: [{ stages: [{ rate: 1, for: 1s }] }]\n`,
    );
    assert.equal(nobody.code, 5, nobody.stderr);
    const write = await probe(
      'write',
      `target: http://127.0.0.1:${gone.port}
streams: [{ stages: [{ rate: 1, for: 1s }], requests: [{ route: cart, post: /cart, json: {} }] }]
`,
    );
    assert.equal(write.code, 2);
    assert.match(write.stderr, /not listed in writes/);
  });
});
