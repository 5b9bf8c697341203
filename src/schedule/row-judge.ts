// Decides on recorded rows: which are replayed, as which route and tenant, to which host, and with which ids.
import { HostMap } from '../recording/hosts.js';
import { RetryFinder } from '../recording/retries.js';
import type { Row } from '../recording/row.js';
import type { IdLists, Plan, RecordingStream } from '../scenario/plan.js';
import { IdMapper, type MappedPath } from './recorded-ids.js';
import { DROPPED, RowRules } from './recorded-rules.js';

/** Why a row is not replayed, beside the reasons of `RowRules`. */
export const NOT_REPLAYED = {
  before: 'before from',
  after: 'after to',
  host: 'host not mapped',
  retry: 'retry folded',
  id: 'id not mapped',
} as const;

/** Reasons by which the user chose what is replayed; the others leave out what would have been part of it. */
const CHOSEN: ReadonlySet<string> = new Set([
  NOT_REPLAYED.before,
  NOT_REPLAYED.after,
  NOT_REPLAYED.retry,
  DROPPED.where,
]);

/** Whether a row that is not replayed for this reason leaves a hole in its route's traffic. */
export function leavesHole(reason: string): boolean {
  return !CHOSEN.has(reason);
}

/**
 * Judges the rows of one stream. What a row's fate depends on is the row itself and, for retries, the rows before it
 * in the recording: never the shard.
 */
export class RowJudge {
  /** Of the row that was judged last and is replayed. */
  host: string | null = null;
  mapped: MappedPath = { path: '', kinds: [] };
  private readonly rules: RowRules;
  private readonly hosts: HostMap | null;
  private readonly useHosts: boolean;
  private readonly ids: IdMapper | null;
  private readonly fromUs: number;
  private readonly toUs: number;
  private retries: RetryFinder | null;
  private isRetry = false;

  /** @param ids parallel to the stream's; none, and ids stay as they were recorded */
  constructor(plan: Plan, stream: RecordingStream, ids: readonly IdLists[]) {
    this.rules = new RowRules(plan, stream);
    this.hosts = typeof stream.hosts === 'object' && stream.hosts !== null ? new HostMap(stream.hosts) : null;
    this.useHosts = stream.hosts !== null;
    this.ids = ids.length === 0 ? null : new IdMapper(plan.seed, stream.ids, ids);
    this.fromUs = stream.fromUs ?? Number.NEGATIVE_INFINITY;
    this.toUs = stream.toUs ?? Number.POSITIVE_INFINITY;
    this.retries = stream.fold ? new RetryFinder() : null;
  }

  get route(): number {
    return this.rules.route;
  }

  get tenant(): string | null {
    return this.rules.tenant;
  }

  /** Takes note of a row, in the order of the recording; every row, as what is a retry depends on those before. */
  meet(row: Row): void {
    if (this.retries === null || row.startUs < this.fromUs || row.startUs >= this.toUs) return;
    this.isRetry = this.retries.isRetry(row);
  }

  /** The recording begins again: nothing that is met from now on repeats what was met before. */
  restart(): void {
    if (this.retries !== null) this.retries = new RetryFinder();
  }

  /** Why the row met last is not replayed; '' if it is, and then the fields say how. */
  reasonAgainst(row: Row): string {
    if (row.startUs < this.fromUs) return NOT_REPLAYED.before;
    if (row.startUs >= this.toUs) return NOT_REPLAYED.after;
    const reason = this.rules.reasonAgainst(row);
    if (reason !== '') return reason;
    this.host = null;
    if (this.useHosts && row.host !== undefined) {
      this.host = this.hosts === null ? row.host : this.hosts.get(row.host);
      if (this.host === null) return NOT_REPLAYED.host;
    }
    if (this.isRetry) return NOT_REPLAYED.retry;
    const mapped = this.ids === null ? { path: row.path, kinds: [] } : this.ids.map(row.path);
    if (mapped === null) return NOT_REPLAYED.id;
    this.mapped = mapped;
    return '';
  }
}
