// The storefront command: one line when it listens, one when it is stopped, and clear words for bad options.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { storefrontCommand } from '../../src/commands/storefront.js';
import { UserError } from '../../src/problem.js';

const MODULE = new URL('../../src/commands/storefront.ts', import.meta.url).href;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`it says where it listens, and on ${signal} what came by`, async () => {
    const code = `import { storefrontCommand } from ${JSON.stringify(MODULE)};
      process.exitCode = await storefrontCommand({ port: '0', speed: '200', boot: '3m' });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => lines.push(line));
    await once(reader, 'line');
    const url = /^storefront listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(lines[0] ?? '')?.[1];
    assert.ok(url, lines[0]);
    await new Promise<void>((resolve, reject) => {
      get(`${url}/products/1`, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
    const closed = once(reader, 'close');
    child.kill(signal);
    const [exitCode] = (await exited) as [number | null];
    await closed;
    assert.equal(exitCode, 0);
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? '', /^storefront closed after .*: 1 requests, 1 × 200, 5 instances at most$/);
  });
}

test('bad options are all named before anything listens', async () => {
  const typed = { port: 'eighty', speed: 'fast', boot: 'soon' };
  await assert.rejects(
    storefrontCommand(typed),
    (error) =>
      error instanceof UserError &&
      error.problems
        .map(({ path }) => path)
        .sort()
        .join() === '--boot,--port,--speed',
  );
  await assert.rejects(
    storefrontCommand({ isolation: 3, speed: 0 }),
    (error) => error instanceof UserError && error.problems.length === 2,
  );
});

test('a bad script is named by its lines, beside what is wrong on the command line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-script-'));
  const script = join(folder, 'night.txt');
  writeFileSync(
    script,
    '# a night\n\nautoscaler stuck from 1m to 2m\nautoscaler sulks from 1m\nmetrics late by x from 1m\n',
  );
  const problemsOf = async (options: Parameters<typeof storefrontCommand>[0]) => {
    try {
      await storefrontCommand(options);
    } catch (error) {
      if (error instanceof UserError) return error.problems;
      throw error;
    }
    return assert.fail('it listens');
  };
  try {
    const problems = await problemsOf({
      script,
      event: ['dashboard degraded from 1m', 'all gone'],
      speed: 'x',
    });
    assert.deepEqual(
      problems.map(({ place, path }) => [place, path]),
      [
        ['command line', '--speed'],
        [`${script}:4`, ''],
        [`${script}:5`, ''],
        ['command line', '--event'],
      ],
    );
    assert.match(problems[1]?.hint ?? '', /autoscaler stuck/);
    assert.match((await problemsOf({ script: join(folder, 'none') }))[0]?.message ?? '', /no such file/);
    assert.match((await problemsOf({ script: folder }))[0]?.message ?? '', /cannot be read/);
    writeFileSync(script, '\n'.repeat(2_001));
    assert.match((await problemsOf({ script }))[0]?.message ?? '', /too long/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
