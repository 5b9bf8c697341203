// A folder of logs for the built command line, with a cache of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { line } from '../recording/support.js';
import { runCli } from './cli.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** 2025-11-24T17:26:00Z, seconds. */
export const T0 = Date.UTC(2025, 10, 24, 17, 26) / 1000;

/** Sixty requests of five clients in three seconds, a secret in each. */
export const LOG: readonly string[] = Array.from({ length: 60 }, (_, i) =>
  line(T0 + Math.floor(i / 20), `/products/${i % 7}?token=s3cret&q=${i}`, `192.0.2.${i % 5}`),
);

export const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-import-'));
export const cache = join(folder, 'cache', 'flashcrowd', 'recordings');
const env = { XDG_CACHE_HOME: join(folder, 'cache') };

/** Writes a file into the folder, and gives its path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs `flashcrowd ARGS` in the folder. */
export function cli(...args: string[]) {
  return runCli(args, { cwd: folder, env });
}

/** The audit of an import that must succeed. */
export async function auditOf(...args: string[]) {
  const { code, stdout, stderr } = await cli('import', '--audit', '--json', ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** The JSON report that a run wrote into the folder. */
export function summaryOf(name: string) {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

/** An import of what comes through a pipe; the caller feeds and ends it. */
export function importOfPipe(...args: string[]) {
  return spawn(process.execPath, [CLI, 'import', '-', ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
}

/** Feeds an import through a pipe, to its end. */
export async function piped(input: Buffer | string, ...args: string[]) {
  const child = importOfPipe(...args);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  // It may refuse its input before it has read all of it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
