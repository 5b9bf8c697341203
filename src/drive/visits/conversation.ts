// The conversation: what a visitor says beside the planned request, and what is made of the answer.
import type { Outcome } from '../../measure/outcome.js';
import type { Plan } from '../../scenario/plan.js';
import { outcomeOfAnswer } from '../../schedule/arrivals.js';
import type { Exchange } from '../exchange.js';
import type { HookCost } from '../vitals.js';

/** The parts of a conversation in the order in which they are asked; each is absent where the plan has no use of it. */
export class Conversation {
  constructor(private readonly plan: Plan) {}

  /** What the scenario's hooks have cost since the last call. */
  takeHookCost(): HookCost {
    return { hookCalls: 0, hookUs: 0 };
  }

  /**
   * Completes a request just before it is sent, and says what of its answer is to be kept.
   * @returns null to go on; an outcome if it cannot be sent
   */
  prepare(_exchange: Exchange): Outcome | null {
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
}
