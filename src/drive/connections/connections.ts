// Whose connections: a visitor's own, a fresh one each time, or a shared pool; the same over every transport.
import type { ConnectionPolicy } from '../../scenario/plan.js';
import type { Exchange } from '../exchange.js';
import type { Opening } from '../sockets/socket-opener.js';
import type { Transport } from '../transports/transport.js';
import { FreshConnections } from './fresh.js';
import { PoolConnections } from './pool.js';
import { VisitorConnections } from './visitor.js';

/** Chooses a connection for each exchange, by the plan's policy. */
export interface Connections {
  /** Sends now on a connection with room or a new one; only a limit that was declared makes an exchange wait. */
  send(exchange: Exchange): void;
  /** Cuts an exchange short; it settles as timeout or stopped. */
  abort(exchange: Exchange, failure: 'timeout' | 'stopped'): void;
  /** Closes what has been idle too long. */
  sweep(nowUs: number): void;
  close(): void;
  /** Since the last call: opened, and open at most at once. */
  takeStats(): ConnectionStats;
}

export interface ConnectionStats {
  readonly opened: number;
  readonly openMax: number;
}

/** What the driver is told. */
export interface ExchangeListener {
  /** An exchange has settled, and its connection is free again. */
  settled(exchange: Exchange): void;
  opened(opening: Opening): void;
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
    case 'visitor': {
      const perVisitor = policy.perVisitor ?? Number.POSITIVE_INFINITY;
      return new VisitorConnections(transport, listener, policy.idleUs, perVisitor, openMax);
    }
    case 'fresh':
      return new FreshConnections(transport, listener);
    case 'pool':
      return new PoolConnections(transport, listener, policy.size);
  }
}
