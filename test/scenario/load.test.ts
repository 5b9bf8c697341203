// Loading a scenario: the sample of the design, the short forms, what overrides and warnings do.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheFolder, openRecordings } from '../../src/recording/library.js';
import { loadScenario } from '../../src/scenario/load.js';
import type { RateStream, RecordingStream } from '../../src/scenario/plan.js';
import type { OpenRecordings } from '../../src/scenario/recordings.js';
import { CA, CLIENT } from '../support/tls/material.js';
import { accessLog, folderOf, GOOD, load } from './support.js';

const SAMPLE = `name: Promo spike, 5×
target:
  url: https://edge.stg.example          # every request goes here, and nowhere else
  hosts: { "*.shop.example": "*.stg.example" }   # recorded host → Host and SNI
  ceiling: 3000/s                        # the plan's peak may not exceed it; required when not loopback
  basicAuth: "\${env:STAGING_LOGIN}"      # sent to this target only
writes: [cart]                           # routes other than GET and HEAD that may be sent
seed: 7
streams:
  - name: everyday
    recording: monday.log
    where: { not: { tenant: hot-shop } }
  - name: promo
    curve: promo.csv
    amplify: 5
    tenant: hot-shop
    requests:
      - { route: product, weight: 60, get: "/products/{product}" }
      - { route: cart,    weight: 10, post: /cart, json: { product: "{product}", qty: 1 } }
    data: { product: { range: [1, 5000], zipf: 1.1 } }
visits: { requests: 6, think: 8s }       # how a curve's arrivals are dealt to visitors
connections: visitor                     # visitor | fresh | { pool: 200 }
headers: { x-team: checkout }
timeout: 10s
gates:
  - p99 < 800ms
  - errors < 1%
  - errors[stream=everyday] < 0.1%       # the bystanders
  - p99[route=cart, phase=peak] < 1s
`;
const FILES = { 'promo.csv': 'offset_s,requests\n0,600\n60,1200\n120,600\n', 'monday.log': accessLog(8) };
const ALLOWED = { overrides: { allowHosts: ['edge.stg.example'] }, env: { STAGING_LOGIN: 'shop:hunter2' } };

test('the sample of the design loads', async (t) => {
  const loaded = await load(t, { yaml: SAMPLE, files: FILES, ...ALLOWED });
  assert.equal(loaded.name, 'Promo spike, 5×');
  assert.deepEqual(loaded.target, {
    url: 'https://edge.stg.example',
    hostname: 'edge.stg.example',
    port: 443,
    secure: true,
    loopback: false,
    http: 'auto',
    hosts: { '*.shop.example': '*.stg.example' },
    ceilingPerSec: 3000,
    basicAuth: '$'.concat('{env:STAGING_LOGIN}'),
  });
  const { plan } = loaded;
  assert.deepEqual([plan.seed, plan.lanes, plan.speed, plan.timeoutUs], [7, 32, 1, 10e6]);
  assert.deepEqual(plan.connections, { kind: 'visitor', perVisitor: null, idleUs: 60e6 });
  assert.deepEqual(plan.tenants, {
    by: 'host',
    pattern: '{tenant}.shop.example',
    sendAs: '{tenant}.stg.example',
  });
  assert.deepEqual(
    plan.routes.map(({ name }) => name),
    ['product', 'cart', 'other'],
  );
  const [everyday, promo] = plan.streams as [RecordingStream, RateStream];
  assert.deepEqual(everyday.where, { not: { tenant: ['hot-shop'] } });
  assert.deepEqual([everyday.writes, everyday.hosts], [['cart'], { '*.shop.example': '*.stg.example' }]);
  assert.equal(promo.amplify, 5);
  assert.deepEqual(promo.requests[1]?.body, { kind: 'json', text: '{"product":"{product}","qty":1}' });
  assert.deepEqual(promo.data, { product: { kind: 'range', from: 1, to: 5000, zipf: 1.1 } });
  assert.equal(loaded.ratePeakPerSec, 100);
  assert.equal(loaded.inputs.streams[0]?.kind === 'recording' && loaded.inputs.streams[0].rows, 9);
  assert.equal(loaded.gates.length, 4);
  assert.deepEqual(loaded.secrets, { STAGING_LOGIN: 'shop:hunter2' });
  assert.equal(loaded.inputFiles.length, 2);
  assert.deepEqual(loaded.warnings, []);
  assert.ok(!JSON.stringify({ ...loaded, secrets: {} }).includes('hunter2'), 'a secret is in one place only');
});

test('the short forms and the defaults', async (t) => {
  const { plan, name, label, maxInFlight, inputFiles } = await load(t, { yaml: GOOD });
  assert.deepEqual([name, label, maxInFlight, inputFiles], ['scenario', undefined, null, []]);
  assert.deepEqual([plan.seed, plan.lanes, plan.timeoutUs, plan.tenants], [1, 8, 10e6, null]);
  const stream = plan.streams[0] as RateStream;
  assert.deepEqual(stream.requests, [
    { route: 0, weight: 1, method: 'GET', path: '/', headers: {}, body: null },
  ]);
  assert.deepEqual([stream.arrivals, stream.visits], ['poisson', { requests: 6, thinkUs: 8e6 }]);
  assert.deepEqual(plan.routes, [{ name: 'home', expect: [[200, 399]], match: { method: null, path: '/' } }]);
});

test('JSON is YAML', async (t) => {
  const yaml = JSON.stringify(
    { target: 'http://[::1]:8080', streams: [{ stages: [{ rate: '60/min', for: 10 }] }] },
    null,
    '\t',
  );
  const { plan, target } = await load(t, { yaml });
  assert.deepEqual([target.hostname, target.loopback, plan.streams[0]?.name], ['::1', true, 'stream-1']);
});

test('a spike, from and to, speed and amplify end in the curve', async (t) => {
  const yaml = `target: http://localhost:1
speed: 2
streams:
  - spike: { base: 20, peak: 5x, at: 10m, rise: 90s, hold: 30m, fall: 60m }
    from: 5m
    to: 30m
    amplify: 3
`;
  const { plan, inputs, ratePeakPerSec } = await load(t, {
    yaml,
    overrides: { amplify: ['2', 'stream-1=0.5'] },
  });
  const stream = plan.streams[0] as RateStream;
  assert.equal(stream.source.kind === 'spike' && stream.source.totalUs, (10 + 1.5 + 30 + 60 + 10) * 60e6);
  assert.deepEqual([stream.fromUs, stream.toUs, stream.amplify], [300e6, 1800e6, 3]);
  const input = inputs.streams[0];
  assert.ok(input?.kind === 'rate');
  assert.deepEqual([input.curve.endUs, input.curve.rate[0], ratePeakPerSec], [750e6, 60, 300]);
});

test('routes: declared ones take requests by pattern, the narrower first; names come from paths', async (t) => {
  const yaml = `${GOOD}    requests:
      - get: /products/{seq}
      - get: /products/{seq}/reviews?page=2
      - head: /search?q=é
      - { delete: "/{seq}", route: page }
      - get: "/literal/{{seq}}"
writes: [page]
routes:
  catalogue: { path: "/products/*", expect: [200-299, 404] }
  reviews: { path: "/products/*/reviews", method: get, expect: 200 }
`;
  const { plan } = await load(t, { yaml });
  const stream = plan.streams[0] as RateStream;
  const name = (i: number) => plan.routes[stream.requests[i]?.route ?? -1]?.name;
  assert.deepEqual([0, 1, 2, 3, 4].map(name), ['catalogue', 'reviews', 'search', 'page', 'literal']);
  assert.deepEqual(plan.routes.find((route) => route.name === 'catalogue')?.expect, [
    [200, 299],
    [404, 404],
  ]);
  assert.equal(stream.requests[2]?.path, '/search?q=%C3%A9');
  assert.equal(stream.requests[4]?.path, '/literal/%7Bseq%7D');
  assert.equal(
    plan.routes.find((route) => route.name === 'page')?.match,
    null,
    'a wild pattern takes no rows',
  );
});

test('checks of routes: texts, a size, headers; what is not checked is not in the plan', async (t) => {
  const yaml = `${GOOD}redirects: 5
cookies: false
routes:
  product:
    path: /products/*
    contains: [Add to cart, "{not a placeholder}"]
    minBytes: 2KB
    header: { Content-Type: text/html, ETag: true, x-shard: 3, x-empty: "" }
  cart: { path: /cart, contains: €, minBytes: 100 }
  home: { path: / }
`;
  const { plan } = await load(t, { yaml });
  const checks = new Map(plan.routes.map((route) => [route.name, route.checks]));
  assert.deepEqual(checks.get('product'), {
    contains: ['Add to cart', '{not a placeholder}'],
    minBytes: 2000,
    header: { 'content-type': 'text/html', etag: '', 'x-shard': '3', 'x-empty': '' },
  });
  assert.deepEqual(checks.get('cart'), { contains: ['€'], minBytes: 100 });
  assert.ok(!plan.routes.some((route) => route.name === 'home' && 'checks' in route));
  assert.deepEqual([plan.redirects, plan.cookies], [5, false]);
});

test('redirects may go beyond the ceiling, and that is said', async (t) => {
  const yaml = GOOD.replace('http://127.0.0.1:8080', '{ url: http://127.0.0.1:8080, ceiling: 50/s }');
  assert.deepEqual((await load(t, { yaml })).warnings, []);
  const { warnings } = await load(t, { yaml: `${yaml}redirects: 1\n` });
  assert.match(warnings.join('\n'), /^redirects: .* beside the planned rate/);
});

test('addresses of visitors: a range, and the header that carries them', async (t) => {
  const of = async (forwardedFor: string) => {
    const yaml = GOOD.replace(
      'http://127.0.0.1:8080',
      `{ url: http://127.0.0.1:8080, forwardedFor: ${forwardedFor} }`,
    );
    return (await load(t, { yaml })).target.forwardedFor;
  };
  const first = 198 * 2 ** 24 + 18 * 2 ** 16;
  const header = 'x-forwarded-for';
  assert.deepEqual(await of('198.18.0.0/15'), { header, first: first + 1, count: 2 ** 17 - 2 });
  assert.deepEqual(await of('198.18.3.4/15'), { header, first: first + 1, count: 2 ** 17 - 2 });
  assert.deepEqual(await of('{ range: 198.18.0.0/32, header: True-Client-IP }'), {
    header: 'true-client-ip',
    first,
    count: 1,
  });
  assert.deepEqual(await of('0.0.0.0/0'), { header, first: 1, count: 2 ** 32 - 2 });
  assert.ok(!('forwardedFor' in (await load(t, { yaml: GOOD })).target));
});

test('bodies keep their placeholders: JSON inside strings, forms urlencoded', async (t) => {
  const yaml = `${GOOD}    requests:
      - { post: /a, json: { "a {visitor}": ["{seq}", 1, null, "x\\"y"] } }
      - { post: /b, form: { q: "a&b {seq}", "näme": true } }
      - { post: /c, body: "query { products { id } } {{seq}}", headers: { Content-Type: text/graphql } }
writes: [a, b, c]
`;
  const { plan } = await load(t, { yaml });
  const [a, b, c] = (plan.streams[0] as RateStream).requests;
  assert.deepEqual(a?.body, { kind: 'json', text: '{"a {visitor}":["{seq}",1,null,"x\\"y"]}' });
  assert.deepEqual(b?.body, { kind: 'form', text: 'q=a%26b+{seq}&n%C3%A4me=true' });
  assert.deepEqual(
    [c?.body?.text, c?.headers],
    ['query { products { id } } {{seq}}', { 'content-type': 'text/graphql' }],
  );
});

test('data of a CSV is read, shared data reaches every stream, what is not used is not in the plan', async (t) => {
  const yaml = `target: http://127.0.0.1:1
data:
  id: { csv: ids.csv }
  shop: { list: [a, b, 3] }
  spare: { range: [1, 2] }
streams:
  - { name: one, stages: [{ rate: 1, for: 9s }], tenant: "{shop}", requests: [{ get: "/{tenant}/{id}" }] }
  - { name: two, stages: [{ rate: 1, for: 9s }], data: { id: { csv: ids.csv, column: sku } }, requests: [{ get: "/{id}" }] }
`;
  const { plan, inputs, warnings, inputFiles } = await load(t, {
    yaml,
    files: { 'ids.csv': 'id,sku\n1,x\n2,"y, z"\n' },
  });
  const [one, two] = plan.streams as [RateStream, RateStream];
  assert.deepEqual(Object.keys(one.data).sort(), ['id', 'shop']);
  assert.deepEqual(one.data.shop, { kind: 'list', values: ['a', 'b', '3'], zipf: null });
  assert.equal(two.data.id?.kind === 'csv' && two.data.id.column, 'sku');
  assert.deepEqual(
    inputs.streams.map((input) => input.kind === 'rate' && input.values),
    [{ id: ['1', '2'] }, { id: ['x', 'y, z'] }],
  );
  assert.match(warnings.join('\n'), /no stream uses \{spare\}/);
  assert.equal(inputFiles.length, 1);
});

test('a recording: routes seen in it, offsets from its first row, hosts as recorded on this machine', async (t) => {
  const yaml = `target: http://127.0.0.1:1
streams: [{ name: night, recording: [monday.log], from: 2s, where: { method: get, client: [person, unknown] } }]
writes: [/cart]
gates: ["p99[route=/products/{id}] < 1s"]
`;
  const { plan, inputs } = await load(t, { yaml, files: FILES });
  const stream = plan.streams[0] as RecordingStream;
  const input = inputs.streams[0];
  assert.ok(input?.kind === 'recording');
  assert.deepEqual(
    plan.routes.map(({ name }) => name),
    ['/products/{id}', '/cart', 'other'],
  );
  assert.deepEqual(
    [stream.hosts, stream.where],
    ['as-recorded', { method: ['GET'], client: ['person', 'unknown'] }],
  );
  assert.equal(input.originUs, stream.fromUs);
  assert.deepEqual([input.timed, input.resolutionUs], [true, 1e6]);
});

test('ids of a recording: where routes say they are, of the CSV or its table, the stream over the scenario', async (t) => {
  const yaml = `target: http://127.0.0.1:1
routes: { product: { path: "/products/{id}" }, shop: { path: "/s/{shop}/*" } }
ids:
  product: { map: products.csv }
  shop: { map: shops.csv, by: hash, column: name }
streams:
  - { name: night, recording: monday.log, fold: true }
  - name: day
    recording: monday.log
    ids: { product: { map: table.csv, by: table, in: ["/products/{product}", "?product_id={product}"] } }
`;
  const files = {
    ...FILES,
    'products.csv': 'id\np1\np2\n',
    'shops.csv': 'id,name\n1,a\n',
    'table.csv': 'recorded,staging\n100,s1\n101,s2\n',
  };
  const { plan, inputs } = await load(t, { yaml, files });
  const [night, day] = plan.streams as [RecordingStream, RecordingStream];
  assert.deepEqual([night.fold, day.fold], [true, false]);
  const withoutDigest = (stream: RecordingStream) => stream.ids.map(({ digest: _, ...rest }) => rest);
  const shop = { name: 'shop', in: ['/s/{shop}/*'], by: 'hash', column: 'name' };
  assert.deepEqual(withoutDigest(night), [
    { name: 'product', in: ['/products/{product}'], by: 'popularity', column: 'id' },
    shop,
  ]);
  const places = ['/products/{product}', '?product_id={product}'];
  assert.deepEqual(withoutDigest(day), [
    { name: 'product', in: places, by: 'table', column: 'staging' },
    shop,
  ]);
  const lists = inputs.streams.map((input) => input.kind === 'recording' && input.ids);
  const shops = { staging: ['a'], recorded: [] };
  assert.deepEqual(lists, [
    [{ staging: ['p1', 'p2'], recorded: [] }, shops],
    [{ staging: ['s1', 's2'], recorded: ['100', '101'] }, shops],
  ]);
});

test('a recording at the times of a spike: its rate amplified, cut and hurried as a spike is', async (t) => {
  const yaml = `target: http://127.0.0.1:1
speed: 2
streams:
  - name: mix
    recording: monday.log
    spike: { base: 20, peak: 5x, at: 60s, rise: 10s, hold: 60s, fall: 10s }
    arrivals: even
    amplify: 2
    to: 100s
gates: [p99 < 1s]
`;
  const { plan, inputs, ratePeakPerSec } = await load(t, { yaml, files: FILES });
  const stream = plan.streams[0] as RecordingStream;
  assert.deepEqual([stream.fromUs, stream.toUs], [null, null], 'the rows are not cut');
  assert.equal(stream.pace?.source.kind, 'spike');
  assert.deepEqual([stream.pace?.arrivals, stream.pace?.fromUs, stream.pace?.toUs], ['even', 0, 100e6]);
  assert.equal(ratePeakPerSec, 200);
  assert.equal(inputs.streams[0]?.curve?.endUs, 50e6);
});

test('a recording without times takes them from elsewhere, or is refused', async (t) => {
  const open: OpenRecordings = async (files, rules) => {
    const opened = await openRecordings(files, rules, cacheFolder(process.env));
    return { ...opened, audit: { ...opened.audit, timed: false } };
  };
  const of = async (keys: string) => {
    const yaml = `target: http://127.0.0.1:1\nstreams: [{ recording: monday.log${keys} }]\n`;
    const folder = await folderOf(t, { ...FILES, 'scenario.yaml': yaml });
    return loadScenario(join(folder, 'scenario.yaml'), {}, {}, { open });
  };
  const stages = ', stages: [{ rate: 5, for: 10s }]';
  const [input] = (await of(stages)).inputs.streams;
  assert.ok(input?.kind === 'recording' && !input.timed && input.curve !== null);
  await assert.rejects(of(''), /the recording has no times/);
  await assert.rejects(of(`${stages}, fold: true`), /what is a retry cannot be told/);
});

test('the command line wins over the file', async (t) => {
  const yaml = GOOD.replace(
    'target: http://127.0.0.1:8080',
    'target: { url: https://stg.example, ceiling: 50/s, basicAuth: "${'.concat('env:X}" }'),
  );
  const overrides = {
    target: 'http://localhost:9',
    seed: '42',
    speed: '2',
    timeout: '3s',
    connections: 'pool=20',
    label: 'v2',
  };
  const loaded = await load(t, { yaml, overrides, env: {} });
  const { plan, target, warnings } = loaded;
  assert.deepEqual(
    [plan.seed, plan.speed, plan.timeoutUs, plan.connections],
    [42, 2, 3e6, { kind: 'pool', size: 20 }],
  );
  assert.deepEqual([target.url, target.basicAuth, loaded.label], ['http://localhost:9', null, 'v2']);
  assert.match(warnings.join('\n'), /basicAuth is for stg\.example and is not sent to localhost/);
});

test('which HTTP is spoken may be written as a number or a text', async (t) => {
  for (const [typed, http] of [
    ['auto', 'auto'],
    ['2', '2'],
    ['"2"', '2'],
    ['1.1', '1.1'],
    ['"1.1"', '1.1'],
  ] as const) {
    const yaml = GOOD.replace('http://127.0.0.1:8080', `{ url: http://127.0.0.1:8080, http: ${typed} }`);
    const { target, planId } = await load(t, { yaml });
    assert.equal(target.http, http);
    assert.equal(planId, (await load(t, { yaml: GOOD })).planId, 'it is no part of the plan');
  }
});

test('how the target is reached', async (t) => {
  const env = (name: string) => '$'.concat(`{env:${name}}`);
  const yaml = GOOD.replace(
    'target: http://127.0.0.1:8080',
    `target:
  url: https://stg.example
  ceiling: 50/s
  sources: 127.0.0.2
  proxy: http://Proxy.example:3128/
  proxyAuth: "${env('PROXY')}"
  tls: { ca: ca.pem, cert: c.pem, key: k.pem, passphrase: "${env('PASS')}", insecure: false }`,
  );
  const given = {
    yaml,
    files: { 'ca.pem': CA, 'c.pem': CLIENT.cert, 'k.pem': CLIENT.key },
    overrides: { allowHosts: ['stg.example'] },
    env: { PROXY: 'me:hunter2', PASS: CLIENT.passphrase },
  };
  const { target, warnings, secrets } = await load(t, given);
  assert.deepEqual(warnings, []);
  assert.deepEqual(target.sources, ['127.0.0.2']);
  assert.deepEqual(target.proxy, {
    url: 'http://proxy.example:3128',
    hostname: 'proxy.example',
    port: 3128,
    auth: env('PROXY'),
  });
  assert.deepEqual(target.tls, {
    ca: CA,
    cert: CLIENT.cert,
    key: CLIENT.key,
    passphrase: env('PASS'),
    insecure: false,
  });
  assert.deepEqual(secrets, given.env);
  assert.equal(target.loopback, false);

  const insecure = await load(t, { ...given, overrides: { ...given.overrides, insecure: true } });
  assert.equal(insecure.planId, (await load(t, given)).planId, 'no part of the plan');
  assert.equal(insecure.target.tls?.insecure, true);
  assert.match(insecure.warnings.join(), /certificates are not checked/);
});

test('addresses and certificates of a target do not go with another', async (t) => {
  const yaml = GOOD.replace(
    'http://127.0.0.1:8080',
    '{ url: https://stg.example, ceiling: 50, addresses: 10.0.0.5, tls: { insecure: true } }',
  );
  const { target, warnings } = await load(t, { yaml, overrides: { target: 'https://localhost:9' } });
  assert.deepEqual([target.addresses, target.tls, target.loopback], [undefined, undefined, true]);
  assert.match(warnings.join(), /target\.addresses and target\.tls are for stg\.example, not localhost/);
  const plain = await load(t, { yaml: GOOD, overrides: { insecure: true } });
  assert.match(plain.warnings.join(), /is not https/);
});

test('a host may come from the allow file, which need not exist', async (t) => {
  const yaml = GOOD.replace('http://127.0.0.1:8080', '{ url: https://stg.example, ceiling: 50/s }');
  const folder = await folderOf(t, {
    'scenario.yaml': yaml,
    allow: '# staging\nother.example\nSTG.example # ours\n',
  });
  const file = join(folder, 'scenario.yaml');
  assert.equal((await loadScenario(file, { allowFile: join(folder, 'allow') }, {})).target.loopback, false);
  await assert.rejects(
    loadScenario(file, { allowFile: join(folder, 'none') }, {}),
    /is not allowed for this run/,
  );
});

test('hooks are named in the plan by their digest, and found where they are', async (t) => {
  const without = await load(t, { yaml: GOOD });
  assert.equal(without.hooksFile, null);
  assert.ok(!('hooks' in without.plan));
  const withHooks = (text: string) =>
    load(t, { yaml: `${GOOD}hooks: ./sign.mjs\n`, files: { 'sign.mjs': text } });
  const first = await withHooks('export const beforeRequest = () => {};');
  assert.match(first.hooksFile ?? '', /^\/.*\/sign\.mjs$/);
  assert.match(first.plan.hooks?.digest ?? '', /^[0-9a-f]{64}$/);
  assert.equal(first.inputFiles.length, 1);
  const second = await withHooks('export const afterResponse = () => {};');
  assert.notEqual(second.planId, first.planId);
  assert.notEqual(first.planId, without.planId);
});
