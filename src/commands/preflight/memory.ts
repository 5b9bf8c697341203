// How much memory and disk this process may still take, as the system and its control group tell it.
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What a control group of the second or the first version calls its figures. */
const GROUPS = [
  {
    root: '/sys/fs/cgroup',
    line: /^0::(.*)$/m,
    limit: 'memory.max',
    used: 'memory.current',
    cached: /^inactive_file (\d+)$/m,
  },
  {
    root: '/sys/fs/cgroup/memory',
    line: /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m,
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cached: /^total_inactive_file (\d+)$/m,
  },
];

/** Bytes that this process can still have without pushing anything out. */
export function availableMemory(): number {
  const machine = availableIn(read('/proc/meminfo')) ?? freemem();
  const self = read('/proc/self/cgroup');
  const groups = GROUPS.flatMap(({ root, line, limit, used, cached }) => {
    const own = line.exec(self)?.[1];
    // Inside a container the group's own folder may be the root of what can be seen.
    return [...new Set([root, ...(own === undefined ? [] : [join(root, own)])])].map((folder) =>
      roomOf(
        read(join(folder, limit)),
        read(join(folder, used)),
        cached.exec(read(join(folder, 'memory.stat')))?.[1] ?? '0',
      ),
    );
  });
  return Math.min(machine, ...groups);
}

/**
 * What `/proc/meminfo` says can be had: free memory alone leaves out what caches would give back.
 * @returns undefined where it does not say
 */
export function availableIn(meminfo: string): number | undefined {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/**
 * What a control group has left; what its caches would give back is not taken.
 * @param limit bytes, or `max`
 * @returns Infinity where there is no limit, or it is not known
 */
export function roomOf(limit: string, used: string, cached: string): number {
  const [most, now, back] = [limit, used, cached].map((text) =>
    text.trim() === '' ? Number.NaN : Number(text),
  );
  if (most === undefined || now === undefined || !Number.isFinite(most) || !Number.isFinite(now))
    return Number.POSITIVE_INFINITY;
  return Math.max(0, most - now + (back || 0));
}

/** Bytes that may be written beside a file that is to be made; null where that is not known. */
export function freeDisk(file: string): number | null {
  let folder = dirname(resolve(file));
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
