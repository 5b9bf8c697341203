// What a plan makes of a recording, counted in one reading of its rows.
import type { Row } from '../recording/row.js';
import type { Plan, RecordingInput } from '../scenario/plan.js';
import type { RecordedForecast } from './forecast.js';
import { RecordedSchedule } from './recorded.js';

/** Reads all rows once and counts the arrivals that they become. */
export async function forecastRecording(
  plan: Plan,
  streamIndex: number,
  input: RecordingInput,
  rows: AsyncIterable<readonly Row[]>,
): Promise<RecordedForecast> {
  const schedule = new RecordedSchedule(plan, streamIndex, input, { index: 0, count: 1 });
  const perLane = new Float64Array(plan.lanes);
  const perSecond: number[] = [];
  const visitors = new Set<number>();
  const count = (arrival: { dueUs: number; visitor: number }) => {
    const lane = arrival.visitor % plan.lanes;
    perLane[lane] = (perLane[lane] as number) + 1;
    const second = Math.floor(arrival.dueUs / 1e6);
    while (perSecond.length <= second) perSecond.push(0);
    perSecond[second] = (perSecond[second] as number) + 1;
    if (visitors.size < VISITORS_COUNTED_MAX) visitors.add(arrival.visitor);
  };
  for await (const batch of rows) schedule.push(batch, count);
  schedule.end(count);
  return {
    perLane,
    perSecond: Float64Array.from(perSecond),
    visitors: visitors.size,
    dropped: Object.fromEntries(schedule.dropped),
  };
}

/** Visitors are counted exactly up to this many. */
const VISITORS_COUNTED_MAX = 2_000_000;
