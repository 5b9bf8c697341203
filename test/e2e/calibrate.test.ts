// What a run asks of its machine, end to end: a calibration, the ceiling that it gives, and one run at a target.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keyOfProcess } from '../../src/commands/calibration/cache.js';
import { coresOfProcess } from '../../src/commands/preflight/cores.js';
import { calibrationOf } from '../support/calibrations.js';
import { runCli } from '../support/cli.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';

let folder: string;
let server: RawServer;
/** Called for each request. */
let asked = () => {};
let env: Record<string, string>;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-'));
  server = await startRawServer((socket) => {
    asked();
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  env = { XDG_CACHE_HOME: join(folder, 'cache'), XDG_RUNTIME_DIR: join(folder, 'run') };
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A scenario of one steady rate. */
function scenario(ratePerSec: number, length: string): string {
  const file = join(folder, `steady-${ratePerSec}-${length}.yaml`);
  writeFileSync(
    file,
    `target: http://127.0.0.1:${server.port}
streams: [{ name: steady, stages: [{ rate: ${ratePerSec}, for: ${length} }], requests: [{ route: item, get: "/{seq}" }] }]
`,
  );
  return file;
}

let runs = 0;
const run = (file: string, ...args: string[]) => {
  const out = join(folder, `result-${++runs}.ndjson`);
  return runCli(['run', file, '--out', out, ...args], { env });
};

/** Writes what `calibrate` would have kept of this machine. */
function calibrated(ceilingPerSec: number, measuredAt = new Date().toISOString()): void {
  const entry = calibrationOf({
    ...keyOfProcess(coresOfProcess().usable, 'wire', false),
    ceilingPerSec,
    measuredAt,
  });
  mkdirSync(join(folder, 'cache', 'flashcrowd'), { recursive: true });
  writeFileSync(
    join(folder, 'cache', 'flashcrowd', 'calibration.json'),
    JSON.stringify({ format: 1, entries: [entry] }),
  );
}

describe('flashcrowd calibrate', () => {
  it('ends, and keeps what it found, or says that it found nothing', async () => {
    const cache = { ...env, XDG_CACHE_HOME: join(folder, 'own') };
    const { code, stdout, stderr } = await runCli(['calibrate', '--for', '5s', '--tls', '--json'], {
      env: cache,
    });
    const file = join(folder, 'own', 'flashcrowd', 'calibration.json');
    if (code === 3) {
      // A machine with other work may keep its times at no rate at all.
      assert.match(stderr, /no ceiling was found/);
      assert.ok(!existsSync(file));
      return;
    }
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout);
    const [kept] = JSON.parse(readFileSync(file, 'utf8')).entries;
    assert.ok(kept.ceilingPerSec > 0 && kept.secure === true && kept.workers >= 1);
    assert.equal(told.ceilingPerSec, kept.ceilingPerSec);
    assert.ok(told.steps.every((step: { planned: number }) => step.planned > 0));
  });

  it('refuses a length that is none', async () => {
    for (const length of ['1s', '2h', 'soon']) {
      const { code, stderr } = await runCli(['calibrate', '--for', length]);
      assert.equal(code, 2);
      assert.match(stderr, /--for/);
    }
  });
});

describe('a run above the ceiling', () => {
  it('is refused, and goes on by --force with a warning, which the report keeps', async () => {
    calibrated(50);
    const file = scenario(40, '1s');
    const refused = await run(file);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /of what this machine's senders can do, 50\/s.*\n.*--force/);
    const json = join(folder, 'forced.json');
    const forced = await run(file, '--force', '--report', 'text', '--report', `json=${json}`);
    assert.notEqual(forced.code, 2, forced.stderr);
    assert.match(forced.stderr, /warning: .*it goes on by --force/);
    assert.match(forced.stdout, /ceiling +50\/s by calibration on the same day; the planned peak is \d/);
    const { calibration } = JSON.parse(readFileSync(json, 'utf8'));
    assert.equal(calibration.ceilingPerSec, 50);
    assert.ok(calibration.share > 0.7 && calibration.ageDays === 0);
    assert.deepEqual(readdirSync(join(folder, 'run', 'flashcrowd', 'runs')), []);
    const plan = JSON.parse((await runCli(['plan', file, '--json'], { env })).stdout);
    assert.equal(plan.ceiling.ceilingPerSec, 50);
    assert.match(plan.warnings.join(), /a run would be refused/);
    const { size } = statSync(join(folder, `result-${runs}.ndjson`));
    const { resultBytes } = plan.space;
    assert.ok(size <= resultBytes && size > resultBytes / 30, `${size} of ${resultBytes}`);
  });

  it('is warned of above half of it, and told the age of an old calibration and of a broken file', async () => {
    calibrated(70, '2025-01-01T00:00:00.000Z');
    const warnings = async (file: string) =>
      JSON.parse((await runCli(['plan', file, '--json'], { env })).stdout).warnings.join('\n');
    const warned = await warnings(scenario(40, '1s'));
    assert.match(warned, /the plan's peak of 40\/s is 57\.1 % of .*stalls will show/);
    assert.match(warned, /days old: flashcrowd calibrate/);
    writeFileSync(join(folder, 'cache', 'flashcrowd', 'calibration.json'), '{');
    assert.match(
      await warnings(scenario(500, '1s')),
      /not a file of calibrations.*\n.*is not known; flashcrowd calibrate/,
    );
  });
});

describe('two runs at one target', () => {
  it('are one too many, but for disjoint shards and --force; a killed one is in nobody’s way', async () => {
    rmSync(join(folder, 'cache'), { recursive: true, force: true });
    const half = scenario(30, '1m');
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let kill = () => {};
    const first = runCli(['run', half, '--shard', '0/2', '--out', join(folder, 'first.ndjson')], {
      env,
      started: (child) => {
        kill = () => child.kill('SIGKILL');
      },
    });
    await arrived;
    const second = await run(scenario(20, '1s'));
    assert.equal(second.code, 2);
    assert.match(
      second.stderr,
      /is being loaded from this machine already: process \d+, since 20.*, shard 0\/2/,
    );
    assert.match(second.stderr, /--force/);
    const forced = await run(scenario(20, '1s'), '--force');
    assert.notEqual(forced.code, 2, forced.stderr);
    assert.match(forced.stderr, /warning: .*this run goes on by --force/);
    const other = new Promise<void>((resolve) => {
      void runCli(['run', half, '--shard', '1/2', '--out', join(folder, 'other.ndjson')], {
        env,
        started: (child) => {
          child.stderr?.on('data', (text: string) => {
            // The line that a run begins with: it has got past the lock.
            if (String(text).includes('→')) child.kill('SIGKILL');
          });
        },
      }).then(({ stderr }) => {
        assert.match(stderr, /→/);
        resolve();
      });
    });
    await other;
    kill();
    await first;
    const third = await run(scenario(20, '1s'));
    assert.notEqual(third.code, 2, third.stderr);
    assert.deepEqual(readdirSync(join(folder, 'run', 'flashcrowd', 'runs')), []);
  });
});
