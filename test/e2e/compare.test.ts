// `flashcrowd compare` end to end: exit codes and words for results of real runs, and what it refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { COMPARISON, NOISE } from '../../src/report/comparison/comparison-schema.js';
import { runCli } from '../support/cli.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-compare-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let server: RawServer;
let fails = false;
const RUNS = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'other'];
const cli = (...args: string[]) => runCli(args, { cwd: folder });

before(async () => {
  server = await startRawServer((socket) => {
    socket.write(`HTTP/1.1 ${fails ? '503 Busy' : '200 OK'}\r\ncontent-length: 2\r\n\r\nok`);
  });
  writeFileSync(
    join(folder, 'steady.yaml'),
    `target: http://127.0.0.1:${server.port}
streams:
  - name: steady
    stages: [{ rate: 60, for: 1s }]
    requests: [{ route: item, get: "/products/{seq}" }]
`,
  );
  for (const name of RUNS) {
    fails = name.startsWith('b');
    const more = name === 'other' ? ['--timeout', '3s'] : [];
    const { code, stderr } = await cli('run', 'steady.yaml', '--out', `${name}.ndjson`, ...more);
    assert.equal(code, 0, stderr);
  }
});
after(() => server.close());

const ndjson = (...names: string[]) => names.map((name) => `${name}.ndjson`);

describe('flashcrowd compare', () => {
  it('says of two short runs that they cannot tell, and what it would take', async () => {
    const { code, stdout } = await cli('compare', ...ndjson('a1', 'a2'));
    assert.equal(code, 4);
    assert.match(stdout, /INCONCLUSIVE/);
    assert.match(stdout, /3 pairs/);
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
    const args = ['--allow-different', 'timeoutUs', '--because', 'the new client waits less'];
    const told = await cli('compare', ...ndjson('a1', 'other'), ...args);
    assert.equal(told.code, 4, told.stderr);
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
    assert.match(told.stdout, /known from 3 A\/A runs/);
    assert.equal((await cli('compare', ...ndjson('a1', 'a2'), '--noise', 'steady.yaml')).code, 2);
  });
});
