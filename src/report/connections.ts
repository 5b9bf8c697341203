// Connections over a run, from what each worker said of its slices of wall time: a load of their own.
import { COARSE } from '../measure/buckets.js';
import { SLICE_S } from '../measure/cell.js';
import { addDistributions, type Distribution, emptyDistribution } from '../measure/distribution.js';
import type { Snapshot } from '../measure/snapshot.js';

export interface Connections {
  readonly opened: number;
  /** Open at once at most: the highest slice, all workers together. */
  readonly max: number;
  /** Opened a second in the slice in which most were. */
  readonly openedPerSecMax: number;
  /** TLS handshakes that were whole, that resumed a session, and both a second in the slice with most of them. */
  readonly tlsFull: number;
  readonly tlsResumed: number;
  readonly handshakesPerSecMax: number;
  /** Opened, by what they speak. */
  readonly http1: number;
  readonly http2: number;
  /** Opened, by the address they went to, the most frequent first. */
  readonly addresses: readonly (readonly [string, number])[];
  /** How long opening took: in all, the name, TCP, TLS. */
  readonly connect: Distribution;
  readonly dns: Distribution;
  readonly tcp: Distribution;
  readonly tls: Distribution;
}

const TIMES = ['connect', 'dns', 'tcp', 'tls'] as const;
const COUNTS = ['tlsFull', 'tlsResumed', 'http1', 'http2'] as const;

export function connectionsOf({ head, health }: Snapshot): Connections {
  const slices = new Map<number, { max: number; opened: number; handshakes: number }>();
  const addresses = new Map<string, number>();
  const counts = { opened: 0, tlsFull: 0, tlsResumed: 0, http1: 0, http2: 0 };
  const none = emptyDistribution(COARSE);
  const times = { connect: none, dns: none, tcp: none, tls: none };
  for (const line of health) {
    const slice = slices.get(line.sliceS) ?? { max: 0, opened: 0, handshakes: 0 };
    slice.max += line.connectionsMax;
    slice.opened += line.connectionsOpened;
    slice.handshakes += line.tlsFull + line.tlsResumed;
    slices.set(line.sliceS, slice);
    counts.opened += line.connectionsOpened;
    for (const name of COUNTS) counts[name] += line[name];
    for (const [address, n] of Object.entries(line.addresses))
      addresses.set(address, (addresses.get(address) ?? 0) + n);
    for (const name of TIMES) times[name] = addDistributions(times[name], line[name]);
  }
  /** The last slice of a run is seldom a whole one. */
  const seconds = (sliceS: number) => Math.max(1, Math.min(SLICE_S, head.durationS - sliceS));
  const most = (read: (slice: { max: number; opened: number; handshakes: number }, s: number) => number) =>
    Math.max(0, ...[...slices].map(([sliceS, slice]) => read(slice, seconds(sliceS))));
  return {
    ...counts,
    ...times,
    max: most(({ max }) => max),
    openedPerSecMax: most(({ opened }, s) => opened / s),
    handshakesPerSecMax: most(({ handshakes }, s) => handshakes / s),
    addresses: [...addresses].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)),
  };
}
