// The lanes of a rate stream: each an arrival process of its own, stepped independently of all the others.
import { type DrawKey, draw, drawKey } from '../random.js';
import { type Plan, type RateStream, SEQ_PER_STREAM } from '../scenario/plan.js';
import { type AreaCurve, areaAt, timeOfAreaUs, totalArea } from './area.js';
import { lanesOf, type Shard } from './lanes.js';
import { VisitQueue } from './visit-queue.js';
import { Visits } from './visits.js';
import { windowOf } from './window.js';

/**
 * The lanes of one stream that a shard owns, in columns. Lane ℓ of L receives 1/L of the rate. `poisson`: the areas of
 * its arrivals are L times running sums of Exp(1). `even`: they are ℓ + ½, ℓ + ½ + L, … The k-th arrival of a lane is
 * a pure function of (plan, lane, k). A window leaves times and numbers as they are without it, its start taken off;
 * visits begin in it, so that no visitor comes in the middle of one.
 */
export class RateLanes {
  readonly count: number;
  /** Due time of each lane's current arrival, whole microseconds; Infinity past its end. */
  readonly dueUs: Float64Array;
  /** Number within the stream of each lane's current arrival: L·k + lane. */
  readonly number: Float64Array;
  /** Visitor of each lane's current arrival, unique within the stream: L·v + lane. */
  readonly visitor: Float64Array;
  /** Position of each lane's current arrival in its visit (`visits.ts`). */
  readonly position: Float64Array;
  /** 1 where the current arrival is the last of its visit. */
  readonly endsVisit: Uint8Array;
  readonly #area: Float64Array;
  readonly #segment: Int32Array;
  readonly #queues: readonly VisitQueue[];
  readonly #lanes: number;
  readonly #gaps: DrawKey | null;
  readonly #curve: AreaCurve;
  readonly #total: number;
  readonly #fromUs: number;
  readonly #toUs: number;
  /** Areas below it are due before the window ends, whatever rounding does. */
  readonly #surelyIn: number;

  constructor(
    plan: Plan,
    stream: RateStream,
    streamIndex: number,
    curve: AreaCurve,
    shard: Shard,
    visits = new Visits(stream, streamIndex, plan.seed, plan.lanes),
  ) {
    const own = lanesOf(shard, plan.lanes);
    this.count = own.length;
    this.dueUs = new Float64Array(own.length);
    this.number = new Float64Array(own.length);
    this.visitor = new Float64Array(own.length);
    this.position = new Float64Array(own.length);
    this.endsVisit = new Uint8Array(own.length);
    this.#area = new Float64Array(own.length);
    this.#segment = new Int32Array(own.length);
    this.#queues = own.map((lane) => new VisitQueue(visits, lane, plan.lanes));
    this.#lanes = plan.lanes;
    this.#gaps = stream.arrivals === 'poisson' ? drawKey(plan.seed, streamIndex, 'gap') : null;
    this.#curve = curve;
    this.#total = totalArea(curve);
    const { fromUs, toUs } = windowOf(plan);
    this.#fromUs = fromUs;
    this.#toUs = toUs;
    this.#surelyIn = justBelow(areaAt(curve, toUs));
    const surelyBefore = justBelow(areaAt(curve, fromUs));
    own.forEach((lane, slot) => {
      this.number[slot] = lane - plan.lanes;
      this.#area[slot] = this.#gaps === null ? lane + 0.5 - plan.lanes : 0;
      this.#enter(slot, surelyBefore);
    });
  }

  /** Visitors that the lanes have had so far. */
  get visitors(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.visitors, 0);
  }

  /** How many of them log in. */
  get loggedIn(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.loggedIn, 0);
  }

  /** Moves a lane to its next arrival. */
  step(slot: number): void {
    this.#assign(slot, this.#dueOf(slot, this.#nextArea(slot)));
  }

  /** Moves a lane to its first arrival in the window; those before it cost no due times. */
  #enter(slot: number, surelyBefore: number): void {
    let area: number;
    let dueUs: number;
    do {
      do area = this.#nextArea(slot);
      while (area < surelyBefore);
      dueUs = this.#dueOf(slot, area);
    } while (dueUs < 0);
    this.#assign(slot, dueUs);
  }

  #assign(slot: number, dueUs: number): void {
    this.dueUs[slot] = dueUs;
    if (dueUs === Number.POSITIVE_INFINITY) return;
    const queue = this.#queues[slot] as VisitQueue;
    queue.assign(dueUs);
    this.visitor[slot] = queue.visitor;
    this.position[slot] = queue.position;
    this.endsVisit[slot] = queue.endsVisit ? 1 : 0;
  }

  /** Counts what is left of all lanes, and uses it up; faster than stepping, as no due times are worked out. */
  countRest(): number {
    let rest = 0;
    for (let slot = 0; slot < this.count; slot++) {
      if (this.dueUs[slot] === Number.POSITIVE_INFINITY) continue;
      do rest++;
      while (this.#isIn(slot, this.#nextArea(slot)));
      this.dueUs[slot] = Number.POSITIVE_INFINITY;
    }
    return rest;
  }

  #nextArea(slot: number): number {
    const number = (this.number[slot] as number) + this.#lanes;
    this.number[slot] = number;
    const gap = this.#gaps === null ? 1 : -Math.log(1 - draw(this.#gaps, number));
    return (this.#area[slot] = (this.#area[slot] as number) + gap * this.#lanes);
  }

  #isIn(slot: number, area: number): boolean {
    return area < this.#surelyIn || this.#dueOf(slot, area) !== Number.POSITIVE_INFINITY;
  }

  /** When an area is due in the window; below 0 before it, Infinity past its end. Areas of a lane only grow. */
  #dueOf(slot: number, area: number): number {
    if (area >= this.#total) return Number.POSITIVE_INFINITY;
    const { areaBefore, endUs } = this.#curve;
    let segment = this.#segment[slot] as number;
    while (area >= (areaBefore[segment + 1] as number)) segment++;
    this.#segment[slot] = segment;
    // Rounding may put the very last arrival on the end itself, which is no longer part of the curve.
    const dueUs = Math.min(Math.floor(timeOfAreaUs(this.#curve, segment, area)), Math.ceil(endUs) - 1);
    return dueUs < this.#toUs ? dueUs - this.#fromUs : Number.POSITIVE_INFINITY;
  }
}

/** An area that is less by more than rounding. */
function justBelow(area: number): number {
  return area * (1 - 1e-9) - 1e-6;
}

/** The first number of a stream's arrivals. */
export function seqBase(streamIndex: number): number {
  return streamIndex * SEQ_PER_STREAM;
}
