// Against a plain nginx: the report's attempts equal the server's own log, per status, and by seq nothing is lost.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runCli } from '../support/cli.js';

const missing = spawnSync('nginx', ['-v']).error !== undefined ? 'nginx is not installed' : false;

let folder: string;
let port: number;
let nginx: ChildProcess;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function answers(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

describe('against nginx', { skip: missing }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flashcrowd-nginx-'));
    port = await freePort();
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
       events { worker_connections 8192; }
       http {
         log_format plain '$status $request_uri';
         access_log ${folder}/access.log plain;
         client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
         fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
         server {
           listen 127.0.0.1:${port};
           location /ok { return 200 "hello"; }
           location /busy { return 503 "busy"; }
           location /gone { return 404 "gone"; }
         }
       }`,
    );
    nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
    for (let tries = 0; tries < 200 && !(await answers(port)); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  });

  after(async () => {
    const ended = once(nginx, 'exit');
    nginx.kill('SIGQUIT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  for (const connections of ['visitor', 'fresh', 'pool=20']) {
    it(`counts what nginx logs, per status (connections: ${connections})`, async () => {
      writeFileSync(join(folder, 'access.log'), '');
      const scenario = join(folder, 'mix.yaml');
      writeFileSync(
        scenario,
        `target: http://127.0.0.1:${port}
streams:
  - name: mix
    stages: [{ from: 50, to: 400, for: 3s }, { rate: 400, for: 2s }]
    requests:
      - { route: ok, weight: 8, get: "/ok?id={seq}" }
      - { route: busy, weight: 1, get: "/busy?id={seq}" }
      - { route: gone, weight: 1, get: "/gone?id={seq}" }
`,
      );
      const json = join(folder, 'summary.json');
      const args = [
        'run',
        scenario,
        '--connections',
        connections,
        '--out',
        join(folder, 'r.ndjson'),
        '--report',
        `json=${json}`,
      ];
      const { stderr } = await runCli(args);
      const summary = JSON.parse(readFileSync(json, 'utf8')) as {
        attempts: number;
        planned: number;
        plannedTotal: number;
        statuses: Record<string, number>;
      };
      const logged = readFileSync(join(folder, 'access.log'), 'utf8').trim().split('\n');
      assert.equal(summary.attempts, logged.length, stderr);
      assert.equal(summary.planned, summary.plannedTotal);
      const statuses: Record<string, number> = {};
      for (const line of logged) {
        const status = line.slice(0, 3);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      assert.deepEqual(summary.statuses, statuses);
      const ids = logged.map((line) => Number(/id=(\d+)/.exec(line)?.[1]));
      const plan = await runCli(['plan', scenario, '--arrivals']);
      const seqs = plan.stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((row) => Number(row.split(',')[0]));
      const ascending = (a: number, b: number) => a - b;
      assert.deepEqual(ids.sort(ascending), seqs.sort(ascending), 'nothing lost, nothing doubled');
    });
  }
});
