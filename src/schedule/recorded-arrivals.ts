// The arrivals of a recording as a sender sees them: batches that a reader has prepared ahead of it.
import { readHeaders } from '../recording/secrets/headers.js';
import type { Plan } from '../scenario/plan.js';
import type { Arrivals, PlannedRequest } from './arrivals.js';
import { ESCAPES, type Secrets, Template } from './template.js';

/** Some arrivals of one stream in due order, in columns; requests by reference, as many arrivals share one. */
export interface ArrivalBatch {
  readonly dueUs: Float64Array;
  readonly seq: Float64Array;
  readonly visitor: Float64Array;
  /** How long each took when it was recorded; NaN where that is not known. */
  readonly recordedDurationUs: Float64Array;
  /** Index into `requests`. */
  readonly request: Uint32Array;
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

/** Sets of recorded headers that are remembered: a browser sends a few sets, each with many requests. */
const HEADER_SETS_MAX = 4_096;

export class RecordedArrivals implements Arrivals {
  dueUs = Number.NaN;
  seq = 0;
  visitor = 0;
  readonly endsVisit = false;
  readonly #batches: ArrivalBatch[] = [];
  readonly #headerSets = new Map<string, readonly string[]>();
  #at = 0;
  #ended = false;

  /**
   * @param headers sent with every request, names in lower case and values by turns; they win over recorded ones
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
    into.headers = request.headers === undefined ? this.headers : this.#headersWith(request.headers);
    into.body = request.body ?? null;
    into.recordedStatus = request.recordedStatus;
    into.recordedDurationUs = batch?.recordedDurationUs[this.#at] as number;
    into.step = null;
    into.pending = null;
  }

  /** Recorded headers under the plan's own; the same text gives the same array, which transports know again. */
  #headersWith(recorded: string): readonly string[] {
    let set = this.#headerSets.get(recorded);
    if (set === undefined) {
      const own = new Set(this.headers.filter((_, i) => i % 2 === 0));
      set = [
        ...readHeaders(recorded)
          .filter(([name]) => !own.has(name))
          .flat(),
        ...this.headers,
      ];
      if (this.#headerSets.size >= HEADER_SETS_MAX) this.#headerSets.clear();
      this.#headerSets.set(recorded, set);
    }
    return set;
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

/** The plan's headers for recorded requests, which have no placeholders to fill: names and values by turns. */
export function headersOfPlan(plan: Plan, secrets: Secrets): string[] {
  return Object.entries(plan.headers).flatMap(([name, value]) => [
    name,
    new Template(value, ESCAPES.header, secrets, (slot) => () => `{${slot}}`).fill(),
  ]);
}
