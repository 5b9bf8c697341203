// A fixed number of shared connections, as an edge proxy keeps; an exchange waits where none has room.
import type { Exchange } from '../exchange.js';
import { LinkedList } from '../linked-list.js';
import { SharedSessions } from '../sockets/sessions.js';
import type { Transport } from '../transports/transport.js';
import type { ExchangeListener } from './connections.js';
import { HostSlots } from './host-slots.js';
import { Policy } from './policy.js';
import type { Slot } from './slot.js';

export class PoolConnections extends Policy {
  /** By host; a host without connections has no entry. */
  readonly #hosts = new Map<string | null, HostSlots>();
  /** Those that carry nothing, the longest idle first. */
  readonly #idle = new LinkedList<Slot>();
  /** Waiting exchanges, first come first served; no longer than the in-flight bound. */
  readonly #waiting = new Set<Exchange>();
  readonly #sessions = new SharedSessions();
  #size = 0;

  constructor(
    transport: Transport,
    listener: ExchangeListener,
    private readonly sizeMax: number,
  ) {
    super(transport, listener);
  }

  send(exchange: Exchange): void {
    const slot = this.#take(exchange.request.host);
    if (slot === undefined) this.#waiting.add(exchange);
    else this.#sendOn(slot, exchange);
  }

  override abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    if (!this.#waiting.delete(exchange)) {
      super.abort(exchange, failure);
      return;
    }
    exchange.failure = failure;
    this.listener.settled(exchange);
  }

  settled(slot: Slot, exchange: Exchange): void {
    this.#unlist(slot);
    if (slot.retired && slot.carried === 0) this.#drop(slot);
    else this.#list(slot);
    this.listener.settled(exchange);
    for (const waiting of this.#waiting) {
      const next = this.#take(waiting.request.host);
      if (next === undefined) return;
      this.#waiting.delete(waiting);
      this.#sendOn(next, waiting);
    }
  }

  closed(slot: Slot): void {
    if (!slot.listed) return;
    this.#unlist(slot);
    this.#drop(slot);
  }

  sweep(): void {}

  override close(): void {
    for (let slot = this.#idle.first; slot !== null; slot = this.#idle.first) this.#closeIdle(slot);
    super.close();
  }

  #sendOn(slot: Slot, exchange: Exchange): void {
    slot.send(exchange);
    this.#list(slot);
  }

  /**
   * A connection to the host, out of the lists: an idle one, else a new one while the pool may grow, else the least
   * loaded with room, else a new one in place of another host's idle one.
   */
  #take(host: string | null): Slot | undefined {
    let least = this.#hosts.get(host)?.leastLoaded();
    while (least !== undefined && !least.hasRoom) {
      // It is on its way out, and says so in a moment.
      this.#closeIdle(least);
      least = this.#hosts.get(host)?.leastLoaded();
    }
    if (least !== undefined && (least.carried === 0 || this.#size >= this.sizeMax)) {
      this.#unlist(least);
      return least;
    }
    if (this.#size >= this.sizeMax) {
      const longestIdle = this.#idle.first;
      if (longestIdle === null) return undefined;
      this.#closeIdle(longestIdle);
    }
    this.#size++;
    const slot = this.open(host, null, this.#sessions);
    let own = this.#hosts.get(host);
    if (own === undefined) this.#hosts.set(host, (own = new HostSlots()));
    own.count++;
    return slot;
  }

  #list(slot: Slot): void {
    if (!slot.hasRoom && slot.carried > 0) return;
    this.#slotsOf(slot).add(slot);
    if (slot.carried === 0) this.#idle.append(slot);
  }

  #unlist(slot: Slot): void {
    if (!slot.listed) return;
    if (this.#slotsOf(slot).remove(slot) === 0) this.#idle.remove(slot);
  }

  #closeIdle(slot: Slot): void {
    slot.connection.close();
    this.closed(slot);
  }

  #drop(slot: Slot): void {
    this.#size--;
    if (--this.#slotsOf(slot).count === 0) this.#hosts.delete(slot.host);
    this.gone();
  }

  #slotsOf(slot: Slot): HostSlots {
    const slots = this.#hosts.get(slot.host);
    if (slots === undefined) throw new Error('a connection of the pool is not known under its host');
    return slots;
  }
}
