// Loads the one transport that a run uses: undici alone takes 20 MB of every thread that has it.
import type { Clock } from '../pacing/clock.js';
import type { ResolvedTarget } from '../sockets/target.js';
import type { TransportKind } from './choose.js';
import type { Transport } from './transport.js';

/** Makes a transport; `startUs` is due time 0 on the clock. */
export type MakeTransport = (target: ResolvedTarget, clock: Clock, startUs: number) => Transport;

export async function loadTransport(kind: TransportKind): Promise<MakeTransport> {
  switch (kind) {
    case 'http2': {
      const { Http2Transport } = await import('./http2-transport.js');
      return (target, clock, startUs) => new Http2Transport(target, clock, startUs);
    }
    case 'wire': {
      const { WireTransport } = await import('./wire/wire-transport.js');
      return (target, clock, startUs) => new WireTransport(target, clock, startUs);
    }
    case 'undici': {
      const { UndiciTransport } = await import('./undici-transport.js');
      return (target, clock, startUs) => new UndiciTransport(target, clock, startUs);
    }
  }
}
