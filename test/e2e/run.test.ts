// The built CLI end to end: counts that agree with the target's, shards that make the whole, stops, exit codes.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runCli, type StorefrontProcess, startStorefront } from '../support/cli.js';
import { startRawServer } from '../support/raw-server.js';

interface Summary {
  readonly complete: boolean;
  readonly planned: number;
  readonly plannedTotal: number;
  readonly attempts: number;
  readonly outcomes: Record<string, number>;
  readonly statuses: Record<string, number>;
  readonly planId: string;
  readonly exitCode: number;
  readonly validity: { readonly findings: readonly { readonly id: string }[] };
}

let folder: string;
let shop: StorefrontProcess;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-'));
  shop = await startStorefront(['--speed', '100']);
});
after(async () => {
  await shop.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a scenario of one steady stream. */
function scenario(name: string, text: string): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  return file;
}

const steady = (rate: number, length: string, more = '') => `
target: http://127.0.0.1:1
streams:
  - name: steady
    stages: [{ rate: ${rate}, for: ${length} }]
    requests: [{ route: item, get: "/products/{seq}" }]
${more}`;

async function run(file: string, ...args: string[]) {
  const summaryFile = join(folder, `summary-${Math.abs(hash(file + args.join()))}.json`);
  const out = join(folder, `result-${Math.abs(hash(file + args.join()))}.ndjson`);
  const result = await runCli([
    'run',
    file,
    '--out',
    out,
    '--report',
    'text',
    '--report',
    `json=${summaryFile}`,
    ...args,
  ]);
  const summary = (): Summary => JSON.parse(readFileSync(summaryFile, 'utf8'));
  return { ...result, out, summary };
}

function hash(text: string): number {
  let h = 0;
  for (const c of text) h = (h * 31 + c.charCodeAt(0)) | 0;
  return h;
}

const sum = (record: Record<string, number>) => Object.values(record).reduce((total, n) => total + n, 0);

describe('flashcrowd run', () => {
  it('counts what the target counts, to the request, and nothing is lost or doubled', async () => {
    const seen: string[] = [];
    const server = await startRawServer((socket, head) => {
      seen.push(head.split(' ')[1] ?? '');
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const file = scenario('count', steady(300, '3s'));
    const { summary, stdout } = await run(file, '--target', `http://127.0.0.1:${server.port}`);
    await server.close();
    const { planned, plannedTotal, outcomes, attempts, complete } = summary();
    assert.ok(complete);
    assert.equal(planned, plannedTotal);
    assert.equal(sum(outcomes), planned);
    assert.equal(attempts, seen.length);
    const plan = await runCli(['plan', file, '--arrivals', '--target', `http://127.0.0.1:${server.port}`]);
    const rows = plan.stdout.trim().split('\n');
    assert.equal(rows[0], 'seq,at_us,stream,visitor,tenant,route,method,path');
    const paths = rows.slice(1).map((row) => row.split(',')[7]);
    assert.deepEqual([...seen].sort(), [...paths].sort());
    assert.match(stdout, /requests|REPLAYED|sent/);
  });

  it('agrees with the storefront per status', async () => {
    const { totals: was } = await shop.timeline();
    const { summary } = await run(scenario('statuses', steady(150, '3s')), '--target', shop.url);
    const { totals: is } = await shop.timeline();
    const { statuses } = summary();
    for (const [status, n] of Object.entries(statuses)) {
      assert.equal(n, (is.statuses[status] ?? 0) - (was.statuses[status] ?? 0), status);
    }
  });

  it('makes of several shards and workers what one makes, and merges them', async () => {
    const file = scenario('shards', steady(120, '2s'));
    const start = new Date(Date.now() + 4000).toISOString();
    const parts = await Promise.all(
      ['0/3', '1/3', '2/3'].map((shard) =>
        run(file, '--target', shop.url, '--shard', shard, '--start-at', start),
      ),
    );
    const whole = JSON.parse((await runCli(['plan', file, '--json'])).stdout) as {
      planned: number;
      planId: string;
    };
    const merged = join(folder, 'merged.ndjson');
    const files = parts.map(({ out }) => out);
    assert.equal((await runCli(['merge', ...files, '-o', merged])).code, 0);
    const reports = await Promise.all([
      runCli(['report', merged, '--format', 'json']),
      runCli(['report', ...files, '--format', 'json']),
    ]);
    const [fromMerged, fromFiles] = reports.map(({ stdout }) => JSON.parse(stdout) as Summary);
    assert.equal(fromMerged?.planned, whole.planned);
    assert.deepEqual(fromMerged?.outcomes, fromFiles?.outcomes);
    assert.deepEqual(fromMerged?.statuses, fromFiles?.statuses);
    const twice = await runCli([
      'merge',
      files[0] as string,
      files[0] as string,
      '-o',
      join(folder, 'twice.ndjson'),
    ]);
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /counted twice/);
  });

  it('plans the identical schedule twice, and another with another seed', async () => {
    const file = scenario('seeds', steady(100, '5s'));
    const plan = (seed: string) => runCli(['plan', file, '--arrivals', '--seed', seed]);
    const [first, second, other] = await Promise.all([plan('1'), plan('1'), plan('2')]);
    assert.equal(first?.stdout, second?.stdout);
    assert.notEqual(first?.stdout, other?.stdout);
  });

  it('stops at Ctrl-C with a valid partial result and exit code 130', async () => {
    const file = scenario('interrupt', steady(50, '10m'));
    const out = join(folder, 'interrupted.ndjson');
    const result = await runCli(['run', file, '--target', shop.url, '--out', out], {
      started: (child) => {
        child.stderr?.on('data', (text: string) => {
          if (text.includes('worker')) setTimeout(() => child.kill('SIGINT'), 2500);
        });
      },
    });
    assert.equal(result.code, 130);
    assert.match(result.stdout, /INCOMPLETE/);
    const report = await runCli(['report', out, '--format', 'json']);
    const summary = JSON.parse(report.stdout) as Summary;
    assert.equal(summary.complete, false);
    assert.equal(sum(summary.outcomes), summary.planned);
    assert.ok(summary.planned > 0 && summary.planned < summary.plannedTotal);
  });

  it('ends with 1 when a gate fails, 0 when it holds, 4 when there is no data', async () => {
    const gate = (text: string) => `gates: ["${text}"]`;
    const code = async (name: string, text: string) => {
      const result = await run(scenario(name, steady(40, '2s', gate(text))), '--target', shop.url);
      return result.code;
    };
    // A machine that is busy may make the run untrustworthy, which wins: that is what 3 is for.
    assert.ok([1, 3].includes((await code('fails', 'throughput > 1000/s')) ?? -1));
    assert.ok([0, 3].includes((await code('holds', 'errors < 50%')) ?? -1));
    assert.ok([4, 3].includes((await code('open', 'p99.9 < 10s')) ?? -1));
  });

  it('ends with 5 when nothing listens, and sends nothing', async () => {
    const server = await startRawServer(() => {});
    await server.close();
    const { code, stderr } = await run(
      scenario('nobody', steady(10, '1s')),
      '--target',
      `http://127.0.0.1:${server.port}`,
    );
    assert.equal(code, 5);
    assert.match(stderr, /nothing answers/);
  });

  it('ends with 3 when an edge refuses everybody', async () => {
    const server = await startRawServer((socket) =>
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'),
    );
    const file = scenario('edge', steady(60, '2s', 'gates: [errors < 1%]'));
    const { code, summary } = await run(file, '--target', `http://127.0.0.1:${server.port}`);
    await server.close();
    assert.equal(code, 3);
    assert.ok(summary().validity.findings.length > 0);
  });

  it('stops when the target asks for it by name', async () => {
    const server = await startRawServer((socket, head) => {
      const name = /x-flashcrowd-run: (\S+)/i.exec(head)?.[1] ?? '';
      socket.write(`HTTP/1.1 200 OK\r\nx-flashcrowd-stop: ${name}\r\ncontent-length: 0\r\n\r\n`);
    });
    const { summary } = await run(
      scenario('stop', steady(20, '10m')),
      '--target',
      `http://127.0.0.1:${server.port}`,
    );
    await server.close();
    assert.equal(summary().complete, false);
  });

  it('keeps secrets out of everything it writes', async () => {
    const seen: string[] = [];
    const server = await startRawServer((socket, head) => {
      seen.push(head);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const secret = 'hush-4711-hush';
    const file = scenario('secret', steady(20, '1s', 'headers: { x-token: "${env:FC_TOKEN}" }'));
    const out = join(folder, 'secret.ndjson');
    const json = join(folder, 'secret.json');
    const args = [
      'run',
      file,
      '--target',
      `http://127.0.0.1:${server.port}`,
      '--out',
      out,
      '--report',
      'text',
      '--report',
      `json=${json}`,
    ];
    const result = await runCli(args, { env: { FC_TOKEN: secret } });
    await server.close();
    assert.ok(seen.length > 0 && seen.every((head) => head.includes(`x-token: ${secret}`)));
    for (const text of [
      result.stdout,
      result.stderr,
      ...readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')),
    ]) {
      assert.ok(!text.includes(secret));
    }
    const plan = await runCli(['plan', file, '--json'], { env: { FC_TOKEN: secret } });
    assert.ok(!plan.stdout.includes(secret));
  });

  it('replays an access log, gzip or plain, as many requests as it has', async () => {
    const { gzipSync } = await import('node:zlib');
    const lines = Array.from({ length: 200 }, (_, i) => {
      const stamp = `24/Nov/2026:10:00:0${Math.floor(i / 40)} +0000`;
      return `10.0.0.${i % 20} - - [${stamp}] "GET /products/${i} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"`;
    });
    writeFileSync(join(folder, 'access.log.gz'), gzipSync(`${lines.join('\n')}\nnot a line\n`));
    const file = scenario(
      'log',
      'target: http://127.0.0.1:1\nstreams: [{ name: night, recording: access.log.gz }]\n',
    );
    const { summary, stdout } = await run(file, '--target', shop.url);
    assert.equal(summary().planned, 200);
    assert.equal(summary().attempts, 200);
    assert.match(stdout, /201 lines/);
    const amplified = JSON.parse((await runCli(['plan', file, '--json', '--amplify', '5'])).stdout) as {
      planned: number;
    };
    assert.equal(amplified.planned, 1000);
  });
});

describe('bad usage', () => {
  const cases: [string, string[], RegExp][] = [
    ['no such command', ['explode'], /unknown command/],
    ['no such option', ['run', 'x.yaml', '--fast'], /unknown option/],
    ['no such file', ['run', 'nowhere.yaml'], /nowhere\.yaml/],
    ['a shard out of range', ['plan', 'x.yaml', '--shard', '4/4'], /i\/n/],
    ['a report of no known format', ['report', 'x.ndjson', '--report', 'pdf'], /formats: text, json/],
    ['a result that is none', ['report', 'package.json'], /not/],
    ['no such schema', ['schema', 'cats'], /schemas: scenario, summary/],
  ];
  for (const [name, args, message] of cases) {
    it(`${name}: exit code 2 and a message`, async () => {
      const { code, stderr } = await runCli(args);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
    });
  }

  it('prints schemas', async () => {
    for (const name of ['scenario', 'summary']) {
      const { code, stdout } = await runCli(['schema', name]);
      assert.equal(code, 0);
      assert.ok(JSON.parse(stdout).properties);
    }
  });
});
