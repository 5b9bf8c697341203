// A visitor's own connections, kept between the requests of a visit; opened whenever none has room.
import type { Exchange } from '../exchange.js';
import { LinkedList } from '../linked-list.js';
import type { Transport } from '../transports/transport.js';
import type { Visitor } from '../visits/visitors.js';
import type { ExchangeListener } from './connections.js';
import { Policy } from './policy.js';
import type { Slot } from './slot.js';

export class VisitorConnections extends Policy {
  /** Connections that carry nothing, the longest idle first. */
  readonly #idle = new LinkedList<Slot>();

  constructor(
    transport: Transport,
    listener: ExchangeListener,
    private readonly idleUs: number,
    private readonly perVisitor: number,
    private readonly openMax: number,
  ) {
    super(transport, listener);
  }

  send(exchange: Exchange): void {
    const visitor = visitorOf(exchange);
    const slot = this.#take(visitor, exchange.request.host);
    if (slot === undefined) visitor.waiting.push(exchange);
    else slot.send(exchange);
  }

  override abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    if (exchange.slot !== null) {
      super.abort(exchange, failure);
      return;
    }
    const { waiting } = visitorOf(exchange);
    const at = waiting.indexOf(exchange);
    if (at < 0) return;
    waiting.splice(at, 1);
    exchange.failure = failure;
    this.listener.settled(exchange);
  }

  settled(slot: Slot, exchange: Exchange): void {
    const visitor = visitorOf(exchange);
    if (slot.carried === 0) {
      if (slot.retired) {
        this.#drop(slot, visitor);
      } else {
        slot.idleSinceUs = exchange.endUs;
        this.#idle.append(slot);
      }
    }
    this.#sendWaiting(visitor);
    this.listener.settled(exchange);
    // Only now is it known that nothing more comes of the exchange, such as a redirect that is followed.
    if (visitor.leaves && visitor.underWay === 0) this.#closeAll(visitor);
  }

  closed(slot: Slot): void {
    if (slot.visitor === null || !slot.visitor.slots.includes(slot)) return;
    this.#idle.remove(slot);
    this.#drop(slot, slot.visitor);
  }

  sweep(nowUs: number): void {
    for (let slot = this.#idle.first; slot !== null; slot = this.#idle.first) {
      if (slot.idleSinceUs + this.idleUs > nowUs) return;
      this.#closeIdle(slot);
    }
  }

  override close(): void {
    for (let slot = this.#idle.first; slot !== null; slot = this.#idle.first) this.#closeIdle(slot);
    super.close();
  }

  /** A connection of the visitor with room, or a new one while there may be more. */
  #take(visitor: Visitor, host: string | null): Slot | undefined {
    const known = roomIn(visitor.slots, host);
    if (known !== undefined) {
      if (known.carried === 0) this.#idle.remove(known);
      return known;
    }
    if (visitor.slots.length >= this.perVisitor) {
      const toAnother = visitor.slots.find(({ carried }) => carried === 0);
      if (toAnother === undefined) return undefined;
      this.#closeIdle(toAnother);
    }
    const longestIdle = this.#idle.first;
    if (this.openCount >= this.openMax && longestIdle !== null) this.#closeIdle(longestIdle);
    const slot = this.open(host, visitor, visitor);
    visitor.slots.push(slot);
    return slot;
  }

  /** One that has settled may have made room for several: a connection that was lost leaves its place to a new one. */
  #sendWaiting(visitor: Visitor): void {
    for (let next = visitor.waiting[0]; next !== undefined; next = visitor.waiting[0]) {
      const slot = this.#take(visitor, next.request.host);
      if (slot === undefined) return;
      visitor.waiting.shift();
      slot.send(next);
    }
  }

  #closeAll(visitor: Visitor): void {
    for (const slot of [...visitor.slots]) this.#closeIdle(slot);
  }

  #closeIdle(slot: Slot): void {
    slot.connection.close();
    this.closed(slot);
  }

  #drop(slot: Slot, visitor: Visitor): void {
    this.gone();
    visitor.slots.splice(visitor.slots.indexOf(slot), 1);
  }
}

/** The last one opened that has room: the others may go idle. */
function roomIn(slots: readonly Slot[], host: string | null): Slot | undefined {
  for (let i = slots.length - 1; i >= 0; i--) {
    const slot = slots[i] as Slot;
    if (slot.host === host && slot.hasRoom) return slot;
  }
  return undefined;
}

function visitorOf(exchange: Exchange): Visitor {
  if (exchange.who === null) throw new Error('an exchange was sent before its visitor was known');
  return exchange.who;
}
