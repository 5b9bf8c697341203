// Collects a recording's arrivals into batches of columns, with equal requests held once.

import type { RecordedArrival } from './recorded.js';
import type { ArrivalBatch, RecordedRequest } from './recorded-arrivals.js';

/** Small enough that taking a batch over costs a sender some ten microseconds. */
export const BATCH_SIZE = 256;

export class Batcher {
  readonly #dueUs: number[] = [];
  readonly #seq: number[] = [];
  readonly #visitor: number[] = [];
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
    const status = arrival.recordedStatus ?? 0;
    const recordedStatus = status >= 400 && status < 500 ? status : 0;
    const { route, tenant, method, path, host } = arrival;
    const key = `${method} ${host ?? ''} ${path} ${recordedStatus} ${tenant ?? ''}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#requests.push({ route, tenant, method, path, host, recordedStatus }) - 1;
      this.#known.set(key, index);
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
      request: Uint16Array.from(this.#request),
      requests: [...this.#requests],
    };
    for (const column of [this.#dueUs, this.#seq, this.#visitor, this.#request, this.#requests])
      column.length = 0;
    this.#known.clear();
    return batch;
  }
}
