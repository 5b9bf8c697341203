// Connections over a run, from what each worker said of its slices of wall time.
import { COARSE } from '../measure/buckets.js';
import { addDistributions, type Distribution, emptyDistribution } from '../measure/distribution.js';
import type { Snapshot } from '../measure/snapshot.js';

export interface Connections {
  readonly opened: number;
  /** Open at once at most: the highest slice, all workers together. */
  readonly max: number;
  /** DNS, TCP and TLS of those opened. */
  readonly connect: Distribution;
}

export function connectionsOf(snapshot: Snapshot): Connections {
  const bySlice = new Map<number, number>();
  let opened = 0;
  let connect = emptyDistribution(COARSE);
  for (const health of snapshot.health) {
    bySlice.set(health.sliceS, (bySlice.get(health.sliceS) ?? 0) + health.connectionsMax);
    opened += health.connectionsOpened;
    connect = addDistributions(connect, health.connect);
  }
  return { opened, max: Math.max(0, ...bySlice.values()), connect };
}
