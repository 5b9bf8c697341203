// The built CLI: a gate stops a run that is under way, and `gate` judges the result again without sending anything.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CliResult, runCli } from '../support/cli.js';
import { startRawServer } from '../support/raw-server.js';

interface Judged {
  readonly exitCode: number;
  readonly gates: readonly { readonly gate: string; readonly result: string; readonly n: number }[];
}

interface Summary extends Judged {
  readonly complete: boolean;
  readonly planned: number;
  readonly plannedTotal: number;
  readonly stoppedBy: { readonly gate: string; readonly startS: number; readonly endS: number } | null;
}

const ABORT = 'errors over 2s < 50%';
let folder: string;
let scenario: string;
let result: string;
let sent = 0;
let run: CliResult;
let summary: Summary;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-gate-'));
  const server = await startRawServer((socket) => {
    const status = ++sent <= 40 ? '200 OK' : '503 Service Unavailable';
    socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
  });
  scenario = join(folder, 'stop.yaml');
  writeFileSync(
    scenario,
    `target: http://127.0.0.1:${server.port}
streams: [{ stages: [{ rate: 40, for: 5m }], requests: [{ route: item, get: "/products/{seq}" }] }]
gates: [{ gate: "${ABORT}", abort: true }, errors < 99.9%]
`,
  );
  result = join(folder, 'stop.ndjson');
  const json = join(folder, 'stop.json');
  run = await runCli(['run', scenario, '-o', result, '--report', `json=${json}`, '--report', 'text']);
  await server.close();
  summary = JSON.parse(readFileSync(json, 'utf8'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const again = (...args: string[]) => runCli(['gate', result, ...args]);
/** A machine that is busy may make the run untrustworthy, which wins: that is what 3 is for. */
const isCode = (code: number | null, wanted: number) => assert.ok(code === wanted || code === 3, `${code}`);

describe('a gate that stops a run', () => {
  it('stops it long before its end, with a result that can be read and exit code 1', () => {
    isCode(run.code, 1);
    assert.ok(!summary.complete && summary.planned < summary.plannedTotal / 2);
    assert.equal(summary.stoppedBy?.gate, ABORT);
    assert.equal(summary.stoppedBy.endS - summary.stoppedBy.startS, 2);
    assert.equal(summary.gates[0]?.result, 'fail');
  });

  it('is named by the report, with the window in which it failed', () => {
    const told = run.stdout.replace(/\s+/g, ' ');
    assert.match(
      told,
      /INCOMPLETE through .* it was stopped by the gate errors over 2s < 50%, which failed from 0:\d\d to 0:\d\d/,
    );
    assert.match(told, /✗ errors over 2s < 50%, stops the run: /);
  });
});

describe('flashcrowd gate', () => {
  it('judges by the gates of the command line, and sends nothing', async () => {
    const before = sent;
    const { code, stdout } = await again('--gate', 'errors <= 0%', '--gate', 'max < 60s');
    isCode(code, 1);
    assert.match(stdout, /✗ {2}errors <= 0%: \d\d\.\d % \(.* to .*\), \d+ requests/);
    assert.match(stdout, /✓ {2}max < 60s: .* requests/);
    assert.match(stdout, / exit \d$/m);
    assert.equal(sent, before);
  });

  it('reads gates from a list or from a scenario, and by default those of the run', async () => {
    const list = join(folder, 'gates.json');
    writeFileSync(list, '["throughput > 1000/s", {"gate": "errors over 2s < 50%", "abort": true}]');
    const listed = await again('--gates', list, '--json');
    isCode(listed.code, 1);
    const judged = JSON.parse(listed.stdout) as Judged;
    assert.equal(judged.exitCode, listed.code);
    assert.deepEqual(
      judged.gates.map(({ gate, result }) => [gate, result]),
      [
        ['throughput > 1000/s', 'fail'],
        [ABORT, 'fail'],
      ],
    );
    for (const args of [['--gates', scenario], []]) {
      const { gates } = JSON.parse((await again(...args, '--json')).stdout) as Judged;
      assert.deepEqual(gates, summary.gates);
    }
  });

  it('refuses gates that the result cannot answer, all of them at once, with what was meant', async () => {
    const list = join(folder, 'bad.yaml');
    writeFileSync(list, 'gates:\n  - errors[route=itm] < 1%\n  - p99[phase=peak] < 1s\n  - p99 < recorded\n');
    const { code, stderr, stdout } = await again('--gates', list);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /bad\.yaml:2:5: gates\[0\]: .*no route is named "itm"\n\s+did you mean item\?/);
    assert.match(stderr, /bad\.yaml:3:5: gates\[1\]: .*no phase is named "peak"\n\s+known: steady/);
    assert.match(stderr, /bad\.yaml:4:5: gates\[2\]: .*no stream of this scenario is a recording/);
    const tenant = await again('--gate', 'errors[tenant=nobody] < 1%');
    assert.equal(tenant.code, 2);
    assert.match(tenant.stderr, /no request went to a tenant "nobody"/);
    writeFileSync(list, 'p99 < 1s\n');
    assert.match((await again('--gates', list)).stderr, /expected a list of gates/);
    writeFileSync(list, 'name: no gates here\n');
    assert.match((await again('--gates', list)).stderr, /gates: is missing/);
  });
});
