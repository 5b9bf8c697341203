// What ends a run before its time, for real: killed, hung up, its disk full, its reader gone, a thread dead.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readResults } from '../../src/commands/results/results.js';
import { judge } from '../../src/judge/verdict.js';
import { draw, drawKey } from '../../src/random.js';
import { jsonReport, summarise } from '../../src/report/json.js';
import { runCli } from '../support/cli.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Waits for ever, and burns nothing meanwhile. */
const HANG = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';

interface Summary {
  readonly complete: boolean;
  readonly planned: number;
  readonly plannedTotal: number;
  readonly outcomes: Record<string, number>;
  readonly exitCode: number;
  readonly reasons: readonly { readonly id: string }[];
}

let folder: string;
let server: RawServer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-crash-'));
  server = await startRawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A scenario of one steady stream, with hooks of this text. */
function scenario(name: string, rate: number, length: string, hooks?: string): string {
  const file = join(folder, `${name}.yaml`);
  if (hooks !== undefined) writeFileSync(join(folder, `${name}.mjs`), hooks);
  writeFileSync(
    file,
    `target: http://127.0.0.1:${server.port}
timeout: 1s
${hooks === undefined ? '' : `hooks: ./${name}.mjs\n`}streams:
  - stages: [{ rate: ${rate}, for: ${length} }]
    requests: [{ route: item, get: "/p?id={seq}" }]
`,
  );
  return file;
}

const sum = (record: Record<string, number>) => Object.values(record).reduce((total, n) => total + n, 0);

/** What `flashcrowd report` makes of a result, which adds up and is not complete. */
async function partial(out: string): Promise<Summary> {
  const summary = await reported(out);
  assert.equal(summary.complete, false);
  assert.equal(sum(summary.outcomes), summary.planned);
  assert.ok(summary.planned <= summary.plannedTotal);
  return summary;
}

async function reported(out: string): Promise<Summary> {
  const { snapshot } = await readResults([out]);
  const judgement = judge(snapshot);
  return JSON.parse(jsonReport(summarise(snapshot, judgement, judgement.exitCode))) as Summary;
}

/** Resolves once a result has a window in it. */
async function untilMeasured(out: string): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(out, 'utf8').includes('"t":"closed"')) return;
    } catch {
      // It is not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts a run, waits until it has measured something, and does something to it. */
async function disturbed(file: string, out: string, disturb: (child: ChildProcess) => unknown) {
  return runCli(['run', file, '--out', out, '--workers', '2'], {
    started: (child) => void untilMeasured(out).then(() => disturb(child)),
  });
}

describe('a run that is killed', { concurrency: true }, () => {
  it('leaves a result that reads as incomplete and adds up, whenever it is killed', async () => {
    const file = scenario('killed', 60, '10m');
    const moment = drawKey(4711, 'kill');
    await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const out = join(folder, `killed-${i}.ndjson`);
        const waitMs = draw(moment, i) * 1_200;
        await disturbed(file, out, (child) => setTimeout(() => child.kill('SIGKILL'), waitMs));
        assert.ok((await partial(out)).planned > 0);
      }),
    );
  });

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`by ${signal} stops as by Ctrl-C, reports, and ends with ${code}`, async () => {
      const out = join(folder, `${signal}.ndjson`);
      const result = await disturbed(scenario(signal, 40, '10m'), out, (child) => child.kill(signal));
      assert.equal(result.code, code);
      assert.match(result.stdout, /INCOMPLETE.*interrupted/);
      assert.match(readFileSync(out, 'utf8'), /"t":"end".*"reason":"interrupted"/);
      await partial(out);
    });
  }
});

describe('a run whose disk', { concurrency: true }, () => {
  it('is full before it starts sends nothing', async () => {
    const seen = server.requests.length;
    const { code, stderr } = await runCli(['run', scenario('full', 40, '1s'), '--out', '/dev/full']);
    assert.equal(code, 2);
    assert.match(stderr, /cannot be written to \/dev\/full \(ENOSPC\)/);
    assert.equal(server.requests.length, seen);
  });

  it('cannot be written to at all sends nothing', async () => {
    const seen = server.requests.length;
    const out = join(scenario('nowhere', 40, '1s'), 'result.ndjson');
    const { code, stderr } = await runCli(['run', scenario('nowhere', 40, '1s'), '--out', out]);
    assert.equal(code, 2);
    assert.match(stderr, /cannot be written/);
    assert.equal(server.requests.length, seen);
  });

  it('takes no more while it goes on is stopped, reported from memory, and not trusted', async () => {
    const out = join(folder, 'limited.ndjson');
    // A limit of the shell on the size of files, in blocks of 512 bytes: the report is smaller than the result.
    const args = [CLI, 'run', scenario('limited', 400, '10m'), '--out', out];
    const child = spawn('sh', ['-c', 'ulimit -f 12; exec "$0" "$@"', process.execPath, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 3, stderr);
    assert.match(stderr, /could not be written on \(EFBIG\): .*limited\.ndjson ends at 0:\d\d/);
    assert.match(stdout, /INCOMPLETE.*could not be written/);
    assert.ok(statSync(out).size <= 12 * 1024);
    await partial(out);
  });
});

describe('a run whose reader is gone', { concurrency: true }, () => {
  for (const which of ['stdout', 'stderr'] as const) {
    it(`(${which}) goes on to its end, quietly, and its result is whole`, async () => {
      const out = join(folder, `pipe-${which}.ndjson`);
      const json = join(folder, `pipe-${which}.json`);
      const args = ['--out', out, '--report', 'text', '--report', `json=${json}`];
      const { stderr } = await runCli(['run', scenario(which, 40, '1s'), ...args], {
        started: (child) => child[which]?.destroy(),
      });
      assert.doesNotMatch(stderr, /EPIPE|Error/);
      assert.equal((await reported(out)).complete, true);
      assert.equal((JSON.parse(readFileSync(json, 'utf8')) as Summary).complete, true);
    });
  }
});

describe('a run one of whose threads', { concurrency: true }, () => {
  for (const [what, body, cause] of [
    ['ends itself', 'process.exit(7)', /ended early, with exit code 7.*hook/],
    ['throws where nobody listens', "setTimeout(() => { throw new Error('astray') })", /astray/],
    ['never returns from a hook', HANG, /said nothing for 10 s.*hook/],
  ] as const) {
    it(`${what} is stopped and reported, and nothing of its share is forgotten`, async () => {
      const name = what.replaceAll(' ', '-');
      const hooks = `export function beforeRequest(request, { seq }) { if (seq === 60) ${body}; }`;
      const file = scenario(name, 40, '60s', hooks);
      const json = join(folder, `${name}.json`);
      const out = join(folder, `${name}.ndjson`);
      const args = ['run', file, '--out', out, '--workers', '2', '--report', `json=${json}`];
      const { code, stderr } = await runCli(args);
      assert.equal(code, 3, stderr);
      assert.match(stderr, cause);
      const summary = JSON.parse(readFileSync(json, 'utf8')) as Summary;
      assert.ok(summary.reasons.some(({ id }) => id === 'worker_failed'));
      assert.ok((summary.outcomes.unsent ?? 0) > 0);
      assert.equal((await partial(out)).planned, summary.planned);
    });
  }
});

describe('a defect of our own', () => {
  it('ends with 3 and says what it is, as 1 would say that a shop failed', async () => {
    // Once it has said something: before that it is not up yet.
    const astray = `const { stdout } = process; const write = stdout.write;
      stdout.write = function (...words) {
        setImmediate(() => { throw new Error('astray'); });
        return write.apply(this, words);
      };`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(astray)}` };
    const { code, stderr } = await runCli(['storefront'], { env });
    assert.equal(code, 3);
    assert.match(stderr, /Error: astray[\s\S]*a defect of flashcrowd/);
  });
});
