// A slot: one connection and what is known of its use.
import type { Exchange } from '../exchange.js';
import type { Linked } from '../linked-list.js';
import type { Opening } from '../sockets/socket-opener.js';
import type { Connection, ConnectionListener, Transport } from '../transports/transport.js';
import type { Visitor } from '../visits/visitors.js';

/** What a slot tells whoever keeps it. */
export interface SlotOwner {
  opened(opening: Opening): void;
  settled(slot: Slot, exchange: Exchange, usable: boolean): void;
  closed(slot: Slot): void;
}

export class Slot implements Linked<Slot>, ConnectionListener {
  readonly connection: Connection;
  /** Exchanges that it carries now. */
  carried = 0;
  /** Whether it has served an exchange before. */
  used = false;
  /** Whether it takes no more exchanges and goes when those it carries have settled. */
  retired = false;
  idleSinceUs = 0;
  /** Whether a pool has it among those with room; under which load, and where. */
  listed = false;
  level = 0;
  place = 0;
  previous: Slot | null = null;
  next: Slot | null = null;

  /** @param visitor whose own it is; null: nobody's */
  constructor(
    private readonly owner: SlotOwner,
    transport: Transport,
    readonly host: string | null,
    readonly visitor: Visitor | null,
    resumes: Parameters<Transport['connection']>[1],
  ) {
    this.connection = transport.connection(host, resumes, this);
  }

  get hasRoom(): boolean {
    return !this.retired && this.carried < this.connection.streamsMax;
  }

  send(exchange: Exchange): void {
    this.carried++;
    exchange.slot = this;
    exchange.onReused = this.used;
    this.connection.send(exchange);
  }

  opened(opening: Opening): void {
    this.owner.opened(opening);
  }

  settled(_connection: Connection, exchange: Exchange, usable: boolean): void {
    this.carried--;
    this.used = true;
    exchange.slot = null;
    if (!usable) this.retired = true;
    this.owner.settled(this, exchange, usable);
  }

  closed(): void {
    this.owner.closed(this);
  }
}
