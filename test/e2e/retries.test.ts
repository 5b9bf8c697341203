// The built CLI against servers that fail at first: what it sends again is what they see, over every transport.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { runCli } from '../support/cli.js';

/** By path, how often it was asked for. */
type Seen = Map<string, number>;

interface Target {
  readonly port: number;
  readonly seen: Seen;
  close(): Promise<void>;
}

/** What becomes of a request: a third of the paths fail twice with 503, a third are cut off once. */
function fate(seen: Seen, path: string): 'ok' | '503' | 'cut' {
  const times = (seen.get(path) ?? 0) + 1;
  seen.set(path, times);
  const kind = Number(/\d+$/.exec(path)?.[0] ?? 0) % 3;
  if (kind === 1 && times <= 2) return '503';
  return kind === 2 && times === 1 ? 'cut' : 'ok';
}

async function startHttp1(): Promise<Target> {
  const seen: Seen = new Map();
  const server = createServer((request, response) => {
    const what = fate(seen, request.url ?? '');
    if (what === 'cut') request.socket.destroy();
    else response.writeHead(what === 'ok' ? 200 : 503, { 'retry-after': '0' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function startHttp2(): Promise<Target> {
  const seen: Seen = new Map();
  const server = createHttp2Server((request, response) => {
    const what = fate(seen, request.url);
    if (what === 'cut') response.stream.close(2);
    else response.writeHead(what === 'ok' ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Summary {
  readonly planned: number;
  readonly sent: number;
  readonly attempts: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly validity: { readonly verdict: string };
  readonly induced?: { readonly retries: number; readonly again: number; readonly retryAfters: number };
}

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-retries-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const TRANSPORTS = [
  { name: 'wire', start: startHttp1, http: '1.1', options: ['--transport', 'wire'] },
  { name: 'undici', start: startHttp1, http: '1.1', options: ['--transport', 'undici'] },
  { name: 'http2', start: startHttp2, http: '2', options: [] },
] as const;

for (const { name, start, http, options } of TRANSPORTS) {
  it(`sends again over ${name} what failed, and counts what the server saw`, async (t) => {
    const target = await start();
    t.after(() => target.close());
    const file = join(folder, `${name}.yaml`);
    const json = join(folder, `${name}.json`);
    writeFileSync(
      file,
      `target: { url: "http://127.0.0.1:${target.port}", http: ${http} }
streams:
  - stages: [{ rate: 120, for: 1s }]
    requests: [{ get: "/{seq}" }]
retries: { attempts: 3, on: [reset, protocol, 503], backoff: { base: 20ms } }
`,
    );
    const { code, stderr } = await runCli([
      'run',
      file,
      ...options,
      '--out',
      join(folder, `${name}.ndjson`),
      '--report',
      `json=${json}`,
    ]);
    const summary: Summary = JSON.parse(readFileSync(json, 'utf8'));
    const { planned, sent, attempts, outcomes, induced } = summary;
    const asked = [...target.seen.values()].reduce((sum, times) => sum + times, 0);
    assert.equal(outcomes.ok, planned, stderr);
    assert.equal(code, summary.validity.verdict === 'invalid' ? 3 : 0);
    assert.equal(attempts, asked, 'attempts are what the server saw');
    assert.equal(sent, target.seen.size);
    const refused = [...target.seen].filter(([path]) => Number(path.slice(1)) % 3 === 1).length;
    const cut = [...target.seen].filter(([path]) => Number(path.slice(1)) % 3 === 2).length;
    assert.ok(refused > 10 && cut > 10);
    // What is cut off on a kept connection is sent again by the connection itself.
    assert.ok((induced?.retries ?? 0) >= 2 * refused && (induced?.retries ?? 0) <= 2 * refused + cut);
    assert.equal(asked, planned + 2 * refused + cut);
    assert.equal(induced?.retryAfters, http === '2' ? 0 : 2 * refused);
  });
}
