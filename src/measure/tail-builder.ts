// Sums what responses were made of, by rough response bucket.
import { bucketCount, bucketOf, ROUGH } from './buckets.js';
import type { Tail } from './cell.js';

const FIELDS = 5;

/** Adds up count, response, ours, wait and service per rough bucket of the response. */
export class TailBuilder {
  readonly #sums = new Float64Array(bucketCount(ROUGH) * FIELDS);

  /** All in whole microseconds; `ours` is lag plus overlap with our own stalls. */
  record(responseUs: number, oursUs: number, waitUs: number, serviceUs: number): void {
    const at = bucketOf(ROUGH, responseUs) * FIELDS;
    const sums = this.#sums;
    sums[at] = (sums[at] as number) + 1;
    sums[at + 1] = (sums[at + 1] as number) + responseUs;
    sums[at + 2] = (sums[at + 2] as number) + oursUs;
    sums[at + 3] = (sums[at + 3] as number) + waitUs;
    sums[at + 4] = (sums[at + 4] as number) + serviceUs;
  }

  /** The sums so far; the builder starts again from nothing. */
  take(): Tail {
    const buckets: number[] = [];
    const parts: Tail['parts'][number][] = [];
    for (let at = 0; at < this.#sums.length; at += FIELDS) {
      const [count, responseUs, oursUs, waitUs, serviceUs] = this.#sums.subarray(
        at,
        at + FIELDS,
      ) as unknown as [number, number, number, number, number];
      if (count === 0) continue;
      buckets.push(at / FIELDS);
      parts.push({ count, responseUs, oursUs, waitUs, serviceUs });
    }
    this.#sums.fill(0);
    return { buckets, parts };
  }
}
