// Plain facts of a snapshot that every judge needs: how far it goes, what it covers, what each second held.
import type { Counts } from '../measure/cell.js';
import type { Head, Snapshot } from '../measure/snapshot.js';
import { lanesOf, type Shard } from '../schedule/lanes.js';

/** Planned and ok operations of one second of due time, over all streams. */
export interface SecondTotals {
  readonly planned: number;
  readonly ok: number;
}

/** How many of the plan's lanes some shards are. */
function laneCount(shards: readonly Shard[], lanes: number): number {
  return shards.reduce((sum, shard) => sum + lanesOf(shard, lanes).length, 0);
}

/**
 * Whether every shard of the result ran to the end of its plan. Ends may come one a shard or one a worker: what
 * counts is that together they cover as much of the plan as the head says.
 */
export function isComplete(snapshot: Snapshot): boolean {
  return endsCoverShards(snapshot) && snapshot.ends.every((end) => end.reason === 'completed');
}

/**
 * Seconds of due time up to which the windows of every shard are closed: the plan's length for a complete result. A
 * run that was killed has no end line; what it has written says how far it had come.
 */
export function closedThroughS(snapshot: Snapshot): number {
  const { durationS } = snapshot.head;
  if (isComplete(snapshot)) return durationS;
  if (endsCoverShards(snapshot)) {
    return Math.min(durationS, ...snapshot.ends.map((end) => end.closedS));
  }
  const closed = snapshot.head.shards.map(({ i, n }) => snapshot.closed.get(`${i}/${n}`) ?? 0);
  return Math.min(durationS, ...closed);
}

/** The second at which a declared warm-up is over; 0 where there is none. */
export function warmupEndS(head: Head): number {
  return head.phases.find((phase) => phase.name === 'warmup')?.endS ?? 0;
}

/** Whether the planned rate was one level throughout, a warm-up aside; multiples of normal then say nothing. */
export function isSteady(head: Head): boolean {
  return head.phases.every((phase) => phase.name === 'steady' || phase.name === 'warmup');
}

/** Operations a second that these shards would have at normal times. */
export function normalRatePerSec(head: Head): number {
  return (head.normalPerSec * laneCount(head.shards, head.plan.lanes)) / head.plan.lanes;
}

/** Totals by second of due time, from 0 up to `closedThroughS`; zeros where nothing was due. */
export function totalsBySecond(snapshot: Snapshot): SecondTotals[] {
  return Array.from({ length: closedThroughS(snapshot) }, (_, windowS) => {
    const streams = snapshot.seconds.get(windowS)?.streams ?? [];
    return {
      planned: streams.reduce((sum, counts) => sum + counts.planned, 0),
      ok: streams.reduce((sum, counts) => sum + okOf(counts), 0),
    };
  });
}

/** Operations that were ok. */
export function okOf(counts: Pick<Counts, 'outcomes'>): number {
  return counts.outcomes[0] as number;
}

/** errors = (planned − ok) / planned; null where nothing was planned. */
export function errorShare(counts: { readonly planned: number; readonly ok: number }): number | null {
  return counts.planned === 0 ? null : (counts.planned - counts.ok) / counts.planned;
}

function endsCoverShards({ head, ends }: Snapshot): boolean {
  const { lanes } = head.plan;
  const ended = laneCount(
    ends.map((end) => end.shard),
    lanes,
  );
  return ends.length > 0 && ended >= laneCount(head.shards, lanes);
}
