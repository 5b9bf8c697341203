// Whose connections: a visitor's own, a fresh one each time, or a shared pool; the same over every transport.
import type { ConnectionPolicy } from '../scenario/plan.js';
import type { Exchange } from './exchange.js';
import { type Linked, LinkedList } from './linked-list.js';
import type { Connection, ConnectionListener, Transport } from './transport.js';

/** Chooses a connection for each exchange, by the plan's policy. */
export interface Connections {
  /** Sends now on a free connection or a new one; only a pool makes an exchange wait. */
  send(exchange: Exchange): void;
  /** Cuts an exchange short; it settles as timeout or stopped. */
  abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void;
  /** Closes what has been idle too long. */
  sweep(nowUs: number): void;
  close(): void;
  /** Open now; and since the last `takeStats`: opened, and open at most. */
  takeStats(): ConnectionStats;
}

export interface ConnectionStats {
  readonly opened: number;
  readonly openMax: number;
}

/** What the driver is told. */
export interface ExchangeListener {
  settled(exchange: Exchange): void;
  opened(connectUs: number): void;
}

/** A connection and what is known of its use. */
class Slot implements Linked<Slot>, ConnectionListener {
  readonly connection: Connection;
  exchange: Exchange | null = null;
  used = false;
  idleSinceUs = 0;
  visitor: Visitor | null = null;
  previous: Slot | null = null;
  next: Slot | null = null;

  constructor(
    private readonly owner: PolicyConnections,
    transport: Transport,
    readonly host: string | null,
  ) {
    this.connection = transport.connection(host, this);
  }

  opened(connectUs: number): void {
    this.owner.listener.opened(connectUs);
  }

  settled(_connection: Connection, exchange: Exchange, usable: boolean): void {
    this.exchange = null;
    this.owner.settled(this, exchange, usable);
  }

  closed(): void {
    this.owner.closed(this);
  }
}

interface Visitor {
  readonly number: number;
  readonly stream: number;
  readonly free: Slot[];
  /** Exchanges that wait for one of the visitor's connections; empty unless their number is limited. */
  readonly waiting: Exchange[];
  open: number;
}

/** What the three policies share: slots, their exchanges, and counting. */
abstract class PolicyConnections implements Connections {
  protected readonly busy = new Map<Exchange, Slot>();
  #open = 0;
  #opened = 0;
  #openMax = 0;

  constructor(
    protected readonly transport: Transport,
    readonly listener: ExchangeListener,
  ) {}

  abstract send(exchange: Exchange): void;
  abstract settled(slot: Slot, exchange: Exchange, usable: boolean): void;
  abstract closed(slot: Slot): void;
  abstract sweep(nowUs: number): void;

  abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    this.busy.get(exchange)?.connection.abort(failure);
  }

  close(): void {
    for (const slot of [...this.busy.values()]) slot.connection.abort('stopped');
    this.transport.close();
  }

  takeStats(): ConnectionStats {
    const stats = { opened: this.#opened, openMax: this.#openMax };
    this.#opened = 0;
    this.#openMax = this.#open;
    return stats;
  }

  protected get openCount(): number {
    return this.#open;
  }

  protected open(host: string | null): Slot {
    this.#opened++;
    this.#open++;
    if (this.#open > this.#openMax) this.#openMax = this.#open;
    return new Slot(this, this.transport, host);
  }

  protected sendOn(slot: Slot, exchange: Exchange): void {
    slot.exchange = exchange;
    exchange.onReused = slot.used;
    slot.used = true;
    this.busy.set(exchange, slot);
    slot.connection.send(exchange);
  }

  /** The connection is gone, whoever closed it. */
  protected forget(): void {
    this.#open--;
  }
}

/** Each visitor's own, kept between the requests of a visit; opened whenever none is free. */
class VisitorConnections extends PolicyConnections {
  /** By stream, then by visitor. Holds those with an open connection only. */
  readonly #visitors: Map<number, Visitor>[] = [];
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
    const visitors = (this.#visitors[exchange.stream] ??= new Map());
    let visitor = visitors.get(exchange.visitor);
    if (visitor === undefined) {
      visitor = { number: exchange.visitor, stream: exchange.stream, free: [], waiting: [], open: 0 };
      visitors.set(exchange.visitor, visitor);
    }
    const at = visitor.free.findLastIndex((slot) => slot.host === exchange.request.host);
    let slot = visitor.free[at];
    if (slot === undefined) {
      if (visitor.open >= this.perVisitor) {
        visitor.waiting.push(exchange);
        return;
      }
      const longestIdle = this.#idle.first;
      if (this.openCount >= this.openMax && longestIdle !== null) this.#closeIdle(longestIdle);
      slot = this.open(exchange.request.host);
      slot.visitor = visitor;
      visitor.open++;
    } else {
      visitor.free.splice(at, 1);
      this.#idle.remove(slot);
    }
    this.sendOn(slot, exchange);
  }

  override abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    const waiting = this.#visitors[exchange.stream]?.get(exchange.visitor)?.waiting;
    const at = waiting?.indexOf(exchange) ?? -1;
    if (at < 0) {
      super.abort(exchange, failure);
      return;
    }
    waiting?.splice(at, 1);
    exchange.failure = failure;
    this.listener.settled(exchange);
  }

  settled(slot: Slot, exchange: Exchange, usable: boolean): void {
    this.busy.delete(exchange);
    if (usable && !exchange.endsVisit) {
      slot.idleSinceUs = exchange.endUs;
      slot.visitor?.free.push(slot);
      this.#idle.append(slot);
    } else {
      if (usable) slot.connection.close();
      this.#drop(slot);
      if (exchange.endsVisit) this.#closeFree(slot.visitor);
    }
    const waiting = slot.visitor?.waiting.shift();
    if (waiting !== undefined) this.send(waiting);
    this.listener.settled(exchange);
  }

  closed(slot: Slot): void {
    const free = slot.visitor?.free;
    const at = free?.indexOf(slot) ?? -1;
    if (at < 0) return;
    free?.splice(at, 1);
    this.#idle.remove(slot);
    this.#drop(slot);
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

  #closeFree(visitor: Visitor | null): void {
    for (const slot of [...(visitor?.free ?? [])]) this.#closeIdle(slot);
  }

  #closeIdle(slot: Slot): void {
    slot.connection.close();
    this.closed(slot);
  }

  #drop(slot: Slot): void {
    this.forget();
    const visitor = slot.visitor;
    if (visitor === null) return;
    visitor.open--;
    if (visitor.open === 0) this.#visitors[visitor.stream]?.delete(visitor.number);
  }
}

/** A connection of its own for every request. */
class FreshConnections extends PolicyConnections {
  send(exchange: Exchange): void {
    this.sendOn(this.open(exchange.request.host), exchange);
  }

  settled(slot: Slot, exchange: Exchange, usable: boolean): void {
    this.busy.delete(exchange);
    if (usable) slot.connection.close();
    this.forget();
    this.listener.settled(exchange);
  }

  closed(): void {}

  sweep(): void {}
}

/** A fixed number of shared connections, as an edge proxy keeps; an exchange waits where none is free. */
class PoolConnections extends PolicyConnections {
  readonly #free: Slot[] = [];
  /** Waiting exchanges, first come first served; no longer than the in-flight bound. */
  readonly #waiting = new Set<Exchange>();
  #size = 0;

  constructor(
    transport: Transport,
    listener: ExchangeListener,
    private readonly sizeMax: number,
  ) {
    super(transport, listener);
  }

  send(exchange: Exchange): void {
    const slot = this.#takeFree(exchange.request.host);
    if (slot === undefined) this.#waiting.add(exchange);
    else this.sendOn(slot, exchange);
  }

  override abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    if (!this.#waiting.delete(exchange)) {
      super.abort(exchange, failure);
      return;
    }
    exchange.failure = failure;
    this.listener.settled(exchange);
  }

  settled(slot: Slot, exchange: Exchange, usable: boolean): void {
    this.busy.delete(exchange);
    if (usable) this.#free.push(slot);
    else this.#drop();
    this.listener.settled(exchange);
    for (const waiting of this.#waiting) {
      const next = this.#takeFree(waiting.request.host);
      if (next === undefined) return;
      this.#waiting.delete(waiting);
      this.sendOn(next, waiting);
    }
  }

  closed(slot: Slot): void {
    const at = this.#free.indexOf(slot);
    if (at < 0) return;
    this.#free.splice(at, 1);
    this.#drop();
  }

  sweep(): void {}

  override close(): void {
    for (const slot of this.#free.splice(0)) {
      slot.connection.close();
      this.#drop();
    }
    super.close();
  }

  /** A free connection to the host, or a new one while there is room, if need be in place of one to another host. */
  #takeFree(host: string | null): Slot | undefined {
    const at = this.#free.findLastIndex((slot) => slot.host === host);
    if (at >= 0) return this.#free.splice(at, 1)[0];
    if (this.#size >= this.sizeMax) {
      const other = this.#free.shift();
      if (other === undefined) return undefined;
      other.connection.close();
      this.#drop();
    }
    this.#size++;
    return this.open(host);
  }

  #drop(): void {
    this.#size--;
    this.forget();
  }
}

/**
 * The connections of a policy.
 * @param openMax most that visitors may have open at once; beyond it the longest idle is closed for a new one
 */
export function makeConnections(
  policy: ConnectionPolicy,
  transport: Transport,
  listener: ExchangeListener,
  openMax: number,
): Connections {
  switch (policy.kind) {
    case 'visitor':
      return new VisitorConnections(
        transport,
        listener,
        policy.idleUs,
        policy.perVisitor ?? Number.POSITIVE_INFINITY,
        openMax,
      );
    case 'fresh':
      return new FreshConnections(transport, listener);
    case 'pool':
      return new PoolConnections(transport, listener, policy.size);
  }
}
