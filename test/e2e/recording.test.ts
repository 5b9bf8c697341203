// Recordings from file to target with the built command: what arrives, that night beside this one, and drafts.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { line } from '../recording/support.js';
import { type RawAnswer, startRawServer } from '../support/raw-server.js';
import { cache, cli, file, folder, LOG, summaryOf, T0 } from '../support/recording-cli.js';

/** Answers every request, with 404 for what starts so. */
const answering =
  (unknown = '?'): RawAnswer =>
  (socket, head) => {
    const status = head.split(' ')[1]?.startsWith(unknown) ? 404 : 200;
    socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 2\r\n\r\nok`);
  };

/** A HAR of one browser, an entry each 100 ms, with secrets in the headers of each. */
function harOf(
  entries: readonly (readonly [method: string, path: string, postData: object | undefined])[],
): string {
  const secret = ['Cookie', 'Authorization'].map((name) => ({ name, value: 'Bearer s3cret' }));
  return JSON.stringify({
    log: {
      version: '1.2',
      entries: entries.map(([method, path, postData], i) => ({
        startedDateTime: new Date(T0 * 1000 + i * 100).toISOString(),
        time: 12,
        request: { method, url: `https://hot.shop.example${path}`, headers: secret, postData },
        response: { status: 200, headers: [], httpVersion: 'HTTP/1.1', content: {}, bodySize: 2 },
      })),
    },
  });
}

describe('a run of a recording', () => {
  it('sends what a log held, imports it once, and its shards are the whole', async (t) => {
    const server = await startRawServer(answering());
    t.after(() => server.close());
    const posts = Array.from({ length: 4 }, (_, i) => line(T0 + i, '/cart/add').replace('GET', 'POST'));
    file('run.log.gz', gzipSync(`${[...LOG, ...posts].join('\n')}\n`));
    file(
      'run.yaml',
      `target: http://127.0.0.1:${server.port}\nconnections: { pool: 4 }\nstreams: [{ name: night, recording: run.log.gz }]\n`,
    );
    const seen: number[] = [];
    const plans = new Set<string>();
    const imports = new Set<string>();
    for (const shard of ['0/1', '0/2', '1/2']) {
      const { code, stderr } = await cli(
        'run',
        'run.yaml',
        '--shard',
        shard,
        '--report',
        'json=run.json',
        '--speed',
        '10',
      );
      assert.ok(code === 0 || code === 3, stderr);
      const { planned, sent, coverage, planId } = summaryOf('run.json');
      assert.equal(planned, sent);
      if (shard === '0/1') {
        assert.equal(planned, 60);
        assert.deepEqual(coverage.routes, [{ route: '/cart/add', rows: 4, share: 4 / 64 }]);
      }
      seen.push(planned);
      plans.add(planId);
      for (const name of readdirSync(cache)) imports.add(`${name} ${statSync(join(cache, name)).ino}`);
    }
    assert.equal((seen[1] as number) + (seen[2] as number), 60);
    const paths = server.requests.map((head) => head.split(' ', 2).join(' ')).sort();
    const recorded = LOG.map((_, i) => `GET /products/${i % 7}?token=&q=${i}`);
    assert.deepEqual(paths, [...recorded, ...recorded].sort(), 'once as a whole and once in two shards');
    assert.ok(server.requests.every((head) => !head.includes('s3cret')));
    assert.deepEqual([plans.size, imports.size], [1, 1], 'one plan and one import for three runs');
  });

  it('takes a recording by its name, with the hosts of its shops and clients named by a key', async (t) => {
    const server = await startRawServer(answering());
    t.after(() => server.close());
    const shops = LOG.map((text, i) => text.replace(/^/, `shop-${i % 3}.example `));
    file('shops.log', `${shops.join('\n')}\n`);
    const made = await cli('import', 'shops.log', '-o', 'shops.parquet', '--key-file', 'shops.key');
    assert.equal(made.code, 0, made.stderr);
    file(
      'shops.yaml',
      `target: http://127.0.0.1:${server.port}\nstreams: [{ name: night, recording: shops.parquet }]\n`,
    );
    const before = readdirSync(cache).length;
    const { code, stderr } = await cli('run', 'shops.yaml', '--report', 'json=shops.json', '--speed', '10');
    assert.ok(code === 0 || code === 3, stderr);
    const { planned, sent } = summaryOf('shops.json');
    assert.deepEqual([planned, sent, server.requests.length], [60, 60, 60]);
    const hosts = server.requests.map((head) => /\r\nhost: (\S+)/i.exec(head)?.[1] ?? '');
    for (const shop of [0, 1, 2])
      assert.equal(hosts.filter((host) => host === `shop-${shop}.example`).length, 20);
    assert.equal(readdirSync(cache).length, before, 'a recording is not imported again');
  });

  it('sends the bodies of a HAR byte for byte where their route is in writes, and no secret', async (t) => {
    const server = await startRawServer(answering());
    t.after(() => server.close());
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const json = '{"qty": 1,  "name": "Käse \u2028"}';
    file(
      'posts.har',
      harOf([
        ['GET', '/products/1?token=s3cret', undefined],
        ['POST', '/cart', { mimeType: 'application/vnd.shop+json; v=2', text: json }],
        [
          'POST',
          '/cart',
          { mimeType: 'application/x-shop', encoding: 'base64', text: bytes.toString('base64') },
        ],
        ['POST', '/login', { mimeType: 'text/plain', text: 'not to be sent' }],
      ]),
    );
    file(
      'posts.yaml',
      `target: http://127.0.0.1:${server.port}\nroutes: { cart: { path: /cart } }\nwrites: [cart]\nstreams: [{ name: night, recording: posts.har }]\n`,
    );
    const { code, stderr } = await cli('run', 'posts.yaml', '--report', 'json=posts.json');
    assert.ok(code === 0 || code === 3, stderr);
    assert.deepEqual(summaryOf('posts.json').coverage.dropped, { 'method not listed in writes': 1 });
    const arrived = server.requests.map((head, i) => [
      head.split(' ', 2).join(' '),
      /\r\ncontent-type: ([^\r]*)/i.exec(head)?.[1] ?? '',
      server.bodies[i],
    ]);
    assert.deepEqual(arrived.sort(), [
      ['GET /products/1?token=', '', ''],
      ['POST /cart', 'application/vnd.shop+json; v=2', Buffer.from(json).toString('latin1')],
      ['POST /cart', 'application/x-shop', bytes.toString('latin1')],
    ]);
    assert.doesNotMatch(server.requests.join(), /s3cret|cookie|authorization/i);
  });

  it('says how that night went and how this build does, and counts ids that staging has not', async (t) => {
    const server = await startRawServer(answering('/products/6'));
    t.after(() => server.close());
    const night = Array.from({ length: 200 }, (_, i) =>
      line(T0 + Math.floor(i / 50), `/products/${i % 8}`, `192.0.2.${i % 9}`, ' 2.500').replace(
        ' 200 ',
        i % 8 < 4 ? ' 503 ' : ' 200 ',
      ),
    );
    file('night.log', `${night.join('\n')}\n`);
    file(
      'night.yaml',
      `target: http://127.0.0.1:${server.port}\nconnections: { pool: 8 }\nstreams: [{ name: night, recording: night.log }]\ngates: [errors < recorded, p50 < recorded * 1.2]\n`,
    );
    const { code, stdout, stderr } = await cli(
      'run',
      'night.yaml',
      '--report',
      'json=night.json',
      '--report',
      'text',
    );
    assert.ok(code === 0 || code === 3, stderr);
    const { recorded, unknownIds, gates } = summaryOf('night.json');
    assert.deepEqual([recorded.requests, recorded.errors], [200, 0.5]);
    assert.equal(unknownIds, 25);
    assert.deepEqual(
      gates.map(({ result }: { result: string }) => result),
      ['pass', 'pass'],
    );
    assert.match(stdout, /That night\s+50.0 % of 200 requests failed/);
  });

  it('begins with a scenario that init drafts and plan accepts', async () => {
    assert.equal((await cli('init', 'night.log', '-o', 'draft.yaml')).code, 0);
    const { code, stdout, stderr } = await cli('plan', 'draft.yaml', '--json');
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).planned, 200);
    const draft = readFileSync(join(folder, 'draft.yaml'), 'utf8');
    for (const gate of ['errors < recorded', 'p99 < recorded']) assert.ok(draft.includes(`- ${gate}`), gate);
    assert.equal(
      (await cli('init', '--spike', '5x', '--target', 'http://127.0.0.1:9', '-o', 'spike.yaml')).code,
      0,
    );
    assert.equal((await cli('plan', 'spike.yaml')).code, 0);
    assert.equal((await cli('init', '--spike', '5x', '-o', 'spike.yaml')).code, 2, 'it is there already');
  });

  it('may map ids, fold retries and follow a rate', async () => {
    file('staging.csv', 'product\nA\nB\n');
    file(
      'more.yaml',
      `target: http://127.0.0.1:9\nroutes: { product: { path: "/products/{product}" } }\nids: { product: { map: staging.csv } }\n` +
        'streams:\n  - { name: night, recording: night.log, fold: true }\n  - { name: paced, recording: night.log, stages: [{ rate: 50, for: 2s }], arrivals: even }\n',
    );
    const { code, stdout, stderr } = await cli('plan', 'more.yaml', '--arrivals');
    assert.equal(code, 0, stderr);
    const rows = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((text) => text.split(','));
    assert.equal(rows.filter(([, , stream]) => stream === 'paced').length, 100);
    assert.ok(rows.every((cells) => /^\/products\/[AB]$/.test(cells[7] ?? '')));
  });
});
