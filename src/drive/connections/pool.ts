// A fixed number of shared connections, as an edge proxy keeps; an exchange waits where none has room.
import type { Exchange } from '../exchange.js';
import { SharedSessions } from '../sockets/sessions.js';
import type { Transport } from '../transports/transport.js';
import type { ExchangeListener } from './connections.js';
import { Policy } from './policy.js';
import type { Slot } from './slot.js';

export class PoolConnections extends Policy {
  /** Those with room. */
  readonly #free: Slot[] = [];
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

  settled(slot: Slot, exchange: Exchange, usable: boolean): void {
    if (usable) {
      this.#list(slot);
    } else {
      this.#takeOut(slot);
      if (slot.carried === 0) this.#drop();
    }
    this.listener.settled(exchange);
    for (const waiting of this.#waiting) {
      const next = this.#take(waiting.request.host);
      if (next === undefined) return;
      this.#waiting.delete(waiting);
      this.#sendOn(next, waiting);
    }
  }

  closed(slot: Slot): void {
    if (this.#takeOut(slot)) this.#drop();
  }

  sweep(): void {}

  override close(): void {
    for (const slot of this.#free.splice(0)) {
      slot.listed = false;
      slot.connection.close();
      this.#drop();
    }
    super.close();
  }

  #sendOn(slot: Slot, exchange: Exchange): void {
    slot.send(exchange);
    if (slot.hasRoom) this.#list(slot);
  }

  /** A connection to the host with room, or a new one while the pool may grow, if need be in place of an idle one. */
  #take(host: string | null): Slot | undefined {
    const at = this.#free.findLastIndex((slot) => slot.host === host);
    if (at >= 0) return this.#takeAt(at);
    if (this.#size >= this.sizeMax) {
      const idle = this.#free.findIndex(({ carried }) => carried === 0);
      if (idle < 0) return undefined;
      const other = this.#takeAt(idle);
      other.connection.close();
      this.#drop();
    }
    this.#size++;
    return this.open(host, null, this.#sessions);
  }

  #takeOut(slot: Slot): boolean {
    if (!slot.listed) return false;
    this.#takeAt(this.#free.indexOf(slot));
    return true;
  }

  #takeAt(index: number): Slot {
    const [slot] = this.#free.splice(index, 1);
    if (slot === undefined) throw new Error('no connection at that place');
    slot.listed = false;
    return slot;
  }

  #list(slot: Slot): void {
    if (slot.listed) return;
    slot.listed = true;
    this.#free.push(slot);
  }

  #drop(): void {
    this.#size--;
    this.gone();
  }
}
