// The routes of a recording with their statuses and durations, and whether a path acts; bounded, most frequent first.

import { isActingPath } from '../quarantine.js';
import type { Row } from '../row.js';
import { isReading, reasonNotSent } from '../sendable.js';
import { templateOf } from '../templates.js';
import { LogBuckets } from './log-buckets.js';
import { type Counted, TopCounts } from './top-counts.js';

/** Templates that are counted: with their histograms some 7 MB at most. */
const ROUTES_COUNTED = 3_000;
/** Templates that are listed; ties by name. */
const ROUTES_LISTED = 200;
const TEMPLATE_CHARS_MAX = 256;
/** Different statuses of one route; what comes after them is not told apart. */
const STATUSES_MAX = 16;
/** Paths whose route is remembered, and how long they may be: 5 MB at most. */
const CACHE_MAX = 12_288;
const CACHED_CHARS_MAX = 120;
/** Steps of the durations' histogram, so that its 2^31 of them are 1.5 days. */
const STEP_US = 64;

/** True for a recorded request that failed: a server's error, a client that left (499), or no answer (below 100). */
export function isRecordedError(status: number | undefined): boolean {
  return status !== undefined && (status >= 500 || status === 499 || status < 100);
}

/** One kind of request. */
export interface AuditedRoute {
  readonly method: string;
  /** A template such as `/products/{id}`, without query. */
  readonly path: string;
  readonly requests: number;
  /** Requests by status; `other` where there were more than 16 different ones. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of what did not fail; null for a log without durations; within 3 %. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

interface RouteEntry extends Counted {
  readonly method: string;
  readonly path: string;
  readonly codes: number[];
  readonly counts: number[];
  otherCodes: number;
  durations: LogBuckets | null;
}

interface Known {
  readonly entry: RouteEntry;
  readonly acting: boolean;
}

/** Counts rows by route, and what a schedule would not send of them. */
export class RouteAudit {
  /** Rows that would be sent by default. */
  sendable = 0;
  readonly #why = new Map<string, number>();
  readonly #routes = new TopCounts<RouteEntry>(ROUTES_COUNTED, (key) => {
    const space = key.indexOf(' ');
    return {
      method: key.slice(0, space),
      path: key.slice(space + 1),
      count: 0,
      dropped: false,
      codes: [],
      counts: [],
      otherCodes: 0,
      durations: null,
    };
  });
  /** By method, then by path without query: paths repeat, and templates are the dearest thing here. */
  readonly #cache = new Map<string, Map<string, Known>>();
  /** The cache's part for the method of the row before: most rows are GET. */
  #method = '';
  #paths: Map<string, Known> | undefined;
  #cached = 0;

  /** Paths that are remembered. */
  get cached(): number {
    return this.#cached;
  }

  add(row: Row): void {
    const { path, status, durationUs } = row;
    const mark = path.indexOf('?');
    const known = this.#known(row.method, mark < 0 ? path : path.slice(0, mark));
    const { entry } = known;
    entry.count++;
    if (status !== undefined) countStatus(entry, status);
    if (durationUs !== undefined)
      (entry.durations ??= new LogBuckets()).add(Math.round(durationUs / STEP_US));
    // Only what is read can be in quarantine for its path: the others are kept back by their method.
    const acting = known.acting || (mark >= 0 && isReading(row.method) && isActingPath(path));
    const reason = reasonNotSent(row, acting, false);
    if (reason === '') this.sendable++;
    else this.#why.set(reason, (this.#why.get(reason) ?? 0) + 1);
  }

  /** Rows that would not be sent, by reason. */
  why(): Record<string, number> {
    return Object.fromEntries(this.#why);
  }

  /** The most frequent routes, at most 200, and the requests of all others. */
  list(): { readonly routes: readonly AuditedRoute[]; readonly other: number } {
    const { list, other } = this.#routes.top(ROUTES_LISTED);
    return { routes: list.map(([, entry]) => audited(entry)), other };
  }

  #known(method: string, bare: string): Known {
    let paths = method === this.#method ? this.#paths : this.#cache.get(method);
    this.#method = method;
    this.#paths = paths;
    const found = paths?.get(bare);
    if (found !== undefined && !found.entry.dropped) return found;
    const template = clipped(templateOf(bare));
    const entry = this.#routes.of(`${method} ${template}`);
    const known = { entry, acting: isActingPath(bare) };
    if (bare.length > CACHED_CHARS_MAX) return known;
    if (this.#cached >= CACHE_MAX) {
      this.#cache.clear();
      this.#cached = 0;
      paths = undefined;
    }
    if (paths === undefined) {
      paths = new Map();
      this.#cache.set(method, paths);
      this.#paths = paths;
    }
    if (found === undefined) this.#cached++;
    paths.set(bare, known);
    return known;
  }
}

function clipped(template: string): string {
  return template.length <= TEMPLATE_CHARS_MAX ? template : `${template.slice(0, TEMPLATE_CHARS_MAX)}*`;
}

function countStatus(entry: RouteEntry, status: number): void {
  const { codes, counts } = entry;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] !== status) continue;
    counts[i]!++;
    return;
  }
  if (codes.length >= STATUSES_MAX) entry.otherCodes++;
  else {
    codes.push(status);
    counts.push(1);
  }
}

function audited({ method, path, count, codes, counts, otherCodes, durations }: RouteEntry): AuditedRoute {
  const statuses = codes.map((code, i): [string, number] => [String(code), counts[i] as number]);
  if (otherCodes > 0) statuses.push(['other', otherCodes]);
  const ms = (q: number): number | null => {
    const steps = durations?.quantile(q) ?? null;
    return steps === null ? null : Math.round((steps * STEP_US) / 100) / 10;
  };
  return {
    method,
    path,
    requests: count,
    statuses: Object.fromEntries(statuses),
    p50Ms: ms(0.5),
    p95Ms: ms(0.95),
  };
}
