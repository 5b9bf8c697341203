// What the recorder reads of an operation: when it becomes due, and when it has settled.
import type { AnswerOutcome } from '../schedule/arrivals.js';
import type { Outcome } from './outcome.js';

/** What a cache on the way said of an answer. */
export type CacheResult = 'hit' | 'miss';

/** What the recorder reads of an arrival that has become due. Instants are microseconds from the start. */
export interface Due {
  readonly stream: number;
  readonly route: number;
  readonly dueUs: number;
  /** What came of it when it was recorded; null where that is not known: then the next two are not read. */
  readonly recordedOutcome: AnswerOutcome | null;
  readonly recordedStatus: number;
  /** NaN where it is not known. */
  readonly recordedDurationUs: number;
}

/** What the recorder reads of an operation that has settled. */
export interface Settled extends Due {
  readonly tenant: string | null;
  readonly outcome: Outcome;
  /** When it could be sent at the earliest: when it was due, or later where it needed the answer before. */
  readonly readyUs: number;
  /** When its first attempt was fired; NaN where it was never. */
  readonly firedUs: number;
  /** Of the last attempt; NaN where no byte of that was written. */
  readonly sentUs: number;
  readonly endUs: number;
  /** How much of it may be a stall of our own loop before its answer was read. */
  readonly stallUs: number;
  /** Status answered; 0 for none. */
  readonly status: number;
  readonly bytes: number;
  readonly attempts: number;
  /** Null where no cache said anything. */
  readonly cache: CacheResult | null;
  /** Null where nothing of it was sent again, or was to be, by clients or people. */
  readonly tries: Tries | null;
  /** Whether its visitor left for what came of it. */
  readonly leaves: boolean;
}

/** What of an operation was sent again: redirects and races of connections are no part of it. */
export interface Tries {
  /** By a client, and by somebody who pressed reload. */
  readonly retries: number;
  readonly reloads: number;
  /** Retries that the client's budget did not allow. */
  readonly overBudget: number;
  /** Retries that waited as a Retry-After said. */
  readonly retryAfters: number;
  /** When the last of all its attempts was fired. */
  readonly firedUs: number;
  /** Whether any byte of an attempt before the last was written. */
  readonly wasSent: boolean;
}
