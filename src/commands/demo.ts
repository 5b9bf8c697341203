// `flashcrowd demo`: a promo spike knocks over the embedded shop, and the shop recovers, in well under a minute.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ExitCode } from '../exit-codes.js';
import { WHOLE } from '../schedule/lanes.js';
import { carryOut } from './run.js';
import type { Terminal } from './terminal.js';

/** Two and a half hours of evening in under 40 seconds. */
const SPEED = 240;
const SCENARIO = fileURLToPath(new URL('../../scenarios/promo-spike-5x.yaml', import.meta.url));
const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const OUT = 'out/demo';

const MEANING: Readonly<Record<number, string>> = {
  [ExitCode.passed]: 'every gate passed',
  [ExitCode.gateFailed]: 'a gate failed: the shop did not hold',
  [ExitCode.untrustworthy]: 'the run is not trustworthy: this machine was the limit',
  [ExitCode.inconclusive]: 'a gate had too little data to be decided',
  [ExitCode.hungUp]: 'the run was interrupted',
  [ExitCode.interrupted]: 'the run was interrupted',
  [ExitCode.terminated]: 'the run was interrupted',
};

/**
 * Starts the storefront in a process of its own, replays the spike at it, and reports.
 * @returns 0 whenever the run was carried out and reported, whatever the gates and the validity say
 */
export async function demoCommand(terminal: Terminal): Promise<ExitCode> {
  terminal.err(`A promotion meets a shop that scales too slowly: one evening, ${SPEED} times as fast.\n`);
  const storefront = spawn(process.execPath, [CLI, 'storefront', '--speed', String(SPEED)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Ctrl-C is for the run, which drains against a shop that is still there; the shop is ended below.
    detached: true,
  });
  process.once('exit', () => storefront.kill('SIGTERM'));
  try {
    const target = await addressOf(storefront);
    const { exitCode } = await carryOut(
      SCENARIO,
      {
        shard: WHOLE,
        target,
        speed: SPEED,
        out: `${OUT}/result.ndjson`,
        reports: [
          { format: 'text', file: `${OUT}/report.txt` },
          { format: 'json', file: `${OUT}/summary.json` },
          { format: 'text', file: null },
        ],
      },
      terminal,
    );
    terminal.out(
      `\nLeft in ${OUT}: result.ndjson, report.txt, summary.json\n` +
        `flashcrowd run would have ended with exit code ${exitCode}: ${MEANING[exitCode] ?? ''}\n`,
    );
    return ExitCode.passed;
  } finally {
    await end(storefront);
  }
}

/** The URL that the storefront prints when it listens. */
async function addressOf(storefront: ChildProcess): Promise<string> {
  if (storefront.stdout === null) throw new Error('the storefront has no standard output');
  const lines = createInterface({ input: storefront.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(storefront, 'exit').then(() => ''),
  ]);
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error('the storefront did not start');
  return url;
}

/** Ends the process that was started here, and waits for it. */
async function end(storefront: ChildProcess): Promise<void> {
  if (storefront.exitCode !== null) return;
  const ended = once(storefront, 'exit');
  storefront.kill('SIGTERM');
  await ended;
}
