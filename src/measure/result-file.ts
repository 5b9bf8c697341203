// The result file: NDJSON lines that are written as windows close and read back into a Snapshot.
//
// A head line, then cell, slice, tenant and health lines as they become certain, then an end line. Whatever a killed
// run has written is a valid prefix: it reads as incomplete. Lines are additive, so their order does not matter.

import { COARSE, FINE } from './buckets.js';
import type { Cell, Counts, Health, RecordedCounts, Slice, TenantSlice } from './cell.js';
import {
  type Distribution,
  type DistributionJson,
  emptyDistribution,
  fromJson,
  toJson,
} from './distribution.js';
import { OUTCOMES } from './outcome.js';
import {
  absorbCell,
  absorbSlice,
  absorbTenant,
  type End,
  emptySnapshot,
  type Head,
  type Snapshot,
} from './snapshot.js';

/** One line of a result file, as data. */
export type ResultLine =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'cell'; readonly cell: Cell }
  | { readonly kind: 'slice'; readonly slice: Slice }
  | { readonly kind: 'tenant'; readonly tenant: TenantSlice }
  | { readonly kind: 'health'; readonly health: Health }
  | { readonly kind: 'end'; readonly end: End };

/** A line that is not part of a result file; `message` says why. */
export class ResultFormatError extends Error {}

/** Writes a line as JSON, without a newline. */
export function writeLine(line: ResultLine): string {
  switch (line.kind) {
    case 'head':
      return JSON.stringify({ t: 'head', ...line.head });
    case 'cell': {
      const { stream: s, route: r, windowS: w, response } = line.cell;
      const recorded = recordedJson(line.cell);
      return JSON.stringify({
        t: 'cell',
        s,
        r,
        w,
        ...countsJson(line.cell),
        response: toJson(response),
        ...(recorded === undefined ? {} : { rec: recorded }),
      });
    }
    case 'slice': {
      const { slip, lag, wait, service, tail, ...rest } = line.slice;
      const parts = tail.parts.map((p) => [p.count, p.responseUs, p.oursUs, p.waitUs, p.serviceUs]);
      return JSON.stringify({
        t: 'slice',
        ...rest,
        ...(slip.count > 0 && { slip: toJson(slip) }),
        lag: toJson(lag),
        wait: toJson(wait),
        service: toJson(service),
        tail: tail.buckets.map((bucket, i) => [bucket, ...(parts[i] as number[])]),
      });
    }
    case 'tenant':
      return JSON.stringify({ t: 'tenant', ...line.tenant, response: toJson(line.tenant.response) });
    case 'health':
      return JSON.stringify({ t: 'health', ...healthJson(line.health) });
    case 'end':
      return JSON.stringify({ t: 'end', ...line.end });
  }
}

/**
 * Reads a line.
 * @throws ResultFormatError if it is not JSON, of no known kind, or without its parts
 */
export function readLine(text: string): ResultLine {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ResultFormatError('not a line of JSON');
  }
  if (typeof json !== 'object' || json === null) throw new ResultFormatError('not a JSON object');
  try {
    return lineOf(json);
  } catch (error) {
    if (error instanceof ResultFormatError) throw error;
    throw new ResultFormatError(`a ${String(json.t)} line without all of its parts`);
  }
}

/** Adds a line to a snapshot; head lines are for the caller. */
export function absorbLine(snapshot: Snapshot, line: ResultLine): void {
  switch (line.kind) {
    case 'head':
      return;
    case 'cell':
      absorbCell(snapshot, line.cell);
      return;
    case 'slice':
      absorbSlice(snapshot, line.slice);
      return;
    case 'tenant':
      absorbTenant(snapshot, line.tenant);
      return;
    case 'health':
      snapshot.health.push(line.health);
      return;
    case 'end':
      snapshot.ends.push(line.end);
      return;
  }
}

/** A snapshot of all lines; the first must be a head. A last line that was cut short is left out. */
export function snapshotOf(lines: Iterable<ResultLine>): Snapshot {
  let snapshot: Snapshot | undefined;
  for (const line of lines) {
    if (line.kind === 'head') snapshot = emptySnapshot(line.head);
    else if (snapshot === undefined) throw new ResultFormatError('the first line is not a head line');
    else absorbLine(snapshot, line);
  }
  if (snapshot === undefined) throw new ResultFormatError('no head line');
  return snapshot;
}

function lineOf(json: Record<string, unknown>): ResultLine {
  switch (json.t) {
    case 'head': {
      const { t, ...head } = json;
      if (head.format !== 1)
        throw new ResultFormatError(`result format ${String(head.format)} is not known here`);
      return { kind: 'head', head: head as unknown as Head };
    }
    case 'cell':
      return {
        kind: 'cell',
        cell: {
          stream: integer(json.s),
          route: integer(json.r),
          windowS: integer(json.w),
          ...countsOf(json),
          response: fromJson(FINE, json.response as DistributionJson),
          ...recordedOf(json.rec as RecordedJson | undefined),
        },
      };
    case 'slice': {
      const tail = json.tail as number[][];
      return {
        kind: 'slice',
        slice: {
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
        },
      };
    }
    case 'tenant':
      return {
        kind: 'tenant',
        tenant: {
          tenant: String(json.tenant),
          sliceS: integer(json.sliceS),
          planned: integer(json.planned),
          ok: integer(json.ok),
          response: coarse(json.response),
        },
      };
    case 'health':
      return { kind: 'health', health: healthOf(json) };
    case 'end': {
      const { t, ...end } = json;
      return { kind: 'end', end: end as unknown as End };
    }
    default:
      throw new ResultFormatError(`no line kind of ours: ${JSON.stringify(json.t)?.slice(0, 40)}`);
  }
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
  return { planned, sent, attempts, bytes, ...cache, out, status: Object.fromEntries(counts.statuses) };
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
  };
}

function healthJson({ connect, dns, tcp, tls, ...health }: Health) {
  return { ...health, connect: toJson(connect), dns: toJson(dns), tcp: toJson(tcp), tls: toJson(tls) };
}

function healthOf({ t, ...json }: Record<string, unknown>): Health {
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
