// Holds the arrivals of a recording that a clone of a later row could still come before.
import type { RecordedArrival } from './recorded.js';

/** An arrival with what decides ties in due time: its row's number, then its copy. */
export interface Pending {
  readonly arrival: RecordedArrival;
  readonly row: number;
  readonly copy: number;
}

/** Used-up places of the run before it is cut. */
const USED_MAX = 4_096;

/**
 * The earliest first. It holds the arrivals of twice the clones' shift, about two seconds. Originals come in order, as
 * their rows do, and wait in a run, which costs nothing to keep in order; clones, and what is reflected, in a binary heap.
 */
export class ArrivalHeap {
  private readonly run: Pending[] = [];
  /** Where the run begins; what is before was popped. */
  private from = 0;
  private readonly items: Pending[] = [];

  peek(): Pending | undefined {
    const next = this.run[this.from];
    const top = this.items[0];
    return next === undefined || (top !== undefined && isBefore(top, next)) ? top : next;
  }

  push(item: Pending): void {
    const last = this.run[this.run.length - 1];
    // A clone that is early would be the run's last, and keep the originals out.
    if (item.copy === 0 && (last === undefined || !isBefore(item, last))) this.run.push(item);
    else this.pushHeap(item);
  }

  pop(): Pending | undefined {
    const next = this.run[this.from];
    const top = this.items[0];
    if (next === undefined || (top !== undefined && isBefore(top, next))) return this.popHeap();
    if (++this.from === this.run.length) {
      this.run.length = 0;
      this.from = 0;
    } else if (this.from >= USED_MAX && 2 * this.from >= this.run.length) {
      this.run.splice(0, this.from);
      this.from = 0;
    }
    return next;
  }

  private pushHeap(item: Pending): void {
    const items = this.items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent]!;
      if (!isBefore(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  private popHeap(): Pending | undefined {
    const items = this.items;
    const top = items[0];
    const item = items.pop();
    if (item === undefined || items.length === 0) return top;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      const right = child + 1;
      const least = right < items.length && isBefore(items[right]!, items[child]!) ? right : child;
      if (!isBefore(items[least]!, item)) break;
      items[at] = items[least]!;
      at = least;
    }
    items[at] = item;
    return top;
  }
}

function isBefore(a: Pending, b: Pending): boolean {
  if (a.arrival.dueUs !== b.arrival.dueUs) return a.arrival.dueUs < b.arrival.dueUs;
  return a.row !== b.row ? a.row < b.row : a.copy < b.copy;
}
