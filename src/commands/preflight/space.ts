// Before a run: the memory and the disk that a plan takes, estimated from what it is, against what there is.
import { SLICE_S } from '../../measure/cell.js';
import { TENANTS_MAX } from '../../measure/tenants.js';
import { UserError } from '../../problem.js';
import type { Plan, PlanStream, StreamInput } from '../../scenario/plan.js';
import { stalledUs } from '../../scenario/retry-plan.js';
import { formatBytes } from '../../units.js';
import type { Prepared } from '../prepare.js';
import { availableMemory, freeDisk } from './memory.js';
import { demandOf } from './resources.js';

/** What an estimate needs to know of a plan; counts are those of this process. */
export interface Extent {
  readonly durationS: number;
  readonly phases: number;
  readonly workers: number;
  /** Recordings that are read while it runs. */
  readonly readers: number;
  /** Open connections at most if all goes well. */
  readonly open: number;
  /** Exchanges under way at most if the target answers nothing: the peak rate times how long they take, or the bound. */
  readonly stalled: number;
  readonly streams: readonly StreamExtent[];
}

export interface StreamExtent {
  readonly arrivals: number;
  readonly routes: number;
  /** Stores that it goes to at most; 0: it knows of none. */
  readonly tenants: number;
}

// Measured on Node 20, x64, by runs and by snapshots that were filled with lines of one: bytes.
/** The whole process with one worker and nothing under way: 124 MB. */
const PROCESS = 110e6;
const WORKER = 15e6;
/** A reader decodes a row group at a time. */
const READER = 80e6;
/** An idle connection, by `npm run bench`; one with an exchange that gets no answer, from 9,500 of them. */
const IDLE_CONNECTION = 6_200;
const EXCHANGE = 9_000;
/** In a snapshot: a second and each stream in it; a histogram of a stream, route and phase; lines of ten seconds. */
const SECOND = 1_500;
const SECOND_OF_STREAM = 700;
const GROUP = 302_000;
const SLICE = 57_000;
const HEALTH = 41_000;
const TENANT = 30_000;
/** In a result file: a cell and what each of its answers adds to its distribution; the lines of ten seconds; the head. */
const CELL_LINE = 280;
const ANSWER_IN_LINE = 2;
const ANSWERS_IN_LINE_MAX = 300;
const SLICE_LINE = 12_500;
const WORKER_LINES = 9_000;
const PROCESS_LINES = 2_000;
const TENANT_LINE = 300;
const HEAD_LINE = 4_000;

/** Share of what there is from which on a run is warned of. */
const NEAR = 0.8;

export interface MemoryNeed {
  /** If the target keeps up. */
  readonly bytes: number;
  /** If it answers nothing for as long as the timeout. */
  readonly stalledBytes: number;
}

/** Memory that a run takes, bytes. */
export function memoryOf(extent: Extent): MemoryNeed {
  const { durationS, phases, workers, readers, streams } = extent;
  const slices = Math.ceil(durationS / SLICE_S);
  const groups = streams.reduce((sum, { arrivals, routes }) => sum + Math.min(arrivals, routes * phases), 0);
  const tenants = Math.min(
    TENANTS_MAX,
    sumOf(streams, ({ arrivals, tenants: n }) => Math.min(arrivals, n)),
  );
  const kept =
    durationS * (SECOND + SECOND_OF_STREAM * streams.length) +
    groups * GROUP +
    slices * (streams.length * SLICE + workers * HEALTH) +
    tenants * TENANT;
  const fixed = PROCESS + workers * WORKER + readers * READER + kept;
  return {
    bytes: Math.round(fixed + extent.open * IDLE_CONNECTION),
    stalledBytes: Math.round(fixed + Math.max(extent.open * IDLE_CONNECTION, extent.stalled * EXCHANGE)),
  };
}

/** The size that a run's result file has at most, bytes. */
export function resultBytesOf({ durationS, workers, phases, streams }: Extent): number {
  const slices = Math.ceil(durationS / SLICE_S);
  return Math.round(
    HEAD_LINE +
      slices * (workers * WORKER_LINES + PROCESS_LINES) +
      sumOf(streams, ({ arrivals, routes, tenants }) => {
        const cells = Math.min(arrivals, durationS * routes);
        const inLines = Math.min(arrivals, cells * ANSWERS_IN_LINE_MAX) * ANSWER_IN_LINE;
        const tenantLines = Math.min(arrivals, slices * Math.min(TENANTS_MAX, tenants));
        // A slice that a border of phases lies in is written for each of them.
        return cells * CELL_LINE + inLines + tenantLines * TENANT_LINE + (slices + phases) * SLICE_LINE;
      }),
  );
}

/** What a need comes to: null where there is enough, or nothing is known. */
export interface Shortage {
  readonly level: 'refused' | 'warned';
  readonly message: string;
  readonly hint: string;
}

const LESS =
  'use more shards (--shard 0/2 here, 1/2 on another machine), a shorter timeout:, or maxInFlight: in the scenario';

/** Holds a run's memory against what there is. */
export function memoryShortage({ bytes, stalledBytes }: MemoryNeed, available: number): Shortage | null {
  const there = `and this process may have ${formatBytes(available)} more`;
  if (bytes > available) {
    const message = `the run needs about ${formatBytes(bytes)} of memory, ${there}`;
    return { level: 'refused', message, hint: LESS };
  }
  if (stalledBytes <= available * NEAR) return null;
  const message = `if the target stalls, the run needs about ${formatBytes(stalledBytes)} of memory, ${there}`;
  return { level: 'warned', message, hint: LESS };
}

/** Holds the size of a result against what is free where it is to be written. */
export function diskShortage(bytes: number, free: number | null, file: string): Shortage | null {
  if (free === null || bytes <= free * NEAR) return null;
  const message = `the result may take ${formatBytes(bytes)}, and ${formatBytes(free)} are free for ${file}`;
  return { level: bytes > free ? 'refused' : 'warned', message, hint: 'name a file elsewhere with --out' };
}

/**
 * Refuses a run that cannot fit; says what is near.
 * @throws UserError
 */
export function checkSpace(extent: Extent, out: string): readonly string[] {
  const shortages = [
    memoryShortage(memoryOf(extent), availableMemory()),
    diskShortage(resultBytesOf(extent), freeDisk(out), out),
  ].filter((shortage) => shortage !== null);
  const problems = shortages
    .filter(({ level }) => level === 'refused')
    .map(({ message, hint }) => ({ place: 'this machine', path: '', message, hint }));
  if (problems.length > 0) throw new UserError(problems);
  return shortages.map(({ message, hint }) => `${message}: ${hint}`);
}

/** The extent of this process's part of a plan. */
export function extentOf(prepared: Prepared, workers: number, inFlightMax: number): Extent {
  const { loaded, rate, shard, recorded } = prepared;
  const { plan, inputs } = loaded;
  const stalled = Math.ceil((rate.peakPerSec / shard.n) * (stalledUs(plan) / 1e6));
  const streams = plan.streams.map((stream, i) => ({
    arrivals: Math.ceil((totalOf(recorded[i]?.perLane) || totalOf(rate.streams[i])) / shard.n),
    routes: routesOf(stream, plan),
    tenants: tenantsOf(stream, inputs.streams[i], plan),
  }));
  return {
    durationS: rate.durationS,
    phases: rate.phases.length,
    workers,
    readers: inputs.streams.filter(({ kind }) => kind === 'recording').length,
    open: demandOf(prepared)?.open ?? 0,
    stalled: Math.min(
      inFlightMax,
      stalled,
      sumOf(streams, ({ arrivals }) => arrivals),
    ),
    streams,
  };
}

/** Routes that a stream's requests may have. */
function routesOf(stream: PlanStream, plan: Plan): number {
  if (stream.kind === 'recording') return plan.routes.length;
  const steps = [...(stream.login?.steps ?? []), ...(stream.flow?.steps ?? []), ...stream.requests];
  return new Set(steps.map(({ route }) => route)).size;
}

/** Stores that a stream may go to: one where its name is fixed, as many as a CSV has values, else any number. */
function tenantsOf(stream: PlanStream, input: StreamInput | undefined, plan: Plan): number {
  if (stream.kind === 'recording') return plan.tenants === null ? 0 : TENANTS_MAX;
  if (stream.tenant === null) return 0;
  const [only, ...more] = [...stream.tenant.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name ?? '');
  if (only === undefined) return 1;
  const values = input?.kind === 'rate' ? input.values[only] : undefined;
  return values === undefined || more.length > 0 ? TENANTS_MAX : Math.min(TENANTS_MAX, values.length);
}

function totalOf(counts: Float64Array | undefined): number {
  return counts?.reduce((sum, n) => sum + n, 0) ?? 0;
}

function sumOf<T>(of: readonly T[], read: (each: T) => number): number {
  return of.reduce((sum, each) => sum + read(each), 0);
}
