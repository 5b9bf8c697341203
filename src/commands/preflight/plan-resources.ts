// What a run takes of this machine: workers, pacing, bounds.
import { maySpin } from '../../drive/pacing/calibrate.js';
import type { LoadedScenario } from '../../scenario/load.js';
import { askedToWaitUs, stalledUs } from '../../scenario/retry-plan.js';
import { coresOfProcess } from './cores.js';
import type { Machine } from './machine.js';
import { DESCRIPTORS_RESERVED } from './resources.js';

/** How a run uses this machine. */
export interface Resources {
  readonly workers: number;
  /** Whether senders may poll a core away when a due time is near. */
  readonly maySpin: boolean;
  /** Most exchanges under way at once in this process. */
  readonly inFlightMax: number;
  /** Most connections that this process may have open. */
  readonly connectionsMax: number;
  /** What a reader should know, each a sentence. */
  readonly warnings: readonly string[];
}

/** A sender does this much without coming near its limit on an ordinary core. */
const RATE_PER_WORKER = 6_000;
/** Where the limit is not known: what macOS gives after Node has raised it. */
const DESCRIPTORS_ELSEWHERE = 10_240;

/** Most connections that a process of this machine may have open. */
export function connectionsOf({ descriptors }: Pick<Machine, 'descriptors'>): number {
  return (descriptors ?? DESCRIPTORS_ELSEWHERE) - DESCRIPTORS_RESERVED;
}

/**
 * Chooses workers, pacing and the in-flight bound.
 * @param peakPerSec of this process's shard
 * @param lanes that the shard has; no worker may be without
 */
export function planResources(
  loaded: Pick<LoadedScenario, 'target' | 'plan' | 'maxInFlight'>,
  peakPerSec: number,
  lanes: number,
  workersWanted: number | undefined,
  machine: Machine,
): Resources {
  const { usable, machine: all } = coresOfProcess();
  const cores = Math.floor(usable);
  // The target's core, if it is here, and the one that merges and draws.
  const free = Math.max(1, cores - 1 - (loaded.target.loopback ? 1 : 0));
  const workers = Math.min(
    lanes,
    workersWanted ?? Math.min(free, Math.max(1, Math.ceil(peakPerSec / RATE_PER_WORKER))),
  );
  const descriptors = connectionsOf(machine);
  const needed = Math.ceil(peakPerSec * (stalledUs(loaded.plan) / 1e6) * 1.2) + 256;
  // Those that were asked to wait before they try again have no connection.
  const waiting = Math.ceil(peakPerSec * (askedToWaitUs(loaded.plan) / 1e6) * 1.2);
  const warnings: string[] = [];
  if (loaded.maxInFlight === null && needed > descriptors) {
    warnings.push(
      `if the target stalls, up to ${needed} requests are under way at once, and this process may open ${descriptors} connections: ` +
        'raise the limit (ulimit -n), shorten timeout:, or use more shards',
    );
  }
  return {
    workers,
    maySpin: maySpin(usable, all, workers, loaded.target.loopback),
    connectionsMax: descriptors,
    inFlightMax: loaded.maxInFlight ?? Math.max(workers, Math.min(needed, descriptors) + waiting),
    warnings,
  };
}
