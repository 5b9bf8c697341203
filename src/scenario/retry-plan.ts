// What clients and visitors do when a request fails, as the plan has it: retries, reloads, and leaving.

/** Outcomes that a client may be told to retry on; statuses are numbers. */
export const RETRIED_OUTCOMES = [
  'timeout',
  'refused',
  'reset',
  'dns',
  'tls',
  'protocol',
  'bad_body',
] as const;

export type RetriedOutcome = (typeof RETRIED_OUTCOMES)[number];

/** A client library that sends a failed request again by itself. */
export interface Retries {
  /** Requests that it makes at most, the first included. */
  readonly attempts: number;
  /** Failures that it retries on. */
  readonly on: readonly RetriedOutcome[];
  /** Statuses that it retries on, where they are not what the route expects. */
  readonly statuses: readonly number[];
  /** Methods that it retries; one with an `idempotency-key` header it retries whatever its method. */
  readonly methods: readonly string[];
  /** How long one attempt may take. */
  readonly timeoutUs: number;
  readonly backoff: Backoff;
  /** Retries as a share of the requests of the last ten seconds of a sending thread; null: no budget. */
  readonly budget: number | null;
  /** The longest Retry-After that is waited out, a longer one is cut to it; null: it is not looked at. */
  readonly retryAfterMaxUs: number | null;
}

/** Before retry i, from 0, a client waits min(max, base · factor^i); with full jitter U(0, that). */
export interface Backoff {
  readonly baseUs: number;
  readonly factor: number;
  readonly maxUs: number;
  readonly jitter: 'full' | 'none';
}

/** A person who presses reload. */
export interface Reloads {
  /** From when on a page that is still loading is too slow. */
  readonly afterUs: number;
  /** Probability of reloading a page that failed or is too slow. */
  readonly chance: number;
  /** How long they hesitate: log-normal, of this median, sigma of its logarithm. */
  readonly wait: { readonly medianUs: number; readonly sigma: number };
  /** How often at most. */
  readonly times: number;
}

/** A person who gives up: what is left of the visit is not sent. */
export interface Leaving {
  /** Probability of leaving after a request that failed for good. */
  readonly chance: number;
  /** The same after one that was answered but took longer than this; null: nobody leaves for that. */
  readonly slowerUs: number | null;
}

/** No attempt is begun that may end later than this after the operation was first fired. */
export const LIFE_MAX_US = 120e6;
/** Longest hesitation before a reload. */
export const HESITATION_MAX_US = 60e6;

/** The parts of a plan that decide what is sent again. */
interface Retrying {
  readonly timeoutUs: number;
  readonly retries?: Retries;
  readonly reloads?: Reloads;
}

/** The longest that a client's attempts and backoffs may take together, microseconds; Retry-After aside. */
export function retriesMaxUs({ attempts, timeoutUs, backoff }: Retries): number {
  let us = attempts * timeoutUs;
  for (let i = 0; i < attempts - 1; i++) us += backoffUs(backoff, i);
  return us;
}

/**
 * How long operations take on average where a target answers nothing, microseconds: what Little's law makes the number
 * under way of. Each load of a page takes all of a client's attempts; a share of them is reloaded, after a hesitation
 * whose mean is median · exp(sigma² / 2).
 */
export function stalledUs(plan: Retrying): number {
  const loadUs = plan.retries === undefined ? plan.timeoutUs : retriesMaxUs(plan.retries);
  if (plan.reloads === undefined) return loadUs;
  const { medianUs, sigma } = plan.reloads.wait;
  const reloads = reloadsMean(plan.reloads);
  const hesitationUs = Math.min(HESITATION_MAX_US, medianUs * Math.exp(sigma ** 2 / 2));
  return Math.min(LIFE_MAX_US, (1 + reloads) * loadUs + reloads * hesitationUs);
}

/** How long operations wait on average where every answer says so with the longest Retry-After, microseconds. */
export function askedToWaitUs({ retries, reloads }: Retrying): number {
  if (retries === undefined || retries.retryAfterMaxUs === null) return 0;
  const loads = 1 + (reloads === undefined ? 0 : reloadsMean(reloads));
  return Math.min(LIFE_MAX_US, loads * (retries.attempts - 1) * retries.retryAfterMaxUs);
}

/** Mean reloads of a page that always fails. */
function reloadsMean({ chance, times }: Reloads): number {
  let mean = 0;
  for (let i = 1; i <= times; i++) mean += chance ** i;
  return mean;
}

/** Requests that one operation makes at most, redirects aside. */
export function attemptsMax({ retries, reloads }: Omit<Retrying, 'timeoutUs'>): number {
  return (retries?.attempts ?? 1) * (1 + (reloads?.times ?? 0));
}

/** Requests for each operation on average where everything fails: the worst that the plan can do to a target. */
export function amplificationMax({ retries, reloads }: Omit<Retrying, 'timeoutUs'>): number {
  const loads = 1 + (reloads === undefined ? 0 : reloadsMean(reloads));
  const attempts = retries?.attempts ?? 1;
  const budget = retries?.budget ?? null;
  return loads * (budget === null ? attempts : Math.min(attempts, 1 + budget));
}

/** The backoff before retry i, from 0, without jitter; microseconds. */
export function backoffUs({ baseUs, factor, maxUs }: Omit<Backoff, 'jitter'>, i: number): number {
  return Math.min(maxUs, baseUs * factor ** i);
}
