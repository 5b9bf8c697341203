// The visitors of one lane: who comes back for the next request, and when somebody new has to come.
import type { Visits } from './visits.js';

/**
 * Visitors of a lane who have requests left. They wait in one ring for each think time, in the order in which they
 * last sent, which is that in which they have thought enough. A ring grows with the number of visitors at once (rate ×
 * think time), never with the run.
 */
export class VisitQueue {
  readonly #waiting: readonly Ring[];
  /** How many visitors this lane has had, and how many of them log in. */
  visitors = 0;
  loggedIn = 0;
  /** Whom `assign` chose: the visitor's number within the stream, L·v + lane. */
  visitor = 0;
  /** The request's position in the visit. */
  position = 0;
  /** Whether it is the last. */
  endsVisit = false;

  constructor(
    private readonly visits: Visits,
    private readonly lane: number,
    private readonly lanes: number,
  ) {
    this.#waiting = visits.thinksUs.map(() => new Ring());
  }

  /** Assigns an arrival to the visitor who has been ready to go on for longest, else to a new one. */
  assign(dueUs: number): void {
    const back = this.#ready(dueUs);
    if (back === undefined) {
      this.visitor = this.lanes * this.visitors++ + this.lane;
      this.position = this.visits.startOf(this.visitor);
      if (this.visits.logsIn(this.visitor)) this.loggedIn++;
    } else {
      this.visitor = back.visitor;
      this.position = back.position;
      back.shift();
    }
    const next = this.position + 1;
    this.endsVisit = next === this.visits.length;
    if (!this.endsVisit)
      this.#waiting[this.visits.thinkAfter(this.position)]?.push(this.visitor, dueUs, next);
  }

  /** The ring whose first visitor has been ready for longest; undefined if nobody is. */
  #ready(dueUs: number): Ring | undefined {
    let found: Ring | undefined;
    let earliestUs = dueUs;
    for (let i = 0; i < this.#waiting.length; i++) {
      const ring = this.#waiting[i] as Ring;
      if (ring.size === 0) continue;
      const readyUs = ring.sinceUs + (this.visits.thinksUs[i] as number);
      if (readyUs < earliestUs || (readyUs === earliestUs && found === undefined)) {
        found = ring;
        earliestUs = readyUs;
      }
    }
    return found;
  }
}

/** Visitors in the order in which they came, in columns. */
class Ring {
  #sinceUs = new Float64Array(4);
  #visitors = new Float64Array(4);
  #positions = new Float64Array(4);
  #head = 0;
  size = 0;

  /** When the first one last sent. */
  get sinceUs(): number {
    return this.#sinceUs[this.#head] as number;
  }

  /** The first one's number. */
  get visitor(): number {
    return this.#visitors[this.#head] as number;
  }

  /** The position of the first one's next request. */
  get position(): number {
    return this.#positions[this.#head] as number;
  }

  push(visitor: number, sinceUs: number, position: number): void {
    if (this.size === this.#visitors.length) this.#grow();
    const slot = (this.#head + this.size) & (this.#visitors.length - 1);
    this.#visitors[slot] = visitor;
    this.#sinceUs[slot] = sinceUs;
    this.#positions[slot] = position;
    this.size++;
  }

  shift(): void {
    this.#head = (this.#head + 1) & (this.#visitors.length - 1);
    this.size--;
  }

  #grow(): void {
    this.#visitors = unrolled(this.#visitors, this.#head);
    this.#sinceUs = unrolled(this.#sinceUs, this.#head);
    this.#positions = unrolled(this.#positions, this.#head);
    this.#head = 0;
  }
}

/** A ring's values in order, in twice the room. */
function unrolled(ring: Float64Array, head: number) {
  const twice = new Float64Array(ring.length * 2);
  twice.set(ring.subarray(head));
  twice.set(ring.subarray(0, head), ring.length - head);
  return twice;
}
