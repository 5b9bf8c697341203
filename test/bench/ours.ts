// Our own sides: the production driver in a closed loop, and the built command line at a rate.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectionPolicy } from '../../src/scenario/plan.js';
import type { GeneratorOptions } from './generator.js';
import { CONNECTIONS, LAST_S, type Side } from './peers.js';
import { Child, GENERATOR_CORE, startScript } from './processes.js';
import type { Certificate } from './servers.js';
import type { BenchTransport } from './transports.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface LoopOptions {
  readonly connections?: ConnectionPolicy;
  readonly underWay?: number;
  readonly threads?: number;
  readonly cores?: string;
  readonly tls?: Certificate | undefined;
}

/** The driver over a transport, as fast as it can. */
export function closedLoop(transport: BenchTransport, options: LoopOptions = {}): Side {
  const { connections = { kind: 'pool', size: CONNECTIONS }, underWay = CONNECTIONS, threads = 1 } = options;
  return {
    name: transport,
    finish,
    start: (url) => {
      const given: GeneratorOptions = { transport, url, connections, underWay, threads, seconds: LAST_S };
      return startScript('./generator.ts', [JSON.stringify(given)], {
        cores: options.cores ?? GENERATOR_CORE,
        ...(options.tls && { env: { NODE_EXTRA_CA_CERTS: options.tls.certificate } }),
      });
    },
  };
}

/** @throws Error if anything but good answers came of a closed loop, as a bench of failures shows nothing */
async function finish(generator: Child): Promise<void> {
  await generator.end('SIGUSR2');
  const { output, errors } = generator;
  const settled = JSON.parse(output.trim() || '{}') as Record<string, number>;
  const { ok = 0, ...others } = settled;
  if (ok === 0 || Object.keys(others).length > 0)
    throw new Error(`a closed loop of ours came to ${JSON.stringify(settled)} ${errors.slice(-500)}`);
}

/** A scenario in a file, with its schedule. */
export interface Scenario {
  readonly file: string;
  /** Due microseconds by seq. */
  readonly planned: ReadonlyMap<number, number>;
}

/** Writes a scenario of one stream, and asks the command line when it would send what. */
export function writeScenario(folder: string, name: string, stream: object, rest: object = {}): Scenario {
  const file = join(folder, `${name}.yaml`);
  const scenario = {
    name,
    target: 'http://127.0.0.1:9',
    streams: [{ name: 'bench', ...stream, requests: [{ route: 'home', get: '/?id={seq}' }] }],
    connections: { pool: CONNECTIONS },
    ...rest,
  };
  writeFileSync(file, JSON.stringify(scenario));
  const csv = execFileSync(process.execPath, [CLI, 'plan', file, '--arrivals'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const [head = '', ...lines] = csv.trimEnd().split('\n');
  const columns = head.split(',');
  const [seqAt, dueAt] = [columns.indexOf('seq'), columns.indexOf('at_us')];
  if (seqAt < 0 || dueAt < 0) throw new Error(`the schedule has the columns ${head}`);
  const planned = lines.map((line) => {
    const fields = line.split(',');
    return [Number(fields[seqAt]), Number(fields[dueAt])] as const;
  });
  return { file, planned: new Map(planned) };
}

/** Runs a scenario with the built command line. */
export function runScenario(
  { file }: Scenario,
  url: string,
  folder: string,
  flags: readonly string[] = [],
): Child {
  const args = ['run', file, '--target', url, '--workers', '1', '--out', join(folder, 'result.ndjson')];
  return new Child(process.execPath, [CLI, ...args, '--report', 'json', ...flags], { cores: GENERATOR_CORE });
}
