// Against a plain nginx: the report's attempts equal the server's own log, per second and status, also under faults.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { differences, dueSeconds } from '../support/against-log.js';
import { runCli } from '../support/cli.js';
import { FAULTY, Nginx, nginxMissing } from '../support/nginx.js';

let folder: string;
let nginx: Nginx;

describe('against nginx', { skip: nginxMissing }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flashcrowd-nginx-'));
    nginx = await Nginx.start(folder, FAULTY.locations, FAULTY.http);
  });
  after(async () => {
    await nginx.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a mix, and gives back its summary, its result, and what the plan had and nginx logged. */
  async function run(requests: string, connections: string) {
    nginx.clearLog();
    const scenario = join(folder, 'mix.yaml');
    writeFileSync(
      scenario,
      `target: ${nginx.url}
streams:
  - name: mix
    stages: [{ from: 50, to: 400, for: 3s }, { rate: 400, for: 2s }]
    requests:${requests}
`,
    );
    const [json, out] = [join(folder, 'summary.json'), join(folder, 'r.ndjson')];
    const args = ['run', scenario, '--connections', connections, '--out', out, '--report', `json=${json}`];
    const { stderr } = await runCli(args);
    const summary = JSON.parse(readFileSync(json, 'utf8')) as {
      attempts: number;
      planned: number;
      plannedTotal: number;
      statuses: Record<string, number>;
    };
    const plan = await runCli(['plan', scenario, '--arrivals']);
    return { summary, out, stderr, dueS: dueSeconds(plan.stdout), logged: nginx.logged() };
  }

  for (const connections of ['visitor', 'fresh', 'pool=20']) {
    it(`counts what nginx logs, and by seq nothing is lost (connections: ${connections})`, async () => {
      const { summary, out, stderr, dueS, logged } = await run(
        `
      - { route: ok, weight: 8, get: "/ok?id={seq}" }
      - { route: busy, weight: 1, get: "/busy?id={seq}" }
      - { route: gone, weight: 1, get: "/gone?id={seq}" }`,
        connections,
      );
      assert.equal(summary.attempts, logged.length, stderr);
      assert.equal(summary.planned, summary.plannedTotal);
      assert.deepEqual(await differences(out, logged, dueS), []);
      const ids = logged.map(({ uri }) => Number(/id=(\d+)/.exec(uri)?.[1]));
      const ascending = (a: number, b: number) => a - b;
      assert.deepEqual(
        ids.sort(ascending),
        [...dueS.keys()].sort(ascending),
        'nothing lost, nothing doubled',
      );
    });

    it(`counts what nginx logs, per second and status, under faults (connections: ${connections})`, async () => {
      const { summary, out, stderr, dueS, logged } = await run(FAULTY.requests, connections);
      assert.equal(summary.attempts, logged.length, stderr);
      assert.deepEqual(await differences(out, logged, dueS), []);
      for (const status of [200, 404, 429, 502, 503])
        assert.ok((summary.statuses[status] ?? 0) > 0, `${status}`);
    });
  }
});
