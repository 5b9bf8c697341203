// Feeds a recording's rows into its schedule, as often as the schedule wants to read them.
import type { Row } from '../recording/row.js';
import type { Plan, RecordingInput } from '../scenario/plan.js';
import { PacedSchedule } from './paced.js';
import { type EmitArrival, type LaneShare, RecordedSchedule, type RowSchedule } from './recorded.js';

/** Opens a recording's rows from the first one on: in start order, in batches. */
export type OpenRows = () => AsyncIterable<readonly Row[]>;

/** A recording of at most this many rows, and of this size, is kept after its first reading if it is read again. */
const KEPT_ROWS_MAX = 8_192;
const KEPT_BYTES_MAX = 16 * 1024 * 1024;

/** The schedule of a stream that is a recording, for the lanes of a shard. */
export function rowScheduleOf(
  plan: Plan,
  streamIndex: number,
  input: RecordingInput,
  lanes: LaneShare,
): RowSchedule {
  return input.curve === null
    ? new RecordedSchedule(plan, streamIndex, input, lanes)
    : new PacedSchedule(plan, streamIndex, input, lanes);
}

/**
 * Reads the rows and pushes them, batch by batch, until the schedule ends. Stops after each batch, so that whoever
 * walks it can hand over what was emitted and wait for room; it is to be walked to its end.
 */
export async function* feed(
  schedule: RowSchedule,
  open: OpenRows,
  emit: EmitArrival,
): AsyncGenerator<undefined, void> {
  let kept: (readonly Row[])[] | null = [];
  let rows = 0;
  let bytes = 0;
  for await (const batch of open()) {
    schedule.push(batch, emit);
    yield;
    if (schedule.ended) break;
    if (kept === null) continue;
    rows += batch.length;
    for (const row of batch) bytes += row.path.length + (row.headers?.length ?? 0) + (row.body?.length ?? 0);
    if (rows > KEPT_ROWS_MAX || bytes > KEPT_BYTES_MAX) kept = null;
    else kept.push(batch);
  }
  while (schedule.again()) {
    for await (const batch of kept ?? open()) {
      schedule.push(batch, emit);
      yield;
      if (schedule.ended) break;
    }
  }
  schedule.end(emit);
}
