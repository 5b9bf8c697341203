// What people do when a page fails or loads too long: whether they press reload and when, and whether they leave.

import type { Outcome } from '../../measure/outcome.js';
import { type DrawKey, draw, drawKey } from '../../random.js';
import { HESITATION_MAX_US, type Leaving, type Reloads } from '../../scenario/retry-plan.js';
import { isOfLoad } from '../../schedule/arrivals.js';
import type { Exchange } from '../exchange.js';

/** Draws of one operation and purpose: more than it can have reloads. */
const DRAWS = 16;
/** A visitor of a recording who sends nothing for this long comes as a new one, whatever happened before. */
const PAUSE_US = 30 * 60e6;

/** Draws of a plan for one purpose, by stream; made when a stream first needs them. */
export class Draws {
  readonly #keys: DrawKey[] = [];

  constructor(
    private readonly seed: number,
    private readonly purpose: string,
  ) {}

  /** @returns in [0, 1), the same for the same stream and n */
  at(stream: number, n: number): number {
    const key = (this.#keys[stream] ??= drawKey(this.seed, stream, this.purpose));
    return draw(key, n);
  }
}

/** Presses reload. Every decision is a function of (seed, stream, seq, how often this page was reloaded before). */
export class Reloading {
  readonly #chance: Draws;
  readonly #radius: Draws;
  readonly #angle: Draws;

  constructor(
    private readonly reloads: Reloads,
    seed: number,
  ) {
    this.#chance = new Draws(seed, 'reload');
    this.#radius = new Draws(seed, 'hesitation radius');
    this.#angle = new Draws(seed, 'hesitation angle');
  }

  /** Whether the person would reload, if this load of the page failed or took too long. */
  would({ stream, seq, tries }: Exchange): boolean {
    const loads = tries?.reloads ?? 0;
    if (loads >= this.reloads.times) return false;
    return this.#chance.at(stream, seq * DRAWS + loads) < this.reloads.chance;
  }

  /** How long they hesitate: exp(ln median + sigma · z), z standard normal by Box and Muller. Microseconds. */
  hesitationUs({ stream, seq, tries }: Exchange): number {
    const n = seq * DRAWS + (tries?.reloads ?? 0);
    const { medianUs, sigma } = this.reloads.wait;
    const radius = Math.sqrt(-2 * Math.log(1 - this.#radius.at(stream, n)));
    const z = radius * Math.cos(2 * Math.PI * this.#angle.at(stream, n));
    return Math.min(HESITATION_MAX_US, Math.round(medianUs * Math.exp(sigma * z)));
  }

  /** How long they look at a page that loads before they press reload. Microseconds from when they asked for it. */
  patienceUs(exchange: Exchange): number {
    return this.reloads.afterUs + this.hesitationUs(exchange);
  }
}

/** Leaves: what is left of a visit is abandoned. */
export class Departures {
  readonly #chance: Draws;

  constructor(
    private readonly leaving: Leaving,
    seed: number,
  ) {
    this.#chance = new Draws(seed, 'leave');
  }

  /** Whether the visitor of a request that is due has left; one who has left stays away until a long pause. */
  hasLeft({ who, dueUs }: Exchange): boolean {
    if (who === null || dueUs - who.leftUs >= PAUSE_US) return false;
    who.leftUs = Math.max(who.leftUs, dueUs);
    return true;
  }

  /** Notes whether the visitor leaves for what came of a request, unless it was their last anyway. */
  settled(exchange: Exchange): void {
    const { who, stream, seq, endsVisit, outcome, status, endUs, readyUs } = exchange;
    if (who === null || endsVisit || endUs - who.leftUs < PAUSE_US) return;
    const tooSlow = outcome === 'ok' && endUs - readyUs > (this.leaving.slowerUs ?? Number.POSITIVE_INFINITY);
    if (!tooSlow && !isFailedPage(outcome, status)) return;
    if (this.#chance.at(stream, seq) >= this.leaving.chance) return;
    who.leftUs = endUs;
    exchange.leaves = true;
  }
}

/** Whether a person sees a page that failed: a page that is not there does not get better by asking again. */
export function isFailedPage(outcome: Outcome, status: number): boolean {
  switch (outcome) {
    case 'bad_status':
      return status >= 500 || isOfLoad(status);
    case 'bad_body':
    case 'timeout':
    case 'refused':
    case 'reset':
    case 'dns':
    case 'tls':
    case 'protocol':
      return true;
    default:
      return false;
  }
}
