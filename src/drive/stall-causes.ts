// What held an event loop up: each gap of the ledger, set against what its thread did meanwhile.
//
// The system counts how long a thread has run and how long it has waited for a processor. Both are read now and then,
// and once more after a gap; what the thread would have done anyway until the gap began is taken off, at the rate of
// before. Garbage collection is told of some turns after it was, so gaps are decided when a health line is made.

import { emptyStallTimes, STALL_CAUSES, type StallCause, type StallTimes } from '../measure/vitals.js';

/** Counters of one thread, microseconds since it began. */
export interface ThreadTimes {
  ranUs: number;
  /** It could have run, and no processor was free for it. */
  waitedUs: number;
}

/** A collection of garbage; microseconds from the run's start. */
export interface Collection {
  readonly startUs: number;
  readonly endUs: number;
}

/** What a thread can learn of itself. */
export interface StallSource {
  /** Reads its times; false where the system does not tell them: then `into` is as it was. */
  readTimes(into: ThreadTimes): boolean;
  /** The collections since the last call, in order. */
  takeCollections(): readonly Collection[];
}

/** Of a thread of which nothing is told. */
export const NO_STALL_SOURCE: StallSource = {
  readTimes: () => false,
  takeCollections: () => [],
};

/** Times are read this often where turns come often: 2 µs a reading. */
const READ_EVERY_US = 20_000;
/** How fast the usual rates are learned: a share of the difference. */
const RATE_STEP = 1 / 4;
/** A collection that ended this long ago has been told of. */
const TOLD_US = 100_000;
/** Gaps that wait to be decided; those before are decided by what is known. */
const WAITING_MAX = 512;

/** Less of a gap than this that nothing explains is a matter of readings. */
const REST_SHARE = 0.2;

/** A gap and what is known of it. */
export interface GapFacts {
  readonly lengthUs: number;
  /** NaN where the system does not tell. */
  readonly ranUs: number;
  readonly waitedUs: number;
  readonly hookUs: number;
  readonly gcUs: number;
}

interface Gap extends Omit<GapFacts, 'gcUs'> {
  readonly startUs: number;
  readonly endUs: number;
}

/** What a health line says of stalls. */
export interface Stalls {
  readonly gaps: number;
  readonly gapUs: number;
  readonly gapMaxUs: number;
  readonly stalls: StallTimes;
  readonly gcs: number;
  readonly gcUs: number;
  readonly gcMaxUs: number;
}

/** Decides what each gap is to be blamed on, and adds up. Times are microseconds from the run's start. */
export class StallCauses {
  readonly #waiting: Gap[] = [];
  #collections: Collection[] = [];
  #sums = emptySums();
  readonly #times: ThreadTimes = { ranUs: 0, waitedUs: 0 };
  readonly #before: ThreadTimes = { ranUs: 0, waitedUs: 0 };
  #beforeUs = Number.NaN;
  /** Shares of the time that the thread usually runs and waits. */
  #runs = 0;
  #waits = 0;
  #hookUs = 0;

  /** @param hookUs time spent in hooks since the start */
  constructor(
    private readonly source: StallSource,
    private readonly hookUs: () => number,
  ) {}

  /** A turn of the loop begins, and no gap has just ended. */
  turn(nowUs: number): void {
    this.#hookUs = this.hookUs();
    if (nowUs - this.#beforeUs < READ_EVERY_US) return;
    const pastUs = nowUs - this.#beforeUs;
    if (!this.source.readTimes(this.#times)) return;
    if (pastUs > 0) {
      const runs = (this.#times.ranUs - this.#before.ranUs) / pastUs;
      const waits = (this.#times.waitedUs - this.#before.waitedUs) / pastUs;
      this.#runs += (runs - this.#runs) * RATE_STEP;
      this.#waits += (waits - this.#waits) * RATE_STEP;
    }
    this.#keep(nowUs);
  }

  /** The loop stood still from one instant until now. */
  gap(startUs: number, endUs: number): void {
    const lengthUs = endUs - startUs;
    const hookUs = Math.min(lengthUs, this.hookUs() - this.#hookUs);
    this.#hookUs += hookUs;
    let ranUs = Number.NaN;
    let waitedUs = Number.NaN;
    if (this.source.readTimes(this.#times)) {
      const restUs = Math.max(0, startUs - this.#beforeUs);
      ranUs = within(lengthUs, this.#times.ranUs - this.#before.ranUs - this.#runs * restUs);
      waitedUs = within(lengthUs, this.#times.waitedUs - this.#before.waitedUs - this.#waits * restUs);
      if (Number.isNaN(this.#beforeUs)) ranUs = waitedUs = Number.NaN;
      this.#keep(endUs);
    }
    if (this.#waiting.length >= WAITING_MAX) this.#decide(WAITING_MAX / 2);
    this.#waiting.push({ startUs, endUs, lengthUs, ranUs, waitedUs, hookUs });
  }

  /**
   * What was decided since the last call. A gap of just now may count in the next one, as its collections are not told
   * of yet.
   * @param over nothing comes after: everything is decided
   */
  take(nowUs: number, over: boolean): Stalls {
    const told = over ? -1 : this.#waiting.findIndex(({ endUs }) => endUs > nowUs - TOLD_US);
    this.#decide(told === -1 ? this.#waiting.length : told);
    const { stalls, ...sums } = this.#sums;
    this.#sums = emptySums();
    for (const cause of STALL_CAUSES) stalls[cause] = Math.round(stalls[cause]);
    const gapUs = Object.values(stalls).reduce((sum, us) => sum + us, 0);
    const rounded = { gapMaxUs: Math.round(sums.gapMaxUs), gcMaxUs: Math.round(sums.gcMaxUs) };
    return { ...sums, ...rounded, gcUs: Math.round(sums.gcUs), gapUs, stalls };
  }

  #keep(nowUs: number): void {
    this.#before.ranUs = this.#times.ranUs;
    this.#before.waitedUs = this.#times.waitedUs;
    this.#beforeUs = nowUs;
  }

  /** Decides the oldest of the gaps that wait. */
  #decide(count: number): void {
    const sums = this.#sums;
    for (const collection of this.source.takeCollections()) {
      const tookUs = collection.endUs - collection.startUs;
      sums.gcs++;
      sums.gcUs += tookUs;
      sums.gcMaxUs = Math.max(sums.gcMaxUs, tookUs);
      this.#collections.push(collection);
    }
    let first = 0;
    for (const gap of this.#waiting.splice(0, count)) {
      while ((this.#collections[first]?.endUs ?? Number.POSITIVE_INFINITY) <= gap.startUs) first++;
      const parts = splitGap({ ...gap, gcUs: overlapUs(this.#collections, first, gap) });
      for (const cause of STALL_CAUSES) sums.stalls[cause] += parts[cause];
      sums.gaps++;
      sums.gapMaxUs = Math.max(sums.gapMaxUs, gap.lengthUs);
    }
    const fromUs = this.#waiting[0]?.startUs ?? Number.POSITIVE_INFINITY;
    this.#collections = this.#collections.filter(({ endUs }) => endUs > fromUs);
  }
}

/**
 * Splits a gap by what held the loop up; the parts add up to its length. A wait for a processor is taken to have been
 * spread evenly over it, and collections to have been in hooks where there were hooks. What is left, neither run nor
 * waited, was a halt; a little of that is a reading that came late, and goes to the largest part.
 */
export function splitGap({ lengthUs, ranUs, waitedUs, hookUs, gcUs }: GapFacts): StallTimes {
  const known = !Number.isNaN(ranUs);
  const preempted = known ? waitedUs : 0;
  const awake = 1 - preempted / lengthUs;
  const gc = gcUs * awake;
  const hook = Math.max(0, hookUs * awake - gc);
  let leftUs = Math.max(0, lengthUs - preempted - gc - hook);
  const busy = known ? Math.min(leftUs, Math.max(0, ranUs - gc - hook)) : 0;
  leftUs -= busy;
  const parts = { ...emptyStallTimes(), preempted, gc, hook, busy };
  const most = STALL_CAUSES.reduce<StallCause>((a, b) => (parts[b] > parts[a] ? b : a), 'gc');
  const rest = leftUs < REST_SHARE * lengthUs ? most : known ? 'halted' : 'unknown';
  parts[rest] += leftUs;
  return parts;
}

function overlapUs(collections: readonly Collection[], first: number, gap: Gap): number {
  let us = 0;
  for (let i = first; i < collections.length; i++) {
    const { startUs, endUs } = collections[i] as Collection;
    if (startUs >= gap.endUs) break;
    us += Math.max(0, Math.min(endUs, gap.endUs) - Math.max(startUs, gap.startUs));
  }
  return us;
}

function within(lengthUs: number, us: number): number {
  return Math.min(lengthUs, Math.max(0, us));
}

function emptySums() {
  return { gaps: 0, gapMaxUs: 0, gcs: 0, gcUs: 0, gcMaxUs: 0, stalls: emptyStallTimes() };
}
