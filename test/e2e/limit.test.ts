// `flashcrowd limit` end to end: a target whose limit is a number of requests, the storefront, signals and refusals.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nextTrial, type SearchSettings } from '../../src/judge/headroom/search.js';
import type { LimitJson } from '../../src/report/limit-schema.js';
import { LIMIT } from '../../src/report/limit-schema.js';
import { runCli, startStorefront } from '../support/cli.js';
import { startRawServer } from '../support/raw-server.js';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function scenario(name: string, gates: string): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `
target: http://127.0.0.1:1
timeout: 1s
streams:
  - name: everyday
    stages: [{ rate: 100, for: 2s }]
    arrivals: even
    requests: [{ route: item, get: "/products/{seq}" }]
  - name: promo
    stages: [{ rate: 100, for: 1s }, { rate: 25, for: 1s }]
    arrivals: even
    requests: [{ route: item, get: "/products/{seq}" }]
${gates}
`,
  );
  return file;
}

function limit(file: string, target: string, ...args: string[]) {
  const rest = ['--target', target, '--cool-down', '0s', '--json'];
  return runCli(['limit', file, ...rest, ...args], { cwd: folder });
}

/** That each trial is the one that the trials before it ask for, with a seed and a result of its own. */
function checkTrials({ trials, search }: LimitJson): void {
  const settings: SearchSettings = search;
  trials.forEach((trial, i) => {
    assert.deepEqual(nextTrial(trials.slice(0, i), settings), { kind: 'try', k: trial.k });
    assert.ok(existsSync(join(folder, trial.resultFile)), trial.resultFile);
  });
  assert.equal(nextTrial(trials, settings).kind, 'end');
  assert.equal(new Set(trials.map(({ seed }) => seed)).size, trials.length);
  assert.equal(new Set(trials.map(({ resultFile }) => resultFile)).size, trials.length);
}

describe('flashcrowd limit', { concurrency: 3 }, () => {
  it('brackets the multiple beyond which a target refuses, of a window and of one stream alone', async () => {
    // Of each run, requests after the 300th are refused: none at k = 2, and a fifth at 2.828, as 100 are everyday's.
    const seen = new Map<string, number>();
    const server = await startRawServer((socket, head) => {
      const run = /x-flashcrowd-run: (\S+)/i.exec(head)?.[1] ?? '';
      const n = (seen.get(run) ?? 0) + 1;
      seen.set(run, n);
      const status = n > 300 ? '503 Unavailable' : '200 OK';
      socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 2\r\n\r\nok`);
    });
    const file = scenario('counting', 'gates: [errors < 10%]');
    const args = ['--vary', 'promo', '--window', '0s..1s', '--within', '50%', '--max', '8'];
    const { code, stdout, stderr } = await limit(file, `http://127.0.0.1:${server.port}`, ...args);
    await server.close();
    const json = LIMIT.parse(JSON.parse(stdout));
    checkTrials(json);
    for (const { k, outcome, peakPerSec } of json.trials) {
      assert.ok(Math.abs(peakPerSec - (100 + 100 * k)) < 1e-3);
      // A machine that is busy may make a trial untrustworthy: then it says nothing.
      if (outcome !== 'invalid') assert.equal(outcome, k <= 2 ? 'held' : 'failed');
    }
    assert.equal(code, json.exitCode);
    assert.match(stderr, /at most \d+ trials: /);
    if (json.trials.some(({ outcome }) => outcome === 'invalid')) return;
    assert.deepEqual([code, json.kind, json.low?.k, json.high?.k], [0, 'between', 2, 2.828]);
    assert.deepEqual([json.firstGate?.gate, json.margin, json.varied], ['errors < 10%', 2, 'promo']);
  });

  it('asks the storefront, and says what it found', async () => {
    const shop = await startStorefront(['--min-instances', '2', '--max-instances', '2']);
    const file = scenario('shop', 'gates: [errors < 20%, p50 < 900ms]');
    const { code, stdout } = await limit(file, shop.url, '--within', '100%', '--max', '2');
    await shop.stop();
    const json = LIMIT.parse(JSON.parse(stdout));
    checkTrials(json);
    assert.equal(code, json.exitCode);
    const { low, high } = json;
    assert.ok(low === null || high === null || (low.k < high.k && low.peakPerSec < high.peakPerSec));
    for (const { k, outcome } of json.trials) if (k === low?.k) assert.notEqual(outcome, 'invalid');
  });

  it('stops at Ctrl-C between trials, with the interval so far', async () => {
    const server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const file = scenario('interrupt', 'gates: [errors < 10%]');
    const args = ['limit', file, '--target', `http://127.0.0.1:${server.port}`, '--cool-down', '10m'];
    const { code, stdout } = await runCli(args, {
      cwd: folder,
      started: (child) => {
        child.stderr?.on('data', (text: string) => {
          if (text.includes('cool-down of')) child.kill('SIGINT');
        });
      },
    });
    await server.close();
    assert.equal(code, 130);
    assert.match(stdout, /exit 130/);
    assert.match(stdout, /Ended +it was interrupted/);
    assert.match(stdout, /TRIAL.*\n +1 +1×.*\n$/);
  });

  it('refuses what cannot be searched, before anything is sent', async () => {
    const gated = scenario('gated', 'gates: [errors < 10%]');
    const inPhase = scenario('phase', 'gates: ["errors[phase=decay] < 10%"]');
    const table: [string[], RegExp][] = [
      [[scenario('gateless', '')], /has no gates, and a limit is where its gates fail/],
      [[inPhase, '--window', '0s..1s'], /can never pass: what is sent has only these phases: steady/],
      [[gated, '--vary', 'prom', '--within', '0.1%'], /no stream is named "prom"\n.*did you mean promo[^]*no width from 1% to 100%/],
      [[gated, '--budget', '5s', '--max', '8'], /is shorter than one trial/],
    ];
    await Promise.all(
      table.map(async ([args, message]) => {
        const { code, stderr } = await runCli(['limit', ...args], { cwd: folder });
        assert.equal(code, 2, args.join(' '));
        assert.match(stderr, message);
      }),
    );
  });

  it('goes no higher than the ceiling of the target, and says so', async () => {
    const file = scenario('ceiling', 'gates: [errors < 10%]');
    const args = ['--ceiling', '500/s', '--within', '50%', '--json', '--target', 'http://127.0.0.1:9'];
    const { code, stderr } = await runCli(['limit', file, ...args], { cwd: folder });
    assert.equal(code, 5);
    assert.match(stderr, /up to 2\.5× \(peak 500\/s; the target's ceiling of 500\/s\)/);
  });
});
