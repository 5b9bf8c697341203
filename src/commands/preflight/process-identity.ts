// Which process is meant by a number: numbers are given again, a number with the instant of its start is not.
import { readFileSync } from 'node:fs';

/** When a process started, as a text that no other process of the number has; null where that is not known. */
export function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): the name in brackets may hold anything; the start is the 22nd field, 20 after it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? null : `${boot}:${ticks}`;
  } catch {
    // Not Linux, or no such process.
    return null;
  }
}

/**
 * Whether a process that wrote its number and start down is still there.
 * @param started as `startOf` gave it then
 */
export function isAlive(pid: number, started: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return started === null || now === null || now === started;
}
