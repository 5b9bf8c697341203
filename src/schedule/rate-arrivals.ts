// The arrivals of a rate stream: its lanes merged by due time, and the requests its templates make up.
import type { Plan, RateInput, RateStream } from '../scenario/plan.js';
import { withArea } from './area.js';
import type { Arrivals, PlannedRequest } from './arrivals.js';
import type { Shard } from './lanes.js';
import { RateLanes, seqBase } from './rate-lanes.js';
import { RequestMaker, type Secrets } from './requests.js';
import { Visits } from './visits.js';

export class RateArrivals implements Arrivals {
  dueUs = Number.POSITIVE_INFINITY;
  seq = 0;
  visitor = 0;
  endsVisit = false;
  readonly stream: number;
  readonly #lanes: RateLanes;
  readonly #maker: RequestMaker;
  readonly #seqBase: number;
  #position = 0;
  /** A binary heap of lane slots, the earliest due first; ties by number. */
  readonly #heap: Int32Array;

  constructor(
    plan: Plan,
    stream: RateStream,
    streamIndex: number,
    input: RateInput,
    shard: Shard,
    secrets: Secrets,
  ) {
    this.stream = streamIndex;
    this.#seqBase = seqBase(streamIndex);
    const visits = new Visits(stream, streamIndex, plan.seed, plan.lanes);
    this.#lanes = new RateLanes(plan, stream, streamIndex, withArea(input.curve), shard, visits);
    this.#maker = new RequestMaker(plan, stream, streamIndex, input, secrets, visits);
    this.#heap = Int32Array.from({ length: this.#lanes.count }, (_, slot) => slot);
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
    this.#load();
  }

  advance(): void {
    if (this.#heap.length === 0) return;
    this.#lanes.step(this.#heap[0] as number);
    this.#sink(0);
    this.#load();
  }

  request(into: PlannedRequest): void {
    this.#maker.make(this.seq - this.#seqBase, this.seq, this.visitor, this.#position, into);
  }

  #load(): void {
    const slot = this.#heap[0];
    if (slot === undefined) return;
    const lanes = this.#lanes;
    this.dueUs = lanes.dueUs[slot] as number;
    this.seq = this.#seqBase + (lanes.number[slot] as number);
    this.visitor = lanes.visitor[slot] as number;
    this.#position = lanes.position[slot] as number;
    this.endsVisit = lanes.endsVisit[slot] === 1;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const { dueUs, number } = this.#lanes;
    const slot = heap[from] as number;
    const due = dueUs[slot] as number;
    const tie = number[slot] as number;
    let hole = from;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= heap.length) break;
      let childSlot = heap[child] as number;
      let childDue = dueUs[childSlot] as number;
      const right = child + 1;
      if (right < heap.length) {
        const rightSlot = heap[right] as number;
        const rightDue = dueUs[rightSlot] as number;
        if (
          rightDue < childDue ||
          (rightDue === childDue && (number[rightSlot] as number) < (number[childSlot] as number))
        ) {
          child = right;
          childSlot = rightSlot;
          childDue = rightDue;
        }
      }
      if (due < childDue || (due === childDue && tie < (number[childSlot] as number))) break;
      heap[hole] = childSlot;
      hole = child;
    }
    heap[hole] = slot;
  }
}
