// What the slowest responses were made of: how much of their time was ours, the connection's and the target's.
import type { Slice, Tail } from '../measure/cell.js';
import { addTails } from '../measure/snapshot.js';

/** The part of the responses that is looked at: the slowest 1 %. */
export const SLOWEST_SHARE = 0.01;

/** Means over the slowest responses, microseconds. */
export interface Composition {
  /** How many responses there were in all. */
  readonly operations: number;
  readonly responseUs: number;
  /** Lag, and overlap with stalls of our own event loop. */
  readonly oursUs: number;
  readonly waitUs: number;
  readonly serviceUs: number;
  /** Ours as a share of their time, 0 to 1. */
  readonly oursShare: number;
}

/**
 * Composition of the slowest 1 %, from the top bucket down, with a fraction of the last bucket.
 * @returns undefined where there is no response
 */
export function slowest(slices: Iterable<Pick<Slice, 'tail'>>): Composition | undefined {
  let tail: Tail = { buckets: [], parts: [] };
  for (const slice of slices) tail = addTails(tail, slice.tail);
  const operations = tail.parts.reduce((sum, part) => sum + part.count, 0);
  if (operations === 0) return undefined;

  const wanted = operations * SLOWEST_SHARE;
  let left = wanted;
  let responseUs = 0;
  let oursUs = 0;
  let waitUs = 0;
  let serviceUs = 0;
  for (const part of [...tail.parts].reverse()) {
    if (left <= 0) break;
    if (part.count === 0) continue;
    const fraction = Math.min(1, left / part.count);
    left -= part.count * fraction;
    responseUs += part.responseUs * fraction;
    oursUs += part.oursUs * fraction;
    waitUs += part.waitUs * fraction;
    serviceUs += part.serviceUs * fraction;
  }
  return {
    operations,
    responseUs: responseUs / wanted,
    oursUs: oursUs / wanted,
    waitUs: waitUs / wanted,
    serviceUs: serviceUs / wanted,
    oursShare: responseUs === 0 ? 0 : oursUs / responseUs,
  };
}
