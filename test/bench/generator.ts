// A generator process of the bench: the production driver in a closed loop, with all that a real run measures.
//
// It runs until it is told to end, by SIGUSR2, or for `seconds`, and then says what came of its requests; the bench
// watches from outside what it costs and how much of it arrives.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Driver } from '../../src/drive/driver.js';
import { MonotonicClock } from '../../src/drive/pacing/clock.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import { NO_STALL_SOURCE } from '../../src/drive/stall-causes.js';
import type { TransportKind } from '../../src/drive/transports/choose.js';
import { loadTransport } from '../../src/drive/transports/load.js';
import { Conversation } from '../../src/drive/visits/conversation.js';
import { JournalWriter } from '../../src/measure/journal.js';
import { OUTCOMES } from '../../src/measure/outcome.js';
import type { ConnectionPolicy, RateStream } from '../../src/scenario/plan.js';
import { MergedArrivals } from '../../src/schedule/arrivals.js';
import { WHOLE } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { Collector } from '../../src/workers/collector.js';
import { steadyPlan } from '../support/steady-plan.js';
import { ClosedLoop } from './closed-loop.js';

export interface GeneratorOptions {
  readonly transport: TransportKind;
  readonly url: string;
  readonly connections: ConnectionPolicy;
  /** Under way at any time, in each thread. */
  readonly underWay: number;
  /** It ends by itself after this long. */
  readonly seconds: number;
  readonly threads: number;
}

/** What a generator says at its end: outcomes by name. */
export type Settled = Readonly<Record<string, number>>;

/** Only for its requests and visitors: its times are not kept. Above what any loop reaches, so that it lasts. */
const SCHEDULE = { ratePerSec: 250_000, seconds: 120, lanes: 64 };
const VISITS = { requests: 6, thinkUs: 5_000 };

/** @returns ends it */
async function generate(options: GeneratorOptions, said: (settled: Settled) => void): Promise<() => void> {
  const makeTransport = await loadTransport(options.transport);
  const { plan, inputs } = steadyPlan({ ...SCHEDULE, connections: options.connections, visits: VISITS });
  const input = inputs.streams[0];
  if (input?.kind !== 'rate') throw new Error('the plan has no rate stream');
  const stream = plan.streams[0] as RateStream;
  const planned = new MergedArrivals([new RateArrivals(plan, stream, 0, input, WHOLE, {})]);
  const clock = new MonotonicClock('sleep');
  const startUs = clock.nowUs();
  const target = targetOf(options.url);
  const loop = new ClosedLoop(planned, makeTransport(target, clock, startUs), clock, options.underWay);
  const settled: Record<string, number> = {};
  // As a run does: merged, written as lines, and counted.
  const journal = new JournalWriter();
  const collector = new Collector(1, WHOLE, (line) => {
    journal.next(line);
    if (line.kind !== 'cell') return;
    OUTCOMES.forEach((outcome, i) => {
      const count = line.cell.outcomes[i] ?? 0;
      if (count > 0) settled[outcome] = (settled[outcome] ?? 0) + count;
    });
  });
  const driver = new Driver({
    plan,
    phases: [{ name: 'steady', startS: 0, endS: SCHEDULE.seconds }],
    arrivals: loop,
    clock,
    transport: loop,
    conversation: new Conversation(plan, target, clock),
    shard: '0/1',
    inFlightMax: options.underWay,
    connectionsMax: 15_000,
    run: 'bench',
    loopUtilisation: () => 0,
    stalls: NO_STALL_SOURCE,
    publish: (closed, health) => collector.add(0, closed, health),
    stopRequested: () => {},
    done: () => {
      collector.finish(0);
      said(settled);
    },
  });
  loop.start(driver, startUs);
  const end = () => loop.end();
  setTimeout(end, options.seconds * 1e3);
  return end;
}

function targetOf(url: string): ResolvedTarget {
  const { protocol, hostname, port, host } = new URL(url);
  return {
    protocol: protocol === 'https:' ? 'https:' : 'http:',
    hostname,
    port: Number(port),
    host,
    addresses: [hostname],
    headers: ['user-agent', 'flashcrowd/bench', 'x-flashcrowd-run', 'bench'],
  };
}

function print(settled: Settled): void {
  process.stdout.write(`${JSON.stringify(settled)}\n`, () => process.exit(0));
}

/** Node starts no thread from TypeScript by itself. */
const WORKER = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})
  .then(({ register }) => (register(), import(${JSON.stringify(import.meta.url)})))`;

if (!isMainThread) {
  const end = await generate(workerData as GeneratorOptions, (settled) => {
    parentPort?.postMessage(settled);
    parentPort?.close();
    process.exit(0);
  });
  parentPort?.once('message', end);
} else {
  const options = JSON.parse(process.argv[2] ?? '{}') as GeneratorOptions;
  if (options.threads === 1) process.once('SIGUSR2', await generate(options, print));
  else startThreads(options);
}

function startThreads(options: GeneratorOptions): void {
  const all: Record<string, number> = {};
  const workers = Array.from(
    { length: options.threads },
    () => new Worker(WORKER, { eval: true, workerData: options }),
  );
  let left = workers.length;
  for (const worker of workers) {
    worker.on('message', (settled: Settled) => {
      for (const [name, count] of Object.entries(settled)) all[name] = (all[name] ?? 0) + count;
      if (--left === 0) print(all);
    });
  }
  process.once('SIGUSR2', () => {
    for (const worker of workers) worker.postMessage('end');
  });
}
