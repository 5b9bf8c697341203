// The crowd: what becomes of operations that fail, by clients that retry and people who reload or leave.
import type { Outcome } from '../../measure/outcome.js';
import type { Plan } from '../../scenario/plan.js';
import type { Exchange } from '../exchange.js';
import { Departures } from './impatience.js';
import { Retrials } from './retrials.js';
import { Retrying } from './retrying.js';

/** Its parts are absent where the plan has no use of them: then every failure is final, and everybody stays. */
export class Crowd {
  /** What waits to be sent again. */
  readonly waiting = new Retrials();
  readonly #retrying: Retrying | null;
  readonly #departures: Departures | null;
  readonly #timeoutUs: number;

  /** @param utcUs UTC microseconds, for dates that answers name */
  constructor(plan: Plan, utcUs: () => number) {
    const { seed, retries, reloads, abandon } = plan;
    const isPatient = retries === undefined && reloads === undefined;
    this.#retrying = isPatient ? null : new Retrying(plan, utcUs);
    this.#departures = abandon === undefined ? null : new Departures(abandon, seed);
    this.#timeoutUs = plan.timeoutUs;
  }

  /** Whether the visitor of a request that is due has left. */
  hasLeft(exchange: Exchange): boolean {
    return this.#departures?.hasLeft(exchange) ?? false;
  }

  /**
   * An attempt is fired now.
   * @returns when it is given up, if it has no answer by then
   */
  fired(exchange: Exchange, nowUs: number): number {
    return this.#retrying === null ? nowUs + this.#timeoutUs : this.#retrying.fired(exchange, nowUs);
  }

  /** An attempt has ended; keeps the exchange if it is to be sent again. */
  keeps(exchange: Exchange, outcome: Outcome): boolean {
    if (outcome === 'ok' || this.#retrying === null || !this.#retrying.again(exchange, outcome)) return false;
    this.waiting.add(exchange);
    return true;
  }

  /** An operation is about to be counted. */
  settled(exchange: Exchange): void {
    this.#departures?.settled(exchange);
  }
}
