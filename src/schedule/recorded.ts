// Turns recorded rows into arrivals: which of them are sent, by which visitor and lane, when, and as what number.
import type { Row } from '../recording/row.js';
import type { Plan, RecordingInput, RecordingStream } from '../scenario/plan.js';
import { ArrivalHeap } from './recorded-heap.js';
import { type LaneShare, RecordedVisitors } from './recorded-visitors.js';
import { leavesHole, RowJudge } from './row-judge.js';
import { windowOf } from './window.js';

export type { LaneShare } from './recorded-visitors.js';

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
  /** With query, as recorded but for mapped ids. */
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
  /** The row that it was made of. */
  row: Row;
}

export type EmitArrival = (arrival: RecordedArrival) => void;

/** The schedule of one recording stream, for the lanes of one shard: rows go in, arrivals come out in due order. */
export interface RowSchedule {
  /** Rows that are not sent, by reason; a row counts once, in the shard that has its client's lane. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Of these, rows that are missing from what was meant to be replayed, by route; counted alike. */
  readonly missing: ReadonlyMap<number, number>;
  /** Rows that are sent, or would be if their client were not left out; counted alike, and once however amplified. */
  readonly replayable: number;
  /** Rows that are sent with other ids, by the mapping's index; counted as `dropped` is. */
  readonly remapped: ReadonlyMap<number, number>;
  /** Whether nothing will come of any later row. */
  readonly ended: boolean;
  /** Takes rows in start order; calls emit for each arrival that no later row can come before, in due order. */
  push(rows: readonly Row[], emit: EmitArrival): void;
  /** After the last row: whether the recording is to be read again from its start. */
  again(): boolean;
  /** Emits what is left, after the last row of the last reading. */
  end(emit: EmitArrival): void;
}

/** Reason in `dropped` for rows whose client `amplify` below 1 left out. */
export const THINNED = 'thinned by amplify';

/**
 * The schedule of a stream that keeps its recording's times. Nothing depends on the shard but which lanes are kept:
 * the union of all shards is the schedule.
 *
 * - due: (start − origin) / speed. Copy 0 keeps its times; any other copy of a client is shifted as a whole by one
 *   uniform offset within ± the input's `cloneShiftUs`, as clones in step with their original would be twice as bursty
 *   below a second as that many visitors are. A due time below 0 is reflected.
 * - a window keeps the due times in it, its start taken off, and counts the rows whose own due time is in it
 * - amplify k: copies 0 to ⌊k⌋ − 1 of every client, and one more of a share k − ⌊k⌋ of the clients
 */
export class RecordedSchedule implements RowSchedule {
  readonly dropped = new Map<string, number>();
  readonly missing = new Map<number, number>();
  replayable = 0;
  readonly remapped = new Map<number, number>();
  ended = false;
  private readonly judge: RowJudge;
  private readonly visitors: RecordedVisitors;
  private readonly wholeCopies: number;
  private readonly extraShare: number;
  private readonly shiftUs: number;
  private readonly originUs: number;
  private readonly speed: number;
  private readonly fromUs: number;
  private readonly toUs: number;
  private readonly heap = new ArrivalHeap();
  private row = 0;

  /**
   * @param streamIndex a stream of the plan that is a recording
   * @param lanes the lanes to keep; `count` is at most the plan's lanes
   * @param replayed told when each row of these lanes that may be replayed would be due, were nothing amplified
   */
  constructor(
    plan: Plan,
    streamIndex: number,
    input: RecordingInput,
    lanes: LaneShare,
    private readonly replayed: (dueUs: number) => void = () => {},
  ) {
    const stream = recordingStream(plan, streamIndex);
    this.judge = new RowJudge(plan, stream, input.ids);
    this.visitors = new RecordedVisitors(plan, streamIndex, lanes);
    this.wholeCopies = Math.floor(stream.amplify);
    this.extraShare = stream.amplify - this.wholeCopies;
    this.shiftUs = stream.amplify > 1 ? input.cloneShiftUs : 0;
    this.originUs = input.originUs;
    this.speed = plan.speed;
    const { fromUs, toUs } = windowOf(plan);
    this.fromUs = fromUs;
    this.toUs = toUs;
  }

  push(rows: readonly Row[], emit: EmitArrival): void {
    for (const row of rows) {
      this.add(row);
      this.row++;
    }
    const last = rows[rows.length - 1];
    // A later row's clone may come this early; if that is before 0, its reflection may come at any time from 0 on.
    if (last === undefined) return;
    const earliestUs = Math.round((last.startUs - this.originUs - this.shiftUs) / this.speed);
    this.emitUpTo(earliestUs - this.fromUs, emit);
    this.ended = earliestUs >= this.toUs;
  }

  again(): boolean {
    return false;
  }

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
      top.arrival.seq = this.visitors.nextSeq(top.arrival.visitor);
      emit(top.arrival);
    }
  }

  private add(row: Row): void {
    const { judge, visitors } = this;
    judge.meet(row);
    visitors.select(row.client);
    const copies = this.wholeCopies + (visitors.isAmong(this.extraShare) ? 1 : 0);
    // The most rows of a shard end here: their lanes are others'.
    let mine = false;
    for (let copy = 0; copy < Math.max(1, copies) && !mine; copy++) mine = visitors.isMine(copy);
    if (!mine) return;

    const ownDueUs = this.dueUs(row.startUs, 0);
    const isInside = this.isInside(ownDueUs);
    const isOwner = isInside && visitors.isMine(0);
    const reason = judge.reasonAgainst(row);
    if (reason === '' && isInside) this.replayed(ownDueUs);
    if (reason === '' && isOwner) this.replayable++;
    if (reason !== '' || copies === 0) {
      if (isOwner) countOne(this.dropped, reason || THINNED);
      if (isOwner && reason !== '' && leavesHole(reason)) countOne(this.missing, judge.route);
      return;
    }
    if (isOwner) for (const kind of judge.mapped.kinds) countOne(this.remapped, kind);
    for (let copy = 0; copy < copies; copy++) {
      if (!visitors.isMine(copy)) continue;
      const dueUs = this.dueUs(row.startUs, copy);
      if (!this.isInside(dueUs)) continue;
      const arrival = arrivalOf(row, judge, visitors.visitor(copy), dueUs);
      this.heap.push({ arrival, row: this.row, copy });
    }
  }

  private dueUs(startUs: number, copy: number): number {
    const shiftUs = copy === 0 ? 0 : Math.round(this.visitors.shift(copy) * this.shiftUs);
    return Math.abs(Math.round((startUs - this.originUs + shiftUs) / this.speed)) - this.fromUs;
  }

  private isInside(dueUs: number): boolean {
    return dueUs >= 0 && dueUs < this.toUs - this.fromUs;
  }
}

/** A stream of the plan that is a recording. */
export function recordingStream(plan: Plan, streamIndex: number): RecordingStream {
  const stream = plan.streams[streamIndex];
  if (stream?.kind !== 'recording') throw new Error(`stream ${streamIndex} is no recording`);
  return stream;
}

/** The arrival of a row as it was judged; its number is still to be given. */
export function arrivalOf(row: Row, judge: RowJudge, visitor: number, dueUs: number): RecordedArrival {
  return {
    dueUs,
    seq: 0,
    visitor,
    tenant: judge.tenant,
    route: judge.route,
    method: row.method,
    path: judge.mapped.path,
    host: judge.host,
    recordedStatus: row.status ?? 0,
    recordedDurationUs: row.durationUs ?? Number.NaN,
    headers: row.headers,
    body: row.body,
    row,
  };
}

/** Adds one to what a key has. */
export function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
