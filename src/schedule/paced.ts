// Sends the rows of a recording at a curve's times: the mix and the visitors are recorded, the rate is not.
import type { Row } from '../recording/row.js';
import type { Plan, RecordingInput } from '../scenario/plan.js';
import { PaceTimes } from './pace.js';
import { arrivalOf, countOne, type EmitArrival, type RowSchedule, recordingStream } from './recorded.js';
import { type LaneShare, RecordedVisitors } from './recorded-visitors.js';
import { leavesHole, RowJudge } from './row-judge.js';
import { windowOf } from './window.js';

/** How a paced recording was used up to now. */
export interface PaceUse {
  /** Rows read, over all rounds. */
  readonly rows: number;
  /** Arrivals of all lanes. */
  readonly arrivals: number;
  /** Times from the first to the last replayed row of each round, added up, microseconds of recorded time. */
  readonly recordedUs: number;
  /** Time from the first to the last arrival, microseconds. */
  readonly dueUs: number;
}

/**
 * The schedule of a stream with a pace: the n-th arrival of the curve takes the n-th row that may be replayed. A
 * recording that ends is read again, its visitors then being new ones: visitor = 48 hashed bits of (client, round).
 * Every shard walks all rows and all times and keeps what its lanes send, of a window from the first time on.
 */
export class PacedSchedule implements RowSchedule {
  /** Counted in the first round alone: later ones would count the same rows again. */
  readonly dropped = new Map<string, number>();
  readonly missing = new Map<number, number>();
  replayable = 0;
  readonly remapped = new Map<number, number>();
  ended = false;
  private readonly judge: RowJudge;
  private readonly visitors: RecordedVisitors;
  private readonly times: PaceTimes;
  private readonly fromUs: number;
  private readonly toUs: number;
  private nextUs: number;
  private round = 0;
  private arrivals = 0;
  private arrivalsBefore = 0;
  private rows = 0;
  private firstDueUs = 0;
  private lastDueUs = 0;
  private firstStartUs = Number.NaN;
  private lastStartUs = Number.NaN;
  private recordedUs = 0;

  /** Parameters as for `RecordedSchedule`; the stream has a pace and the input its curve. */
  constructor(plan: Plan, streamIndex: number, input: RecordingInput, lanes: LaneShare) {
    const stream = recordingStream(plan, streamIndex);
    if (stream.pace === null || input.curve === null) throw new Error(`stream ${streamIndex} has no pace`);
    this.judge = new RowJudge(plan, stream, input.ids);
    this.visitors = new RecordedVisitors(plan, streamIndex, lanes);
    this.times = new PaceTimes(plan, streamIndex, stream.pace, input.curve);
    const { fromUs, toUs } = windowOf(plan);
    this.fromUs = fromUs;
    this.toUs = toUs;
    this.nextUs = this.times.next();
  }

  get use(): PaceUse {
    const { rows, arrivals } = this;
    const openUs = Number.isNaN(this.firstStartUs) ? 0 : this.lastStartUs - this.firstStartUs;
    return {
      rows,
      arrivals,
      recordedUs: this.recordedUs + openUs,
      dueUs: this.lastDueUs - this.firstDueUs,
    };
  }

  push(rows: readonly Row[], emit: EmitArrival): void {
    for (const row of rows) {
      if (this.nextUs >= this.toUs) {
        this.ended = true;
        return;
      }
      this.rows++;
      this.add(row, emit);
    }
  }

  again(): boolean {
    // A round without a row to replay would be followed by another such one, for ever.
    if (this.ended || this.arrivals === this.arrivalsBefore) return false;
    this.arrivalsBefore = this.arrivals;
    this.recordedUs += this.lastStartUs - this.firstStartUs;
    this.firstStartUs = Number.NaN;
    this.round++;
    this.judge.restart();
    return true;
  }

  end(): void {
    this.ended = true;
  }

  private add(row: Row, emit: EmitArrival): void {
    const { judge, visitors, round } = this;
    judge.meet(row);
    visitors.select(row.client);
    const mine = visitors.isMine(round) && this.nextUs >= this.fromUs;
    const reason = judge.reasonAgainst(row);
    if (reason !== '') {
      if (!mine || round > 0) return;
      countOne(this.dropped, reason);
      if (leavesHole(reason)) countOne(this.missing, judge.route);
      return;
    }
    const dueUs = this.nextUs;
    this.nextUs = this.times.next();
    if (this.arrivals++ === 0) this.firstDueUs = dueUs;
    this.lastDueUs = dueUs;
    if (Number.isNaN(this.firstStartUs)) this.firstStartUs = row.startUs;
    this.lastStartUs = row.startUs;
    if (!mine) return;
    if (round === 0) this.replayable++;
    for (const kind of judge.mapped.kinds) countOne(this.remapped, kind);
    const arrival = arrivalOf(row, judge, visitors.visitor(round), dueUs - this.fromUs);
    arrival.seq = visitors.nextSeq(arrival.visitor);
    emit(arrival);
  }
}
