// How many cores this process may use: those of the machine, of its affinity, and of its control group's quota.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

export interface Cores {
  /** What this process may use; a fraction where a quota says so. */
  readonly usable: number;
  /** All that the machine has. */
  readonly machine: number;
}

/** The cores of this process and of its machine. */
export function coresOfProcess(): Cores {
  const available = availableParallelism();
  return {
    usable: Math.min(available, quotaIn(quotaFile())),
    machine: Math.max(available, cpus().length),
  };
}

/**
 * The cores that a `cpu.max` file allows.
 * @param text `max 100000`, or microseconds of CPU time and of the period that they are for
 * @returns Infinity where there is no limit
 */
export function quotaIn(text: string): number {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0))
    return Number.POSITIVE_INFINITY;
  return quota / period;
}

function quotaFile(): string {
  try {
    return readFileSync('/sys/fs/cgroup/cpu.max', 'utf8');
  } catch {
    // Not Linux, or no control groups of the second version.
    return '';
  }
}
