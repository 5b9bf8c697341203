// The Snapshot: all that is kept of a run, as totals that add; merging two is exact and forgets their order.
import type { Gate } from '../scenario/gate.js';
import type { Phase, Plan } from '../scenario/plan.js';
import type { Amplified } from '../schedule/acceptance.js';
import type { Shard } from '../schedule/lanes.js';
import type { LoadSources } from '../schedule/load-sources.js';
import { COARSE } from './buckets.js';
import type { CeilingUse } from './calibration.js';
import {
  addCounts,
  type Cell,
  type Counts,
  emptyCounts,
  type Slice,
  type Tail,
  type TenantSlice,
} from './cell.js';
import { addDistributions, coarsen, type Distribution, emptyDistribution } from './distribution.js';
import { addEmission, type Emission, emptyEmission } from './emission.js';
import { Histogram } from './histogram.js';
import { EMISSION_FORM, HEALTH_FORM, SECOND_FORM, SLICE_FORM } from './packed-forms.js';
import { PackedList, PackedMap, type Values } from './packed-map.js';
import { addSeries, countCell, type Series, seriesOf } from './series.js';
import { Tenants } from './tenants.js';
import type { Health, ProcessVitals } from './vitals.js';

/** The format that results are written in; changed whenever results of before could be misread. */
export const RESULT_FORMAT = 2;

/** The facts of a run that every shard of it shares, and those of one shard. */
export interface Head {
  readonly format: typeof RESULT_FORMAT;
  /** Version of the tool. */
  readonly version: string;
  readonly node: string;
  readonly plan: Plan;
  readonly planId: string;
  /** The scenario's name. */
  readonly scenario: string;
  /** What this run is, in its maker's words (`--label`). */
  readonly label: string | null;
  /** The target's URL, without credentials. */
  readonly target: string;
  /** Whether the target was on this machine. */
  readonly targetIsLocal: boolean;
  /** Which shards of the plan this covers: one for a run, several for a merged result. */
  readonly shards: readonly Shard[];
  /** Host names and worker counts, for the reader; not compared. */
  readonly hosts: readonly string[];
  readonly workers: number;
  /** Due time 0, as an ISO instant; the earliest of the shards'. */
  readonly startedAt: string;
  /** Length of the plan's due time, whole seconds. */
  readonly durationS: number;
  readonly phases: readonly Phase[];
  /** Planned rate of the whole plan at normal times and at its highest second. */
  readonly normalPerSec: number;
  readonly peakPerSec: number;
  /** Arrivals of these shards of the plan, to its end. */
  readonly plannedTotal: number;
  readonly gates: readonly Gate[];
  /** Whether the scenario declared the in-flight bound: then `shed` is intended, else it is the generator's limit. */
  readonly capDeclared: boolean;
  /** What was not replayed or not covered, for the report. */
  readonly coverage: Coverage;
  /** How senders waited for due times, with 99 % quantiles of the lateness found before; absent in results of before. */
  readonly pacing?: Paced;
  /** How the plan stood to what the machine was calibrated to, of shards the highest share; absent: not calibrated. */
  readonly calibration?: CeilingUse;
  /** The acceptance test of each amplified recording; absent where there is none. */
  readonly amplified?: readonly Amplified[];
  /** Where the whole plan's recordings have their load from, by phase; absent where there is none. */
  readonly sources?: LoadSources;
  /** When due time 0 was recorded, as an ISO instant; absent where that is not one instant. */
  readonly recordedFrom?: string;
}

export interface Paced {
  readonly by: 'spin' | 'sleep';
  /** Absent where nothing was measured. */
  readonly spinP99Us?: number;
  readonly sleepP99Us?: number;
}

export interface Coverage {
  /** Rows of recordings that are not replayed, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Routes that are missing in part or whole from the replay, most rows first; absent in results of before. */
  readonly routes?: readonly MissingRoute[];
  /** Things a reader should know, each a sentence. */
  readonly notes: readonly string[];
}

/** Recorded requests of one route that are not replayed though nobody chose to leave them out. */
export interface MissingRoute {
  readonly route: string;
  readonly rows: number;
  /** Of all that was meant to be replayed, 0 to 1. */
  readonly share: number;
}

/** How far a shard has come. */
export interface ClosedThrough {
  readonly shard: Shard;
  /** Every window before this second of due time is closed, and all of it has been written. */
  readonly closedS: number;
}

/** How a shard's run ended. `result_lost`: its file could not be written to the end. */
export interface End extends ClosedThrough {
  readonly reason:
    | 'completed'
    | 'interrupted'
    | 'stopped_by_target'
    | 'stopped_by_gate'
    | 'worker_failed'
    | 'result_lost';
  /** The gate that stopped it, as it was written, and the window in which it failed; absent: none did. */
  readonly stoppedBy?: StoppedBy;
  /** Length of the run, wall time. */
  readonly wallUs: number;
}

export interface StoppedBy {
  readonly gate: string;
  readonly startS: number;
  readonly endS: number;
}

/** Totals of one second of due time. */
export interface Second {
  /** By stream. */
  readonly streams: Counts[];
  /** Over all streams and routes, 2 digits. */
  response: Distribution;
}

/** Totals of one (stream, route, phase). */
export interface Group {
  readonly stream: number;
  readonly route: number;
  /** Index into the head's phases. */
  readonly phase: number;
  readonly counts: Counts;
  readonly response: Histogram;
  /** Durations when recorded, as in a cell; null while there are none. */
  recordedDuration: Histogram | null;
}

/**
 * What grows with a run's length is packed: in twelve hours seconds and slices take some MB a stream, health lines some
 * MB a worker, tenants what their number asks for.
 */
export interface Snapshot {
  readonly head: Head;
  readonly seconds: PackedMap<number, Second>;
  /** Key `stream/route/phase`. */
  readonly groups: Map<string, Group>;
  /** Key `stream/phase/sliceS`. */
  readonly slices: PackedMap<string, Slice>;
  readonly tenants: Tenants;
  /** What the head's gates need by the second, by `SeriesOf.key`. */
  readonly series: ReadonlyMap<string, Series>;
  /** By first second of the slice. */
  readonly emissions: PackedMap<number, Emission>;
  readonly health: Values<Health>;
  readonly processes: ProcessVitals[];
  /** By shard `i/n`: every window before this second is closed. */
  readonly closed: Map<string, number>;
  readonly ends: End[];
}

/** A snapshot of nothing yet; the identity of `mergeSnapshots` among snapshots of its head. */
export function emptySnapshot(head: Head): Snapshot {
  return {
    head,
    seconds: new PackedMap(SECOND_FORM),
    groups: new Map(),
    slices: new PackedMap(SLICE_FORM),
    tenants: new Tenants(head),
    series: seriesOf(head.gates),
    emissions: new PackedMap(EMISSION_FORM),
    health: new PackedList(HEALTH_FORM),
    processes: [],
    closed: new Map(),
    ends: [],
  };
}

/** Adds a cell to a snapshot, in place. */
export function absorbCell(snapshot: Snapshot, cell: Cell): void {
  const second = secondAt(snapshot, cell.windowS);
  addCounts(second.streams[cell.stream] as Counts, cell);
  second.response = addDistributions(second.response, coarsen(cell.response, COARSE));
  const group = groupAt(snapshot, cell.stream, cell.route, phaseIndexAt(snapshot.head.phases, cell.windowS));
  addCounts(group.counts, cell);
  group.response.add(cell.response);
  if (cell.recordedDuration.count > 0) {
    group.recordedDuration ??= new Histogram();
    group.recordedDuration.add(cell.recordedDuration);
  }
  countCell(snapshot.series.values(), snapshot.head.plan, cell);
}

/** Adds a slice to a snapshot, in place. */
export function absorbSlice(snapshot: Snapshot, slice: Slice): void {
  const key = `${slice.stream}/${slice.phase}/${slice.sliceS}`;
  const known = snapshot.slices.at(key, () => slice);
  if (known !== slice) snapshot.slices.set(key, addSlices(known, slice));
}

/** Adds a tenant's slice to a snapshot, in place. */
export function absorbTenant(snapshot: Snapshot, slice: TenantSlice): void {
  snapshot.tenants.addSlice(slice);
}

/** Adds an emission to a snapshot, in place. */
export function absorbEmission(snapshot: Snapshot, emission: Emission): void {
  const { sliceS } = emission;
  addEmission(
    snapshot.emissions.at(sliceS, () => emptyEmission(sliceS)),
    emission,
  );
}

/** Notes how far a shard has come; a mark of before changes nothing. */
export function absorbClosed(snapshot: Snapshot, { shard, closedS }: ClosedThrough): void {
  const key = `${shard.i}/${shard.n}`;
  snapshot.closed.set(key, Math.max(snapshot.closed.get(key) ?? 0, closedS));
}

/**
 * The sum of two snapshots of disjoint shards of one plan. Associative and commutative in all that is counted;
 * heads must have been found compatible before (`mergeHeads`).
 */
export function mergeSnapshots(a: Snapshot, b: Snapshot, head: Head): Snapshot {
  const sum = emptySnapshot(head);
  for (const part of [a, b]) {
    for (const [windowS, second] of part.seconds) {
      const into = secondAt(sum, windowS);
      second.streams.forEach((counts, i) => {
        addCounts(into.streams[i] as Counts, counts);
      });
      into.response = addDistributions(into.response, second.response);
    }
    for (const group of part.groups.values()) {
      const into = groupAt(sum, group.stream, group.route, group.phase);
      addCounts(into.counts, group.counts);
      into.response.merge(group.response);
      if (group.recordedDuration !== null) {
        into.recordedDuration ??= new Histogram();
        into.recordedDuration.merge(group.recordedDuration);
      }
    }
    for (const slice of part.slices.values()) absorbSlice(sum, slice);
    sum.tenants.add(part.tenants);
    addSeries(sum.series, part.series);
    for (const emission of part.emissions.values()) absorbEmission(sum, emission);
    for (const health of part.health) sum.health.push(health);
    for (const vitals of part.processes) sum.processes.push(vitals);
    for (const [shard, closedS] of part.closed)
      sum.closed.set(shard, Math.max(sum.closed.get(shard) ?? 0, closedS));
    sum.ends.push(...part.ends);
  }
  return sum;
}

/** Index of the phase that a second of due time is in; seconds past the end belong to the last phase. */
export function phaseIndexAt(phases: readonly Phase[], windowS: number): number {
  const index = phases.findIndex((phase) => windowS < phase.endS);
  return index === -1 ? phases.length - 1 : index;
}

/** Totals of a whole snapshot, or of the groups that a filter takes. */
export function sumGroups(
  snapshot: Snapshot,
  takes: (group: Group) => boolean = () => true,
): { counts: Counts; response: Histogram } {
  const counts = emptyCounts();
  const response = new Histogram();
  for (const group of snapshot.groups.values()) {
    if (!takes(group)) continue;
    addCounts(counts, group.counts);
    response.merge(group.response);
  }
  return { counts, response };
}

function secondAt(snapshot: Snapshot, windowS: number): Second {
  return snapshot.seconds.at(windowS, () => ({
    streams: snapshot.head.plan.streams.map(() => emptyCounts()),
    response: emptyDistribution(COARSE),
  }));
}

function groupAt(snapshot: Snapshot, stream: number, route: number, phase: number): Group {
  const key = `${stream}/${route}/${phase}`;
  let group = snapshot.groups.get(key);
  if (group === undefined) {
    group = {
      stream,
      route,
      phase,
      counts: emptyCounts(),
      response: new Histogram(),
      recordedDuration: null,
    };
    snapshot.groups.set(key, group);
  }
  return group;
}

function addSlices(a: Slice, b: Slice): Slice {
  return {
    ...a,
    slip: addDistributions(a.slip, b.slip),
    lag: addDistributions(a.lag, b.lag),
    wait: addDistributions(a.wait, b.wait),
    service: addDistributions(a.service, b.service),
    tainted: a.tainted + b.tainted,
    taintedFailures: a.taintedFailures + b.taintedFailures,
    tail: addTails(a.tail, b.tail),
  };
}

/** The sum of two tails. */
export function addTails(a: Tail, b: Tail): Tail {
  const byBucket = new Map<number, { -readonly [K in keyof Tail['parts'][number]]: number }>();
  for (const tail of [a, b]) {
    tail.buckets.forEach((bucket, i) => {
      const part = tail.parts[i] as Tail['parts'][number];
      const into = byBucket.get(bucket) ?? { count: 0, responseUs: 0, oursUs: 0, waitUs: 0, serviceUs: 0 };
      into.count += part.count;
      into.responseUs += part.responseUs;
      into.oursUs += part.oursUs;
      into.waitUs += part.waitUs;
      into.serviceUs += part.serviceUs;
      byBucket.set(bucket, into);
    });
  }
  const buckets = [...byBucket.keys()].sort((x, y) => x - y);
  return { buckets, parts: buckets.map((bucket) => byBucket.get(bucket) as Tail['parts'][number]) };
}
