// Trials: one run of the built CLI at a target, with something done to either while it goes.
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type DrawKey, draw, drawKey } from '../../src/random.js';
import type { Summary } from '../../src/report/summary-schema.js';
import { Child } from '../bench/processes.js';
import { type CliResult, runCli as runToEnd } from '../support/cli.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** From the line that a run begins with to its due time 0. */
const START_DELAY_MS = 200;

export interface Trial {
  readonly exitCode: number | null;
  /** Null where it left none. */
  readonly summary: Summary | null;
  readonly resultFile: string;
  readonly errors: string;
}

export interface TrialOptions {
  readonly folder: string;
  readonly name: string;
  readonly scenario: string;
  readonly args?: readonly string[];
  /** Files beside the scenario. */
  readonly files?: Readonly<Record<string, string>>;
  /** Called at due time 0. */
  readonly during?: (child: Child) => Promise<void>;
}

/** Starts the CLI. */
function startCli(args: readonly string[], folder: string): Child {
  return new Child(process.execPath, [CLI, ...args], { cores: null, env: ownFolders(folder) });
}

/** Runs the CLI to its end. */
export function runCli(args: readonly string[], folder: string): Promise<CliResult> {
  return runToEnd(args, { env: ownFolders(folder) });
}

/** Caches, locks and all else that is a user's own stay in the folder. */
function ownFolders(folder: string) {
  return { XDG_RUNTIME_DIR: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder, CI: 'true' };
}

/** Carries a trial out. */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const folder = join(options.folder, options.name);
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  for (const [name, text] of Object.entries({ ...options.files, 'scenario.yaml': options.scenario }))
    writeFileSync(file(name), text);
  const report = `json=${file('summary.json')}`;
  const args = [
    'run',
    file('scenario.yaml'),
    '-o',
    file('result.ndjson'),
    '-r',
    report,
    ...(options.args ?? []),
  ];
  const child = startCli(args, folder);
  const ended = once(child.process, 'close') as Promise<[number | null]>;
  if (options.during !== undefined && (await hasBegun(child))) {
    await sleep(START_DELAY_MS);
    await options.during(child);
  }
  const [exitCode] = await ended;
  return {
    exitCode,
    summary: readSummary(file('summary.json')),
    resultFile: file('result.ndjson'),
    errors: child.errors,
  };
}

/** Whether it has come as far as its first line, which it writes when its threads are ready. */
async function hasBegun(child: Child): Promise<boolean> {
  while (child.isRunning) {
    if (/requests over \d+ s, peak/.test(child.errors)) return true;
    await sleep(5);
  }
  return false;
}

function readSummary(file: string): Summary | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Summary;
  } catch {
    return null;
  }
}

/** The torture's own target, in a process of its own. */
export class Target {
  private constructor(
    readonly child: Child,
    readonly port: number,
  ) {}

  /** @param serviceMs what it takes for each answer */
  static async start(serviceMs = 0): Promise<Target> {
    const script = fileURLToPath(new URL('./target.ts', import.meta.url));
    const child = new Child(process.execPath, ['--import', 'tsx', script, String(serviceMs)], {
      cores: null,
      talks: true,
    });
    const [{ port }] = (await once(child.process, 'message')) as [{ port: number }];
    return new Target(child, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async requests(): Promise<number> {
    return (await this.child.ask<{ requests: number }>({ kind: 'count' })).requests;
  }
}

/** Numbers that differ from trial to trial, and are the same each time. */
export class Dice {
  readonly #key: DrawKey;
  #n = 0;

  constructor(seed: number, purpose: string) {
    this.#key = drawKey(seed, purpose);
  }

  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number {
    return from + Math.floor(draw(this.#key, this.#n++) * (to - from + 1));
  }
}

/** A steady load of a few requests a second at a target. */
export function steady(url: string, ratePerSec: number, seconds: number, more = ''): string {
  return `name: torture
target: ${url}
streams:
  - stages: [{ rate: ${ratePerSec}/s, for: ${seconds}s }]
    requests: [{ route: item, get: "/p?id={seq}" }]
${more}`;
}

/** What a run found of itself, gravest first. */
export function findingsOf({ summary }: Trial): string {
  const found = summary?.validity.findings.map(({ id, level }) => `${level} ${id}`) ?? [];
  return found.length === 0 ? 'no finding' : found.join(', ');
}
