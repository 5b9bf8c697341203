// Fresh connections: one of its own for every request, with a whole handshake.
import type { Exchange } from '../exchange.js';
import { Policy } from './policy.js';
import type { Slot } from './slot.js';

export class FreshConnections extends Policy {
  send(exchange: Exchange): void {
    this.open(exchange.request.host, null, null).send(exchange);
  }

  settled(slot: Slot, exchange: Exchange, usable: boolean): void {
    if (usable) slot.connection.close();
    this.gone();
    this.listener.settled(exchange);
  }

  closed(): void {}

  sweep(): void {}
}
