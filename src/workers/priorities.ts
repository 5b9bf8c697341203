// Who goes first where threads share a core: senders and readers, before this process's other threads.
//
// On Linux a priority is a thread's own. V8 compiles and collects in threads of its own, some milliseconds at a time, and
// the main thread writes results and compacts an idle heap, 20 ms at a time: on a core that a sender shares with them
// (measured, pinned to one: the 99 % quantile of lateness, in a run that is warm, falls from 1 ms to 0.5 to 0.9).
import { readdirSync, readlinkSync } from 'node:fs';
import { constants, platform, setPriority } from 'node:os';

/** It must still keep up with what senders close, thirty milliseconds of every second. */
const MAIN_NICE = 15;

/** The system's number of the calling thread; null where threads have none that priorities are given by. */
export function threadNumber(): number | null {
  if (platform() !== 'linux') return null;
  try {
    const number = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return Number.isInteger(number) ? number : null;
  } catch {
    return null;
  }
}

/** Lets some threads go before all others of this process; does nothing where that cannot be said. */
export function letGoFirst(first: ReadonlySet<number>): void {
  if (platform() !== 'linux' || first.size === 0) return;
  try {
    for (const thread of readdirSync('/proc/self/task').map(Number)) {
      if (first.has(thread)) continue;
      setPriority(thread, thread === process.pid ? MAIN_NICE : constants.priority.PRIORITY_LOW);
    }
  } catch {
    // Not allowed here, or a thread has just ended; it was a courtesy.
  }
}
