// Measures this machine: the production pool, recording and all, against a null server of its own.
import { choosePacing } from '../../drive/pacing/calibrate.js';
import { monotonicNowUs } from '../../drive/pacing/clock.js';
import type { TransportKind } from '../../drive/transports/choose.js';
import type { Step } from '../../measure/calibration.js';
import { absorbLine, writeLine } from '../../measure/result-file.js';
import { emptySnapshot, type Head, RESULT_FORMAT, type Snapshot } from '../../measure/snapshot.js';
import { planId } from '../../scenario/plan-id.js';
import { WHOLE } from '../../schedule/lanes.js';
import { formatRate } from '../../units.js';
import { VERSION } from '../../version.js';
import { Pool } from '../../workers/pool.js';
import {
  type CpuSample,
  divide,
  doubling,
  type Load,
  loadOf,
  RateWatch,
  rateAt,
  stairs,
  stepsOf,
} from './loads.js';
import { type NullServers, startNullServers } from './null-servers.js';

export interface MeasureOptions {
  readonly totalS: number;
  readonly workers: number;
  readonly transport: TransportKind;
  readonly secure: boolean;
  /** Whether senders may poll a core away, as for a run with as many workers at a target on this machine. */
  readonly maySpin: boolean;
  readonly connectionsMax: number;
  /** Takes what is done next, for people who wait. */
  readonly progress: (text: string) => void;
}

export interface Measured {
  readonly steps: readonly Step[];
  /** New connections a second, a request on each; null for HTTP/2, which has few. */
  readonly connectionsPerSec: number | null;
}

/** Requests a second of one worker that no machine of today comes near. */
const RATE_PER_WORKER_MAX = 131_072;
const SCOUT_FROM_PER_SEC = 512;
const CONNECTIONS_FROM_PER_SEC = 128;
const CONNECTIONS_PER_SEC_MAX = 16_384;
/** Each closed connection holds a port for a while, and there are some 28,000. */
const CONNECTIONS_MAX = 10_000;
/** A rate has broken off when what was planned is this much more than what came; until then a process may warm up. */
const BROKEN_OFF = 4;
/** How often senders' counts are looked at, which change four times a second, and over how long rates are read. */
const LOOK_MS = 50;
const READ_OVER_US = 450_000;
const START_DELAY_US = 200_000;

/**
 * Measures; takes `totalS` and some seconds more.
 * @throws Error if a thread or the null server ends before its time
 */
export async function measureMachine(options: MeasureOptions): Promise<Measured> {
  const { workers, transport, secure, progress } = options;
  const servers = await startNullServers(workers, { http2: transport === 'http2', secure });
  try {
    const schedule = divide(options.totalS);
    progress('looking where rates break off');
    const scout = doubling(SCOUT_FROM_PER_SEC, RATE_PER_WORKER_MAX * workers, schedule.scoutS);
    const found = await highestOf(loadOf(scout, workers, false), false, options, servers);
    const climbed = stairs(Math.max(found, SCOUT_FROM_PER_SEC), schedule);
    progress(`${schedule.steps} steps of ${schedule.stepS} s, up to ${formatRate(climbed.at(-1)?.to ?? 0)}`);
    const steps = await climb(loadOf(climbed, workers, false), options, servers);
    if (transport === 'http2') return { steps, connectionsPerSec: null };
    progress('new connections');
    const rates = doubling(CONNECTIONS_FROM_PER_SEC, CONNECTIONS_PER_SEC_MAX, schedule.connectionsS);
    const most = await highestOf(loadOf(rates, workers, true), true, options, servers);
    return { steps, connectionsPerSec: Math.round(most) };
  } finally {
    await servers.stop();
  }
}

/** Raises the rate until it breaks off; the most answers a second that came. */
async function highestOf(
  load: Load,
  fresh: boolean,
  options: MeasureOptions,
  servers: NullServers,
): Promise<number> {
  const { pool } = startPool(load, options, servers);
  await pool.ready();
  const startUs = monotonicNowUs() + START_DELAY_US;
  const endUs = load.stages.reduce((sum, { forUs }) => sum + forUs, 0);
  const watch = new RateWatch(READ_OVER_US);
  const timer = setInterval(() => {
    const atUs = monotonicNowUs() - startUs;
    const { ok } = pool.pulse();
    watch.see(atUs, ok);
    const broken = rateAt(load.stages, atUs - READ_OVER_US) > watch.highestPerSec * BROKEN_OFF;
    const enough = atUs > endUs || (fresh && ok >= CONNECTIONS_MAX);
    if (enough || (broken && watch.highestPerSec > 0)) pool.stop('interrupted', 0);
  }, LOOK_MS);
  pool.start(startUs, 'sleep');
  const end = await pool.ended();
  clearInterval(timer);
  if (end.reason === 'worker_failed') throw end.error;
  return watch.highestPerSec;
}

/** Sends the stairs, and takes processor times at the border of each step. */
async function climb(load: Load, options: MeasureOptions, servers: NullServers): Promise<Step[]> {
  const { pool, snapshot } = startPool(load, options, servers);
  await pool.ready();
  const { pacing } = choosePacing('auto', options.maySpin ? await pool.calibrate() : []);
  const startUs = monotonicNowUs() + START_DELAY_US;
  const samples: CpuSample[] = [];
  const sample = async (i: number) => {
    const { user, system } = process.cpuUsage();
    const atUs = monotonicNowUs() - startUs;
    samples[i] = { atUs, cpuUs: user + system, serverUs: await servers.cpuUs() };
  };
  const borders = [0, ...load.phases.map(({ endS }) => endS)];
  const taken: Promise<void>[] = [];
  const timers = borders.map((atS, i) =>
    setTimeout(() => taken.push(sample(i)), (startUs - monotonicNowUs()) / 1e3 + atS * 1e3),
  );
  pool.start(startUs, pacing);
  const end = await pool.ended();
  for (const timer of timers) clearTimeout(timer);
  await Promise.all(taken);
  // The run may be over a moment before its last border is.
  if (samples[borders.length - 1] === undefined) await sample(borders.length - 1);
  if (end.reason === 'worker_failed') throw end.error;
  return stepsOf(snapshot, load.stages, samples);
}

/** The threads of a load, and what they measure. */
function startPool(
  load: Load,
  options: MeasureOptions,
  { target }: NullServers,
): { pool: Pool; snapshot: Snapshot } {
  const snapshot = emptySnapshot(headOf(load, options, target.host));
  const pool = new Pool({
    plan: load.plan,
    inputs: load.inputs,
    phases: load.phases,
    shard: WHOLE,
    workers: options.workers,
    target,
    transport: options.transport,
    secrets: {},
    inFlightMax: options.connectionsMax,
    connectionsMax: options.connectionsMax,
    run: 'calibration',
    hooksFile: null,
    warn: options.progress,
    emit: (line) => {
      // What a run does for each line, but for the file.
      writeLine(line);
      absorbLine(snapshot, line);
    },
  });
  return { pool, snapshot };
}

function headOf({ plan, phases, durationS }: Load, { workers }: MeasureOptions, host: string): Head {
  return {
    format: RESULT_FORMAT,
    version: VERSION,
    node: process.version,
    plan,
    planId: planId(plan),
    scenario: 'calibration',
    label: null,
    target: `//${host}`,
    targetIsLocal: true,
    shards: [WHOLE],
    hosts: [],
    workers,
    startedAt: new Date().toISOString(),
    durationS,
    phases,
    normalPerSec: 0,
    peakPerSec: 0,
    plannedTotal: 0,
    gates: [],
    capDeclared: false,
    coverage: { dropped: {}, notes: [] },
  };
}
