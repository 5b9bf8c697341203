// Tenants over time: what share of them was healthy in each slice, how low it went and how long, and who had it worst.
import { SLICE_S } from '../../measure/cell.js';
import type { Head, Snapshot } from '../../measure/snapshot.js';
import { OTHER, TENANTS_MAX, type TenantTotals, tenantSliceS } from '../../measure/tenants.js';
import { closedThroughS, totalsBySecond, warmupEndS } from '../facts.js';
import { FailureTimes } from './failure-times.js';
import type { Span } from './outages.js';
import { BROKEN, HEALTHY, judgeSlices, UNKNOWN } from './tenant-state.js';
import { failedShare, type Hit, type Tally } from './who.js';

/** Shares of healthy tenants that time is counted below. */
const LEVELS = [0.99, 0.95, 0.5] as const;
/** Tenants are well again from this share on. */
const WELL_FROM = 0.99;
const WORST_LISTED = 20;

export interface TenantHealth {
  /** Length of slices, seconds; the last one may be shorter. */
  readonly sliceS: number;
  /** Tenants that there was ever enough traffic of to tell. */
  readonly known: number;
  /** From the end of a warm-up to the last closed second. */
  readonly slices: readonly HealthSlice[];
  readonly below: readonly TimeBelow[];
  /** The slice with the lowest share of healthy tenants; null where nothing is known. */
  readonly lowest: LowestShare | null;
  /** The lowest share of healthy tenants by phase of the head; null where nothing of it is known. */
  readonly lowestByPhase: readonly (number | null)[];
  /** When less than 99 % were healthy for the first time; null where that never was. */
  readonly unwellAtS: number | null;
  /** From when on 99 % were healthy to the end; null where they always were, or were not in the end. */
  readonly wellAgainAtS: number | null;
  /** Seconds that tenants were broken for, added up over them. */
  readonly lostS: number;
  /** Tenants that were broken at any time. */
  readonly broken: number;
  /** The twenty with the highest share of failures, and those that were broken longest; only who was ever broken. */
  readonly worstByShare: readonly TenantToll[];
  readonly worstByTime: readonly TenantToll[];
  readonly isolation: Isolation | null;
}

export interface HealthSlice {
  readonly startS: number;
  readonly endS: number;
  /** Tenants that were healthy all through it, broken in some of it, too quiet to tell. */
  readonly healthy: number;
  readonly broken: number;
  readonly unknown: number;
  /** Healthy of the known ones, as a mean over its time; null where none is known. */
  readonly share: number | null;
  /** The same, each tenant counting for as much as its normal load. */
  readonly weighted: number | null;
}

/** How long the share of healthy tenants was below a level, seconds, each tenant counting alike or by its load. */
export interface TimeBelow {
  readonly level: number;
  readonly seconds: number;
  readonly weightedSeconds: number;
}

export interface LowestShare {
  readonly share: number;
  readonly atS: number;
  /** Of known tenants then. */
  readonly broken: number;
}

export interface TenantToll extends Tally {
  readonly name: string;
  readonly brokenS: number;
}

/**
 * What the hot tenants cost the others, whose own load was no more than 1.2 × their normal: 0 is perfect isolation, 1 is
 * none. Null in parts that have no operations.
 */
export interface Isolation {
  readonly hotFailed: number;
  readonly bystandersFailed: number;
  /** Share of bystanders' operations that failed over that of the hot ones; null where none of those failed. */
  readonly ratio: number | null;
  /** Bystanders that were broken at any time. */
  readonly bystandersBroken: number;
}

/**
 * Tenants over time; null where the plan has none.
 * @param broken when the shop as a whole was
 */
export function tenantHealthOf(snapshot: Snapshot, broken: readonly Span[], hit: Hit): TenantHealth | null {
  const { head, tenants } = snapshot;
  // What is folded together is no tenant.
  const isTenant = (name: string) => name !== OTHER || tenants.size <= TENANTS_MAX;
  const frame = frameOf(snapshot, broken);
  if (frame === null || [...tenants].every(([name]) => !isTenant(name))) return null;
  const hot = new Set(hit.hot.map(({ name }) => name));
  const census = new Census(head, frame, new FailureTimes(totalsBySecond(snapshot), frame.sliceS));
  for (const [name, totals] of tenants) {
    if (isTenant(name)) census.add(name, totals, hot.has(name));
  }
  return census.result(hit);
}

/** The slices of a run that are judged. */
interface Frame {
  readonly sliceS: number;
  readonly fromSlice: number;
  /** Slices from the run's start to what is closed. */
  readonly slices: number;
  readonly endS: number;
  /** By slice, 1 where the shop as a whole was broken in any of it. */
  readonly inOutage: Uint8Array;
}

function frameOf(snapshot: Snapshot, broken: readonly Span[]): Frame | null {
  const { head } = snapshot;
  const endS = closedThroughS(snapshot);
  const sliceS = tenantSliceS(head.durationS);
  const fromSlice = Math.ceil(warmupEndS(head) / sliceS);
  const slices = Math.ceil(endS / sliceS);
  if (slices <= fromSlice) return null;
  const inOutage = new Uint8Array(slices);
  for (const span of broken)
    inOutage.fill(1, Math.floor(span.startS / sliceS), Math.ceil((span.endS ?? endS) / sliceS));
  return { sliceS, fromSlice, slices, endS, inOutage };
}

/** Sums over tenants that are judged one after another, so that no more than one of them is held. */
class Census {
  readonly #planned: Float64Array;
  readonly #ok: Float64Array;
  readonly #states: Uint8Array;
  /** By slice: tenants by state. */
  readonly #counts: readonly [Uint32Array, Uint32Array, Uint32Array];
  /** By slice: the part of it that tenants were broken in, added up over them, alike and by normal load; that load. */
  readonly #down: Float64Array;
  readonly #downLoad: Float64Array;
  readonly #load: Float64Array;
  readonly #byShare = new Worst((toll) => failedShare(toll));
  readonly #byTime = new Worst(({ brokenS }) => brokenS);
  #known = 0;
  #broken = 0;
  #bystandersBroken = 0;
  #lostS = 0;

  constructor(
    private readonly head: Head,
    private readonly frame: Frame,
    private readonly failures: FailureTimes,
  ) {
    const { slices } = frame;
    this.#planned = new Float64Array(slices);
    this.#ok = new Float64Array(slices);
    this.#states = new Uint8Array(slices);
    this.#counts = [new Uint32Array(slices), new Uint32Array(slices), new Uint32Array(slices)];
    this.#down = new Float64Array(slices);
    this.#downLoad = new Float64Array(slices);
    this.#load = new Float64Array(slices);
  }

  add(name: string, totals: TenantTotals, isHot: boolean): void {
    const { sliceS, fromSlice, slices, inOutage } = this.frame;
    totals.readSlices(this.#planned, this.#ok);
    judgeSlices(this.#planned, this.#ok, sliceS, fromSlice, inOutage, this.#states);
    const normal = normalLoadOf(this.head, totals);
    let brokenS = 0;
    let isKnown = false;
    for (let slice = fromSlice; slice < slices; slice++) {
      const state = this.#states[slice] as 0 | 1 | 2;
      addAt(this.#counts[state], slice, 1);
      if (state === UNKNOWN) continue;
      isKnown = true;
      addAt(this.#load, slice, normal);
      if (state !== BROKEN) continue;
      const part = this.brokenPart(slice);
      addAt(this.#down, slice, part);
      addAt(this.#downLoad, slice, part * normal);
      brokenS += part * (this.endS(slice) - slice * sliceS);
    }
    if (isKnown) this.#known++;
    if (brokenS === 0) return;
    this.#broken++;
    if (!isHot) this.#bystandersBroken++;
    this.#lostS += brokenS;
    const toll = { name, planned: totals.planned, failed: totals.planned - totals.ok, brokenS };
    this.#byShare.add(toll);
    this.#byTime.add(toll);
  }

  /** How much of a broken slice the tenant was broken in: where a break begins or ends, from or to its failures. */
  private brokenPart(slice: number): number {
    const states = this.#states;
    const begins = states[slice - 1] !== BROKEN || slice === this.frame.fromSlice;
    const ends = slice + 1 < states.length && states[slice + 1] !== BROKEN;
    if (!begins && !ends) return 1;
    const failed = (this.#planned[slice] as number) - (this.#ok[slice] as number);
    const { before, after } = this.failures.around(slice, failed);
    return Math.max(0, 1 - (begins ? before : 0) - (ends ? after : 0));
  }

  result(hit: Hit): TenantHealth {
    const { sliceS, fromSlice } = this.frame;
    const slices = [...this.#counts[UNKNOWN].subarray(fromSlice)].map((unknown, i): HealthSlice => {
      const slice = fromSlice + i;
      const healthy = this.#counts[HEALTHY][slice] as number;
      const broken = this.#counts[BROKEN][slice] as number;
      return {
        startS: slice * sliceS,
        endS: this.endS(slice),
        healthy,
        broken,
        unknown,
        share: healthyOf(healthy + broken, this.#down[slice] as number),
        weighted: healthyOf(this.#load[slice] as number, this.#downLoad[slice] as number),
      };
    });
    return {
      sliceS,
      known: this.#known,
      slices,
      below: LEVELS.map((level) => ({
        level,
        seconds: timeBelow(slices, level, ({ share }) => share),
        weightedSeconds: timeBelow(slices, level, ({ weighted }) => weighted),
      })),
      lowest: lowestOf(slices),
      lowestByPhase: this.head.phases.map((_, phase) => {
        const own = slices.filter(({ startS, endS }) => phaseAt(this.head, (startS + endS) / 2) === phase);
        return lowestOf(own)?.share ?? null;
      }),
      ...wellAgain(slices),
      lostS: this.#lostS,
      broken: this.#broken,
      worstByShare: this.#byShare.tolls,
      worstByTime: this.#byTime.tolls,
      isolation: isolationOf(hit, this.#bystandersBroken),
    };
  }

  private endS(slice: number): number {
    return Math.min((slice + 1) * this.frame.sliceS, this.frame.endS);
  }
}

/** The twenty that some figure is highest of, the highest first; equal ones in the order of their names. */
class Worst {
  readonly tolls: TenantToll[] = [];

  constructor(private readonly figure: (toll: TenantToll) => number) {}

  add(toll: TenantToll): void {
    const after = this.tolls.findIndex((other) => this.isBefore(toll, other));
    if (after >= 0) this.tolls.splice(after, 0, toll);
    else if (this.tolls.length < WORST_LISTED) this.tolls.push(toll);
    if (this.tolls.length > WORST_LISTED) this.tolls.pop();
  }

  private isBefore(a: TenantToll, b: TenantToll): boolean {
    const more = this.figure(a) - this.figure(b) || a.failed - b.failed;
    return more > 0 || (more === 0 && a.name < b.name);
  }
}

/** Operations a second before the spike; over the whole run where there is no such phase. */
function normalLoadOf({ phases, durationS }: Head, totals: TenantTotals): number {
  const before = phases.findIndex(({ name }) => name === 'before');
  const phase = phases[before];
  if (phase === undefined) return totals.planned / durationS;
  return totals.inPhase(before).planned / Math.max(SLICE_S, phase.endS - phase.startS);
}

function phaseAt({ phases }: Head, atS: number): number {
  const phase = phases.findIndex(({ endS }) => atS < endS);
  return phase === -1 ? phases.length - 1 : phase;
}

function healthyOf(known: number, down: number): number | null {
  return known === 0 ? null : Math.max(0, 1 - down / known);
}

function addAt(sums: Float64Array | Uint32Array, place: number, n: number): void {
  sums[place] = (sums[place] as number) + n;
}

function timeBelow(
  slices: readonly HealthSlice[],
  level: number,
  read: (slice: HealthSlice) => number | null,
): number {
  return slices.reduce((sum, slice) => sum + ((read(slice) ?? 1) < level ? slice.endS - slice.startS : 0), 0);
}

function lowestOf(slices: readonly HealthSlice[]): LowestShare | null {
  let lowest: LowestShare | null = null;
  for (const { share, startS, broken } of slices) {
    if (share !== null && (lowest === null || share < lowest.share)) lowest = { share, atS: startS, broken };
  }
  return lowest;
}

function wellAgain(slices: readonly HealthSlice[]): Pick<TenantHealth, 'unwellAtS' | 'wellAgainAtS'> {
  const isUnwell = ({ share }: HealthSlice): boolean => share !== null && share < WELL_FROM;
  const first = slices.find(isUnwell);
  const last = slices.findLast(isUnwell);
  // Slices of which nothing is known show no recovery.
  const after = slices.find(
    ({ startS, share }) => last !== undefined && startS >= last.endS && share !== null,
  );
  return { unwellAtS: first?.startS ?? null, wellAgainAtS: after?.startS ?? null };
}

function isolationOf({ hot, bystanders }: Hit, bystandersBroken: number): Isolation | null {
  if (bystanders === null) return null;
  const planned = hot.reduce((sum, toll) => sum + toll.planned, 0);
  const failed = hot.reduce((sum, toll) => sum + toll.failed, 0);
  const hotFailed = failedShare({ planned, failed });
  const bystandersFailed = failedShare(bystanders);
  return {
    hotFailed,
    bystandersFailed,
    ratio: hotFailed === 0 ? null : bystandersFailed / hotFailed,
    bystandersBroken,
  };
}
