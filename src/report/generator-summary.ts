// The Summary's part on the generator itself: stalls by cause, garbage, and its machine, by ten seconds.
import { failuresInStalls, fitnessOf } from '../judge/validity/fitness.js';
import type { Snapshot } from '../measure/snapshot.js';
import type { StallTimes } from '../measure/vitals.js';
import type { Summary } from './summary-schema.js';

export function generatorSummary(snapshot: Snapshot): Summary['generator'] {
  const { gaps, gapUs, gapMaxUs, stalls, gcs, gcUs, gcMaxUs, busyPermilleMax, slices } = fitnessOf(snapshot);
  return {
    stalls: { count: gaps, totalMs: toMs(gapUs), maxMs: toMs(gapMaxUs), byCause: stallsMs(stalls) },
    failuresInStalls: failuresInStalls(snapshot).inStalls,
    garbage: { collections: gcs, totalMs: toMs(gcUs), maxMs: toMs(gcMaxUs) },
    busyMax: busyPermilleMax / 1e3,
    slices: slices.map((slice) => ({
      atS: slice.sliceS,
      stalls: stallsMs(slice.stalls),
      busy: slice.busyPermille / 1e3,
      steal: shareOf(slice.stealPermille),
      machineBusy: shareOf(slice.machineBusyPermille),
      throttledMs: toMs(slice.throttledUs),
      descriptors: rounded(slice.descriptors),
      ports: rounded(slice.ports),
    })),
  };
}

function stallsMs({ gc, hook, busy, preempted, halted, unknown }: StallTimes): StallTimes {
  return {
    gc: toMs(gc),
    hook: toMs(hook),
    busy: toMs(busy),
    preempted: toMs(preempted),
    halted: toMs(halted),
    unknown: toMs(unknown),
  };
}

function toMs(us: number): number {
  return Number((us / 1e3).toFixed(3));
}

function shareOf(permille: number | null): number | null {
  return permille === null ? null : permille / 1e3;
}

function rounded(share: number | null): number | null {
  return share === null ? null : Number(share.toFixed(4));
}
