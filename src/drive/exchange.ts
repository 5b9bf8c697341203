// An exchange: what becomes of one arrival, from due to settled; reused, so that a run allocates none per request.
import type { Settled } from '../measure/operation.js';
import type { Outcome } from '../measure/outcome.js';
import { type AnswerOutcome, emptyRequest, type PlannedRequest } from '../schedule/arrivals.js';
import type { Linked } from './linked-list.js';

/** Instants are microseconds from the run's start; NaN where they have not come. */
export class Exchange implements Settled, Linked<Exchange> {
  readonly request: PlannedRequest = emptyRequest();
  seq = 0;
  stream = 0;
  visitor = 0;
  endsVisit = false;
  outcome: Outcome = 'unsent';
  /** What came of it when it was recorded; null where that is not known. */
  recordedOutcome: AnswerOutcome | null = null;

  dueUs = 0;
  firedUs = Number.NaN;
  sentUs = Number.NaN;
  firstByteUs = Number.NaN;
  endUs = Number.NaN;
  stallUs = 0;

  /** Status of the last attempt's answer; 0 for none. */
  status = 0;
  /** Bytes of bodies received. */
  bytes = 0;
  /** Requests written. */
  attempts = 0;
  /** Why the attempt failed; null while it has not. Set by the transport. */
  failure: Outcome | null = null;
  /** Whether the connection had served an exchange before: then a reset may be no fault of the target's. */
  onReused = false;
  /** The value of `x-flashcrowd-stop` in the answer, if it had one. */
  stopHeader: string | null = null;

  previous: Exchange | null = null;
  next: Exchange | null = null;

  get route(): number {
    return this.request.route;
  }

  get tenant(): string | null {
    return this.request.tenant;
  }

  get recordedStatus(): number {
    return this.request.recordedStatus;
  }

  get recordedDurationUs(): number {
    return this.request.recordedDurationUs;
  }

  /** Makes it new for the next arrival; the request is overwritten by the schedule. */
  reset(): void {
    this.outcome = 'unsent';
    this.firedUs = this.sentUs = this.firstByteUs = this.endUs = Number.NaN;
    this.stallUs = 0;
    this.attempts = 0;
    this.bytes = 0;
    this.forgetAnswer();
  }

  /** Makes it ready for one more attempt. */
  forgetAnswer(): void {
    this.status = 0;
    this.failure = null;
    this.onReused = false;
    this.stopHeader = null;
  }
}
