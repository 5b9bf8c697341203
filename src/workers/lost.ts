// The share of a thread that is gone: what the schedule had due, and nobody can say any more what became of it.
import type { Due } from '../measure/operation.js';
import { type Closed, Recorder } from '../measure/recorder.js';
import { TENANTS_MAX } from '../measure/tenants.js';
import type { Phase, Plan, PlanInputs } from '../scenario/plan.js';
import { emptyRequest, recordedOutcomeOf } from '../schedule/arrivals.js';
import { feed, type OpenRows, rowScheduleOf } from '../schedule/feed.js';
import type { Shard } from '../schedule/lanes.js';
import { RateArrivals } from '../schedule/rate-arrivals.js';
import type { Secrets } from '../schedule/template.js';

export interface LostShare {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  readonly phases: readonly Phase[];
  readonly secrets: Secrets;
  /** Opens a recording stream's rows. */
  readonly open: (stream: number) => OpenRows;
  /** The share of the thread. */
  readonly shard: Shard;
  /** Seconds of due time before this one were closed by it. */
  readonly fromS: number;
  /** When the run stopped: what would have been due later is not counted. Microseconds from the start. */
  readonly untilUs: number;
}

/**
 * Counts a share as `unsent`, arrival by arrival as the schedule has them, so that planned = Σ outcomes holds in
 * every second. Takes as long as walking the schedule and reading its recordings up to the stop.
 */
export async function countLost(share: LostShare): Promise<Closed> {
  const { plan, inputs, phases } = share;
  const recorder = new Recorder(plan.routes.length, plan.timeoutUs, phases, TENANTS_MAX);
  for (const [i, stream] of plan.streams.entries()) {
    const input = inputs.streams[i];
    if (stream.kind === 'rate' && input?.kind === 'rate') {
      countRate(share, new RateArrivals(plan, stream, i, input, share.shard, share.secrets), recorder);
    } else if (input?.kind === 'recording') {
      await countRecorded(share, i, recorder);
    }
  }
  return recorder.takeClosed(Number.POSITIVE_INFINITY);
}

function countRate({ plan, fromS, untilUs }: LostShare, arrivals: RateArrivals, recorder: Recorder): void {
  const request = emptyRequest();
  for (; arrivals.dueUs < untilUs; arrivals.advance()) {
    if (arrivals.dueUs < fromS * 1e6) continue;
    arrivals.request(request);
    const { stream, dueUs } = arrivals;
    const { route, tenant, recordedStatus, recordedDurationUs } = request;
    const recordedOutcome = recordedOutcomeOf(plan, request);
    settleUnsent(
      recorder,
      { stream, route, dueUs, recordedOutcome, recordedStatus, recordedDurationUs },
      tenant,
    );
  }
}

async function countRecorded(share: LostShare, stream: number, recorder: Recorder): Promise<void> {
  const { plan, inputs, shard, fromS, untilUs } = share;
  const input = inputs.streams[stream];
  if (input?.kind !== 'recording') return;
  const schedule = rowScheduleOf(plan, stream, input, { index: shard.i, count: shard.n });
  const request = emptyRequest();
  let over = false;
  const batches = feed(schedule, share.open(stream), (arrival) => {
    const { route, dueUs, tenant, recordedStatus, recordedDurationUs } = arrival;
    if (dueUs >= untilUs) over = true;
    if (over || dueUs < fromS * 1e6) return;
    Object.assign(request, { route, recordedStatus, recordedDurationUs });
    const recordedOutcome = recordedOutcomeOf(plan, request);
    settleUnsent(
      recorder,
      { stream, route, dueUs, recordedOutcome, recordedStatus, recordedDurationUs },
      tenant,
    );
  });
  while (!over && !(await batches.next()).done);
  await batches.return();
}

function settleUnsent(recorder: Recorder, due: Due, tenant: string | null): void {
  recorder.due(due);
  recorder.settle({
    ...due,
    tenant,
    outcome: 'unsent',
    readyUs: due.dueUs,
    firedUs: Number.NaN,
    sentUs: Number.NaN,
    endUs: due.dueUs,
    stallUs: 0,
    status: 0,
    bytes: 0,
    attempts: 0,
    cache: null,
    tries: null,
    leaves: false,
  });
}
