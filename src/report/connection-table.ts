// The details' section on connections: how many, how fast they came, what they spoke, and how long opening took.
import type { Distribution } from '../measure/distribution.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatCount, formatRate, formatShare } from '../units.js';
import { type Connections, connectionsOf } from './connections.js';
import { ofDistribution } from './durations.js';
import { safe } from './escape.js';
import { type Column, type Line, type Piece, piece, table, wrap } from './line.js';
import { formatReading } from './words.js';

/** Addresses beyond this many are counted, not listed. */
const ADDRESSES_SHOWN = 4;

export function connectionTable(snapshot: Snapshot, width: number): Line[] {
  const connections = connectionsOf(snapshot);
  if (connections.opened === 0) return [];
  const kinds: [string, Distribution][] = [
    ['opening', connections.connect],
    ['name', connections.dns],
    ['TCP', connections.tcp],
    ['TLS', connections.tls],
  ];
  const rows = kinds.flatMap(([name, times]): Piece[][] => {
    if (times.count === 0) return [];
    const of = ofDistribution(times);
    const figures = [of.quantile(0.5), of.quantile(0.99), of.maximum()];
    return [[piece(name), ...figures.map((figure) => piece(formatReading(figure)))]];
  });
  const right = (head: string): Column => ({ head, align: 'right' });
  const title: Column = { head: 'CONNECTIONS', align: 'left', style: 'bold' };
  const texts = wrap(inWords(connections), width - 1);
  return [
    ...table([title, ...['p50', 'p99', 'max'].map(right)], rows, width),
    ...texts.map((text): Line => [piece(text, 'dim')]),
  ];
}

function inWords(connections: Connections): string {
  const { opened, max, openedPerSecMax, tlsFull, tlsResumed, handshakesPerSecMax } = connections;
  const parts = [
    `${formatCount(opened)} opened, ${formatRate(openedPerSecMax)} at most, ${formatCount(max)} at once at most`,
    `${spoken(connections)} ${addressesOf(connections)}`,
  ];
  if (tlsFull + tlsResumed > 0)
    parts.push(
      `TLS handshakes: ${formatCount(tlsFull)} whole, ${formatCount(tlsResumed)} resumed, ${formatRate(handshakesPerSecMax)} at most`,
    );
  return parts.join('; ');
}

function spoken({ http1, http2 }: { readonly http1: number; readonly http2: number }): string {
  if (http2 === 0) return 'HTTP/1.1';
  return http1 === 0 ? 'HTTP/2' : `HTTP/1.1 ${formatCount(http1)}, HTTP/2 ${formatCount(http2)}`;
}

function addressesOf({ addresses, opened }: Connections): string {
  const shown = addresses
    .slice(0, ADDRESSES_SHOWN)
    .map(([address, n]) =>
      addresses.length === 1 ? safe(address) : `${safe(address)} ${formatShare(n / opened)}`,
    );
  const more = addresses.length - shown.length;
  return `to ${shown.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}
