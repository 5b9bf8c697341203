// The incident: when the shop broke and at what multiple of normal, when it was well again, and what that cost.
import { quantile } from '../../measure/distribution.js';
import type { Head, Snapshot } from '../../measure/snapshot.js';
import type { PhaseName } from '../../scenario/plan.js';
import { isSteady, normalRatePerSec, type SecondTotals, totalsBySecond, warmupEndS } from '../facts.js';
import { type Course, courseOf } from './course.js';
import { type Drain, drainOf } from './drain.js';
import { type Goodput, goodputOf } from './goodput.js';
import { type Headroom, headroomOf } from './headroom.js';
import { type Knee, kneeOf } from './knee.js';
import { badShare, outages, type Patience, patienceFor, type Span } from './outages.js';
import { type Scaler, scalerOf } from './scaler.js';
import { stretchesOf } from './stretches.js';
import { findSurge, type Surge } from './surge.js';
import { type TenantHealth, tenantHealthOf } from './tenant-health.js';
import { type Hit, hitBy } from './who.js';

/** The planned rate at an instant is the mean over this many seconds around it. */
const AROUND_S = 5;

export interface Incident {
  /** In order of time; empty where the shop was never broken. The warm-up is not looked at. */
  readonly outages: readonly Outage[];
  /** How outages were told apart. */
  readonly patience: Patience;
  readonly hit: Hit;
  /** Null where the plan has no tenants. */
  readonly tenantHealth: TenantHealth | null;
  /** Where the added load came from; null for a plan without a spike. */
  readonly surge: Surge | null;
  readonly course: Course;
  /** Its capacity when it broke; null where no load broke it. */
  readonly knee: Knee | null;
  /** Null where the planned rate was one level throughout. */
  readonly goodput: Goodput | null;
  /** Null where no load broke the shop, or none that grew past what it had served. */
  readonly scaler: Scaler | null;
  /** By lag, from the planned rate alone. */
  readonly headroom: readonly Headroom[];
}

export interface Outage {
  readonly startS: number;
  /** The first second in which it was well again; null where it was not by the end of what was measured. */
  readonly endS: number | null;
  /** The planned rate when it broke. */
  readonly ratePerSec: number;
  /** That rate as a multiple of normal. */
  readonly multiple: number;
  readonly phase: PhaseName;
  /** Seconds since that phase began. */
  readonly intoPhaseS: number;
  readonly worst: { readonly atS: number; readonly share: number };
  /** The planned rate as a multiple of normal when it was well again. */
  readonly multipleAtEnd: number | null;
  /**
   * Whether it was well again under as much load as it had broken at: then capacity came late; if only under
   * less, nothing shows that it would have been enough.
   */
  readonly underLoad: boolean;
  /** planned − ok in it. */
  readonly lost: number;
  /** Null where the load did not come back to normal, or the outage did not begin over it. */
  readonly drain: Drain | null;
}

export function findIncident(snapshot: Snapshot): Incident {
  const { head } = snapshot;
  const seconds = totalsBySecond(snapshot);
  const fromS = warmupEndS(head);
  const judged = seconds.slice(fromS);
  const patience = patienceFor(head.durationS - fromS);
  const spans = outages(judged, patience).map(({ startS, endS }) => ({
    startS: startS + fromS,
    endS: endS === null ? null : endS + fromS,
  }));
  const stretch = stretchesOf(seconds);
  const course = courseOf(head, seconds, spans, fromS);
  const first = spans[0];
  const knee =
    first === undefined ? null : kneeOf(seconds, stretch, first, fromS, answeredInS(snapshot, first.startS));
  const hit = hitBy(snapshot);
  return {
    outages: spans.map((span) => ({
      ...describe(head, seconds, span),
      drain: drainOf(stretch, span, course, seconds.length, patience.closeForS),
    })),
    patience,
    hit,
    tenantHealth: tenantHealthOf(snapshot, spans, hit),
    surge: findSurge(snapshot),
    course,
    knee,
    goodput: goodputOf(head, stretch, fromS, seconds.length, knee),
    scaler: first === undefined || knee === null ? null : scalerOf(seconds, stretch, first, knee, fromS),
    headroom: headroomOf(
      judged.map(({ planned }) => planned),
      { normalPerSec: normalRatePerSec(head), speed: head.plan.speed, counted: true },
    ),
  };
}

/** How long it took to answer most of what was due in the three seconds before an instant, seconds. */
function answeredInS({ seconds }: Snapshot, atS: number): number {
  let mostUs = 0;
  for (let t = atS - 3; t < atS; t++) {
    const response = seconds.get(t)?.response;
    mostUs = Math.max(mostUs, (response && quantile(response, 0.95)?.us) ?? 0);
  }
  return mostUs / 1e6;
}

function describe(
  head: Head,
  seconds: readonly SecondTotals[],
  { startS, endS }: Span,
): Omit<Outage, 'drain'> {
  const normal = normalRatePerSec(head);
  const multipleAt = (t: number): number =>
    isSteady(head) || normal === 0 ? 1 : rateAround(seconds, t) / normal;
  const phase = head.phases.find(({ endS: phaseEndS }) => startS < phaseEndS) ?? head.phases.at(-1);
  const multiple = multipleAt(startS);
  const multipleAtEnd = endS === null ? null : multipleAt(endS);
  let worst = { atS: startS, share: 0 };
  let lost = 0;
  for (let t = startS; t < (endS ?? seconds.length); t++) {
    const second = seconds[t] as SecondTotals;
    lost += second.planned - second.ok;
    if (badShare(second) > worst.share) worst = { atS: t, share: badShare(second) };
  }
  return {
    startS,
    endS,
    ratePerSec: rateAround(seconds, startS),
    multiple,
    phase: phase?.name ?? 'steady',
    intoPhaseS: startS - (phase?.startS ?? 0),
    worst,
    multipleAtEnd,
    underLoad: multipleAtEnd !== null && multipleAtEnd >= multiple,
    lost,
  };
}

function rateAround(seconds: readonly SecondTotals[], t: number): number {
  const from = Math.max(0, t - Math.floor(AROUND_S / 2));
  const near = seconds.slice(from, from + AROUND_S);
  return near.length === 0 ? 0 : near.reduce((sum, { planned }) => sum + planned, 0) / near.length;
}
