// Arrivals that are due and must wait: for the answer to the visitor's request before, and for the think time after it.
import type { Exchange } from '../exchange.js';
import { Heap } from '../heap.js';
import { LinkedList } from '../linked-list.js';
import type { Visitor } from './visitors.js';

/**
 * Each visitor's waiting arrivals keep their order. The first of them becomes ready a think time after the visitor's
 * last answer; those that wait for no answer follow at once.
 */
export class Held {
  /** All that wait. */
  readonly #all = new LinkedList<Exchange>();
  /** Those whose `readyUs` is known, the earliest first. */
  readonly #ready = new Heap<Exchange>(isBefore);

  get size(): number {
    return this.#all.size;
  }

  /** When the next one may be sent; Infinity where none is known to become ready. */
  get readyUs(): number {
    return this.#ready.first?.readyUs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Looks whether an arrival that has just become due must wait, and says in its `readyUs` when it may be sent as far
   * as that is known.
   */
  mustWait(exchange: Exchange, visitor: Visitor, nowUs: number): boolean {
    if (visitor.held.length > 0) return true;
    const waitUs = exchange.request.step?.waitUs ?? null;
    if (waitUs === null) return false;
    if (visitor.underWay > 1) return true;
    exchange.readyUs = Math.max(exchange.dueUs, visitor.answeredUs + waitUs);
    return exchange.readyUs > nowUs;
  }

  /** Takes an arrival that must wait. */
  add(exchange: Exchange, visitor: Visitor): void {
    this.#all.append(exchange);
    visitor.held.push(exchange);
    if (visitor.held.length === 1) this.release(visitor);
  }

  /** A request of the visitor's has settled or was sent: what waited for that gets its time. */
  release(visitor: Visitor): void {
    const first = visitor.held[0];
    if (first === undefined || visitor.isReleased) return;
    const waitUs = first.request.step?.waitUs ?? null;
    if (waitUs !== null && visitor.underWay > visitor.held.length) return;
    const sinceUs = waitUs === null ? visitor.sentUs : visitor.answeredUs + waitUs;
    first.readyUs = Math.max(first.dueUs, sinceUs);
    visitor.isReleased = true;
    this.#ready.push(first);
  }

  /** Gives up the one that may be sent next; null if none may at this time. */
  take(nowUs: number): Exchange | null {
    if (this.readyUs > nowUs) return null;
    const exchange = this.#ready.pop();
    const visitor = exchange?.who ?? null;
    if (exchange === undefined || visitor === null) throw new Error('what waits has no visitor');
    this.#all.remove(exchange);
    visitor.held.shift();
    visitor.isReleased = false;
    visitor.sentUs = exchange.readyUs;
    this.release(visitor);
    return exchange;
  }

  /** Gives up any one, ready or not; null if none waits. */
  takeAny(): Exchange | null {
    const exchange = this.#all.first;
    if (exchange === null) return null;
    this.#all.remove(exchange);
    this.#ready.clear();
    if (exchange.who !== null) exchange.who.held.shift();
    return exchange;
  }
}

/** In the order of their times; of one time in that of the plan. */
function isBefore(a: Exchange, b: Exchange): boolean {
  return a.readyUs < b.readyUs || (a.readyUs === b.readyUs && a.seq < b.seq);
}
