// Diagnosis: why the generator fell short, where it did. Causes explain a finding and are never one themselves.
import type { Snapshot } from '../measure/snapshot.js';
import { formatCount, formatDuration, formatShare } from '../units.js';
import type { Finding } from './finding.js';

/** A stall this long shows in responses. */
const STALL_US = 5_000;
/** An event loop this busy, in thousandths, has queues of its own. */
const BUSY_PERMILLE = 700;

/** Generator health over the run. */
export interface Fitness {
  readonly gaps: number;
  readonly gapUs: number;
  readonly gapMaxUs: number;
  readonly busyPermilleMax: number;
  /** Of all workers together, where each was at its own highest. */
  readonly inFlightMax: number;
}

export function fitnessOf(snapshot: Snapshot): Fitness {
  const inFlight = new Map<string, number>();
  const fitness = { gaps: 0, gapUs: 0, gapMaxUs: 0, busyPermilleMax: 0 };
  for (const health of snapshot.health) {
    fitness.gaps += health.gaps;
    fitness.gapUs += health.gapUs;
    fitness.gapMaxUs = Math.max(fitness.gapMaxUs, health.gapMaxUs);
    fitness.busyPermilleMax = Math.max(fitness.busyPermilleMax, health.busyPermille);
    inFlight.set(health.shard, Math.max(inFlight.get(health.shard) ?? 0, health.inFlightMax));
  }
  return { ...fitness, inFlightMax: [...inFlight.values()].reduce((sum, n) => sum + n, 0) };
}

/** Notes that name the likely causes of what was found to be ours. */
export function causesOfOurs(snapshot: Snapshot): Finding[] {
  const { gaps, gapUs, gapMaxUs, busyPermilleMax } = fitnessOf(snapshot);
  const causes: Finding[] = [];
  if (gapMaxUs > STALL_US) {
    causes.push({
      id: 'loop_stalls',
      level: 'note',
      figure: gapMaxUs / 1e3,
      limit: STALL_US / 1e3,
      unit: 'ms',
      message: `likely cause: the event loop stalled ${formatCount(gaps)} times, ${formatDuration(gapUs)} in all, ${formatDuration(gapMaxUs)} at the longest`,
      advice:
        'free this machine of other work; where CI throttles or shares processors, ask for more of them',
    });
  }
  if (busyPermilleMax > BUSY_PERMILLE) {
    causes.push({
      id: 'loop_busy',
      level: 'note',
      figure: busyPermilleMax / 1e3,
      limit: BUSY_PERMILLE / 1e3,
      unit: 'share',
      message: `likely cause: a worker was busy ${formatShare(busyPermilleMax / 1e3)} of its worst ten seconds`,
      advice: 'spread the load over more workers or machines',
    });
  }
  return causes;
}
