// The conversation: what a visitor says beside the planned request, and what is made of the answer.
import type { Outcome } from '../../measure/outcome.js';
import type { Plan } from '../../scenario/plan.js';
import { outcomeOfAnswer } from '../../schedule/arrivals.js';
import { fillPending } from '../../schedule/pending.js';
import type { Exchange } from '../exchange.js';
import type { HookCost } from '../vitals.js';
import { Captures, hasCaptures } from './captures.js';

const NOTHING: ReadonlyMap<string, string> = new Map();

/** The parts of a conversation in the order in which they are asked; each is absent where the plan has no use of it. */
export class Conversation {
  readonly #captures: Captures | null;

  constructor(private readonly plan: Plan) {
    this.#captures = hasCaptures(plan) ? new Captures(plan) : null;
  }

  /** What the scenario's hooks have cost since the last call. */
  takeHookCost(): HookCost {
    return { hookCalls: 0, hookUs: 0 };
  }

  /**
   * Completes a request just before it is sent, and says what of its answer is to be kept.
   * @returns null to go on; an outcome if it cannot be sent
   */
  prepare(exchange: Exchange): Outcome | null {
    const { pending, step } = exchange.request;
    if (pending !== null && !fillPending(exchange.request, exchange.who?.memory ?? NOTHING))
      return 'unfilled';
    if (step !== null) this.#captures?.prepare(exchange.answer, step.captures);
    return null;
  }

  /**
   * Looks at a complete answer.
   * @returns the operation's outcome, or `again` if the request was changed and is to be sent once more
   */
  heard(exchange: Exchange): Outcome | 'again' {
    // What took longer than the timeout was cut; what came late only by a stall of ours is no timeout.
    return outcomeOfAnswer(this.plan, exchange.request, exchange.status, Number.NaN);
  }

  /** A request of a visit has settled: what it captures is known from now on, or no longer. */
  settled({ request: { step }, who, outcome, answer }: Exchange): void {
    if (step === null || step.captures.length === 0 || who === null) return;
    if (outcome !== 'ok') for (const { name } of step.captures) who.memory?.delete(name);
    else this.#captures?.take(answer, step.captures, (who.memory ??= new Map()));
  }
}
