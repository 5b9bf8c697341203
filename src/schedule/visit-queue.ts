// The visitors of one lane: who comes back for the next request, and when somebody new has to come.

/**
 * Visitors of a lane who have requests left, in the order in which they last sent one: the first has been idle
 * longest. A ring that grows with the number of visitors at once (rate × think time), never with the run.
 */
export class VisitQueue {
  #lastDueUs = new Float64Array(4);
  #numbers = new Float64Array(4);
  #left = new Float64Array(4);
  #head = 0;
  #size = 0;
  /** How many visitors this lane has had. */
  visitors = 0;

  constructor(
    private readonly requestsPerVisit: number,
    private readonly thinkUs: number,
  ) {}

  /**
   * Assigns an arrival to the visitor idle longest, if idle at least the think time; else to a new visitor.
   * @returns the visitor's number within the lane, as 2v + 1 if this is the last request of the visit, else 2v
   */
  assign(dueUs: number): number {
    let number = this.visitors;
    let left = this.requestsPerVisit;
    if (this.#size > 0 && (this.#lastDueUs[this.#head] as number) + this.thinkUs <= dueUs) {
      number = this.#numbers[this.#head] as number;
      left = this.#left[this.#head] as number;
      this.#head = (this.#head + 1) & (this.#numbers.length - 1);
      this.#size--;
    } else {
      this.visitors++;
    }
    left--;
    if (left > 0) this.#push(number, dueUs, left);
    return left > 0 ? 2 * number : 2 * number + 1;
  }

  #push(number: number, dueUs: number, left: number): void {
    if (this.#size === this.#numbers.length) this.#grow();
    const slot = (this.#head + this.#size) & (this.#numbers.length - 1);
    this.#numbers[slot] = number;
    this.#lastDueUs[slot] = dueUs;
    this.#left[slot] = left;
    this.#size++;
  }

  #grow(): void {
    this.#numbers = unrolled(this.#numbers, this.#head);
    this.#lastDueUs = unrolled(this.#lastDueUs, this.#head);
    this.#left = unrolled(this.#left, this.#head);
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
