// Collects a recording's arrivals into batches of columns, with equal requests held once.

import type { RecordedArrival } from './recorded.js';
import type { ArrivalBatch, RecordedRequest } from './recorded-arrivals.js';

/** Small enough that taking a batch over costs a sender some ten microseconds. */
export const BATCH_SIZE = 256;

/** Requests of one path that an arrival's is compared with, the newest first; one that differs from all is held anew. */
const COMPARED_MAX = 32;

export class Batcher {
  #columns = new Columns(2 * BATCH_SIZE);
  #size = 0;
  #requests: RecordedRequest[] = [];
  /** The last request of each path, and of each request the one before it with the same path; −1 for none. */
  readonly #lastOf = new Map<string, number>();
  readonly #before: number[] = [];

  /** Whether a batch is complete; it takes more until it is taken, as rows that come together stay together. */
  get full(): boolean {
    return this.#size >= BATCH_SIZE;
  }

  add(arrival: RecordedArrival): void {
    if (this.#size === this.#columns.room) this.#columns = this.#columns.grown();
    const at = this.#size++;
    const { dueUs, seq, visitor, recordedDurationUs, request } = this.#columns;
    dueUs[at] = arrival.dueUs;
    seq[at] = arrival.seq;
    visitor[at] = arrival.visitor;
    recordedDurationUs[at] = arrival.recordedDurationUs;
    request[at] = this.#requestOf(arrival);
  }

  /** What has been collected, which is then forgotten; undefined if that is nothing. */
  take(): ArrivalBatch | undefined {
    const size = this.#size;
    if (size === 0) return undefined;
    const { dueUs, seq, visitor, recordedDurationUs, request } = this.#columns;
    const batch = {
      dueUs: dueUs.slice(0, size),
      seq: seq.slice(0, size),
      visitor: visitor.slice(0, size),
      recordedDurationUs: recordedDurationUs.slice(0, size),
      request: request.slice(0, size),
      requests: this.#requests,
    };
    this.#size = 0;
    this.#requests = [];
    this.#lastOf.clear();
    this.#before.length = 0;
    return batch;
  }

  /** The place of an arrival's request, made if it is new. Comparing texts is cheaper than making a key of them all. */
  #requestOf(arrival: RecordedArrival): number {
    const { route, tenant, method, path, host, recordedStatus, headers, body } = arrival;
    const last = this.#lastOf.get(path) ?? -1;
    // Bodies are not compared: two requests with one are two.
    if (body === undefined) {
      let compared = 0;
      for (let index = last; index >= 0 && compared < COMPARED_MAX; index = this.#before[index] as number) {
        compared++;
        if (isSame(this.#requests[index] as RecordedRequest, arrival)) return index;
      }
    }
    const request = { route, tenant, method, path, host, recordedStatus, headers, body };
    const index = this.#requests.push(request) - 1;
    this.#before.push(last);
    this.#lastOf.set(path, index);
    return index;
  }
}

/** The columns of a batch, with room for some arrivals. */
class Columns {
  readonly dueUs: Float64Array;
  readonly seq: Float64Array;
  readonly visitor: Float64Array;
  readonly recordedDurationUs: Float64Array;
  readonly request: Uint32Array;

  constructor(readonly room: number) {
    this.dueUs = new Float64Array(room);
    this.seq = new Float64Array(room);
    this.visitor = new Float64Array(room);
    this.recordedDurationUs = new Float64Array(room);
    this.request = new Uint32Array(room);
  }

  /** The same with twice the room. */
  grown(): Columns {
    const grown = new Columns(2 * this.room);
    grown.dueUs.set(this.dueUs);
    grown.seq.set(this.seq);
    grown.visitor.set(this.visitor);
    grown.recordedDurationUs.set(this.recordedDurationUs);
    grown.request.set(this.request);
    return grown;
  }
}

/** Whether a request without a body is an arrival's, whose path it has. */
function isSame(request: RecordedRequest, arrival: RecordedArrival): boolean {
  return (
    request.body === undefined &&
    request.recordedStatus === arrival.recordedStatus &&
    request.method === arrival.method &&
    // The route is that of the recorded path, which mapped ids may have made equal to another's.
    request.route === arrival.route &&
    request.host === arrival.host &&
    request.tenant === arrival.tenant &&
    request.headers === arrival.headers
  );
}
