// The arrivals of a recording as a sender sees them: batches that a reader has prepared ahead of it.
import type { Arrivals, PlannedRequest } from './arrivals.js';

/** Some arrivals of one stream in due order, in columns; requests by reference, as many arrivals share one. */
export interface ArrivalBatch {
  readonly dueUs: Float64Array;
  readonly seq: Float64Array;
  readonly visitor: Float64Array;
  /** How long each took when it was recorded; NaN where that is not known. */
  readonly recordedDurationUs: Float64Array;
  /** Index into `requests`. */
  readonly request: Uint16Array;
  readonly requests: readonly RecordedRequest[];
}

/** A request as it was recorded and may be sent. */
export interface RecordedRequest {
  readonly route: number;
  readonly tenant: string | null;
  readonly method: string;
  readonly path: string;
  readonly host: string | null;
  /** 0 where it is not known. */
  readonly recordedStatus: number;
  /** As JSON of pairs; undefined for none. */
  readonly headers: string | undefined;
  readonly body: Uint8Array | undefined;
}

export class RecordedArrivals implements Arrivals {
  dueUs = Number.NaN;
  seq = 0;
  visitor = 0;
  readonly endsVisit = false;
  readonly #batches: ArrivalBatch[] = [];
  #at = 0;
  #ended = false;

  /**
   * @param headers sent with every request, names and values by turns
   * @param taken a batch has been used up: there is room for another
   */
  constructor(
    readonly stream: number,
    private readonly headers: readonly string[],
    private readonly taken: () => void,
  ) {}

  /** Takes the next batch, which must not be empty. */
  push(batch: ArrivalBatch): void {
    this.#batches.push(batch);
    if (this.#batches.length === 1) this.#load();
  }

  /** No batch will follow. */
  end(): void {
    this.#ended = true;
    if (this.#batches.length === 0) this.#load();
  }

  advance(): void {
    const batch = this.#batches[0];
    if (batch === undefined) return;
    if (++this.#at === batch.dueUs.length) {
      this.#at = 0;
      this.#batches.shift();
      this.taken();
    }
    this.#load();
  }

  request(into: PlannedRequest): void {
    const batch = this.#batches[0];
    const request = batch?.requests[batch.request[this.#at] as number];
    if (request === undefined) throw new Error('no arrival to describe');
    into.route = request.route;
    into.tenant = request.tenant;
    into.method = request.method;
    into.path = request.path;
    into.host = request.host;
    into.headers = this.headers;
    into.body = request.body ?? null;
    into.recordedStatus = request.recordedStatus;
    into.recordedDurationUs = batch?.recordedDurationUs[this.#at] as number;
  }

  #load(): void {
    const batch = this.#batches[0];
    if (batch === undefined) {
      this.dueUs = this.#ended ? Number.POSITIVE_INFINITY : Number.NaN;
      return;
    }
    this.dueUs = batch.dueUs[this.#at] as number;
    this.seq = batch.seq[this.#at] as number;
    this.visitor = batch.visitor[this.#at] as number;
  }
}
