// How long to sleep before a due time and how much of the polling was idle: what a clock learns of its machine.

/** `spin`: sleep while far, poll when near; `sleep`: timers only, for when a core is wanted by somebody else. */
export type Pacing = 'spin' | 'sleep';

/** The longest sleep: a bound on what one late timer can cost. */
const NAP_MAX_MS = 1_000;
/** Bounds of what a sleep leaves for the polling at its end. */
const MARGIN_MIN_US = 300;
const MARGIN_MAX_US = 3_000;
/** What it leaves before anything is learned: timers are whole milliseconds, and may be late by one. */
const MARGIN_START_US = 1_500;
/** How far the estimate moves on one sleep at most. */
const STEP_US = 100;
/** The share of sleeps that may end later than the margin allows. */
const LATE_SHARE = 0.01;

/**
 * How late timers fire on this machine: a slow-moving 99 % quantile by stochastic approximation (Robbins and Monro,
 * 1951), so that it follows a machine that becomes busy and one that calms down.
 */
export class Oversleep {
  #marginUs = MARGIN_START_US;

  /** What a sleep leaves for the polling at its end, microseconds. */
  get marginUs(): number {
    return this.#marginUs;
  }

  /** A sleep ended this much after the time it was to end at; less than 0 for one that ended early. */
  learn(lateUs: number): void {
    const step = lateUs > this.#marginUs ? STEP_US * (1 - LATE_SHARE) : -STEP_US * LATE_SHARE;
    this.#marginUs = Math.min(MARGIN_MAX_US, Math.max(MARGIN_MIN_US, this.#marginUs + step));
  }
}

/**
 * How long to sleep now, in whole milliseconds; 0: not at all, come round at once.
 * @param restUs until the wake
 * @param exactRestUs until the due time that must be met exactly; the wake itself, or later
 * @param marginUs what a sleep leaves for polling before that; used where the pacing is `spin`
 */
export function napMs(pacing: Pacing, restUs: number, exactRestUs: number, marginUs: number): number {
  if (restUs <= 0) return 0;
  const ms = Math.min(NAP_MAX_MS, Math.max(1, Math.floor(restUs / 1e3)));
  return pacing === 'sleep' ? ms : Math.max(0, Math.min(ms, Math.floor((exactRestUs - marginUs) / 1e3)));
}

/** A turn that took this many times the usual idle one did more than poll. */
const BUSY_TURN = 3;
/** How slowly the usual idle turn is learned: a share of the difference. */
const IDLE_RATE = 1 / 64;
/** An idle turn before any was seen. */
const IDLE_START_US = 5;

/** Adds up the time that turns of the loop spent on polling alone; what answers cost in between is not in it. */
export class IdleMeter {
  #usualUs = IDLE_START_US;
  #fromUs = Number.NaN;
  #sumUs = 0;

  /** A turn found nothing to do at this time, and another follows at once. */
  idleFrom(nowUs: number): void {
    this.#fromUs = nowUs;
  }

  /** The loop has come round. */
  turn(nowUs: number): void {
    const tookUs = nowUs - this.#fromUs;
    if (Number.isNaN(tookUs)) return;
    this.#fromUs = Number.NaN;
    const idleUs = Math.min(tookUs, BUSY_TURN * this.#usualUs);
    this.#usualUs += (idleUs - this.#usualUs) * IDLE_RATE;
    this.#sumUs += idleUs;
  }

  /** Microseconds of polling since the last call. */
  takeUs(): number {
    const sumUs = this.#sumUs;
    this.#sumUs = 0;
    return sumUs;
  }
}

/**
 * The share of time in which a loop did work, 0 to 1: polling keeps it active without being work.
 * @param activeMs and `idleMs`: the loop's utilisation, as Node counts it
 */
export function busyShare(activeMs: number, idleMs: number, polledUs: number): number {
  const allMs = activeMs + idleMs;
  return allMs <= 0 ? 0 : Math.min(1, Math.max(0, activeMs - polledUs / 1e3) / allMs);
}
