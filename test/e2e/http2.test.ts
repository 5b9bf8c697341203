// The built CLI against servers of node:http2: what was planned is what they saw, by id, over few connections.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, createServer, type Http2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { runCli } from '../support/cli.js';
import { SERVER } from '../support/tls/material.js';

const CA = fileURLToPath(new URL('../support/tls/ca.pem', import.meta.url));

interface Seen {
  readonly port: number;
  /** Paths of the requests, and which HTTP they came by. */
  readonly paths: string[];
  readonly versions: Set<string>;
  readonly connections: () => number;
  close(): Promise<void>;
}

/** A server that answers everything, one in ten with 503. */
async function startServer(secure: boolean): Promise<Seen> {
  const paths: string[] = [];
  const versions = new Set<string>();
  let connections = 0;
  const server = (
    secure ? createSecureServer({ ...SERVER, allowHTTP1: true }) : createServer()
  ) as Http2Server;
  server.on('request', (request, response) => {
    paths.push(request.url);
    versions.add(request.httpVersion);
    response.statusCode = request.url.endsWith('7') ? 503 : 200;
    response.end('hello');
  });
  server.on(secure ? 'secureConnection' : 'connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    paths,
    versions,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-http2-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function scenario(url: string, http: string): string {
  const file = join(folder, 'mix.yaml');
  writeFileSync(
    file,
    `target: { url: "${url}", http: ${http}${url.startsWith('https') ? `, tls: { ca: "${CA}" }` : ''} }
visits: { requests: 20, think: 100ms }
streams:
  - stages: [{ from: 50, to: 300, for: 2s }, { rate: 300, for: 1s }]
    requests: [{ route: item, get: "/items/{seq}" }]
`,
  );
  return file;
}

async function run(file: string, ...args: string[]) {
  const json = join(folder, 'summary.json');
  const out = join(folder, 'result.ndjson');
  const result = await runCli(['run', file, '--out', out, '--report', `json=${json}`, ...args]);
  const summary = () =>
    JSON.parse(readFileSync(json, 'utf8')) as {
      attempts: number;
      planned: number;
      plannedTotal: number;
      statuses: Record<string, number>;
    };
  return { ...result, summary };
}

async function plannedPaths(file: string): Promise<string[]> {
  const { stdout } = await runCli(['plan', file, '--arrivals']);
  const rows = stdout.trim().split('\n').slice(1);
  return rows.map((row) => row.split(',')[7] ?? '').sort();
}

describe('flashcrowd run over HTTP/2', () => {
  for (const secure of [false, true]) {
    for (const connections of ['visitor', 'pool=3']) {
      const how = secure ? 'ALPN' : 'prior knowledge';
      it(`by ${how}: the server sees what was planned, by id (connections: ${connections})`, async () => {
        const server = await startServer(secure);
        const url = secure ? `https://localhost:${server.port}` : `http://127.0.0.1:${server.port}`;
        const file = scenario(url, secure ? 'auto' : '2');
        const { summary, stderr } = await run(file, '--connections', connections, '--workers', '1');
        await server.close();
        assert.match(stderr, new RegExp(`HTTP/2 by ${how}`));
        assert.deepEqual([...server.versions], ['2.0']);
        assert.deepEqual([...server.paths].sort(), await plannedPaths(file));
        const { attempts, planned, plannedTotal, statuses } = summary();
        assert.equal(planned, plannedTotal);
        assert.equal(attempts, server.paths.length);
        assert.equal(statuses['503'], server.paths.filter((path) => path.endsWith('7')).length);
        // Beside the pool's: what is opened before the run to see whether and how the target can be reached.
        if (connections === 'pool=3') assert.ok(server.connections() <= 3 + 2);
      });
    }
  }

  it('speaks HTTP/1.1 where that is asked for', async () => {
    const server = await startServer(true);
    const file = scenario(`https://localhost:${server.port}`, 'auto');
    const { stderr, summary } = await run(file, '--transport', 'undici', '--connections', 'pool=5');
    await server.close();
    assert.match(stderr, /HTTP\/1\.1 over undici/);
    assert.deepEqual([...server.versions], ['1.1']);
    assert.equal(summary().attempts, server.paths.length);
  });

  it('refuses a transport of HTTP/1.1 where the scenario asks for HTTP/2', async () => {
    const { code, stderr } = await run(scenario('http://127.0.0.1:1', '2'), '--transport', 'wire');
    assert.equal(code, 2);
    assert.match(stderr, /--transport/);
    assert.match(stderr, /http: auto/);
  });

  it('sends nothing to a target that has not the HTTP/2 that was asked for', async () => {
    const server = createTlsServer({ ...SERVER, ALPNProtocols: ['http/1.1'] }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => assert.fail('nothing may be sent'));
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { code, stderr } = await run(scenario(`https://localhost:${address.port}`, '2'));
    server.close();
    assert.equal(code, 5);
    assert.match(stderr, /does not speak HTTP\/2/);
  });
});
