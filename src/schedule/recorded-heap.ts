// Holds the arrivals of a recording that a clone of a later row could still come before.
import type { RecordedArrival } from './recorded.js';

/** An arrival with what decides ties in due time: its row's number, then its copy. */
export interface Pending {
  readonly arrival: RecordedArrival;
  readonly row: number;
  readonly copy: number;
}

/** A binary heap, the earliest on top. It holds the arrivals of twice the clones' shift, about two seconds. */
export class ArrivalHeap {
  private readonly items: Pending[] = [];

  peek(): Pending | undefined {
    return this.items[0];
  }

  push(item: Pending): void {
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

  pop(): Pending | undefined {
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
