// The parts of the bench that send on time: CPU a request and arrival errors at fixed rates and under a spike; memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ArrivalError, scheduleError, spacingError } from './arrival-error.js';
import { watch } from './measure.js';
import { runScenario, type Scenario, writeScenario } from './ours.js';
import { pacedSides } from './peers.js';
import type { Child } from './processes.js';
import type { Bench, Section } from './sections.js';
import { Receiver } from './servers.js';
import { OURS } from './targets.js';

const RATES = [2_000, 5_000, 10_000];

/** The ways in which ours can be run. One that polls takes its core whole, by choice: its CPU time says nothing. */
const WAYS: readonly { readonly name: string; readonly flags: readonly string[] }[] = [
  { name: OURS.wire, flags: ['--transport', 'wire', '--pacing', 'spin'] },
  { name: OURS.wireSleeps, flags: ['--transport', 'wire', '--pacing', 'sleep'] },
  { name: OURS.undiciSleeps, flags: ['--transport', 'undici', '--pacing', 'sleep'] },
];
const MEMORY_WAYS = WAYS.filter(({ name }) => name === OURS.wire || name === OURS.undiciSleeps);

/** Seconds at a run's beginning and end that are left out of its CPU window. */
const EDGES_S = 1.5;

interface PacedSide {
  readonly name: string;
  start(url: string): Child;
  error(stamps: BigInt64Array): ArrivalError;
}

function ours(bench: Bench, scenario: Scenario): PacedSide[] {
  return WAYS.map(({ name, flags }) => ({
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
          const windowMs = (bench.pacedS - EDGES_S) * 1e3;
          const window = await watch(generator, receiver, { warmAfter: 1, settleMs: 1_000, windowMs });
          await generator.ended();
          const error = side.error(await receiver.take(bench.folder));
          bench.book.add(section, load, side.name, 'cpuUs', (window.cpuS / window.requests) * 1e6);
          bench.book.add(section, load, side.name, 'p50Us', error.p50Us);
          bench.book.add(section, load, side.name, 'p99Us', error.p99Us);
          bench.book.add(section, load, side.name, 'wrong', error.lost + error.twice + error.stray);
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
    await comparePaced(bench, ['paced', load], [...ours(bench, scenario), ...peers]);
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
  await comparePaced(bench, ['spike', '2,000/s, 5×'], ours(bench, scenario));
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
  const few = writeScenario(bench.folder, 'few', { stages }, { connections: { pool: 1 } });
  const receiver = await Receiver.start();
  try {
    for (const { name, flags } of MEMORY_WAYS) {
      const measure = async (scenario: Scenario) => {
        const before = await receiver.seen();
        const generator = runScenario(scenario, receiver.url(), bench.folder, flags);
        try {
          await watch(generator, receiver, { warmAfter: 1, settleMs: OPENING_S * 1e3, windowMs: 1_500 });
          const { connections } = await receiver.seen();
          return { bytes: generator.rssBytes(), connections: connections - before.connections };
        } finally {
          await generator.end();
        }
      };
      bench.progress(`${name}, without`);
      const without = await measure(few);
      await sleep(500);
      bench.progress(`${name}, with ${VISITORS}`);
      const withMany = await measure(many);
      const load = `${VISITORS.toLocaleString('en-US')} idle connections`;
      const perConnection = (withMany.bytes - without.bytes) / withMany.connections / 1_024;
      bench.book.add('memory', load, name, 'rssMb', withMany.bytes / 1e6);
      bench.book.add('memory', load, name, 'kbPerConnection', perConnection);
      bench.book.add('memory', 'one connection', name, 'rssMb', without.bytes / 1e6);
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
