// The parts of the bench that send on time: CPU a request and arrival errors at fixed rates and under a spike; memory.
import { type ArrivalError, scheduleError, spacingError } from './arrival-error.js';
import { watch } from './measure.js';
import { runScenario, type Scenario, writeScenario } from './ours.js';
import { pacedSides } from './peers.js';
import type { Child } from './processes.js';
import type { Bench, Section } from './sections.js';
import { Receiver } from './servers.js';
import { MANY, OURS } from './targets.js';

const RATES = [2_000, 5_000, 10_000];
/** The rate at which our transports are compared. */
const UNDICI_AT = 5_000;

/** The ways in which ours can be run. One that polls takes its core whole, by choice: its CPU time says nothing. */
const WAYS: readonly { readonly name: string; readonly flags: readonly string[] }[] = [
  { name: OURS.wire, flags: ['--transport', 'wire', '--pacing', 'spin'] },
  { name: OURS.wireSleeps, flags: ['--transport', 'wire', '--pacing', 'sleep'] },
  { name: OURS.undiciSleeps, flags: ['--transport', 'undici', '--pacing', 'sleep'] },
];
const MEMORY_WAYS = WAYS.filter(({ name }) => name === OURS.wire || name === OURS.undiciSleeps);

/** A run's CPU window leaves out its beginning, in which compilers are at work, and its end. */
const WARM_SHARE = 0.5;
const END_S = 0.5;

interface PacedSide {
  readonly name: string;
  start(url: string): Child;
  error(stamps: BigInt64Array): ArrivalError;
}

function ours(bench: Bench, scenario: Scenario, undici: boolean): PacedSide[] {
  const ways = WAYS.filter(({ name }) => undici || name !== OURS.undiciSleeps);
  return ways.map(({ name, flags }) => ({
    name,
    start: (url) => runScenario(scenario, url, bench.folder, flags),
    error: (stamps) => scheduleError(stamps, scenario.planned),
  }));
}

async function comparePaced(
  bench: Bench,
  [section, load]: readonly [section: string, load: string],
  sides: readonly PacedSide[],
): Promise<void> {
  const receiver = await Receiver.start();
  try {
    for (let round = 0; round < bench.rounds; round++) {
      for (let i = 0; i < sides.length; i++) {
        const side = sides[(i + round) % sides.length] as PacedSide;
        bench.progress(`${load}, round ${round + 1}, ${side.name}`);
        await receiver.keep();
        const generator = side.start(receiver.url());
        await bench.attempt(side.name, generator, async () => {
          const settleMs = bench.pacedS * WARM_SHARE * 1e3;
          const windowMs = (bench.pacedS - END_S) * 1e3 - settleMs;
          const window = await watch(generator, receiver, { warmAfter: 1, settleMs, windowMs });
          await generator.ended();
          const key = { section, load, side: side.name };
          const error = side.error(await receiver.take(bench.folder));
          bench.book.add({ ...key, metric: 'cpuUs' }, round, (window.cpuS / window.requests) * 1e6);
          bench.book.add({ ...key, metric: 'p50Us' }, round, error.p50Us);
          bench.book.add({ ...key, metric: 'p99Us' }, round, error.p99Us);
          bench.book.add({ ...key, metric: 'wrong' }, round, error.lost + error.twice + error.stray);
        });
      }
    }
  } finally {
    await receiver.child.end();
  }
}

/** Evenly spaced requests, which is what the others can send. */
const paced: Section['run'] = async (bench) => {
  for (const perSec of RATES) {
    const stages = [{ from: perSec, to: perSec, for: `${bench.pacedS}s` }];
    const scenario = writeScenario(bench.folder, `paced-${perSec}`, { stages, arrivals: 'even' });
    const peers = pacedSides(perSec, bench.pacedS, bench.folder).map(({ name, start }) => ({
      name,
      start,
      error: (stamps: BigInt64Array) => spacingError(stamps, perSec),
    }));
    const load = `${perSec.toLocaleString('en-US')}/s`;
    await comparePaced(bench, ['paced', load], [...ours(bench, scenario, perSec === UNDICI_AT), ...peers]);
  }
};

/** Random arrivals from 2,000 to 10,000 a second and back. */
const spike: Section['run'] = async (bench) => {
  const [edge, hold] = [`${(bench.pacedS - 1) / 3}s`, `${(bench.pacedS - 1) / 3}s`];
  const shape = {
    base: 2_000,
    peak: '5x',
    at: edge,
    rise: '500ms',
    hold,
    fall: '500ms',
    total: `${bench.pacedS}s`,
  };
  const scenario = writeScenario(bench.folder, 'spike', { spike: shape });
  await comparePaced(bench, ['spike', '2,000/s, 5×'], ours(bench, scenario, false));
};

const VISITORS = 10_000;
const OPENING_S = 5;

/** Memory of the whole process while 10,000 visitors keep a connection each, and without them. */
const memory: Section['run'] = async (bench) => {
  const perSec = VISITORS / OPENING_S;
  const stages = [
    { from: perSec, to: perSec, for: `${OPENING_S}s` },
    { from: 1, to: 1, for: '4s' },
  ];
  const many = writeScenario(
    bench.folder,
    'many',
    { stages },
    {
      connections: 'visitor',
      visits: { requests: 100, think: '1h' },
    },
  );
  const few = writeScenario(bench.folder, 'few', { stages }, { connections: { pool: 10 } });
  const receiver = await Receiver.start();
  try {
    for (const { name, flags } of MEMORY_WAYS) {
      const measure = async (scenario: Scenario, use: (bytes: number, connections: number) => void) => {
        const before = await receiver.seen();
        const generator = runScenario(scenario, receiver.url(), bench.folder, flags);
        await bench.attempt(name, generator, async () => {
          await watch(generator, receiver, { warmAfter: 1, settleMs: OPENING_S * 1e3, windowMs: 1_500 });
          const { connections } = await receiver.seen();
          use(generator.rssBytes(), connections - before.connections);
        });
      };
      bench.progress(`${name}, without`);
      let withoutBytes = Number.NaN;
      await measure(few, (bytes) => {
        withoutBytes = bytes;
        bench.book.add(
          { section: 'memory', load: '10 connections', side: name, metric: 'rssMb' },
          0,
          bytes / 1e6,
        );
      });
      bench.progress(`${name}, with ${VISITORS}`);
      await measure(many, (bytes, connections) => {
        const perConnection = (bytes - withoutBytes) / connections / 1_024;
        bench.book.add({ section: 'memory', load: MANY, side: name, metric: 'rssMb' }, 0, bytes / 1e6);
        bench.book.add(
          { section: 'memory', load: MANY, side: name, metric: 'kbPerConnection' },
          0,
          perConnection,
        );
      });
    }
  } finally {
    await receiver.child.end();
  }
};

export const PACED_SECTIONS: readonly Section[] = [
  { name: 'paced', about: 'CPU a request and arrival errors at fixed rates', run: paced },
  { name: 'spike', about: 'arrival errors under a 5× spike', run: spike },
  { name: 'memory', about: 'memory at 10,000 idle connections', run: memory },
];
