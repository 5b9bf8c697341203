// Time as the driver knows it: what time it is, and being woken; the only file that reads the real clock.
import { IdleMeter, napMs, Oversleep, type Pacing } from './waiting.js';

/** Microseconds from an origin of the clock's own; one pending wake at a time. */
export interface Clock {
  nowUs(): number;
  /**
   * Calls back at that time or soon after it, never from inside this call; replaces the wake asked for before.
   * @param exactUs the due time that must not be slept past: the wake itself, or one that comes after it
   */
  wakeAt(atUs: number, callback: () => void, exactUs?: number): void;
}

/** The event loop as a clock uses it; tests put their own. */
export interface Loop {
  /** UTC milliseconds that never step. */
  nowMs(): number;
  setTimeout(callback: () => void, ms: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout): void;
  setImmediate(callback: () => void): NodeJS.Immediate;
}

/** The process's start; reading it costs as much as reading the clock. */
const ORIGIN_MS = performance.timeOrigin;

/** The process's monotonic clock as UTC microseconds; the same one in all of its threads. */
export function monotonicNowUs(): number {
  return (ORIGIN_MS + performance.now()) * 1e3;
}

/**
 * Node's own loop. Of the clocks that Node has, `performance.now()` makes the least garbage (16 bytes a reading;
 * `hrtime()` 32, `hrtime.bigint()` 56) at the same cost, and a polling thread reads it all the time.
 */
const NODE_LOOP: Loop = {
  nowMs: () => ORIGIN_MS + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  setImmediate: (callback) => setImmediate(callback),
};

/**
 * How long an idle turn is made by a pause between two looks at the clock and the sockets, while the due time is not
 * next. Each look leaves some 200 bytes of garbage, and a collection takes a millisecond: turns of 1 us make one every
 * 70 ms, of 4 every 300, of 12 every 850. What it costs is that an answer is read up to that much later.
 */
const TURN_US = 12;
/** Bounds the pause, whose length in steps is found by turning it up and down. */
const PAUSE_STEPS_MAX = 40_000;
const PAUSE_STEPS_CHANGE = 8;

/**
 * The machine's monotonic clock, as UTC microseconds at the process's start plus the monotonic time since: it never
 * steps, and threads of one process agree on it. It sleeps while a wake is far and, where it may, polls when it is
 * near; sockets are served in every turn of the polling.
 */
export class MonotonicClock implements Clock {
  readonly #oversleep = new Oversleep();
  readonly #idle = new IdleMeter();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #napEndUs = 0;
  #atUs = 0;
  #exactUs = 0;
  #callback: () => void = () => {};
  #paused = 0;
  #pauseSteps = 0;
  /** When the pause of this turn began; NaN where there was none. */
  #pausedUs = Number.NaN;
  readonly #onImmediate = () => {
    this.#immediate = undefined;
    const nowUs = this.nowUs();
    this.#idle.turn(nowUs);
    this.#steer(nowUs);
    this.#tick(nowUs);
  };
  readonly #onTimer = () => {
    this.#timer = undefined;
    const nowUs = this.nowUs();
    this.#oversleep.learn(nowUs - this.#napEndUs);
    this.#tick(nowUs);
  };

  constructor(
    private readonly pacing: Pacing,
    private readonly loop: Loop = NODE_LOOP,
  ) {}

  nowUs(): number {
    return this.loop.nowMs() * 1e3;
  }

  wakeAt(atUs: number, callback: () => void, exactUs = atUs): void {
    this.#atUs = atUs;
    this.#exactUs = exactUs;
    this.#callback = callback;
    // A turn that is coming anyway looks again at when to wake.
    if (this.#immediate === undefined) this.#arm(this.nowUs());
  }

  /** How long this thread has polled, since the last call, with nothing else to do; microseconds. */
  takePolledUs(): number {
    return this.#idle.takeUs();
  }

  #arm(nowUs: number): void {
    if (this.#timer !== undefined) this.loop.clearTimeout(this.#timer);
    this.#timer = undefined;
    const ms = napMs(this.pacing, this.#atUs - nowUs, this.#exactUs - nowUs, this.#oversleep.marginUs);
    if (ms === 0) {
      this.#immediate = this.loop.setImmediate(this.#onImmediate);
    } else {
      this.#napEndUs = nowUs + ms * 1e3;
      this.#timer = this.loop.setTimeout(this.#onTimer, ms);
    }
  }

  #tick(nowUs: number): void {
    if (nowUs >= this.#atUs) {
      this.#callback();
      return;
    }
    this.#arm(nowUs);
    if (this.#immediate === undefined) return;
    this.#idle.idleFrom(nowUs);
    if (this.#atUs - nowUs > 2 * TURN_US) this.#pause(nowUs);
  }

  /** Lets a little time pass without garbage. The sum is kept, so that the loop is not optimised away. */
  #pause(nowUs: number): void {
    this.#pausedUs = nowUs;
    let paused = this.#paused;
    for (let i = 0; i < this.#pauseSteps; i++) paused = (paused ^ i) | 0;
    this.#paused = paused;
  }

  /** Makes the next pause longer or shorter, by how long a turn with one took; turns with more in them say nothing. */
  #steer(nowUs: number): void {
    const tookUs = nowUs - this.#pausedUs;
    this.#pausedUs = Number.NaN;
    if (!(tookUs < 2 * TURN_US)) return;
    const change = tookUs < TURN_US ? PAUSE_STEPS_CHANGE : -PAUSE_STEPS_CHANGE;
    this.#pauseSteps = Math.min(PAUSE_STEPS_MAX, Math.max(0, this.#pauseSteps + change));
  }
}
