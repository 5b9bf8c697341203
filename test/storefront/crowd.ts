// A crowd that has a timeout and asks again, against the platform on a fake clock: what came of each second's visits.
import { draw, drawKey } from '../../src/random.js';
import { Heap } from '../../src/storefront/heap.js';
import { Platform, type Ticket } from '../../src/storefront/platform.js';
import { resolveSettings, type StorefrontOptions } from '../../src/storefront/settings.js';
import type { Arrival } from './simulate.js';

export interface Crowd {
  readonly timeoutUs: number;
  /** Attempts after the first, of one visit. */
  readonly retries: number;
  /** Retries that each visit earns for all; Infinity for as many as are wanted. */
  readonly budget: number;
}

export interface CrowdSecond {
  planned: number;
  ok: number;
  attempts: number;
}

interface Visit {
  readonly arrival: Arrival;
  attempt: number;
  ticket: Ticket<Visit> | undefined;
}

const BACKOFF_US = 250e3;
/** Retries that may be saved up. */
const SAVED_MAX = 10;

/** Seconds are those in which visits were due. */
export function sendCrowd(
  arrivals: readonly Arrival[],
  options: StorefrontOptions,
  { timeoutUs, retries, budget }: Crowd,
): { platform: Platform<Visit>; seconds: CrowdSecond[] } {
  const seconds: CrowdSecond[] = [];
  const jitter = drawKey(options.seed ?? 1, 'jitter');
  const todo = new Heap<{
    readonly visit: Visit;
    readonly attempt: number;
    readonly what: 'ask' | 'leave';
  }>();
  let draws = 0;
  let saved = budget === Number.POSITIVE_INFINITY ? budget : SAVED_MAX;
  let nowUs = 0;

  const failed = (visit: Visit) => {
    visit.ticket = undefined;
    if (visit.attempt >= retries || saved < 1) return;
    saved--;
    const wait = draw(jitter, draws++) * BACKOFF_US * 2 ** visit.attempt++;
    todo.push(nowUs + wait, { visit, attempt: visit.attempt, what: 'ask' });
  };
  const platform = new Platform<Visit>(resolveSettings(options), ({ reply }, status) => {
    if (status === 200) secondOf(seconds, reply.arrival).ok++;
    else failed(reply);
  });
  const ask = (visit: Visit) => {
    secondOf(seconds, visit.arrival).attempts++;
    const { store, route } = visit.arrival;
    const attempt = visit.attempt;
    const ticket = platform.arrive(store, route, nowUs, visit);
    if (ticket.state === 'settled') return;
    visit.ticket = ticket;
    todo.push(nowUs + timeoutUs, { visit, attempt, what: 'leave' });
  };
  const advance = (toUs: number) => {
    for (;;) {
      const nextUs = Math.min(platform.nextUs, todo.nextUs);
      if (nextUs > toUs) break;
      nowUs = nextUs;
      platform.advance(nowUs);
      if (todo.nextUs > nowUs) continue;
      const { visit, attempt, what } = todo.pop() ?? neverEmpty();
      if (what === 'ask') ask(visit);
      else if (visit.attempt === attempt && visit.ticket !== undefined && visit.ticket.state !== 'settled') {
        platform.abort(visit.ticket, nowUs);
        failed(visit);
      }
    }
    nowUs = toUs;
  };
  for (const arrival of arrivals) {
    advance(arrival.atUs);
    secondOf(seconds, arrival).planned++;
    if (budget !== Number.POSITIVE_INFINITY) saved = Math.min(SAVED_MAX, saved + budget);
    ask({ arrival, attempt: 0, ticket: undefined });
  }
  advance(nowUs + 60e6);
  return { platform, seconds };
}

function neverEmpty(): never {
  throw new Error('what is due is there');
}

function secondOf(seconds: CrowdSecond[], { atUs }: Arrival): CrowdSecond {
  const s = Math.floor(atUs / 1e6);
  while (seconds.length <= s) seconds.push({ planned: 0, ok: 0, attempts: 0 });
  return seconds[s] as CrowdSecond;
}

/** Sums over seconds from..to. */
export function between(seconds: readonly CrowdSecond[], fromS: number, toS: number): CrowdSecond {
  const sum = { planned: 0, ok: 0, attempts: 0 };
  for (const { planned, ok, attempts } of seconds.slice(fromS, toS)) {
    sum.planned += planned;
    sum.ok += ok;
    sum.attempts += attempts;
  }
  return sum;
}
