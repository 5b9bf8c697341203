// Fitness: how the generator fared, over the run and by ten seconds, all its workers and processes together.
import { SLICE_S } from '../../measure/cell.js';
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import { emptyStallTimes, type ProcessVitals, STALL_CAUSES, type StallTimes } from '../../measure/vitals.js';
import { okOf } from '../facts.js';

/** Ten seconds of it. Shares of a machine are those of the machine that was worst off. */
export interface SliceFitness {
  readonly sliceS: number;
  readonly stalls: StallTimes;
  gapMaxUs: number;
  busyPermille: number;
  haltedUs: number;
  throttledUs: number;
  /** Null where no machine says. */
  stealPermille: number | null;
  machineBusyPermille: number | null;
  /** In use, of those that there are; 0 to 1. */
  descriptors: number | null;
  ports: number | null;
}

export interface Fitness {
  readonly gaps: number;
  readonly gapUs: number;
  readonly gapMaxUs: number;
  readonly stalls: StallTimes;
  readonly gcs: number;
  readonly gcUs: number;
  readonly gcMaxUs: number;
  readonly busyPermilleMax: number;
  /** Of all workers together, where each was at its own highest. */
  readonly inFlightMax: number;
  /** In order of time. */
  readonly slices: readonly SliceFitness[];
}

/** Generator health over the run. */
export function fitnessOf(snapshot: Snapshot): Fitness {
  const inFlight = new Map<string, number>();
  const sums = { gaps: 0, gapUs: 0, gapMaxUs: 0, gcs: 0, gcUs: 0, gcMaxUs: 0, busyPermilleMax: 0 };
  const slices = new Map<number, SliceFitness>();
  for (const health of snapshot.health) {
    sums.gaps += health.gaps;
    sums.gapUs += health.gapUs;
    sums.gapMaxUs = Math.max(sums.gapMaxUs, health.gapMaxUs);
    sums.gcs += health.gcs;
    sums.gcUs += health.gcUs;
    sums.gcMaxUs = Math.max(sums.gcMaxUs, health.gcMaxUs);
    sums.busyPermilleMax = Math.max(sums.busyPermilleMax, health.busyPermille);
    inFlight.set(health.shard, Math.max(inFlight.get(health.shard) ?? 0, health.inFlightMax));
    const slice = sliceAt(slices, health.sliceS);
    for (const cause of STALL_CAUSES) slice.stalls[cause] += health.stalls[cause];
    slice.gapMaxUs = Math.max(slice.gapMaxUs, health.gapMaxUs);
    slice.busyPermille = Math.max(slice.busyPermille, health.busyPermille);
  }
  for (const vitals of snapshot.processes) addVitals(sliceAt(slices, vitals.sliceS), vitals);
  const stalls = emptyStallTimes();
  for (const slice of slices.values()) {
    nameHalts(slice);
    for (const cause of STALL_CAUSES) stalls[cause] += slice.stalls[cause];
  }
  return {
    ...sums,
    stalls,
    inFlightMax: [...inFlight.values()].reduce((sum, n) => sum + n, 0),
    slices: [...slices.values()].sort((a, b) => a.sliceS - b.sliceS),
  };
}

/** How many requests failed, and how many of them were answered directly after a stall of our own. */
export function failuresInStalls(snapshot: Snapshot): { readonly failed: number; readonly inStalls: number } {
  const { counts } = sumGroups(snapshot);
  let inStalls = 0;
  for (const slice of snapshot.slices.values()) inStalls += slice.taintedFailures;
  return { failed: counts.planned - okOf(counts), inStalls };
}

function addVitals(slice: SliceFitness, vitals: ProcessVitals): void {
  slice.haltedUs = Math.max(slice.haltedUs, vitals.haltedUs);
  slice.throttledUs += vitals.throttledUs ?? 0;
  slice.stealPermille = larger(slice.stealPermille, vitals.stealPermille);
  slice.machineBusyPermille = larger(slice.machineBusyPermille, vitals.machineBusyPermille);
  slice.descriptors = larger(slice.descriptors, shareOf(vitals.descriptors, vitals.descriptorsMax));
  slice.ports = larger(slice.ports, shareOf(vitals.tcpSockets, vitals.portsMax));
}

/** A stall of unknown cause, while the main thread stood still for about as long: then all of the process did. */
function nameHalts({ stalls, gapMaxUs, haltedUs }: SliceFitness): void {
  if (stalls.unknown === 0 || haltedUs < gapMaxUs / 2) return;
  stalls.halted += stalls.unknown;
  stalls.unknown = 0;
}

function sliceAt(slices: Map<number, SliceFitness>, sliceS: number): SliceFitness {
  const at = Math.floor(sliceS / SLICE_S) * SLICE_S;
  let slice = slices.get(at);
  if (slice === undefined) {
    slice = {
      sliceS: at,
      stalls: emptyStallTimes(),
      gapMaxUs: 0,
      busyPermille: 0,
      haltedUs: 0,
      throttledUs: 0,
      stealPermille: null,
      machineBusyPermille: null,
      descriptors: null,
      ports: null,
    };
    slices.set(at, slice);
  }
  return slice;
}

function larger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

function shareOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : part / whole;
}
