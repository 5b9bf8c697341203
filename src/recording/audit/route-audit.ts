// The routes of a recording with their statuses and durations, and whether a path acts; bounded, most frequent first.

import { isActingPath } from '../quarantine.js';
import type { Row } from '../row.js';
import { isReading, reasonNotSent } from '../sendable.js';
import { LogBuckets } from './log-buckets.js';
import { RouteTree } from './route-tree.js';

/** Templates that are listed; ties by name. */
const ROUTES_LISTED = 200;
const TEMPLATE_CHARS_MAX = 256;
/** Different statuses of one route; what comes after them is not told apart. */
const STATUSES_MAX = 16;
/** Methods with routes of their own; the routes of all others are together. */
const METHODS_MAX = 16;
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

interface RouteEntry {
  count: number;
  readonly codes: number[];
  readonly counts: number[];
  otherCodes: number;
  durations: LogBuckets | null;
}

const ENTRIES = {
  make: (): RouteEntry => ({ count: 0, codes: [], counts: [], otherCodes: 0, durations: null }),
  add: (into: RouteEntry, from: RouteEntry): void => {
    into.count += from.count;
    into.otherCodes += from.otherCodes;
    for (const [i, code] of from.codes.entries()) countStatus(into, code, from.counts[i] as number);
    if (from.durations === null) return;
    if (into.durations === null) into.durations = from.durations;
    else into.durations.addAll(from.durations);
  },
};

/** Counts rows by route, and what a schedule would not send of them. */
export class RouteAudit {
  /** Rows that would be sent by default. */
  sendable = 0;
  readonly #why = new Map<string, number>();
  readonly #trees = new Map<string, RouteTree<RouteEntry>>();
  /** The tree of the method of the row before: most rows are GET. */
  #method = '';
  #tree: RouteTree<RouteEntry> | undefined;

  add(row: Row): void {
    const { method, path, status, durationUs } = row;
    if (this.#tree === undefined || method !== this.#method) this.#tree = this.#treeOf(method);
    this.#method = method;
    const mark = path.indexOf('?');
    const entry = this.#tree.of(path, mark < 0 ? path.length : mark);
    entry.count++;
    if (status !== undefined) countStatus(entry, status, 1);
    if (durationUs !== undefined)
      (entry.durations ??= new LogBuckets()).add(Math.round(durationUs / STEP_US));
    // Only what is read can be in quarantine for its path: the others are kept back by their method.
    const reason = reasonNotSent(row, isReading(method) && isActingPath(path), false);
    if (reason === '') this.sendable++;
    else this.#why.set(reason, (this.#why.get(reason) ?? 0) + 1);
  }

  /** Rows that would not be sent, by reason. */
  why(): Record<string, number> {
    return Object.fromEntries(this.#why);
  }

  /** The most frequent routes, at most 200, and the requests of all others. */
  list(): { readonly routes: readonly AuditedRoute[]; readonly other: number } {
    const all = [...this.#trees].flatMap(([method, tree]) =>
      tree.list().map(([path, entry]) => ({ method, path: clipped(path), entry })),
    );
    all.sort(
      (a, b) => b.entry.count - a.entry.count || compare(a.path, b.path) || compare(a.method, b.method),
    );
    const other = all.slice(ROUTES_LISTED).reduce((sum, { entry }) => sum + entry.count, 0);
    return {
      routes: all.slice(0, ROUTES_LISTED).map(({ method, path, entry }) => audited(method, path, entry)),
      other,
    };
  }

  #treeOf(method: string): RouteTree<RouteEntry> {
    const name = this.#trees.size < METHODS_MAX || this.#trees.has(method) ? method : 'OTHER';
    let tree = this.#trees.get(name);
    if (tree === undefined) this.#trees.set(name, (tree = new RouteTree(ENTRIES)));
    return tree;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function clipped(template: string): string {
  return template.length <= TEMPLATE_CHARS_MAX ? template : `${template.slice(0, TEMPLATE_CHARS_MAX)}*`;
}

function countStatus(entry: RouteEntry, status: number, n: number): void {
  const { codes, counts } = entry;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] !== status) continue;
    counts[i]! += n;
    return;
  }
  if (codes.length >= STATUSES_MAX) entry.otherCodes += n;
  else {
    codes.push(status);
    counts.push(n);
  }
}

function audited(
  method: string,
  path: string,
  { count, codes, counts, otherCodes, durations }: RouteEntry,
): AuditedRoute {
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
