// Collects a recording's arrivals into batches of columns, with equal requests held once.

import type { RecordedArrival } from './recorded.js';
import type { ArrivalBatch, RecordedRequest } from './recorded-arrivals.js';

/** Small enough that taking a batch over costs a sender some ten microseconds. */
export const BATCH_SIZE = 256;

export class Batcher {
  readonly #dueUs: number[] = [];
  readonly #seq: number[] = [];
  readonly #visitor: number[] = [];
  readonly #recordedDurationUs: number[] = [];
  readonly #request: number[] = [];
  readonly #requests: RecordedRequest[] = [];
  readonly #known = new Map<string, number>();

  /** Whether a batch is complete. */
  get full(): boolean {
    return this.#seq.length >= BATCH_SIZE;
  }

  add(arrival: RecordedArrival): void {
    this.#dueUs.push(arrival.dueUs);
    this.#seq.push(arrival.seq);
    this.#visitor.push(arrival.visitor);
    this.#recordedDurationUs.push(arrival.recordedDurationUs);
    const { route, tenant, method, path, host, recordedStatus, headers, body } = arrival;
    // The route is that of the recorded path, which mapped ids may have made equal to another's.
    const key = `${route} ${method} ${host ?? ''} ${path} ${recordedStatus} ${tenant ?? ''} ${headers ?? ''}`;
    // Bodies are not compared: two requests with one are two.
    let index = body === undefined ? this.#known.get(key) : undefined;
    if (index === undefined) {
      const request = { route, tenant, method, path, host, recordedStatus, headers, body };
      index = this.#requests.push(request) - 1;
      if (body === undefined) this.#known.set(key, index);
    }
    this.#request.push(index);
  }

  /** What has been collected, which is then forgotten; undefined if that is nothing. */
  take(): ArrivalBatch | undefined {
    if (this.#seq.length === 0) return undefined;
    const batch = {
      dueUs: Float64Array.from(this.#dueUs),
      seq: Float64Array.from(this.#seq),
      visitor: Float64Array.from(this.#visitor),
      recordedDurationUs: Float64Array.from(this.#recordedDurationUs),
      request: Uint16Array.from(this.#request),
      requests: [...this.#requests],
    };
    const columns = [this.#dueUs, this.#seq, this.#visitor, this.#recordedDurationUs, this.#request];
    for (const column of columns) column.length = 0;
    this.#requests.length = 0;
    this.#known.clear();
    return batch;
  }
}
