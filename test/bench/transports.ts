// The project's transports by the names that the bench knows them by.
import type { Clock } from '../../src/drive/pacing/clock.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import type { Transport } from '../../src/drive/transports/transport.js';
import { UndiciTransport } from '../../src/drive/transports/undici-transport.js';
import { WireTransport } from '../../src/drive/transports/wire/wire-transport.js';

export type BenchTransport = 'wire' | 'undici';

export function makeTransport(
  name: BenchTransport,
  target: ResolvedTarget,
  clock: Clock,
  startUs: number,
): Transport {
  switch (name) {
    case 'wire':
      return new WireTransport(target, clock, startUs);
    case 'undici':
      return new UndiciTransport(target, clock, startUs);
  }
}
