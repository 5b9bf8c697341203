// Runs the built command line and the embedded storefront as processes of their own, and ends what it started.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Caches and locks of this test process, apart from the user's and from those of other tests. */
const PRIVATE = mkdtempSync(join(tmpdir(), 'flashcrowd-cli-'));
process.once('exit', () => rmSync(PRIVATE, { recursive: true, force: true }));
let calls = 0;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called once it runs, for signals. */
  readonly started?: (child: ChildProcess) => void;
}

/**
 * Runs `flashcrowd ARGS` to its end. Each call has locks of its own unless it is given XDG_RUNTIME_DIR; the cache is that
 * of the test process unless it is given XDG_CACHE_HOME.
 */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const own = {
    XDG_CACHE_HOME: join(PRIVATE, 'cache'),
    XDG_RUNTIME_DIR: join(PRIVATE, `call-${++calls}`),
  };
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd,
    env: { ...process.env, CI: 'true', ...own, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  options.started?.(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

export interface StorefrontProcess {
  readonly url: string;
  /** What `/__storefront/timeline` serves. */
  timeline(): Promise<{ totals: { arrivals: number; statuses: Record<string, number> } }>;
  stop(): Promise<void>;
}

/** Starts `flashcrowd storefront ARGS` on a free port. */
export async function startStorefront(args: readonly string[] = []): Promise<StorefrontProcess> {
  const child = spawn(process.execPath, [CLI, 'storefront', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`the storefront said ${line}`);
  return {
    url,
    timeline: async () => (await fetch(`${url}/__storefront/timeline`)).json() as never,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
