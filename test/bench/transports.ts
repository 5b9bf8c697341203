// The project's transports by the names that the bench knows them by.
import type { Clock } from '../../src/drive/pacing/clock.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { Transport } from '../../src/drive/transports/transport.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';

/** Those that can be measured. */
export const TRANSPORTS = ['undici'] as const;
export type BenchTransport = (typeof TRANSPORTS)[number];

export function makeTransport(
  _name: BenchTransport,
  target: ResolvedTarget,
  clock: Clock,
  startUs: number,
): Transport {
  return new UndiciTransport(target, clock, startUs);
}
