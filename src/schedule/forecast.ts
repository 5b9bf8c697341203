// The forecast: what a plan will send, in totals, before anything is sent.
import type { Plan, PlanInputs, RateInput, RateStream } from '../scenario/plan.js';
import type { Amplified } from './acceptance.js';
import { areaAt, withArea } from './area.js';
import { lanesOf, type Shard } from './lanes.js';
import type { RecordedSources } from './load-sources.js';
import type { PaceUse } from './paced.js';
import { type RateShape, shapeOf } from './phases.js';
import { RateLanes } from './rate-lanes.js';
import { windowOf } from './window.js';

/** What one reading of a recording's rows found of the arrivals that a plan makes of them. */
export interface RecordedForecast {
  /** Arrivals by lane, so that every shard's total is known from one reading. */
  readonly perLane: Float64Array;
  /** Arrivals due in each second. */
  readonly perSecond: Float64Array;
  readonly visitors: number;
  /** Rows that are not replayed, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Of these, rows that are missing from what was meant to be replayed, by route of the plan. */
  readonly missing: readonly (readonly [route: number, rows: number])[];
  /** Rows that are replayed; with `missing`, all that was meant to be. */
  readonly replayable: number;
  /** Rows that are sent with other ids, by what the ids are of. */
  readonly remapped: Readonly<Record<string, number>>;
  /** The acceptance test of amplification; null for a stream that is not amplified, or whose times are a pace's. */
  readonly amplified: Amplified | null;
  /** How a paced recording is used; null for one with its own times. */
  readonly use: PaceUse | null;
  /** Where the load comes from, as only rows tell. */
  readonly sources: RecordedSources;
}

/** By stream; undefined for rate streams. */
export type RecordedForecasts = readonly (RecordedForecast | undefined)[];

/** The planned rate of the whole plan over time, and its shape. */
export interface RateForecast extends RateShape {
  /** Expected requests in each second of due time, by stream. */
  readonly streams: readonly Float64Array[];
  /** The same over all streams. */
  readonly perSec: Float64Array;
  readonly durationS: number;
}

/** The rate over time that a plan intends: exact for rate streams, counted for recordings. */
export function forecastRate(plan: Plan, inputs: PlanInputs, recorded: RecordedForecasts): RateForecast {
  const window = windowOf(plan);
  const fromS = window.fromUs / 1e6;
  const streams = inputs.streams.map((input, i) => {
    const counted = recorded[i]?.perSecond;
    // A pace says its rate exactly, unless there is no row to send at it.
    if (input.curve === null || counted?.length === 0) return counted ?? new Float64Array(0);
    const curve = withArea(input.curve);
    const endS = Math.min(Math.ceil(curve.endUs / 1e6), window.toUs / 1e6);
    return Float64Array.from(
      { length: Math.max(0, endS - fromS) },
      (_, s) => areaAt(curve, (fromS + s + 1) * 1e6) - areaAt(curve, (fromS + s) * 1e6),
    );
  });
  const windowS = plan.window === undefined ? 1 : (window.toUs - window.fromUs) / 1e6;
  const durationS = streams.reduce((max, stream) => Math.max(max, stream.length), windowS);
  const perSec = new Float64Array(durationS);
  for (const stream of streams) {
    for (const [s, rate] of stream.entries()) perSec[s] = (perSec[s] as number) + rate;
  }
  const counted = plan.streams.some((stream) => stream.kind === 'recording' && stream.pace === null);
  const smoothingS = counted ? Math.max(1, Math.min(30, Math.round(durationS / 120))) : 1;
  return { streams, perSec, durationS, ...shapeOf(perSec, smoothingS) };
}

/** How many arrivals a shard of the plan has, exactly. About 30 ns an arrival of a rate stream. */
export function countArrivals(
  plan: Plan,
  inputs: PlanInputs,
  recorded: RecordedForecasts,
  shard: Shard,
): number {
  let total = 0;
  plan.streams.forEach((stream, i) => {
    const input = inputs.streams[i];
    if (stream.kind === 'rate' && input?.kind === 'rate') {
      total += new RateLanes(plan, stream, i, withArea(input.curve), shard).countRest();
      return;
    }
    for (const lane of lanesOf(shard, plan.lanes)) total += recorded[i]?.perLane[lane] ?? 0;
  });
  return total;
}

/** What a shard of one rate stream will send, counted arrival by arrival. */
export interface StreamCount {
  readonly arrivals: number;
  readonly visitors: number;
  /** How many of them log in. */
  readonly loggedIn: number;
  /** Arrivals due in each second. */
  readonly perSecond: Float64Array;
}

/** Counts a shard of a rate stream with its visitors and seconds; lane by lane, as counting needs no order. */
export function countStream(
  plan: Plan,
  stream: RateStream,
  streamIndex: number,
  input: RateInput,
  shard: Shard,
): StreamCount {
  const curve = withArea(input.curve);
  const lanes = new RateLanes(plan, stream, streamIndex, curve, shard);
  const perSecond = new Float64Array(Math.max(1, Math.ceil(curve.endUs / 1e6)));
  let arrivals = 0;
  for (let slot = 0; slot < lanes.count; slot++) {
    for (;;) {
      const dueUs = lanes.dueUs[slot] as number;
      if (dueUs === Number.POSITIVE_INFINITY) break;
      const second = Math.floor(dueUs / 1e6);
      perSecond[second] = (perSecond[second] as number) + 1;
      arrivals++;
      lanes.step(slot);
    }
  }
  return { arrivals, visitors: lanes.visitors, loggedIn: lanes.loggedIn, perSecond };
}
