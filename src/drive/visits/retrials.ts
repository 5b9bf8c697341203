// Exchanges whose attempt has failed and that wait to be sent again, by the time at which they are.
import type { Exchange } from '../exchange.js';
import { Heap } from '../heap.js';

/** They count as under way for the in-flight bound, which bounds them. */
export class Retrials {
  readonly #waiting = new Heap<Exchange>(isBefore);

  get size(): number {
    return this.#waiting.size;
  }

  /** When the next one is to be sent; Infinity where none waits. */
  get atUs(): number {
    const first = this.#waiting.first;
    return first === undefined ? Number.POSITIVE_INFINITY : atUsOf(first);
  }

  add(exchange: Exchange): void {
    this.#waiting.push(exchange);
  }

  /** Gives up the one that is to be sent next; null if its time has not come. */
  take(nowUs: number): Exchange | null {
    return this.atUs > nowUs ? null : this.takeAny();
  }

  /** Gives up the next one, whatever its time; null if none waits. */
  takeAny(): Exchange | null {
    return this.#waiting.pop() ?? null;
  }
}

function atUsOf({ tries }: Exchange): number {
  if (tries === null) throw new Error('what waits to be sent again was not tried');
  return tries.atUs;
}

/** In the order of their times; of one time in that of the plan. */
function isBefore(a: Exchange, b: Exchange): boolean {
  const aUs = atUsOf(a);
  const bUs = atUsOf(b);
  return aUs < bUs || (aUs === bUs && a.seq < b.seq);
}
