// Flat memory: a run holds no more after hours than soon after its start, with 64 routes and 10,000 tenants.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { loadScenario } from '../../src/scenario/load.js';
import { type LongRun, ROUTES, TENANTS, wideScenario } from '../support/long-run.js';

/** In a process of its own: the test runner's async hooks note every promise, which is more than the run holds. */
const SCRIPT = `
import { simulateHours } from ${JSON.stringify(new URL('../support/long-run.ts', import.meta.url).href)};
console.log(JSON.stringify(await simulateHours(Number(process.argv[1]), { ratePerSec: 12 })));
`;

async function runApart(hours: number): Promise<LongRun> {
  const args = ['--import', 'tsx', '--input-type=module', '-e', SCRIPT, String(hours)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as LongRun;
}

const HOURS = 3;
/**
 * What two hours and 87,000 requests may add. They add 3.6 MB, seconds and slices packed; 40 bytes kept for each
 * request, or a visitor who is never forgotten, would be too much.
 */
const GROWTH_MAX_MB = 7;

describe('a run of hours', () => {
  it('adds little to what is held after the first hour, and counts every request', async () => {
    const { heapMbByHour, requests, tenants, resultBytes } = await runApart(HOURS);
    assert.equal(heapMbByHour.length, HOURS);
    const [first = 0] = heapMbByHour;
    const growthMb = (heapMbByHour.at(-1) ?? 0) - first;
    assert.ok(growthMb < GROWTH_MAX_MB, `${growthMb} MB more: ${heapMbByHour.join(', ')}`);
    assert.ok(tenants > 0.99 * TENANTS, `${tenants} tenants`);
    assert.ok(
      requests > 100_000 && resultBytes > 100 * requests,
      `${requests} requests, ${resultBytes} bytes`,
    );
  });

  it('has a scenario of its own kind for real ones', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'flashcrowd-wide-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'wide.yaml');
    await writeFile(file, wideScenario('http://127.0.0.1:1', 500, '10m'));
    const { plan } = await loadScenario(file, {}, {});
    assert.equal(plan.routes.length, ROUTES);
    assert.deepEqual(plan.tenants, { by: 'path', pattern: '/s/{tenant}' });
  });
});
