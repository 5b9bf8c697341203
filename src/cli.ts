#!/usr/bin/env node
// The command line: argv to a command to an exit code; the only place that ends the process.
//
// commander's traps, and how they are closed here: it exits by itself on bad usage (exitOverride, so that bad usage
// is exit code 2 like any other bad input), and it prints errors on its own (kept, they are good).
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { CalibrateOptions } from './commands/calibrate.js';
import type { CompareOptions } from './commands/compare.js';
import { demoCommand } from './commands/demo.js';
import { type GateOptions, gateCommand } from './commands/gate.js';
import type { ImportOptions } from './commands/import.js';
import { type InitOptions, initCommand } from './commands/init.js';
import { type LimitOptions, limitCommand } from './commands/limit.js';
import { mergeCommand } from './commands/merge.js';
import { planCommand } from './commands/plan.js';
import { UnreachableError } from './commands/preflight/reach.js';
import { probeCommand } from './commands/probe.js';
import { reportCommand } from './commands/report.js';
import { type ReportRequest, readReportRequest } from './commands/reports.js';
import { runCommand } from './commands/run.js';
import { schemaCommand } from './commands/schema.js';
import { storefrontCommand } from './commands/storefront.js';
import { processTerminal } from './commands/terminal.js';
import type { PacingWanted } from './drive/pacing/calibrate.js';
import { TRANSPORT_OPTIONS, type TransportOption } from './drive/transports/choose.js';
import { ExitCode } from './exit-codes.js';
import { oneLine } from './plain-text.js';
import { UserError } from './problem.js';
import type { Overrides } from './scenario/load.js';
import { type Shard, WHOLE } from './schedule/lanes.js';
import { VERSION } from './version.js';

const terminal = processTerminal();
let exitCode: ExitCode = ExitCode.passed;

const program = new Command('flashcrowd')
  .description('Replays recorded traffic at a storefront, on time, and says whether the shop held.')
  .version(VERSION)
  .exitOverride()
  .configureOutput({ writeErr: terminal.err, writeOut: terminal.out })
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(flashcrowd COMMAND --help shows what is possible)');

/** A command whose action gives the exit code. */
function command(usage: string, description: string): Command {
  return program.command(usage).description(description).exitOverride();
}

function does<A extends unknown[]>(action: (...args: A) => Promise<ExitCode> | ExitCode) {
  return async (...args: A): Promise<void> => {
    exitCode = await action(...args);
  };
}

const collect = (value: string, previous: string[] = []) => [...previous, value];

function readShard(text: string): Shard {
  const match = /^(\d{1,5})\/(\d{1,5})$/.exec(text);
  const shard = { i: Number(match?.[1]), n: Number(match?.[2]) };
  if (match === null || shard.n < 1 || shard.i >= shard.n) {
    throw new InvalidArgumentError('Write i/n with 0 ≤ i < n, such as 0/4.');
  }
  return shard;
}

function readInstant(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('Write an ISO instant, such as 2026-11-27T09:00:00Z.');
  }
  return date;
}

function readWorkers(text: string): number {
  const workers = Number(text);
  if (!Number.isInteger(workers) || workers < 1 || workers > 256) {
    throw new InvalidArgumentError('Write a whole number from 1 to 256.');
  }
  return workers;
}

/** The options by which the command line wins over the scenario file; of a command that is one shard of many. */
function withOverrides(on: Command): Command {
  return withOverridesAlone(on).addOption(
    new Option('--shard <i/n>', 'this machine’s part of the plan').argParser(readShard).default(WHOLE, '0/1'),
  );
}

function withOverridesAlone(on: Command): Command {
  return on
    .option('-t, --target <url>', 'where every request goes, in place of the scenario’s target')
    .option('--seed <n>', 'seed of every draw')
    .option('--amplify <k>', 'multiply visitors: 5 for all streams, NAME=5 for one; repeatable', collect)
    .option('--speed <k>', 'fast-forward')
    .option('--window <from..to>', 'send only this part: 10m..20m, or phases such as onset..decay')
    .option('--timeout <duration>', 'how long an operation may take')
    .option('--connections <policy>', 'visitor, fresh or pool=N')
    .option('--ceiling <rate>', 'highest rate that the plan may reach, such as 3000/s')
    .option('--ca <file>', 'PEM file of authorities to trust in place of the usual ones')
    .option('--insecure', 'take any certificate of the target, such as a self-signed one')
    .option(
      '--allow-host <host>',
      'a host that may be loaded though it is not this machine; repeatable',
      collect,
    );
}

function transportOption(): Option {
  return new Option(
    '--transport <how>',
    'auto, or HTTP/1.1 over wire or undici; auto takes HTTP/2 where it is spoken',
  )
    .choices(TRANSPORT_OPTIONS)
    .default('auto');
}

interface OverrideFlags extends Omit<Overrides, 'allowHosts'> {
  readonly allowHost?: string[];
  readonly shard: Shard;
}

/** Flags as the loader wants them: what was not given is absent. */
function overrides<F extends Omit<OverrideFlags, 'shard'>>({ allowHost, ...flags }: F) {
  return { ...flags, ...(allowHost !== undefined && { allowHosts: allowHost }) };
}

withOverrides(command('run <scenario>', 'replay a scenario at its target and report'))
  .option('--label <text>', 'what this run is, for the report')
  .option('--workers <n>', 'sender threads; from cores and peak rate unless given', readWorkers)
  .addOption(
    new Option('--pacing <how>', 'how senders wait: polling near a due time, or by timers alone')
      .choices(['auto', 'spin', 'sleep'])
      .default('auto'),
  )
  .addOption(transportOption())
  .option('--force', 'load a target that another run loads, or with more than this machine can send', false)
  .option('--start-at <instant>', 'when due time 0 is, so that shards start together', readInstant)
  .option('-o, --out <file>', 'the result file (default: out/SCENARIO-TIME.ndjson)')
  .option('-r, --report <format[=file]>', 'text or json; repeatable (default: text)', collect)
  .action(
    does(async (file: string, flags: OverrideFlags & RunFlags) => {
      const { report, ...rest } = flags;
      return runCommand(file, { ...overrides(rest), reports: readReports(report) }, terminal);
    }),
  );

interface RunFlags {
  readonly pacing: PacingWanted;
  readonly transport: TransportOption;
  readonly workers?: number;
  readonly force: boolean;
  readonly startAt?: Date;
  readonly out?: string;
  readonly report?: string[];
}

withOverrides(command('plan <scenario>', 'say what would be sent, and send nothing'))
  .option('--arrivals', 'write every arrival as CSV, in due order', false)
  .option('--json', 'the totals as JSON', false)
  .action(
    does(async (file: string, flags: OverrideFlags & { arrivals: boolean; json: boolean }) =>
      planCommand(file, { ...overrides(flags), arrivals: flags.arrivals, json: flags.json }, terminal),
    ),
  );

withOverrides(
  command('probe <scenario>', 'send one request per route and tenant, and say what came back and what to do'),
)
  .addOption(transportOption())
  .option('--json', 'all of it as JSON', false)
  .addHelpText(
    'after',
    '\nExits with 0 if every answer was as expected, 1 if one was not, 5 if the target does not answer at all.',
  )
  .action(
    does(async (file: string, flags: OverrideFlags & { transport: TransportOption; json: boolean }) => {
      const { transport, json, ...rest } = flags;
      return probeCommand(file, { ...overrides(rest), transport, json }, terminal);
    }),
  );

withOverridesAlone(
  command('limit <scenario>', 'find the largest multiple of its load that passes its gates, by whole runs'),
)
  .option('--vary <stream>', 'multiply only this stream; the others as planned')
  .option('--from <k>', 'the first multiple that is tried', '1')
  .option('--max <k>', 'the highest one (default: 16, or what the ceiling allows)')
  .option('--within <width>', 'how near the two ends of the answer must be', '5%')
  .option('--budget <duration>', 'the most that all of it may take, such as 3h')
  .option(
    '--cool-down <duration>',
    'between trials, for queues to empty and for what was scaled out to scale in',
    '60s',
  )
  .option('--workers <n>', 'sender threads; from cores and peak rate unless given', readWorkers)
  .addOption(transportOption())
  .option('--force', 'load a target that another run loads, or with more than this machine can send', false)
  .option('-o, --out <folder>', 'the results of the trials (default: out/SCENARIO-limit-TIME)')
  .option('--json', 'the answer as JSON', false)
  .addHelpText(
    'after',
    '\nExits with 0 if the plan holds and its limit was found, 1 if less than the plan holds, 3 if what sends is the' +
      '\nlimit, 4 if it stayed undecided.',
  )
  .action(
    does(async (file: string, flags: Omit<LimitOptions, 'allowHosts'> & { allowHost?: string[] }) =>
      limitCommand(file, overrides(flags), terminal),
    ),
  );

command('import <files...>', 'make a recording of logs, HARs or captures, and say what it holds and lacks')
  .option('-o, --out <file>', 'the recording, such as night.parquet')
  .option('--audit', 'say what the files hold, and write nothing', false)
  .option('--json', 'the audit as JSON', false)
  .option('--from <instant>', 'leave out what started before')
  .option('--to <instant>', 'leave out what started then or later')
  .option(
    '--where <filter>',
    'only path=/products/*, method=GET, host=…, not.client=bot …; repeatable',
    collect,
  )
  .option('--format <format>', 'alb, har, … or a log_format string; detected unless given')
  .option('--zone <zone>', 'zone of stamps that have none, such as Europe/Berlin (default: UTC)')
  .addOption(
    new Option('--stamp <what>', 'what stamps mark; as the format has it unless given').choices([
      'start',
      'end',
    ]),
  )
  .option('--field <name>', 'the log’s name for a field: time=ts, duration=took@ms; repeatable', collect)
  .option(
    '--keep <name>',
    'a query key or header that stays though it looks like a secret; repeatable',
    collect,
  )
  .option('--sort', 'sort on disk first, for logs far out of time order')
  .option('--key-file <file>', 'names clients alike in all imports with this file; made if it is not there')
  .action(
    does(async (files: string[], flags: ImportFlags) => {
      const { format, zone, stamp, field, keep, sort, where, ...rest } = flags;
      const rules = {
        ...(format !== undefined && { format }),
        ...(zone !== undefined && { zone }),
        ...(stamp !== undefined && { stamp }),
        ...(field !== undefined && { fields: field }),
        ...(keep !== undefined && { keep }),
        ...(sort && { sort }),
      };
      const { importCommand } = await import('./commands/import.js');
      return importCommand(files, { ...rest, where: where ?? [], rules }, terminal);
    }),
  );

interface ImportFlags extends Omit<ImportOptions, 'rules' | 'where'> {
  readonly format?: string;
  readonly zone?: string;
  readonly stamp?: 'start' | 'end';
  readonly field?: string[];
  readonly keep?: string[];
  readonly sort?: boolean;
  readonly where?: string[];
}

command('init [recordings...]', 'draft a scenario from a recording, or a spike from nothing')
  .option('--spike <peak>', 'a spike from nothing: 5x, or a rate such as 300/s')
  .option('-t, --target <url>', 'where its requests go; a placeholder unless given')
  .option('-o, --out <file>', 'the scenario; standard output unless given')
  .option('--force', 'write over a file that is there', false)
  .action(
    does(async (files: string[], flags: Omit<InitOptions, 'files'>) => {
      const { findFiles } = await import('./recording/read/sources.js');
      return initCommand({ ...flags, files: await findFiles(files) }, auditOf, terminal);
    }),
  );

/** The audit of what `recording:` would open, from the same cache. */
async function auditOf(files: readonly string[]) {
  const { cacheFolder, openRecordings } = await import('./recording/library.js');
  return (await openRecordings(files, {}, cacheFolder(terminal.env))).audit;
}

command('report <results...>', 'report results again; shards of one run are merged')
  .option('-r, --report <format[=file]>', 'text or json; repeatable (default: text)', collect)
  .addOption(new Option('--format <format>', 'the same as --report').choices(['text', 'json']))
  .action(
    does(async (files: string[], flags: { report?: string[]; format?: string }) => {
      const wanted = [...(flags.report ?? []), ...(flags.format === undefined ? [] : [flags.format])];
      return reportCommand(files, readReports(wanted), terminal);
    }),
  );

command('gate <results...>', 'judge results again by other gates, and send nothing; shards are merged')
  .option('-g, --gates <file>', 'gates as YAML or JSON: a list, or a scenario')
  .option('--gate <text>', 'a gate, such as "errors over 30s < 20%"; repeatable', collect)
  .option('--json', 'all of it as JSON', false)
  .addHelpText(
    'after',
    '\nExits as a run with these gates would have; by those of the run where none are given.',
  )
  .action(does((files: string[], flags: GateOptions) => gateCommand(files, flags, terminal)));

command('merge <results...>', 'merge results of the shards of one run into one file')
  .requiredOption('-o, --out <file>', 'the merged result file')
  .action(does(async (files: string[], flags: { out: string }) => mergeCommand(files, flags.out, terminal)));

command(
  'compare [results...]',
  'say whether a candidate is worse than its base: two results, or several of each',
)
  .option('--base <results...>', 'runs of the base; merge the shards of a run first')
  .option('--candidate <results...>', 'runs of the candidate; the i-th is compared with the i-th base')
  .option('--margin <metric=size>', 'by how much it may be worse: p99=20%, errors=0.5%; repeatable', collect)
  .addOption(
    new Option('--by <what>', 'also compare every route or stream, where there are enough runs').choices([
      'route',
      'stream',
    ]),
  )
  .option('--paired', 'the i-th base and candidate are a pair though their plans differ', false)
  .option('--allow-different <place>', 'a place at which plans may differ: timeoutUs; repeatable', collect)
  .option('--because <text>', 'why they may; the report says it')
  .option('--noise <file>', 'what --aa --json wrote of this runner: windows of few runs know nothing of it')
  .option('--aa', 'estimate this runner’s noise from three and more runs of the same thing', false)
  .option('--json', 'all of it as JSON', false)
  .addHelpText(
    'after',
    `
  flashcrowd compare before.ndjson after.ndjson
  flashcrowd compare --base a1.ndjson a2.ndjson a3.ndjson --candidate b1.ndjson b2.ndjson b3.ndjson
  flashcrowd compare --aa r1.ndjson r2.ndjson r3.ndjson r4.ndjson r5.ndjson --json > noise.json

Exits with 0 if the candidate is no worse, 1 if it is, 4 if these runs cannot tell, 3 if one of them is invalid.`,
  )
  .action(
    does(async (files: string[], flags: CompareFlags) => {
      const { margin, allowDifferent, ...rest } = flags;
      const { compareCommand } = await import('./commands/compare.js');
      return compareCommand(
        files,
        { ...rest, margins: margin ?? [], allowDifferent: allowDifferent ?? [] },
        terminal,
      );
    }),
  );

interface CompareFlags extends Omit<CompareOptions, 'margins' | 'allowDifferent'> {
  readonly margin?: string[];
  readonly allowDifferent?: string[];
}

command('calibrate', 'measure what this machine can send, against a null server of its own')
  .option('--for <duration>', 'how long it may take, from 5s', '26s')
  .option('--workers <n>', 'sender threads; half of the cores unless given', readWorkers)
  .addOption(
    new Option('--transport <how>', 'HTTP/1.1 over wire or undici, or HTTP/2')
      .choices(['wire', 'undici', 'http2'])
      .default('wire'),
  )
  .option('--tls', 'over TLS', false)
  .option('--json', 'the figures as JSON', false)
  .action(
    does(async (flags: CalibrateOptions) => {
      const { calibrateCommand } = await import('./commands/calibrate.js');
      return calibrateCommand(flags, terminal);
    }),
  );

command('storefront', 'run the embedded shop platform on a loopback port')
  .option('-p, --port <n>', 'port on 127.0.0.1; a free one unless given')
  .option('--seed <n>', 'seed of its service times')
  .option('--speed <k>', 'divides the autoscaler’s durations')
  .option('--stores <n>', 'stores counted by name')
  .option('--isolation <share>', 'share of capacity that one store may take, 0 to 1')
  .option('--priority', 'storefront pages before the dashboard')
  .option('--min-instances <n>')
  .option('--max-instances <n>')
  .option('--concurrency <n>', 'requests that an instance serves at once')
  .option('--queue <n>', 'requests that may wait')
  .option('--wait-limit <duration>', 'how long one may wait')
  .option('--boot <duration>', 'from the order of an instance to its first request')
  .option('--metric-lag <duration>', 'age of the newest utilisation that the autoscaler sees')
  .option('--serve-abandoned', 'clients that have left keep their place in line and are served in vain')
  .option(
    '--event <text>',
    'what is done to it, such as `autoscaler stuck from 60s to 3m`; times count from the first request; repeatable',
    collect,
  )
  .option('--script <file>', 'a file of such events, one a line')
  .action(
    does(
      async (flags: Parameters<typeof storefrontCommand>[0]) => (await storefrontCommand(flags)) as ExitCode,
    ),
  );

command(
  'schema <name>',
  'print the JSON Schema of `scenario` files, the JSON `summary`, a `probe`, `limit`, `comparison` or `noise`',
).action(does((name: string) => schemaCommand(name, terminal)));

command('demo', 'a promo spike at the embedded storefront, in under a minute').action(
  does(() => demoCommand(terminal)),
);

function readReports(texts: readonly string[] = []): ReportRequest[] {
  return texts.map(readReportRequest);
}

/**
 * Ends the process over a defect of ours. Node would end it with 1, which is said of a shop that failed, and print the
 * message as it is, whatever that quotes.
 */
function crash(error: unknown): never {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(`${words}\nthis is a defect of flashcrowd: please report it with what stands above\n`);
  process.exit(ExitCode.untrustworthy);
}
process.on('uncaughtException', crash);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    exitCode = error.exitCode === 0 ? ExitCode.passed : ExitCode.badInput;
  } else if (error instanceof UserError) {
    terminal.err(`${error.message}\n`);
    exitCode = ExitCode.badInput;
  } else if (error instanceof UnreachableError) {
    terminal.err(`${oneLine(error.message)}\n    start the target, or check its address; nothing was sent\n`);
    exitCode = ExitCode.unreachable;
  } else {
    crash(error);
  }
}
process.exitCode = exitCode;
