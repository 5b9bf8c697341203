// What a worker keeps of its exchanges: cells by second, slices by ten seconds, all of them additive.
import { addDistributions, type Distribution } from './distribution.js';
import { OUTCOMES } from './outcome.js';

/** Length of a slice: lag, wait, service, tails and tenants are kept per slice. */
export const SLICE_S = 10;

/** Exact counts of operations; every number an integer. */
export interface Counts {
  /** Arrivals that were due. planned = Σ outcomes. */
  planned: number;
  /** Operations of which any byte was written. */
  sent: number;
  /** Requests written: what servers saw. */
  attempts: number;
  /** Bytes of response bodies and headers read. */
  bytes: number;
  /** By `OUTCOMES` order. */
  outcomes: number[];
  /** Answers by status. */
  statuses: Map<number, number>;
  /** Answers that a cache on the way said it had, and that it had not; of many nothing is known. */
  cacheHits: number;
  cacheMisses: number;
  /** What of them was sent again; null where nothing was, and nobody left. */
  induced: InducedCounts | null;
  /** How the same operations went when they were recorded; null where none of them has a recorded status. */
  recorded: RecordedCounts | null;
}

/** Load that failures made: exact counts of what operations sent again, and of those who gave up. */
export interface InducedCounts {
  /** Attempts made again by clients, and by people who pressed reload. */
  retries: number;
  reloads: number;
  /** Retries that a budget did not allow. */
  overBudget: number;
  /** Retries that waited as a Retry-After said. */
  retryAfters: number;
  /** Operations after which the visitor left. */
  leavers: number;
}

/** Exact counts of what was recorded of due arrivals; only of those whose recorded status is known. */
export interface RecordedCounts {
  planned: number;
  /** Those that were not ok when recorded, by the definition of `outcomeOfAnswer`. */
  failed: number;
  /** Recorded answers by status. */
  statuses: Map<number, number>;
  /** Replays answered 404 or 410 where 2xx or 3xx was recorded: the target does not have what was asked for. */
  unknownIds: number;
}

/** Exact counts and responses of one (stream, route, second of due time). */
export interface Cell extends Counts {
  /** Index into the plan's streams and routes. */
  stream: number;
  route: number;
  /** Second of due time since the run's start. */
  windowS: number;
  /** end − ready of ok operations and timeouts, 3 digits; ready is due but for a step that had to wait for another. */
  response: Distribution;
  /**
   * Durations of the same operations when they were recorded, 3 digits: of those that were ok then, and of those
   * that took longer than the plan's timeout, cut there.
   */
  recordedDuration: Distribution;
}

/** Where the time of one stream's operations went, in ten seconds of due time and one phase. */
export interface Slice {
  stream: number;
  /** Index into the head's phases. */
  phase: number;
  /** First second of the slice; a multiple of SLICE_S. */
  sliceS: number;
  /** ready − due, of those that had to wait for the answer to the visitor's step before. */
  slip: Distribution;
  /** fired − ready, of all that were fired. */
  lag: Distribution;
  /** sent − fired of the last attempt, of all in which that was sent; cut where no connection came in time. */
  wait: Distribution;
  /** end − sent of the last attempt, of ok operations and timeouts. */
  service: Distribution;
  /** Operations first read after a stall of our own loop, and those of them that failed. */
  tainted: number;
  taintedFailures: number;
  tail: Tail;
}

/**
 * What responses were made of, by rough response bucket, so that the composition of the slowest can be read:
 * ours = lag + overlap with our own stalls. Sums are microseconds.
 */
export interface Tail {
  readonly buckets: readonly number[];
  readonly parts: readonly TailPart[];
}

export interface TailPart {
  readonly count: number;
  readonly responseUs: number;
  readonly oursUs: number;
  readonly waitUs: number;
  readonly serviceUs: number;
}

/** One tenant's operations in one slice. */
export interface TenantSlice {
  tenant: string;
  sliceS: number;
  planned: number;
  ok: number;
  /** ok operations and timeouts, 2 digits. */
  response: Distribution;
}

export function emptyCounts(): Counts {
  return {
    planned: 0,
    sent: 0,
    attempts: 0,
    bytes: 0,
    outcomes: OUTCOMES.map(() => 0),
    statuses: new Map(),
    cacheHits: 0,
    cacheMisses: 0,
    induced: null,
    recorded: null,
  };
}

export function emptyInducedCounts(): InducedCounts {
  return { retries: 0, reloads: 0, overBudget: 0, retryAfters: 0, leavers: 0 };
}

export function emptyRecordedCounts(): RecordedCounts {
  return { planned: 0, failed: 0, statuses: new Map(), unknownIds: 0 };
}

/** Adds b's counts to a's, in place. */
export function addCounts(a: Counts, b: Counts): void {
  a.planned += b.planned;
  a.sent += b.sent;
  a.attempts += b.attempts;
  a.bytes += b.bytes;
  a.cacheHits += b.cacheHits;
  a.cacheMisses += b.cacheMisses;
  for (let i = 0; i < OUTCOMES.length; i++)
    a.outcomes[i] = (a.outcomes[i] as number) + (b.outcomes[i] as number);
  addStatuses(a.statuses, b.statuses);
  if (b.induced !== null) addInduced((a.induced ??= emptyInducedCounts()), b.induced);
  if (b.recorded === null) return;
  a.recorded ??= emptyRecordedCounts();
  a.recorded.planned += b.recorded.planned;
  a.recorded.failed += b.recorded.failed;
  a.recorded.unknownIds += b.recorded.unknownIds;
  addStatuses(a.recorded.statuses, b.recorded.statuses);
}

/** Adds b, of the same stream, route and window, to a, in place. */
export function addCells(a: Cell, b: Cell): void {
  addCounts(a, b);
  a.response = addDistributions(a.response, b.response);
  a.recordedDuration = addDistributions(a.recordedDuration, b.recordedDuration);
}

/** The sum of two workers' operations of one tenant in one slice. */
export function addTenants(a: TenantSlice, b: TenantSlice): TenantSlice {
  const response = addDistributions(a.response, b.response);
  return { ...a, planned: a.planned + b.planned, ok: a.ok + b.ok, response };
}

function addInduced(a: InducedCounts, b: InducedCounts): void {
  a.retries += b.retries;
  a.reloads += b.reloads;
  a.overBudget += b.overBudget;
  a.retryAfters += b.retryAfters;
  a.leavers += b.leavers;
}

function addStatuses(a: Map<number, number>, b: ReadonlyMap<number, number>): void {
  for (const [status, n] of b) a.set(status, (a.get(status) ?? 0) + n);
}
