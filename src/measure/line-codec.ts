// The codec of result lines: what was measured as JSON with short names, and back; what is 0 or empty is left out.
import { COARSE, FINE } from './buckets.js';
import {
  type Cell,
  type Counts,
  type InducedCounts,
  type RecordedCounts,
  SLICE_S,
  type Slice,
  type TenantSlice,
} from './cell.js';
import {
  type Distribution,
  type DistributionJson,
  emptyDistribution,
  fromJson,
  toJson,
} from './distribution.js';
import { BINS, type Emission } from './emission.js';
import { OUTCOMES } from './outcome.js';
import type { ClosedThrough } from './snapshot.js';
import type { Health } from './vitals.js';

/** A line that is not part of a result file; `message` says why, `hint` what to do. */
export class ResultFormatError extends Error {
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** A line's JSON, unchecked. */
type Json = Record<string, unknown>;

export function cellJson(cell: Cell): Json {
  const { stream: s, route: r, windowS: w, response } = cell;
  const recorded = recordedJson(cell);
  return {
    s,
    r,
    w,
    ...countsJson(cell),
    response: toJson(response),
    ...(recorded === undefined ? {} : { rec: recorded }),
  };
}

export function cellOf(json: Json): Cell {
  return {
    stream: integer(json.s),
    route: integer(json.r),
    windowS: integer(json.w),
    ...countsOf(json),
    response: fromJson(FINE, json.response as DistributionJson),
    ...recordedOf(json.rec as RecordedJson | undefined),
  };
}

export function sliceJson({ slip, lag, wait, service, tail, ...rest }: Slice): Json {
  const parts = tail.parts.map((p) => [p.count, p.responseUs, p.oursUs, p.waitUs, p.serviceUs]);
  return {
    ...rest,
    ...(slip.count > 0 && { slip: toJson(slip) }),
    lag: toJson(lag),
    wait: toJson(wait),
    service: toJson(service),
    tail: tail.buckets.map((bucket, i) => [bucket, ...(parts[i] as number[])]),
  };
}

export function sliceOf(json: Json): Slice {
  const tail = json.tail as number[][];
  return {
    stream: integer(json.stream),
    phase: integer(json.phase),
    sliceS: integer(json.sliceS),
    slip: json.slip === undefined ? emptyDistribution(COARSE) : coarse(json.slip),
    lag: coarse(json.lag),
    wait: coarse(json.wait),
    service: coarse(json.service),
    tainted: integer(json.tainted),
    taintedFailures: integer(json.taintedFailures),
    tail: {
      buckets: tail.map((row) => integer(row[0])),
      parts: tail.map(([, count, responseUs, oursUs, waitUs, serviceUs]) => ({
        count: integer(count),
        responseUs: integer(responseUs),
        oursUs: integer(oursUs),
        waitUs: integer(waitUs),
        serviceUs: integer(serviceUs),
      })),
    },
  };
}

export function tenantJson(tenant: TenantSlice): Json {
  return { ...tenant, response: toJson(tenant.response) };
}

export function tenantOf(json: Json): TenantSlice {
  return {
    tenant: String(json.tenant),
    sliceS: integer(json.sliceS),
    planned: integer(json.planned),
    ok: integer(json.ok),
    response: coarse(json.response),
  };
}

export function emissionJson({ again, ...emission }: Emission): Json {
  return { ...emission, ...(again.length > 0 && { again }) };
}

export function emissionOf(json: Json): Emission {
  const again = json.again === undefined ? [] : bins(json.again, SLICE_S);
  return { sliceS: integer(json.sliceS), due: bins(json.due), fired: bins(json.fired), again };
}

export function closedOf(json: Json): ClosedThrough {
  const { i, n } = json.shard as { i: unknown; n: unknown };
  return { shard: { i: integer(i), n: integer(n) }, closedS: integer(json.closedS) };
}

function bins(json: unknown, n = BINS): number[] {
  const counts = (json as unknown[]).map(integer);
  if (counts.length !== n) throw new ResultFormatError(`${counts.length} bins where ${n} were expected`);
  return counts;
}

/** Counts with short names; zero outcomes and empty parts are left out. */
function countsJson(counts: Counts) {
  const out: Record<string, number> = {};
  OUTCOMES.forEach((outcome, i) => {
    const n = counts.outcomes[i] as number;
    if (n > 0) out[outcome] = n;
  });
  const { planned, sent, attempts, bytes, cacheHits, cacheMisses } = counts;
  const cache = cacheHits + cacheMisses > 0 ? { cache: [cacheHits, cacheMisses] } : {};
  const induced = counts.induced === null ? {} : { again: inducedJson(counts.induced) };
  return {
    planned,
    sent,
    attempts,
    bytes,
    ...cache,
    ...induced,
    out,
    status: Object.fromEntries(counts.statuses),
  };
}

function countsOf(json: Record<string, unknown>): Omit<Counts, 'recorded'> {
  const out = json.out as Record<string, number>;
  const [cacheHits, cacheMisses] = (json.cache as number[] | undefined) ?? [0, 0];
  return {
    planned: integer(json.planned),
    sent: integer(json.sent),
    attempts: integer(json.attempts),
    bytes: integer(json.bytes),
    outcomes: OUTCOMES.map((outcome) => integer(out[outcome] ?? 0)),
    statuses: statusesOf(json.status),
    cacheHits: integer(cacheHits),
    cacheMisses: integer(cacheMisses),
    induced: json.again === undefined ? null : inducedOf(json.again as unknown[]),
  };
}

function inducedJson({ retries, reloads, overBudget, retryAfters, leavers }: InducedCounts): number[] {
  return [retries, reloads, overBudget, retryAfters, leavers];
}

function inducedOf(json: readonly unknown[]): InducedCounts {
  const [retries, reloads, overBudget, retryAfters, leavers] = json.map(integer);
  return {
    retries: integer(retries),
    reloads: integer(reloads),
    overBudget: integer(overBudget),
    retryAfters: integer(retryAfters),
    leavers: integer(leavers),
  };
}

export function healthJson({ connect, dns, tcp, tls, ...health }: Health) {
  return { ...health, connect: toJson(connect), dns: toJson(dns), tcp: toJson(tcp), tls: toJson(tls) };
}

export function healthOf({ t, ...json }: Record<string, unknown>): Health {
  const [connect, dns, tcp, tls] = [json.connect, json.dns, json.tcp, json.tls].map(coarse);
  if (connect === undefined || dns === undefined || tcp === undefined || tls === undefined)
    throw new ResultFormatError('a health line without its times');
  return { ...(json as unknown as Health), connect, dns, tcp, tls };
}

/** The recorded side of a cell; what is 0 or empty is left out. */
interface RecordedJson {
  readonly n: number;
  readonly failed?: number;
  readonly unknown?: number;
  readonly status: Readonly<Record<string, number>>;
  readonly took?: DistributionJson;
}

function recordedJson({ recorded, recordedDuration }: Cell): RecordedJson | undefined {
  if (recorded === null) return undefined;
  const { planned, failed, unknownIds, statuses } = recorded;
  return {
    n: planned,
    ...(failed > 0 && { failed }),
    ...(unknownIds > 0 && { unknown: unknownIds }),
    status: Object.fromEntries(statuses),
    ...(recordedDuration.count > 0 && { took: toJson(recordedDuration) }),
  };
}

function recordedOf(json: RecordedJson | undefined): Pick<Cell, 'recorded' | 'recordedDuration'> {
  if (json === undefined) return { recorded: null, recordedDuration: emptyDistribution(FINE) };
  const recorded: RecordedCounts = {
    planned: integer(json.n),
    failed: integer(json.failed ?? 0),
    statuses: statusesOf(json.status),
    unknownIds: integer(json.unknown ?? 0),
  };
  const duration = json.took === undefined ? emptyDistribution(FINE) : fromJson(FINE, json.took);
  return { recorded, recordedDuration: duration };
}

function statusesOf(json: unknown): Map<number, number> {
  const statuses = Object.entries(json as Record<string, number>);
  return new Map(statuses.map(([status, n]) => [Number(status), integer(n)]));
}

function coarse(json: unknown): Distribution {
  return fromJson(COARSE, json as DistributionJson);
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value))
    throw new ResultFormatError(`${JSON.stringify(value)} where a whole number was expected`);
  return value as number;
}
