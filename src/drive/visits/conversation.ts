// The conversation: what a visitor says beside the planned request, and what is made of the answer.
import type { Outcome } from '../../measure/outcome.js';
import type { Plan } from '../../scenario/plan.js';
import { outcomeOfAnswer } from '../../schedule/arrivals.js';
import { fillPending } from '../../schedule/pending.js';
import type { Exchange } from '../exchange.js';
import type { Clock } from '../pacing/clock.js';
import type { ResolvedTarget } from '../sockets/target.js';
import type { HookCost } from '../vitals.js';
import { Captures, hasCaptures } from './captures.js';
import { Checks } from './checks.js';
import { Cookies } from './cookies.js';
import { ForwardedAddresses } from './forwarded-for.js';
import type { HookCaller } from './hooks.js';
import { Redirects } from './redirects.js';

const NOTHING: ReadonlyMap<string, string> = new Map();

/** The parts of a conversation in the order in which they are asked; each is absent where the plan has no use of it. */
export class Conversation {
  readonly #captures: Captures | null;
  readonly #forwarded: ForwardedAddresses | null;
  readonly #cookies: Cookies | null;
  readonly #redirects: Redirects | null;
  readonly #checks: Checks | null;

  constructor(
    private readonly plan: Plan,
    target: Pick<ResolvedTarget, 'protocol' | 'host' | 'forwardedFor'>,
    clock: Clock,
    /** The scenario's hooks; null for none. */
    private readonly hooks: HookCaller | null = null,
  ) {
    const { seed, cookies, redirects = 0, routes } = plan;
    this.#captures = hasCaptures(plan) ? new Captures(plan) : null;
    this.#forwarded =
      target.forwardedFor === undefined ? null : new ForwardedAddresses(seed, target.forwardedFor);
    this.#cookies = cookies === false ? null : new Cookies(target.host, () => clock.nowUs());
    this.#redirects = redirects === 0 ? null : new Redirects(redirects, target);
    this.#checks = routes.some(({ checks }) => checks !== undefined) ? new Checks(routes) : null;
  }

  /** What the scenario's hooks have cost since the last call. */
  takeHookCost(): HookCost {
    return this.hooks?.takeCost() ?? { hookCalls: 0, hookUs: 0, hookMaxUs: 0 };
  }

  /** Time spent in them since the start, microseconds. */
  get hookUs(): number {
    return this.hooks?.totalUs ?? 0;
  }

  /**
   * Completes a request just before it is sent, and says what of its answer is to be kept.
   * @returns null to go on; an outcome if it cannot be sent
   */
  prepare(exchange: Exchange): Outcome | null {
    const { pending, step } = exchange.request;
    if (pending !== null && !fillPending(exchange.request, exchange.who?.memory ?? NOTHING))
      return 'unfilled';
    this.#forwarded?.prepare(exchange);
    this.#cookies?.prepare(exchange);
    this.#checks?.prepare(exchange);
    if (step !== null) this.#captures?.prepare(exchange.answer, step.captures);
    // Last, so that what it signs is what is sent.
    return this.hooks?.before(exchange) === false ? 'hook' : null;
  }

  /**
   * Completes a request that is sent once more.
   * @returns false if a hook does not let it
   */
  again(exchange: Exchange): boolean {
    this.#cookies?.prepare(exchange);
    return this.hooks?.before(exchange) !== false;
  }

  /**
   * Looks at a complete answer.
   * @returns the operation's outcome, or `again` if the request was changed and is to be sent once more
   */
  heard(exchange: Exchange): Outcome | 'again' {
    this.#cookies?.heard(exchange);
    if (this.hooks?.after(exchange) === false) return 'hook';
    const redirect = this.#redirects?.follow(exchange) ?? 'no';
    if (redirect === 'over') return 'bad_status';
    if (redirect === 'again') return this.again(exchange) ? 'again' : 'hook';
    // What took longer than the timeout was cut; what came late only by a stall of ours is no timeout.
    const outcome = outcomeOfAnswer(this.plan, exchange.request, exchange.status, Number.NaN);
    return outcome === 'ok' && this.#checks?.passes(exchange) === false ? 'bad_body' : outcome;
  }

  /** A request of a visit has settled: what it captures is known from now on, or no longer. */
  settled({ request: { step }, who, outcome, answer }: Exchange): void {
    if (step === null || step.captures.length === 0 || who === null) return;
    if (outcome !== 'ok') for (const { name } of step.captures) who.memory?.delete(name);
    else this.#captures?.take(answer, step.captures, (who.memory ??= new Map()));
  }
}
