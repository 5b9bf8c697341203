// Before a run: how late this thread is when it polls and when it sleeps, and which of the two a run should use.
import { type Clock, MonotonicClock } from './clock.js';
import type { Pacing } from './waiting.js';

/** How late a thread was at its due times, 99 % quantiles in microseconds. */
export interface Lateness {
  readonly spinP99Us: number;
  readonly sleepP99Us: number;
}

/** How a run waits, and what that rests on: null where nothing was measured. */
export interface PacingChoice {
  readonly pacing: Pacing;
  readonly lateness: Lateness | null;
}

/** What a user may ask for. */
export type PacingWanted = Pacing | 'auto';

/** Between two due times: no whole number of milliseconds, so that timers gain nothing from it. */
const STEP_US = 730;
const SPIN_STEPS = 240;
const SLEEP_STEPS = 160;

/** Measures both ways of waiting in this thread, some 300 ms in all. */
export async function measureLateness(): Promise<Lateness> {
  const spinP99Us = await latenessOf(new MonotonicClock('spin'), SPIN_STEPS);
  return { spinP99Us, sleepP99Us: await latenessOf(new MonotonicClock('sleep'), SLEEP_STEPS) };
}

/** The 99 % quantile of how late a clock wakes for evenly spaced due times, microseconds. */
export function latenessOf(clock: Clock, steps: number): Promise<number> {
  return new Promise((resolve) => {
    const lateUs: number[] = [];
    const startUs = clock.nowUs() + STEP_US;
    const wake = () => {
      const nowUs = clock.nowUs();
      while (lateUs.length < steps) {
        const dueUs = startUs + lateUs.length * STEP_US;
        if (dueUs > nowUs) {
          clock.wakeAt(dueUs, wake);
          return;
        }
        lateUs.push(nowUs - dueUs);
      }
      lateUs.sort((a, b) => a - b);
      resolve(lateUs[Math.ceil(steps * 0.99) - 1] as number);
    };
    clock.wakeAt(startUs, wake);
  });
}

/**
 * Decides how a run waits. A spinner is the more exact one only while nobody wants its core: on a busy machine it is
 * preempted, and a sleeper, which has priority when it wakes, comes sooner. So the lower 99 % quantile wins.
 * @param measured by each sender thread while the others measured too; empty if nothing was measured
 */
export function choosePacing(wanted: PacingWanted, measured: readonly Lateness[]): PacingChoice {
  if (measured.length === 0) return { pacing: wanted === 'spin' ? 'spin' : 'sleep', lateness: null };
  const lateness = {
    spinP99Us: Math.max(...measured.map(({ spinP99Us }) => spinP99Us)),
    sleepP99Us: Math.max(...measured.map(({ sleepP99Us }) => sleepP99Us)),
  };
  const best: Pacing = lateness.spinP99Us <= lateness.sleepP99Us ? 'spin' : 'sleep';
  return { pacing: wanted === 'auto' ? best : wanted, lateness };
}

/**
 * Whether senders may poll: each needs a core of its own, and a target on this machine needs one as well.
 * @param cores that this process may use; a fraction where a quota says so
 * @param machineCores all that there are
 */
export function maySpin(
  cores: number,
  machineCores: number,
  workers: number,
  targetIsLocal: boolean,
): boolean {
  // A process that was pinned to some of the cores leaves the others to the target.
  const elsewhere = cores < machineCores && Number.isInteger(cores);
  const needed = workers + (targetIsLocal && !elsewhere ? 1 : 0);
  return needed <= cores && (cores > 1 || elsewhere);
}
