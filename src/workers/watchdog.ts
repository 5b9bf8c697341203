// The watchdog: which threads have said nothing for too long, so that a hook that never returns does not hang a run.

/** Ticks of silence after which a thread counts as dead, however short the timeout is. */
const SILENT_MIN = 10;
/** How often it is to be asked. */
export const TICK_MS = 1_000;

/**
 * Counts its own ticks, not time: a process that was stopped and continued, or a laptop that slept, has missed them
 * just as its threads have missed their words.
 */
export class Watchdog {
  /** Ticks since its last word by thread; NaN for one that is not watched. */
  readonly #silent: number[];
  readonly #silentMax: number;

  /** @param timeoutUs of the plan: a thread that waits no longer than a request may take is left alone */
  constructor(threads: number, timeoutUs: number) {
    this.#silent = new Array<number>(threads).fill(0);
    this.#silentMax = Math.max(SILENT_MIN, Math.ceil((timeoutUs * 1e-3) / TICK_MS));
  }

  /** Seconds of silence that are one too many. */
  get silentS(): number {
    return (this.#silentMax * TICK_MS) / 1000;
  }

  heard(thread: number): void {
    if (!Number.isNaN(this.#silent[thread])) this.#silent[thread] = 0;
  }

  /** It is done, or known to be gone. */
  dismiss(thread: number): void {
    this.#silent[thread] = Number.NaN;
  }

  /** Threads that have now been silent for too long; each is named once. */
  tick(): number[] {
    const dead: number[] = [];
    for (let thread = 0; thread < this.#silent.length; thread++) {
      const silent = (this.#silent[thread] as number) + 1;
      this.#silent[thread] = silent;
      if (silent > this.#silentMax) dead.push(thread);
    }
    for (const thread of dead) this.dismiss(thread);
    return dead;
  }
}
