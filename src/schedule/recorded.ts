// Turns recorded rows into arrivals: which of them are sent, by which visitor and lane, when, and as what number.

import { type DrawKey, draw, drawKey, drawUint32, hashText } from '../random.js';
import { HostMap } from '../recording/hosts.js';
import type { Row } from '../recording/row.js';
import { type Plan, type RecordingInput, SEQ_PER_STREAM } from '../scenario/plan.js';
import { ArrivalHeap, type Pending } from './recorded-heap.js';
import { RowRules } from './recorded-rules.js';

/** One recorded request, due. */
export interface RecordedArrival {
  /** Microseconds of the plan's time. */
  dueUs: number;
  seq: number;
  visitor: number;
  tenant: string | null;
  /** Index into `Plan.routes`. */
  route: number;
  method: string;
  /** With query, as recorded. */
  path: string;
  /** Host to send; null: the target's own. */
  host: string | null;
  /** Status that was answered when it was recorded; 0 where that is not known. */
  recordedStatus: number;
  /** How long it took when it was recorded, microseconds; NaN where that is not known. */
  recordedDurationUs: number;
  /** Headers that were recorded with it, as JSON of pairs; undefined for none. */
  headers: string | undefined;
  body: Uint8Array | undefined;
}

export type EmitArrival = (arrival: RecordedArrival) => void;

/** Lanes of a shard: those that leave the remainder `index` when divided by `count`. */
export interface LaneShare {
  readonly index: number;
  readonly count: number;
}

/** J/2: a clone is shifted by up to this much to either side, microseconds of recorded time. */
export const CLONE_SHIFT_US = 1_000_000;

/** Reason in `dropped` for rows whose client `amplify` below 1 left out. */
export const THINNED = 'thinned by amplify';

/** What is drawn for a client, as numbers of draws; each copy has a block of four. */
const DRAWS = { visitorLow: 0, visitorHigh: 1, shift: 2, extraCopy: 3 } as const;
const DRAWS_PER_COPY = 4;

/**
 * The schedule of one recording stream, for the lanes of one shard. Rows go in, in start order; arrivals come out in
 * due order. Nothing depends on the shard but which lanes are kept: the union of all shards is the schedule.
 *
 * - visitor: 48 hashed bits of (client, copy); lane: visitor mod L
 * - due: (start − origin) / speed. Copy 0 keeps its times; any other copy of a client is shifted as a whole by one
 *   uniform offset within ±`CLONE_SHIFT_US`, as clones in step with their original would be twice as bursty below a
 *   second as that many visitors are. A due time below 0 is reflected.
 * - amplify k: copies 0 to ⌊k⌋ − 1 of every client, and one more of a share k − ⌊k⌋ of the clients
 * - seq: the stream's base + L·k + lane, with k counted in due order within the lane
 */
export class RecordedSchedule {
  /** Rows that are not sent, by reason; a row counts once, in the shard that has its client's lane. */
  readonly dropped = new Map<string, number>();
  private readonly rules: RowRules;
  private readonly hosts: HostMap | null;
  private readonly useHosts: boolean;
  private readonly keyA: DrawKey;
  private readonly keyB: DrawKey;
  /** Key of the client at hand; one object for all rows. */
  private readonly client = { a: 0, b: 0 };
  private readonly wholeCopies: number;
  private readonly extraShare: number;
  private readonly fromUs: number;
  private readonly toUs: number;
  private readonly originUs: number;
  private readonly speed: number;
  private readonly laneCount: number;
  private readonly seqBase: number;
  /** How many arrivals each lane has had. */
  private readonly counts: Float64Array;
  private readonly heap = new ArrivalHeap();
  private row = 0;

  /**
   * @param streamIndex a stream of the plan that is a recording
   * @param lanes the lanes to keep; `count` is at most the plan's lanes
   */
  constructor(
    plan: Plan,
    streamIndex: number,
    input: RecordingInput,
    private readonly lanes: LaneShare,
  ) {
    const stream = plan.streams[streamIndex];
    if (stream?.kind !== 'recording') throw new Error(`stream ${streamIndex} is no recording`);
    this.rules = new RowRules(plan, stream);
    this.hosts = typeof stream.hosts === 'object' && stream.hosts !== null ? new HostMap(stream.hosts) : null;
    this.useHosts = stream.hosts !== null;
    this.keyA = drawKey(plan.seed, 'recorded visitor a', streamIndex);
    this.keyB = drawKey(plan.seed, 'recorded visitor b', streamIndex);
    this.wholeCopies = Math.floor(stream.amplify);
    this.extraShare = stream.amplify - this.wholeCopies;
    this.fromUs = stream.fromUs ?? Number.NEGATIVE_INFINITY;
    this.toUs = stream.toUs ?? Number.POSITIVE_INFINITY;
    this.originUs = input.originUs;
    this.speed = plan.speed;
    this.laneCount = plan.lanes;
    this.seqBase = streamIndex * SEQ_PER_STREAM;
    this.counts = new Float64Array(plan.lanes);
  }

  /** Takes rows in start order; calls emit for each arrival that no later row can come before, in due order. */
  push(rows: readonly Row[], emit: EmitArrival): void {
    for (const row of rows) {
      this.add(row);
      this.row++;
    }
    const last = rows[rows.length - 1];
    if (!last) return;
    // A later row's clone may come this early; if that is before 0, its reflection may come at any time from 0 on.
    const shiftUs = this.wholeCopies + this.extraShare > 1 ? CLONE_SHIFT_US : 0;
    this.emitUpTo(Math.round((last.startUs - this.originUs - shiftUs) / this.speed), emit);
  }

  /** Emits what is left, after the last row. */
  end(emit: EmitArrival): void {
    this.emitUpTo(Number.POSITIVE_INFINITY, emit);
  }

  private emitUpTo(dueUs: number, emit: EmitArrival): void {
    for (
      let top = this.heap.peek();
      top !== undefined && top.arrival.dueUs <= dueUs;
      top = this.heap.peek()
    ) {
      this.heap.pop();
      const { arrival } = top;
      const lane = arrival.visitor % this.laneCount;
      arrival.seq = this.seqBase + this.laneCount * this.counts[lane]!++ + lane;
      emit(arrival);
    }
  }

  private add(row: Row): void {
    this.client.a = hashText(this.keyA, row.client);
    this.client.b = hashText(this.keyB, row.client);
    const copies =
      this.wholeCopies +
      (this.extraShare > 0 && draw(this.client, DRAWS.extraCopy) < this.extraShare ? 1 : 0);
    // The most rows of a shard end here: their lanes are others'.
    let mine = false;
    for (let copy = 0; copy < Math.max(1, copies) && !mine; copy++) mine = this.isMine(this.low(copy));
    if (!mine) return;

    const reason = this.reasonAgainst(row, copies);
    if (reason !== '') {
      if (this.isMine(this.low(0))) this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
      return;
    }
    const { route, tenant } = this.rules;
    const host =
      this.useHosts && row.host !== undefined ? (this.hosts ? this.hosts.get(row.host) : row.host) : null;
    for (let copy = 0; copy < copies; copy++) {
      const low = this.low(copy);
      if (!this.isMine(low)) continue;
      const high = drawUint32(this.client, copy * DRAWS_PER_COPY + DRAWS.visitorHigh) & 0xffff;
      this.heap.push({
        arrival: {
          dueUs: this.dueUs(row.startUs, copy),
          seq: 0,
          visitor: high * 2 ** 32 + low,
          tenant,
          route,
          method: row.method,
          path: row.path,
          host,
          recordedStatus: row.status ?? 0,
          recordedDurationUs: row.durationUs ?? Number.NaN,
          headers: row.headers,
          body: row.body,
        },
        row: this.row,
        copy,
      } satisfies Pending);
    }
  }

  /** Why a row is not sent; '' if it is, and then `rules` holds its route and tenant. */
  private reasonAgainst(row: Row, copies: number): string {
    if (row.startUs < this.fromUs) return 'before from';
    if (row.startUs >= this.toUs) return 'after to';
    const reason = this.rules.reasonAgainst(row);
    if (reason !== '') return reason;
    if (this.hosts && row.host !== undefined && this.hosts.get(row.host) === null) return 'host not mapped';
    return copies === 0 ? THINNED : '';
  }

  private dueUs(startUs: number, copy: number): number {
    let sinceUs = startUs - this.originUs;
    if (copy > 0) {
      const share = draw(this.client, copy * DRAWS_PER_COPY + DRAWS.shift);
      sinceUs += Math.round((2 * share - 1) * CLONE_SHIFT_US);
    }
    return Math.abs(Math.round(sinceUs / this.speed));
  }

  /** The low 32 bits of a copy's visitor; the lanes are a power of two, so they are enough to know its lane. */
  private low(copy: number): number {
    return drawUint32(this.client, copy * DRAWS_PER_COPY + DRAWS.visitorLow);
  }

  private isMine(low: number): boolean {
    return (low % this.laneCount) % this.lanes.count === this.lanes.index;
  }
}
