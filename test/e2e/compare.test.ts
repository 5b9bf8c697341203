// `flashcrowd compare` end to end: exit codes and words for results of real runs, and what it refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ResultLine } from '../../src/measure/result-file.js';
import { COMPARISON, NOISE } from '../../src/report/comparison/comparison-schema.js';
import { runCli } from '../support/cli.js';
import { journalText } from '../support/journals.js';
import { startRawServer } from '../support/raw-server.js';
import { simulate } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-compare-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const cli = (...args: string[]) => runCli(args, { cwd: folder });

/** A result of the production driver on a fake clock: 70 s at 30 a second. */
function simulated(name: string, fails: boolean, timeoutUs = 10e6): void {
  const lines: ResultLine[] = [];
  const status = (n: number) => (fails && n % 2 === 0 ? 503 : 200);
  simulate({
    ...steadyPlan({ ratePerSec: 30, seconds: 70, timeoutUs }),
    target: (seq, _atUs, uniform) => ({ serviceUs: 20_000 + 5_000 * uniform(name), status: status(seq) }),
    emit: (line) => lines.push(line),
  });
  writeFileSync(join(folder, `${name}.ndjson`), journalText(lines));
}

before(() => {
  for (const name of ['a1', 'a2', 'a3']) simulated(name, false);
  for (const name of ['b1', 'b2', 'b3']) simulated(name, true);
  simulated('other', false, 3e6);
});

const ndjson = (...names: string[]) => names.map((name) => `${name}.ndjson`);

describe('flashcrowd compare', () => {
  it('passes two runs of the same thing, and says what the windows of one pair do not know', async () => {
    const { code, stdout } = await cli('compare', ...ndjson('a1', 'a2'), '--margin', 'p99=30%');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /NO WORSE/);
    assert.match(stdout, /they know nothing of how runs of the same thing/);
  });

  it('says of two short runs that they cannot tell, unless they cannot be trusted', async () => {
    const server = await startRawServer((peer) => {
      peer.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const yaml = `target: http://127.0.0.1:${server.port}
streams: [{ name: steady, stages: [{ rate: 60, for: 1s }], requests: [{ route: item, get: "/{seq}" }] }]
`;
    writeFileSync(join(folder, 'steady.yaml'), yaml);
    const codes: (number | null)[] = [];
    for (const out of ndjson('real1', 'real2'))
      codes.push((await cli('run', 'steady.yaml', '--out', out)).code);
    await server.close();
    const { code, stdout } = await cli('compare', ...ndjson('real1', 'real2'));
    const trusted = codes.every((own) => own === 0);
    assert.equal(code, trusted ? 4 : 3, stdout);
    assert.match(stdout, trusted ? /INCONCLUSIVE[^]*too short/ : /NOT TRUSTWORTHY/);
  });

  it('fails three pairs of which the candidates answer 503, and says so in JSON as well', async () => {
    const sides = ['--base', ...ndjson('a1', 'a2', 'a3'), '--candidate', ...ndjson('b1', 'b2', 'b3')];
    const { code, stdout } = await cli('compare', ...sides);
    assert.equal(code, 1);
    assert.match(stdout, /WORSE/);
    assert.match(stdout, /✗ errors/);
    const json = await cli('compare', ...sides, '--json');
    const told = COMPARISON.parse(JSON.parse(json.stdout));
    assert.equal(told.verdict, 'fail');
    assert.equal(told.unit, 'runs');
    assert.equal(told.exitCode, json.code);
  });

  it('refuses plans that differ until it is told why they may, and keeps the reason', async () => {
    const refused = await cli('compare', ...ndjson('a1', 'other'));
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /timeoutUs \(\d+ and 3000000\)/);
    assert.match(refused.stderr, /--allow-different timeoutUs --because/);
    const silent = await cli('compare', ...ndjson('a1', 'other'), '--allow-different', 'timeoutUs');
    assert.equal(silent.code, 2);
    const args = [
      '--allow-different',
      'timeoutUs',
      '--because',
      'the new client waits less',
      '--margin',
      'p99=30%',
    ];
    const told = await cli('compare', ...ndjson('a1', 'other'), ...args);
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, /because: the new client waits less/);
  });

  it('refuses results that are given twice, and what is not two results', async () => {
    assert.equal((await cli('compare', ...ndjson('a1', 'a1'))).code, 2);
    assert.equal((await cli('compare', ...ndjson('a1'))).code, 2);
    assert.equal((await cli('compare', ...ndjson('a1', 'a2'), '--margin', 'p42=3%')).code, 2);
  });

  it('measures the noise of a runner, and takes it', async () => {
    const { code, stdout } = await cli('compare', '--aa', ...ndjson('a1', 'a2', 'a3'));
    assert.equal(code, 0);
    assert.match(stdout, /cannot tell from its noise/);
    const json = await cli('compare', '--aa', ...ndjson('a1', 'a2', 'a3'), '--json');
    NOISE.parse(JSON.parse(json.stdout));
    writeFileSync(join(folder, 'noise.json'), json.stdout);
    const told = await cli('compare', ...ndjson('a1', 'a2'), '--noise', 'noise.json');
    assert.match(told.stdout, /known\s+from\s+3\s+A\/A\s+runs/);
    assert.equal((await cli('compare', ...ndjson('a1', 'a2'), '--noise', 'a1.ndjson')).code, 2);
  });
});
