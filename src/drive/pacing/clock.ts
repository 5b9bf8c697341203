// Time as the driver knows it: what time it is, and being woken; the only file that reads the real clock.

/** Microseconds from an origin of the clock's own; one pending wake at a time. */
export interface Clock {
  nowUs(): number;
  /** Calls back at that time or soon after it, never from inside this call; replaces the wake asked for before. */
  wakeAt(atUs: number, callback: () => void): void;
}

/** How near to a due time the thread stops sleeping and polls: timers are whole milliseconds, and may be late. */
const SPIN_US = 2_000;
/** What a sleep leaves for the polling at its end. */
const EARLY_US = 1_500;

/**
 * The machine's monotonic clock, as UTC microseconds at the process's start plus the monotonic time since: it never
 * steps, and threads of one process agree on it.
 */
export class MonotonicClock implements Clock {
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #atUs = 0;
  #callback: () => void = () => {};
  readonly #onImmediate = () => this.#tick();
  readonly #onTimer = () => {
    this.#timer = undefined;
    this.#tick();
  };

  /** @param spins whether the thread may poll its core away when a due time is near */
  constructor(private readonly spins: boolean) {}

  nowUs(): number {
    return (performance.timeOrigin + performance.now()) * 1e3;
  }

  wakeAt(atUs: number, callback: () => void): void {
    this.#atUs = atUs;
    this.#callback = callback;
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    const restUs = this.#atUs - this.nowUs();
    if (restUs <= 0 || (this.spins && restUs <= SPIN_US)) {
      this.#immediate ??= setImmediate(this.#onImmediate);
      return;
    }
    const sleepUs = this.spins ? restUs - EARLY_US : restUs;
    this.#timer = setTimeout(this.#onTimer, Math.min(1_000, Math.max(1, Math.floor(sleepUs / 1e3))));
  }

  #tick(): void {
    this.#immediate = undefined;
    if (this.nowUs() < this.#atUs) this.#arm();
    else this.#callback();
  }
}
