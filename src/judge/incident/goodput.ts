// Goodput against offered load: the curve on the way up and on the way down, its knee, and whether it collapses.
import type { Head } from '../../measure/snapshot.js';
import { isSteady, normalRatePerSec } from '../facts.js';
import { NORMAL_AGAIN } from './course.js';
import { COLLAPSED, type Knee } from './knee.js';
import { okPerSec, plannedPerSec, type StretchOf } from './stretches.js';

const BIN_S = 10;
/** A short run is cut into about so many bins, a long one into at most so many. */
const BINS_WANTED = 40;
const BINS_MAX = 360;
/** Collapse is looked for from this multiple of the knee on. */
const TWICE = 2;
/** Bins of loads that differ by less are of equal load. */
const EQUAL = 0.1;

export interface Goodput {
  /** In order of time. */
  readonly points: readonly Point[];
  readonly collapse: Collapse | null;
  readonly hysteresis: Hysteresis | null;
}

/** Rates are operations a second over [fromS, toS). */
export interface Point {
  readonly fromS: number;
  readonly toS: number;
  readonly offeredPerSec: number;
  readonly okPerSec: number;
  /** Up to the end of the peak, or after it. */
  readonly side: 'onset' | 'decay';
}

/**
 * What was served of at least twice the load that could be, before any capacity was added. Null where the load did not
 * go so far, or capacity came before.
 */
export interface Collapse {
  readonly offeredPerSec: number;
  readonly okPerSec: number;
  /** Of the knee's goodput; a shop that sheds well keeps about 1. */
  readonly share: number;
  /** Under 0.8 of it: congestion collapse. */
  readonly collapsed: boolean;
}

/** Onset and decay at equal loads over normal; null where they have none in common. */
export interface Hysteresis {
  /** Share of the load that was served more on the way down than on the way up; below 0: less. */
  readonly difference: number;
  /** Bins of the way down that it rests on. */
  readonly bins: number;
}

/** @returns null where the planned rate was one level throughout: a curve needs more than one load */
export function goodputOf(
  head: Head,
  stretch: StretchOf,
  fromS: number,
  toS: number,
  knee: Knee | null,
): Goodput | null {
  if (isSteady(head)) return null;
  const points = pointsOf(head, stretch, fromS, toS);
  return {
    points,
    collapse: knee === null ? null : collapseOf(points, knee),
    hysteresis: hysteresisOf(points, NORMAL_AGAIN * normalRatePerSec(head)),
  };
}

function pointsOf(head: Head, stretch: StretchOf, fromS: number, toS: number): Point[] {
  const lengthS = toS - fromS;
  const wantedS = Math.min(BIN_S, Math.max(1, Math.floor(lengthS / BINS_WANTED)));
  const binS = Math.max(wantedS, Math.ceil(lengthS / BINS_MAX));
  const peakEndS = head.phases.find(({ name }) => name === 'peak')?.endS ?? toS;
  const points: Point[] = [];
  for (let startS = fromS; startS + binS <= toS; startS += binS) {
    const bin = stretch(startS, startS + binS);
    points.push({
      fromS: startS,
      toS: startS + binS,
      offeredPerSec: plannedPerSec(bin),
      okPerSec: okPerSec(bin),
      side: startS < peakEndS ? 'onset' : 'decay',
    });
  }
  return points;
}

function collapseOf(points: readonly Point[], { ratePerSec, atS, steppedUpS }: Knee): Collapse | null {
  const beyond = points.filter(
    ({ fromS, toS, offeredPerSec }) =>
      offeredPerSec >= TWICE * ratePerSec && fromS >= atS && toS <= (steppedUpS ?? Number.POSITIVE_INFINITY),
  );
  if (beyond.length === 0) return null;
  const mean = (of: (point: Point) => number): number =>
    beyond.reduce((sum, point) => sum + of(point), 0) / beyond.length;
  const served = mean((point) => point.okPerSec);
  const share = served / ratePerSec;
  return {
    offeredPerSec: mean((point) => point.offeredPerSec),
    okPerSec: served,
    share,
    collapsed: share < COLLAPSED,
  };
}

/** At normal load both sides serve all, and would hide what the spike shows. */
function hysteresisOf(points: readonly Point[], overPerSec: number): Hysteresis | null {
  const onset = points.filter(({ side }) => side === 'onset');
  let more = 0;
  let offered = 0;
  let bins = 0;
  for (const down of points) {
    if (down.side !== 'decay' || down.offeredPerSec <= overPerSec) continue;
    const up = onset.filter(
      (point) => Math.abs(point.offeredPerSec - down.offeredPerSec) <= EQUAL * down.offeredPerSec,
    );
    if (up.length === 0) continue;
    const upOffered = up.reduce((sum, point) => sum + point.offeredPerSec, 0);
    const upOk = up.reduce((sum, point) => sum + point.okPerSec, 0);
    more += down.okPerSec - (down.offeredPerSec * upOk) / upOffered;
    offered += down.offeredPerSec;
    bins++;
  }
  return bins === 0 ? null : { difference: more / offered, bins };
}
