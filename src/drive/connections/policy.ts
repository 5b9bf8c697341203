// What the policies share: slots, and counting them.
import type { Exchange } from '../exchange.js';
import type { Opening, TlsSessions } from '../sockets/socket-opener.js';
import type { Transport } from '../transports/transport.js';
import type { Visitor } from '../visits/visitors.js';
import type { ConnectionStats, Connections, ExchangeListener } from './connections.js';
import { Slot, type SlotOwner } from './slot.js';

export abstract class Policy implements Connections, SlotOwner {
  #open = 0;
  #opened = 0;
  #openMax = 0;

  constructor(
    private readonly transport: Transport,
    protected readonly listener: ExchangeListener,
  ) {}

  abstract send(exchange: Exchange): void;
  abstract settled(slot: Slot, exchange: Exchange, usable: boolean): void;
  abstract closed(slot: Slot): void;
  abstract sweep(nowUs: number): void;

  abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    exchange.slot?.connection.abort(exchange, failure);
  }

  close(): void {
    this.transport.close();
  }

  opened(opening: Opening): void {
    this.listener.opened(opening);
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

  protected open(host: string | null, visitor: Visitor | null, resumes: TlsSessions | null): Slot {
    this.#opened++;
    this.#open++;
    if (this.#open > this.#openMax) this.#openMax = this.#open;
    return new Slot(this, this.transport, host, visitor, resumes);
  }

  /** A connection is gone, whoever closed it. */
  protected gone(): void {
    this.#open--;
  }
}
