// The recorded side of a simulation: rows become arrivals as a reader and a sender make them, without threads.
import type { Row } from '../../src/recording/row.js';
import { CLONE_SHIFT_MAX_US, type Plan, type RecordingInput } from '../../src/scenario/plan.js';
import { Batcher } from '../../src/schedule/batcher.js';
import type { RecordedForecast } from '../../src/schedule/forecast.js';
import { type Shard, WHOLE } from '../../src/schedule/lanes.js';
import { type RecordedArrival, RecordedSchedule } from '../../src/schedule/recorded.js';
import { RecordedArrivals } from '../../src/schedule/recorded-arrivals.js';

/** An input that stands for some rows, which are in start order. */
export function inputOf(rows: readonly Row[]): RecordingInput {
  return {
    kind: 'recording',
    file: '',
    fingerprint: '',
    span: { fromUs: null, toUs: null },
    originUs: rows[0]?.startUs ?? 0,
    lines: rows.length,
    rows: rows.length,
    unread: {},
    stampModel: '',
    resolutionUs: 1,
    timed: true,
    curve: null,
    ids: [],
    cloneShiftUs: CLONE_SHIFT_MAX_US,
  };
}

/** All arrivals of a shard of one recording stream, ready to be walked. */
export function arrivalsOf(plan: Plan, stream: number, rows: readonly Row[], shard: Shard): RecordedArrivals {
  const arrivals = new RecordedArrivals(stream, [], () => {});
  const batcher = new Batcher();
  const flush = (): void => {
    const batch = batcher.take();
    if (batch !== undefined) arrivals.push(batch);
  };
  walk(plan, stream, rows, shard, (arrival) => {
    batcher.add(arrival);
    if (batcher.full) flush();
  });
  flush();
  arrivals.end();
  return arrivals;
}

/** What `forecastRecording` finds, of rows that are at hand. */
export function forecastOf(plan: Plan, stream: number, rows: readonly Row[]): RecordedForecast {
  const perLane = new Float64Array(plan.lanes);
  const perSecond: number[] = [];
  walk(plan, stream, rows, WHOLE, ({ visitor, dueUs }) => {
    const lane = visitor % plan.lanes;
    perLane[lane] = (perLane[lane] as number) + 1;
    const second = Math.floor(dueUs / 1e6);
    while (perSecond.length <= second) perSecond.push(0);
    perSecond[second] = (perSecond[second] as number) + 1;
  });
  return {
    perLane,
    perSecond: Float64Array.from(perSecond),
    visitors: 0,
    dropped: {},
    missing: [],
    replayable: rows.length,
    remapped: {},
    amplified: null,
    use: null,
    sources: { binS: 1, referrers: [], clients: [] },
  };
}

function walk(
  plan: Plan,
  stream: number,
  rows: readonly Row[],
  { i, n }: Shard,
  take: (arrival: RecordedArrival) => void,
): void {
  const schedule = new RecordedSchedule(plan, stream, inputOf(rows), { index: i, count: n });
  schedule.push(rows, take);
  schedule.end(take);
}
