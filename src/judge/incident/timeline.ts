// The timeline: what happened when, in the order that a status page would have told it, as figures.
import { type Head, type Snapshot, sumGroups } from '../../measure/snapshot.js';
import { closedThroughS, isComplete, normalRatePerSec, type SecondTotals, totalsBySecond } from '../facts.js';
import type { Validity } from '../validity/finding.js';
import type { Incident, Outage } from './incident.js';
import { failedShare, type Toll } from './who.js';

/** Outages that are told of: those that cost most. */
const OUTAGES_TOLD = 6;
/** Shares of failures are of so many seconds in a row, as single seconds are chance. */
const MEAN_S = 10;
/** Routes are told apart from this many operations on, where one failed twice as often as another. */
const ROUTE_FROM = 100;
const APART_BY = 2;

/** What happened; rates are planned requests a second, shares are of requests unless said otherwise. */
export type Happening =
  /** The run says nothing of the shop. */
  | { readonly kind: 'not_believed' }
  | {
      readonly kind: 'load_rises';
      readonly normalPerSec: number;
      readonly peakPerSec: number;
      readonly multiple: number | null;
    }
  | { readonly kind: 'first_failures'; readonly failed: number; readonly planned: number }
  | {
      readonly kind: 'outage_opens';
      readonly failedShare: number;
      readonly ratePerSec: number;
      /** Of normal; null for a plan of one level. */
      readonly multiple: number | null;
      /** Of the stores that are known; null without stores. */
      readonly storesAffected: number | null;
    }
  /** Where the added load comes from, as `Incident.surge` has it. */
  | { readonly kind: 'load_identified' }
  | { readonly kind: 'worst'; readonly failedShare: number; readonly storesAffected: number | null }
  /** Of the whole run: the route that failed most, and the one that failed least. */
  | {
      readonly kind: 'routes_differ';
      readonly most: string;
      readonly mostFailedShare: number;
      readonly least: string;
      readonly leastFailedShare: number;
    }
  | { readonly kind: 'capacity_added'; readonly afterS: number }
  | { readonly kind: 'capacity_suffices'; readonly afterS: number }
  | { readonly kind: 'partly_recovered'; readonly failedShare: number }
  | { readonly kind: 'load_normal'; readonly ratePerSec: number }
  | { readonly kind: 'stores_well' }
  | {
      readonly kind: 'outage_ends';
      readonly afterS: number;
      readonly multiple: number | null;
      readonly underLoad: boolean;
      readonly lost: number;
      readonly isLast: boolean;
    }
  | {
      readonly kind: 'not_recovered';
      readonly afterS: number;
      readonly failedShare: number;
      readonly lost: number;
    }
  /** The result goes no further. */
  | { readonly kind: 'result_ends' }
  | {
      readonly kind: 'run_ends';
      readonly planned: number;
      readonly failed: number;
      readonly lost: number;
      readonly outageS: number;
      readonly outages: number;
      readonly storeMinutesLost: number | null;
    };

export type TimelineEntry = Happening & {
  /** Seconds of due time. */
  readonly atS: number;
  /** The same as an ISO instant of the run; null where the result does not say when it was. */
  readonly at: string | null;
  /** The instant of the recording that was replayed then; null where there is none. */
  readonly recordedAt: string | null;
};

/**
 * What happened, in order of time; some forty entries at most. Of a run that cannot be believed, what was sent and nothing
 * of the shop.
 */
export function timelineOf(snapshot: Snapshot, incident: Incident, validity: Validity): TimelineEntry[] {
  const { head } = snapshot;
  const seconds = totalsBySecond(snapshot);
  const believed = validity.verdict !== 'invalid';
  const entries = [
    ...(believed ? [] : [stamp(head, 0, { kind: 'not_believed' })]),
    ...ofLoad(head, incident),
    ...(believed ? ofShop(snapshot, incident, seconds) : []),
    ...ofSurge(head, incident),
    ...ofEnd(snapshot, incident, believed),
  ];
  // A stable sort: what happens in one second stays in the order of its telling.
  return entries.filter(({ atS }) => atS <= seconds.length).sort((a, b) => a.atS - b.atS);
}

function stamp(head: Head, atS: number, what: Happening): TimelineEntry {
  const { speed } = head.plan;
  return {
    ...what,
    atS,
    at: instant(head.startedAt, atS),
    recordedAt: head.recordedFrom === undefined ? null : instant(head.recordedFrom, atS * speed),
  };
}

function instant(from: string, laterS: number): string | null {
  const at = new Date(Date.parse(from) + laterS * 1e3);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function ofLoad(head: Head, { course }: Incident): TimelineEntry[] {
  const { onsetS, normalAtS } = course;
  if (onsetS === null) return [];
  const normalPerSec = normalRatePerSec(head);
  const share = head.normalPerSec === 0 ? 1 : normalPerSec / head.normalPerSec;
  const peakPerSec = head.peakPerSec * share;
  const multiple = normalPerSec === 0 ? null : peakPerSec / normalPerSec;
  return [
    stamp(head, onsetS, { kind: 'load_rises', normalPerSec, peakPerSec, multiple }),
    ...(normalAtS === null
      ? []
      : [stamp(head, normalAtS, { kind: 'load_normal', ratePerSec: normalPerSec })]),
  ];
}

/** From the plan alone, so it is known from the start; told once there is something to look for. */
function ofSurge(head: Head, { course: { onsetS }, surge, outages }: Incident): TimelineEntry[] {
  if (onsetS === null || surge === null) return [];
  const atS = Math.max(onsetS, outages[0]?.startS ?? onsetS);
  return [stamp(head, atS, { kind: 'load_identified' })];
}

function ofShop(snapshot: Snapshot, incident: Incident, seconds: readonly SecondTotals[]): TimelineEntry[] {
  const { head } = snapshot;
  const { outages, scaler, tenantHealth, hit } = incident;
  const told = new Set([...outages].sort((a, b) => b.lost - a.lost).slice(0, OUTAGES_TOLD));
  const entries: TimelineEntry[] = [];
  const first = seconds.findIndex(({ planned, ok }) => planned > ok);
  if (first >= 0 && first < (outages[0]?.startS ?? seconds.length)) {
    const { planned, ok } = seconds[first] as SecondTotals;
    entries.push(stamp(head, first, { kind: 'first_failures', failed: planned - ok, planned }));
  }
  for (const outage of outages) {
    if (told.has(outage)) entries.push(...ofOutage(head, incident, outage, seconds));
  }
  if (outages.length > 0) entries.push(...routesApart(head, hit.routes, worstOf(outages).worst.atS));
  if (scaler !== null && scaler.reactedAtS !== null && scaler.reactionS !== null)
    entries.push(
      stamp(head, Math.floor(scaler.reactedAtS), { kind: 'capacity_added', afterS: scaler.reactionS }),
    );
  if (scaler !== null && scaler.enoughAtS !== null && scaler.enoughS !== null)
    entries.push(
      stamp(head, Math.floor(scaler.enoughAtS), { kind: 'capacity_suffices', afterS: scaler.enoughS }),
    );
  const wellAtS = tenantHealth?.wellAgainAtS ?? null;
  if (wellAtS !== null && (tenantHealth?.known ?? 0) > 1)
    entries.push(stamp(head, wellAtS, { kind: 'stores_well' }));
  return entries;
}

function ofOutage(
  head: Head,
  incident: Incident,
  outage: Outage,
  seconds: readonly SecondTotals[],
): TimelineEntry[] {
  const { startS, endS, worst, lost, underLoad } = outage;
  const isSteady = incident.course.onsetS === null;
  const lastS = endS ?? seconds.length;
  const shareFrom = (atS: number): number => shareIn(seconds, atS, Math.min(atS + MEAN_S, lastS));
  const partlyAtS = partlyRecovered(seconds, startS, lastS);
  return [
    stamp(head, startS, {
      kind: 'outage_opens',
      failedShare: shareFrom(startS),
      ratePerSec: outage.ratePerSec,
      multiple: isSteady ? null : outage.multiple,
      storesAffected: affectedIn(incident, startS, Math.min(startS + MEAN_S, lastS)),
    }),
    stamp(head, worst.atS, {
      kind: 'worst',
      failedShare: worst.share,
      storesAffected: affectedIn(incident, startS, lastS),
    }),
    ...(partlyAtS === null
      ? []
      : [
          stamp(head, partlyAtS, {
            kind: 'partly_recovered',
            failedShare: shareIn(seconds, partlyAtS, lastS),
          }),
        ]),
    endS === null
      ? stamp(head, seconds.length, {
          kind: 'not_recovered',
          afterS: seconds.length - startS,
          failedShare: shareIn(seconds, Math.max(startS, seconds.length - MEAN_S), seconds.length),
          lost,
        })
      : stamp(head, endS, {
          kind: 'outage_ends',
          afterS: endS - startS,
          multiple: isSteady ? null : outage.multipleAtEnd,
          underLoad,
          lost,
          isLast: outage === incident.outages.at(-1),
        }),
  ];
}

/**
 * From when on no ten seconds in a row failed half as much as the ten worst; null where that was the end of the outage,
 * or within ten seconds of it.
 */
function partlyRecovered(seconds: readonly SecondTotals[], startS: number, endS: number): number | null {
  let worst = 0;
  const shares: number[] = [];
  for (let t = startS; t + MEAN_S <= endS; t++) {
    const share = shareIn(seconds, t, t + MEAN_S);
    shares.push(share);
    worst = Math.max(worst, share);
  }
  const last = shares.findLastIndex((share) => share > worst / 2);
  const atS = startS + last + MEAN_S;
  return last < 0 || atS + MEAN_S > endS ? null : atS;
}

function ofEnd(
  snapshot: Snapshot,
  { outages, course, tenantHealth }: Incident,
  believed: boolean,
): TimelineEntry[] {
  const { head } = snapshot;
  const closedS = closedThroughS(snapshot);
  if (!isComplete(snapshot)) return [stamp(head, closedS, { kind: 'result_ends' })];
  if (!believed) return [];
  const { counts } = sumGroups(snapshot);
  const failed = counts.planned - (counts.outcomes[0] as number);
  const storeMinutesLost = tenantHealth === null ? null : tenantHealth.lostS / 60;
  const { lost, outageS } = course;
  const sums = { planned: counts.planned, failed, lost, outageS, outages: outages.length, storeMinutesLost };
  return [stamp(head, closedS, { kind: 'run_ends', ...sums })];
}

function routesApart(head: Head, routes: readonly Toll[], atS: number): TimelineEntry[] {
  const busy = routes.filter(({ planned }) => planned >= ROUTE_FROM);
  const [most] = busy;
  const least = busy.at(-1);
  if (most === undefined || least === undefined) return [];
  const [mostFailedShare, leastFailedShare] = [failedShare(most), failedShare(least)];
  if (mostFailedShare < APART_BY * leastFailedShare || mostFailedShare === leastFailedShare) return [];
  const apart = { most: most.name, mostFailedShare, least: least.name, leastFailedShare };
  return [stamp(head, atS, { kind: 'routes_differ', ...apart })];
}

function worstOf(outages: readonly Outage[]): Outage {
  return outages.reduce((a, b) => (b.worst.share > a.worst.share ? b : a));
}

/** The largest share of stores that were not healthy in a stretch. */
function affectedIn({ tenantHealth }: Incident, fromS: number, toS: number): number | null {
  if (tenantHealth === null || tenantHealth.known < 2) return null;
  let most: number | null = null;
  for (const { startS, endS, share } of tenantHealth.slices) {
    if (share !== null && endS > fromS && startS < toS) most = Math.max(most ?? 0, 1 - share);
  }
  return most;
}

function shareIn(seconds: readonly SecondTotals[], fromS: number, toS: number): number {
  let planned = 0;
  let ok = 0;
  for (let t = fromS; t < toS; t++) {
    planned += seconds[t]?.planned ?? 0;
    ok += seconds[t]?.ok ?? 0;
  }
  return failedShare({ planned, failed: planned - ok });
}
