// The arrivals of one stream for a command that walks them itself, in this thread: `plan` and `probe`.
import type { LoadedScenario } from '../scenario/load.js';
import type { Arrivals } from '../schedule/arrivals.js';
import { Batcher } from '../schedule/batcher.js';
import { feed, rowScheduleOf } from '../schedule/feed.js';
import type { Shard } from '../schedule/lanes.js';
import { RateArrivals } from '../schedule/rate-arrivals.js';
import { headersOfPlan, RecordedArrivals } from '../schedule/recorded-arrivals.js';
import { rowsOf } from '../workers/rows.js';
import { withoutUsers } from './visits.js';

/** A stream's arrivals, and what makes them known. */
export interface StreamArrivals {
  readonly arrivals: Arrivals;
  /** Reads on while it is not known when the next arrival is due (NaN). */
  read(): Promise<void>;
  /** Lets go of what is open; needed where the arrivals are not walked to their end. */
  close(): Promise<void>;
}

/** @param users whether requests hold who logs in, or show the placeholder in place of it */
export function openStream(
  { plan, inputs, secrets }: LoadedScenario,
  i: number,
  shard: Shard,
  users: 'filled' | 'hidden',
): StreamArrivals {
  const stream = plan.streams[i];
  const input = inputs.streams[i];
  if (stream?.kind === 'rate' && input?.kind === 'rate') {
    const shown = users === 'hidden' ? withoutUsers(input) : input;
    const arrivals = new RateArrivals(plan, stream, i, shown, shard, secrets);
    return { arrivals, read: async () => {}, close: async () => {} };
  }
  if (input?.kind !== 'recording') throw new Error('a stream and its input are of different kinds');
  const arrivals = new RecordedArrivals(i, headersOfPlan(plan, secrets), () => {});
  const batcher = new Batcher();
  const batches = feed(
    rowScheduleOf(plan, i, input, { index: shard.i, count: shard.n }),
    () => rowsOf(input),
    (arrival) => batcher.add(arrival),
  );
  return {
    arrivals,
    read: async () => {
      while (Number.isNaN(arrivals.dueUs)) {
        const { done } = await batches.next();
        const batch = batcher.take();
        if (batch !== undefined) arrivals.push(batch);
        if (done === true) arrivals.end();
      }
    },
    close: async () => {
      await batches.return(undefined);
    },
  };
}
