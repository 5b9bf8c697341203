// What a plan makes of a recording, counted in one reading of its rows.
import type { Plan, RecordingInput } from '../scenario/plan.js';
import { AmplifyTest } from './acceptance.js';
import { feed, type OpenRows } from './feed.js';
import type { RecordedForecast } from './forecast.js';
import { SourceTally } from './load-sources.js';
import { PacedSchedule } from './paced.js';
import { type RecordedArrival, RecordedSchedule, recordingStream } from './recorded.js';

/** Visitors are counted exactly up to this many. */
const VISITORS_COUNTED_MAX = 2_000_000;
const WHOLE = { index: 0, count: 1 };

/** Reads the rows as often as they are sent and counts the arrivals that they become. */
export async function forecastRecording(
  plan: Plan,
  streamIndex: number,
  input: RecordingInput,
  open: OpenRows,
): Promise<RecordedForecast> {
  const stream = recordingStream(plan, streamIndex);
  const test =
    stream.amplify === 1 || stream.pace !== null
      ? null
      : new AmplifyTest(stream.name, stream.amplify, input.resolutionUs / plan.speed);
  const paced = input.curve === null ? null : new PacedSchedule(plan, streamIndex, input, WHOLE);
  const schedule =
    paced ?? new RecordedSchedule(plan, streamIndex, input, WHOLE, (dueUs) => test?.recorded(dueUs));
  const counts = new ArrivalCounts(plan.lanes);
  const sources = new SourceTally();
  const batches = feed(schedule, open, (arrival) => {
    counts.add(arrival);
    sources.add(arrival.dueUs, arrival.row);
    test?.arrival(arrival.dueUs);
  });
  while (!(await batches.next()).done);
  return {
    perLane: counts.perLane,
    perSecond: Float64Array.from(counts.perSecond),
    visitors: counts.visitors.size,
    dropped: Object.fromEntries(schedule.dropped),
    missing: [...schedule.missing],
    replayable: schedule.replayable,
    remapped: Object.fromEntries(
      [...schedule.remapped].map(([kind, rows]) => [stream.ids[kind]?.name ?? '', rows]),
    ),
    amplified: test?.result() ?? null,
    use: paced?.use ?? null,
    sources: sources.result(),
  };
}

class ArrivalCounts {
  readonly perLane: Float64Array;
  readonly perSecond: number[] = [];
  readonly visitors = new Set<number>();

  constructor(private readonly lanes: number) {
    this.perLane = new Float64Array(lanes);
  }

  add({ dueUs, visitor }: RecordedArrival): void {
    const lane = visitor % this.lanes;
    this.perLane[lane] = (this.perLane[lane] as number) + 1;
    const second = Math.floor(dueUs / 1e6);
    while (this.perSecond.length <= second) this.perSecond.push(0);
    this.perSecond[second] = (this.perSecond[second] as number) + 1;
    if (this.visitors.size < VISITORS_COUNTED_MAX) this.visitors.add(visitor);
  }
}
