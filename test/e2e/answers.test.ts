// The built CLI against a server that sets cookies, redirects, and hides errors inside a 200.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { runCli } from '../support/cli.js';
import { startRawServer } from '../support/raw-server.js';

interface Summary {
  readonly sent: number;
  readonly attempts: number;
  readonly outcomes: Record<string, number>;
  readonly routes: readonly { readonly name: string; readonly ok: number }[];
}

const GOOD_PAGE = zlib.gzipSync('<button>Add to cart</button>').toString('latin1');
const SOFT_ERROR = zlib.gzipSync('<p>Sorry, something went wrong</p>').toString('latin1');

/** An answer, a character a byte. */
const answer = (status: string, headers: readonly string[], body = '') =>
  Buffer.from(
    [`HTTP/1.1 ${status}`, ...headers, `content-length: ${body.length}`, '', body].join('\r\n'),
    'latin1',
  );

test('soft errors are bad bodies, redirects are followed, cookies come back, addresses are sent', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'answers-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths: Record<string, number> = {};
  const returned = new Set<string>();
  const addresses = new Map<string, Set<string>>();
  const strange: string[] = [];
  let pages = 0;
  const server = await startRawServer((socket, head) => {
    const path = head.split(' ')[1] ?? '';
    const route = path.split('?', 1)[0] ?? '';
    paths[route] = (paths[route] ?? 0) + 1;
    const visitor = /[?&]v=(\d+)/.exec(path)?.[1] ?? '';
    const cookie = /^cookie: (.*)$/im.exec(head)?.[1];
    const address = /^x-forwarded-for: (.*)$/im.exec(head)?.[1] ?? '';
    addresses.set(visitor, (addresses.get(visitor) ?? new Set()).add(address));
    if (cookie !== undefined) returned.add(`${visitor} ${cookie}`);
    if (route === '/old') {
      const to = `location: /new${path.slice(4)}`;
      socket.write(answer('302 Found', [to, `set-cookie: v=${visitor}; Path=/; HttpOnly`]));
    } else if (route === '/new') {
      if (cookie !== `v=${visitor}`) strange.push(`${path} with ${cookie}`);
      socket.write(answer('200 OK', ['x-cache: HIT']));
    } else {
      const body = pages++ % 2 === 0 ? GOOD_PAGE : SOFT_ERROR;
      socket.write(answer('200 OK', ['content-encoding: gzip', 'age: 0'], body));
    }
  });
  t.after(() => server.close());
  const file = join(folder, 'answers.yaml');
  const json = join(folder, 'summary.json');
  writeFileSync(
    file,
    `target: { url: "http://127.0.0.1:${server.port}", forwardedFor: 198.18.0.0/15 }
streams:
  - stages: [{ rate: 100, for: 3s }]
    requests: [{ route: old, get: "/old?v={visitor}" }, { route: page, get: "/page?v={visitor}" }]
visits: { requests: 5, think: 100ms }
redirects: 2
routes:
  page: { contains: Add to cart, minBytes: 20B, header: { content-encoding: gzip } }
`,
  );
  const { stderr } = await runCli([
    'run',
    file,
    '--out',
    join(folder, 'r.ndjson'),
    '--report',
    `json=${json}`,
  ]);
  const summary: Summary = JSON.parse(readFileSync(json, 'utf8'));
  const { sent, attempts, outcomes, routes } = summary;
  const of = (name: string) => routes.find((route) => route.name === name)?.ok;
  assert.equal(attempts, server.requests.length, stderr);
  assert.equal(attempts, sent + (paths['/old'] ?? 0), 'each redirect is one request more');
  assert.equal(paths['/new'], paths['/old']);
  assert.equal(of('old'), paths['/old']);
  assert.equal(of('page'), Math.ceil(pages / 2));
  assert.equal(outcomes.bad_body, Math.floor(pages / 2));
  assert.deepEqual(strange, []);
  assert.ok(returned.size > 10);
  for (const one of returned) assert.match(one, /^(\d+) v=\1$/);
  assert.ok(addresses.size > 10);
  for (const [visitor, of] of addresses) assert.match([...of].join(), /^198\.1[89]\.\d+\.\d+$/, visitor);
});
