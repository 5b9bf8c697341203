// An exchange: what becomes of one arrival, from due to settled; reused, so that a run allocates none per request.
import type { CacheResult, Settled } from '../measure/operation.js';
import type { Outcome } from '../measure/outcome.js';
import { type AnswerOutcome, emptyRequest, type PlannedRequest } from '../schedule/arrivals.js';
import { Answer } from './answer.js';
import type { Slot } from './connections/slot.js';
import type { Timed } from './pacing/timer-wheel.js';
import { Trying } from './trying.js';
import type { Visitor } from './visits/visitors.js';

/** Instants are microseconds from the run's start; NaN where they have not come. */
export class Exchange implements Settled, Timed<Exchange> {
  readonly request: PlannedRequest = emptyRequest();
  /** Headers of this exchange alone, names and values by turns, beside the request's; null for none. */
  extraHeaders: readonly string[] | null = null;
  readonly answer = new Answer();
  seq = 0;
  stream = 0;
  /** Number of the visitor within its stream. */
  visitor = 0;
  /** Who that is; null before it is due. */
  who: Visitor | null = null;
  endsVisit = false;
  outcome: Outcome = 'unsent';
  /** What came of it when it was recorded; null where that is not known. */
  recordedOutcome: AnswerOutcome | null = null;

  dueUs = 0;
  /** When it could be sent at the earliest: when it was due, or later where it needed the answer before. */
  readyUs = 0;
  firedUs = Number.NaN;
  sentUs = Number.NaN;
  firstByteUs = Number.NaN;
  endUs = Number.NaN;
  stallUs = 0;
  tries: Trying | null = null;
  leaves = false;

  /** Requests written. */
  attempts = 0;
  /** Redirects followed. */
  hops = 0;
  /** When the request was sent that the first of them answered, of this attempt; NaN while there was none. */
  #firstSentUs = Number.NaN;
  /** Why the attempt failed; null while it has not. Set by the transport. */
  failure: Outcome | null = null;
  /** Whether the connection had served an exchange before: then a reset may be no fault of the target's. */
  onReused = false;
  /** Whether the target says that it did not look at the request: then any may be sent again. Set by the transport. */
  unprocessed = false;
  /** The connection that carries it; null while none does. */
  slot: Slot | null = null;

  /** When it is overdue, while it is under way. */
  timerUs = 0;
  timerSlot = -1;
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

  get status(): number {
    return this.answer.status;
  }

  get bytes(): number {
    return this.answer.bytes;
  }

  get cache(): CacheResult | null {
    return this.answer.cache;
  }

  /**
   * Whether it failed so that a client sends it once more without a word: a reset on a kept connection before any byte
   * of an answer is the keep-alive race, and what the target says it did not look at was never asked.
   */
  get isRace(): boolean {
    const { method } = this.request;
    return (
      this.failure === 'reset' &&
      this.attempts <= this.hops + 1 + (this.tries?.made ?? 0) &&
      Number.isNaN(this.firstByteUs) &&
      (this.unprocessed || (this.onReused && (method === 'GET' || method === 'HEAD')))
    );
  }

  /** Makes it new for the next arrival; the request is overwritten by the schedule. */
  reset(): void {
    this.outcome = 'unsent';
    this.firedUs = this.sentUs = this.firstByteUs = this.endUs = Number.NaN;
    this.stallUs = 0;
    this.tries = null;
    this.leaves = false;
    this.attempts = 0;
    this.hops = 0;
    this.#firstSentUs = Number.NaN;
    this.extraHeaders = null;
    this.who = null;
    this.answer.reset();
    this.failure = null;
    this.onReused = false;
    this.unprocessed = false;
  }

  /** The answer is a redirect that is followed: what is sent next is the request as it was changed. */
  follow(): void {
    this.hops++;
    if (Number.isNaN(this.#firstSentUs)) this.#firstSentUs = this.sentUs;
    this.firstByteUs = Number.NaN;
  }

  /** Makes it what it was in all: the redirects on the way are part of what the target took. */
  sumUp(): void {
    if (!Number.isNaN(this.#firstSentUs)) this.sentUs = this.#firstSentUs;
  }

  /** Something of it is to be sent again. */
  beginTrying(): Trying {
    this.tries = new Trying(this.firedUs);
    return this.tries;
  }

  /** Makes it ready for one more attempt at the same operation. */
  retry(): void {
    if (this.tries !== null && !Number.isNaN(this.sentUs)) this.tries.wasSent = true;
    this.sentUs = this.firstByteUs = this.#firstSentUs = Number.NaN;
    this.again();
  }

  /** Makes it ready for one more request of the same operation. */
  again(): void {
    this.answer.forget();
    this.failure = null;
    this.onReused = false;
    this.unprocessed = false;
    this.endUs = Number.NaN;
  }
}
