// Retrying: whether a failed attempt is followed by another one, by a client or by a person, and when.
import type { Outcome } from '../../measure/outcome.js';
import type { Plan } from '../../scenario/plan.js';
import { backoffUs, LIFE_MAX_US, type Retries } from '../../scenario/retry-plan.js';
import type { Exchange } from '../exchange.js';
import type { Trying } from '../trying.js';
import { headerValue } from './headers.js';
import { Draws, isFailedPage, Reloading } from './impatience.js';
import { retryAfterUs } from './retry-after.js';
import { RetryBudget } from './retry-budget.js';

/** Draws of one operation: more than a client has attempts, in all loads of a page together. */
const DRAWS = 128;
const PER_LOAD = 10;

/** What is to come of an attempt that failed. */
type Next = 'retry' | 'reload' | 'over';

/**
 * A client makes attempts for a person, who reloads what it gives up on or takes too long over: a reload is a new load
 * with attempts of its own. But for the budget, which is a thread's, every decision is a function of the plan, the
 * operation, and what the target did.
 */
export class Retrying {
  readonly #retries: Retries | null;
  readonly #reloading: Reloading | null;
  readonly #budget: RetryBudget | null;
  readonly #jitter: Draws;
  readonly #timeoutUs: number;

  /** @param utcUs UTC microseconds, for dates that answers name */
  constructor(
    plan: Pick<Plan, 'seed' | 'timeoutUs' | 'retries' | 'reloads'>,
    private readonly utcUs: () => number,
  ) {
    const { seed, retries = null, reloads } = plan;
    this.#retries = retries;
    this.#reloading = reloads === undefined ? null : new Reloading(reloads, seed);
    this.#budget = retries === null || retries.budget === null ? null : new RetryBudget(retries.budget);
    this.#jitter = new Draws(seed, 'backoff');
    this.#timeoutUs = retries?.timeoutUs ?? plan.timeoutUs;
  }

  /**
   * An attempt is fired now.
   * @returns when it is given up, if it has no answer by then
   */
  fired(exchange: Exchange, nowUs: number): number {
    if (exchange.tries === null || exchange.tries.attempt === 1) this.#budget?.request(nowUs);
    return Math.min(nowUs + this.#timeoutUs, this.#impatientAtUs(exchange));
  }

  /**
   * An attempt has failed: says what comes next in the exchange's `tries`.
   * @returns whether it is to be sent again
   */
  again(exchange: Exchange, outcome: Outcome): boolean {
    const next = this.#next(exchange, outcome);
    if (next === 'over') return false;
    const tries = triesOf(exchange);
    tries.next = next;
    return true;
  }

  #next(exchange: Exchange, outcome: Outcome): Next {
    const impatientAtUs = this.#impatientAtUs(exchange);
    const attemptUs = exchange.tries?.firedUs ?? exchange.firedUs;
    if (outcome === 'timeout' && impatientAtUs <= attemptUs + this.#timeoutUs)
      return this.#reloadAt(exchange, exchange.endUs);
    const retry = this.#retry(exchange, outcome, impatientAtUs);
    if (retry !== 'over' || !isFailedPage(outcome, exchange.status) || !this.#wouldReload(exchange))
      return retry;
    const atUs = exchange.endUs + (this.#reloading?.hesitationUs(exchange) ?? 0);
    return this.#mayBegin(exchange, atUs) ? this.#reloadAt(exchange, atUs) : 'over';
  }

  #reloadAt(exchange: Exchange, atUs: number): Next {
    triesOf(exchange).atUs = atUs;
    return 'reload';
  }

  /** Whether the client retries, unless the person has lost patience by then. */
  #retry(exchange: Exchange, outcome: Outcome, impatientAtUs: number): Next {
    const retries = this.#retries;
    if (retries === null || !isRetried(retries, exchange, outcome)) return 'over';
    const attempt = exchange.tries?.attempt ?? 1;
    if (attempt >= retries.attempts) return 'over';
    const asked =
      retries.retryAfterMaxUs === null || outcome !== 'bad_status'
        ? null
        : retryAfterUs(exchange.answer.retryAfter, this.utcUs());
    const waitUs =
      asked === null
        ? this.#backoffUs(retries, exchange, attempt - 1)
        : Math.min(asked, retries.retryAfterMaxUs ?? 0);
    const atUs = exchange.endUs + waitUs;
    if (atUs >= impatientAtUs) return this.#reloadAt(exchange, Math.max(exchange.endUs, impatientAtUs));
    if (!this.#mayBegin(exchange, atUs)) return 'over';
    const tries = triesOf(exchange);
    if (this.#budget?.take(exchange.endUs) === false) {
      tries.overBudget++;
      return 'over';
    }
    tries.atUs = atUs;
    tries.asked = asked !== null;
    return 'retry';
  }

  /** Full jitter: U(0, min(max, base · factor^i)) (Brooker, 2015). */
  #backoffUs({ backoff }: Retries, { stream, seq, tries }: Exchange, i: number): number {
    const us = backoffUs(backoff, i);
    if (backoff.jitter === 'none') return us;
    const n = seq * DRAWS + (tries?.reloads ?? 0) * PER_LOAD + i;
    return Math.round(us * this.#jitter.at(stream, n));
  }

  /** When the person presses reload if the page has not come by then; Infinity if they would not. */
  #impatientAtUs(exchange: Exchange): number {
    if (this.#reloading === null || !this.#wouldReload(exchange)) return Number.POSITIVE_INFINITY;
    const loadUs = exchange.tries?.loadUs ?? exchange.firedUs;
    const atUs = loadUs + this.#reloading.patienceUs(exchange);
    return this.#mayBegin(exchange, atUs) ? atUs : Number.POSITIVE_INFINITY;
  }

  /** A page that acted is not asked for again without a warning, which nobody likes. */
  #wouldReload(exchange: Exchange): boolean {
    return this.#reloading !== null && isRead(exchange) && this.#reloading.would(exchange);
  }

  #mayBegin({ firedUs }: Exchange, atUs: number): boolean {
    return atUs + this.#timeoutUs <= firedUs + LIFE_MAX_US;
  }
}

function triesOf(exchange: Exchange): Trying {
  return exchange.tries ?? exchange.beginTrying();
}

function isRetried({ on, statuses, methods }: Retries, { request, status }: Exchange, outcome: Outcome) {
  const failed =
    outcome === 'bad_status' ? statuses.includes(status) : (on as readonly Outcome[]).includes(outcome);
  return (
    failed && (methods.includes(request.method) || headerValue(request.headers, 'idempotency-key') !== null)
  );
}

function isRead({ request: { method } }: Exchange): boolean {
  return method === 'GET' || method === 'HEAD';
}
