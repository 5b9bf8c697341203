// A scenario's hooks, called around every request: what they change, what they cost, and what they throw.
import type { Hooks } from 'flashcrowd/hooks';
import type { Plan } from '../../scenario/plan.js';
import type { Exchange } from '../exchange.js';
import type { HookCost } from '../vitals.js';
import { ContextView, RequestView, ResponseView } from './hook-views.js';

/** Bytes of a response's body that a hook may see. */
const BODY_MAX = 65_536;

/** Characters of a hook's error that are told of: it may hold a whole response. */
const WORDS_MAX = 16_000;

export interface HookOptions {
  readonly plan: Plan;
  readonly hooks: Hooks;
  /** What the Host header says where a request names no other. */
  readonly targetHost: string;
  readonly nowUs: () => number;
  /** Is told of the first throw of each hook. */
  readonly warn: (text: string) => void;
}

export class HookCaller {
  readonly #options: HookOptions;
  readonly #request: RequestView;
  readonly #response = new ResponseView();
  readonly #context: ContextView;
  readonly #thrown = new Set<keyof Hooks>();
  #calls = 0;
  #spentUs = 0;
  #longestUs = 0;
  #totalUs = 0;

  constructor(options: HookOptions) {
    this.#options = options;
    this.#request = new RequestView(options.targetHost);
    this.#context = new ContextView(options.plan);
  }

  /**
   * Lets the hook change a request just before it is sent, and asks for what the other one wants to see.
   * @returns false if it threw: then the request is not to be sent
   */
  before(exchange: Exchange): boolean {
    const { hooks } = this.#options;
    if (hooks.afterResponse !== undefined) {
      exchange.answer.keepsHeaders = true;
      exchange.answer.bodyMax = Math.max(exchange.answer.bodyMax, BODY_MAX);
    }
    const { beforeRequest } = hooks;
    if (beforeRequest === undefined) return true;
    this.#request.point(exchange, true);
    this.#context.point(exchange);
    const went = this.#call('beforeRequest', () => beforeRequest(this.#request, this.#context));
    if (went) this.#request.commit(exchange);
    return went;
  }

  /** Shows the hook a complete response; false if it threw. */
  after(exchange: Exchange): boolean {
    const { afterResponse } = this.#options.hooks;
    if (afterResponse === undefined) return true;
    this.#request.point(exchange, false);
    this.#context.point(exchange);
    this.#response.point(exchange.answer);
    return this.#call('afterResponse', () => afterResponse(this.#response, this.#request, this.#context));
  }

  /** Calls since the last time this was asked, and microseconds spent in them. */
  takeCost(): HookCost {
    const cost = {
      hookCalls: this.#calls,
      hookUs: Math.round(this.#spentUs),
      hookMaxUs: Math.round(this.#longestUs),
    };
    this.#calls = this.#spentUs = this.#longestUs = 0;
    return cost;
  }

  /** Microseconds spent in hooks since the start. */
  get totalUs(): number {
    return this.#totalUs;
  }

  /**
   * @returns false if it threw
   * @throws Error if it returned a promise, which ends the run: nothing would wait for it
   */
  #call(name: keyof Hooks, hook: () => unknown): boolean {
    const startUs = this.#options.nowUs();
    let returned: unknown;
    try {
      returned = hook();
    } catch (error) {
      this.#warnOf(name, error);
      return false;
    } finally {
      this.#calls++;
      const tookUs = this.#options.nowUs() - startUs;
      this.#spentUs += tookUs;
      this.#totalUs += tookUs;
      this.#longestUs = Math.max(this.#longestUs, tookUs);
    }
    if (isThenable(returned))
      throw new Error(`the hook ${name} returned a promise; hooks must be synchronous`);
    return true;
  }

  #warnOf(name: keyof Hooks, error: unknown): void {
    if (this.#thrown.has(name)) return;
    this.#thrown.add(name);
    const words = error instanceof Error ? error.message : String(error);
    this.#options.warn(`the hook ${name} threw: ${words.slice(0, WORDS_MAX)}`);
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
