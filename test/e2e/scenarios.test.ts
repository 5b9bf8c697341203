// Every scenario in scenarios/ is planned, and run in fast-forward against the storefront, whose own count it must meet.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCli, startStorefront } from '../support/cli.js';

const SCENARIOS = fileURLToPath(new URL('../../scenarios', import.meta.url));
/** How long a run lasts, fast-forward. */
const RUN_S = 4;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-scenarios-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('scenarios', () => {
  const files = readdirSync(SCENARIOS).filter((name) => name.endsWith('.yaml'));

  it('are the eight that the README speaks of', () => {
    assert.equal(files.length, 8);
  });

  for (const name of files) {
    it(`${name} runs as it is`, async () => {
      const scenario = join(SCENARIOS, name);
      const planned = await runCli(['plan', scenario, '--json']);
      assert.equal(planned.code, 0, planned.stderr);
      const plan = JSON.parse(planned.stdout) as { planned: number; durationS: number; phases: unknown[] };
      assert.ok(plan.planned > 0 && plan.phases.length > 0);

      const speed = String(Math.max(1, Math.ceil(plan.durationS / RUN_S)));
      const shop = await startStorefront(['--speed', speed]);
      const json = join(folder, `${name}.json`);
      const out = join(folder, `${name}.ndjson`);
      const args = [
        'run',
        scenario,
        '--target',
        shop.url,
        '--speed',
        speed,
        '--out',
        out,
        '--report',
        `json=${json}`,
      ];
      const { code, stderr } = await runCli(args);
      const { totals } = await shop.timeline();
      await shop.stop();

      assert.ok([0, 1, 3, 4].includes(code ?? -1), `exit code ${code}: ${stderr}`);
      const summary = JSON.parse(readFileSync(json, 'utf8')) as {
        complete: boolean;
        planned: number;
        plannedTotal: number;
        attempts: number;
        outcomes: Record<string, number>;
      };
      assert.ok(summary.complete);
      assert.equal(summary.planned, summary.plannedTotal);
      assert.equal(
        Object.values(summary.outcomes).reduce((sum, n) => sum + n, 0),
        summary.planned,
      );
      assert.equal(summary.attempts, totals.arrivals);
    });
  }
});
