// Arrivals: what will be sent and when, as a cursor that is moved forward one arrival at a time.
import type { Capture, Plan } from '../scenario/plan.js';
import type { Pending } from './pending.js';

/**
 * A position in a schedule, in due order; ties go by (stream, seq). The fields describe the current arrival and are
 * overwritten by `advance`, so that walking a schedule allocates nothing.
 */
export interface Arrivals {
  /** When it is due, whole microseconds from the start; Infinity past the end; NaN while it is not known yet. */
  readonly dueUs: number;
  /** Its number, unique in the plan. */
  readonly seq: number;
  /** Who sends it; unique within the stream. The visitor's lane is visitor mod L. */
  readonly visitor: number;
  /** Index of its stream in the plan. */
  readonly stream: number;
  /** Whether the visitor sends nothing after it. False where that is not known. */
  readonly endsVisit: boolean;
  /** Moves to the next arrival. */
  advance(): void;
  /** Writes the current arrival's request into a record of the caller's. */
  request(into: PlannedRequest): void;
}

/** A request as planned; the caller owns and reuses it. */
export interface PlannedRequest {
  /** Index into the plan's routes. */
  route: number;
  tenant: string | null;
  method: string;
  /** Path with query, ready to send. */
  path: string;
  /** Host to name; null means the target's own. */
  host: string | null;
  /** Names and values by turns, without Host. Shared between requests: not to be changed. */
  headers: readonly string[];
  body: string | Uint8Array | null;
  /** Status that was answered when it was recorded; 0 where it was not recorded, or is not known. */
  recordedStatus: number;
  /** How long it took when it was recorded, microseconds; NaN where that is not known. */
  recordedDurationUs: number;
  /** Its place in a visit where that matters; null for a request that depends on no other. */
  step: VisitStep | null;
  /** What of it is filled in just before it is sent; null where nothing is missing. */
  pending: Pending | null;
}

/** What a request has to do with the answers of its visit. Shared between requests. */
export interface VisitStep {
  /** Least time from the answer to the visitor's request before it, microseconds; null if it waits for none. */
  readonly waitUs: number | null;
  readonly captures: readonly Capture[];
}

export function emptyRequest(): PlannedRequest {
  return {
    route: 0,
    tenant: null,
    method: 'GET',
    path: '/',
    host: null,
    headers: [],
    body: null,
    recordedStatus: 0,
    recordedDurationUs: Number.NaN,
    step: null,
    pending: null,
  };
}

/** Errors that load makes, not the request: recording one does not make it the right answer. */
const OF_LOAD: ReadonlySet<number> = new Set([408, 425, 429, 499]);

/** Whether a status below 500 speaks of load. */
export function isOfLoad(status: number): boolean {
  return OF_LOAD.has(status);
}

/** What an operation that was answered comes to. */
export type AnswerOutcome = 'ok' | 'bad_status' | 'timeout';

/**
 * The one definition of error, for what was recorded as for what is replayed: ok is an expected status, complete
 * within the plan's timeout.
 * @param tookUs microseconds; NaN where it is not known, or known to be within the timeout
 */
export function outcomeOfAnswer(
  plan: Plan,
  request: PlannedRequest,
  status: number,
  tookUs: number,
): AnswerOutcome {
  if (tookUs > plan.timeoutUs) return 'timeout';
  return isExpected(plan, request, status) ? 'ok' : 'bad_status';
}

/** What came of a request when it was recorded; null where it was not recorded, or its status is not known. */
export function recordedOutcomeOf(plan: Plan, request: PlannedRequest): AnswerOutcome | null {
  const { recordedStatus, recordedDurationUs } = request;
  return recordedStatus === 0 ? null : outcomeOfAnswer(plan, request, recordedStatus, recordedDurationUs);
}

/** Whether an answer's status counts as ok: the route's ranges, or the 4xx that was recorded for it. */
export function isExpected(plan: Plan, request: PlannedRequest, status: number): boolean {
  if (status === request.recordedStatus && status >= 400 && status < 500 && !OF_LOAD.has(status)) return true;
  for (const [low, high] of plan.routes[request.route]?.expect ?? []) {
    if (status >= low && status <= high) return true;
  }
  return false;
}

/** The streams of a plan as one schedule, merged by (due, stream). */
export class MergedArrivals implements Arrivals {
  dueUs = Number.POSITIVE_INFINITY;
  seq = 0;
  visitor = 0;
  stream = 0;
  endsVisit = false;
  readonly #parts: readonly Arrivals[];
  #current: Arrivals | undefined;

  constructor(parts: readonly Arrivals[]) {
    this.#parts = parts;
    this.refresh();
  }

  advance(): void {
    this.#current?.advance();
    this.refresh();
  }

  request(into: PlannedRequest): void {
    this.#current?.request(into);
  }

  /** Looks again at the parts; needed only after a part whose next arrival was unknown has learned it. */
  refresh(): void {
    let first: Arrivals | undefined;
    for (const part of this.#parts) {
      if (Number.isNaN(part.dueUs)) {
        this.dueUs = Number.NaN;
        this.#current = undefined;
        return;
      }
      if (first === undefined || part.dueUs < first.dueUs) first = part;
    }
    this.#current = first;
    if (first === undefined) return;
    this.dueUs = first.dueUs;
    this.seq = first.seq;
    this.visitor = first.visitor;
    this.stream = first.stream;
    this.endsVisit = first.endsVisit;
  }
}
