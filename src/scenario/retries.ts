// What a scenario says of retries, reloads and leaving: read, with its defaults, and held to its bounds.
import { formatDuration } from '../units.js';
import { nearest } from './nearest.js';
import type { Plan } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import {
  type Backoff,
  type Leaving,
  LIFE_MAX_US,
  RETRIED_OUTCOMES,
  type Reloads,
  type RetriedOutcome,
  type Retries,
  retriesMaxUs,
} from './retry-plan.js';
import type { TypedScenario } from './schema.js';
import { readDuration, readFactor, readTimeout, readWhole } from './settings.js';

const ATTEMPTS_MAX = 10;
const RELOADS_MAX = 9;
const FACTOR_MAX = 100;
const SIGMA_MAX = 3;
const ON: readonly (RetriedOutcome | number)[] = ['timeout', 'refused', 'reset', 502, 503, 504];
const METHODS = ['GET', 'HEAD'];
const BACKOFF: Backoff = { baseUs: 250_000, factor: 2, maxUs: 10e6, jitter: 'full' };
const RETRY_AFTER_MAX_US = 30e6;

type Mapping = Exclude<NonNullable<TypedScenario['retries']>, number>;

/** What is sent again, and who leaves; what is not used is left out. */
export function readRetrying(
  typed: TypedScenario,
  timeoutUs: number,
  problems: ProblemList,
): Pick<Plan, 'retries' | 'reloads' | 'abandon'> {
  const retries = readRetries(typed.retries, timeoutUs, problems);
  const reloads = readReloads(typed.reloads, problems);
  const abandon = readLeaving(typed.abandon, problems);
  return { ...(retries && { retries }), ...(reloads && { reloads }), ...(abandon && { abandon }) };
}

function readRetries(
  typed: TypedScenario['retries'],
  planTimeoutUs: number,
  problems: ProblemList,
): Retries | undefined {
  if (typed === undefined) return undefined;
  const path: Path = ['retries'];
  const short = typeof typed === 'number';
  const count = short ? readWhole(path, typed, [0, ATTEMPTS_MAX - 1], 0, problems) : 0;
  if (short && count === 0) return undefined;
  const mapping: Mapping = short ? { attempts: count + 1 } : typed;
  const retries: Retries = {
    attempts: readWhole([...path, 'attempts'], mapping.attempts, [2, ATTEMPTS_MAX], 3, problems),
    ...readOn([...path, 'on'], mapping.on ?? ON, problems),
    methods: readMethods([...path, 'methods'], mapping.methods ?? METHODS, problems),
    timeoutUs:
      mapping.timeout === undefined
        ? planTimeoutUs
        : readTimeout([...path, 'timeout'], mapping.timeout, problems),
    backoff: readBackoff([...path, 'backoff'], mapping.backoff ?? {}, problems),
    budget: mapping.budget === undefined ? null : readShare([...path, 'budget'], mapping.budget, problems),
    retryAfterMaxUs: readRetryAfter([...path, 'retryAfter'], mapping.retryAfter ?? true, problems),
  };
  const longestUs = retriesMaxUs(retries);
  if (longestUs > LIFE_MAX_US) {
    problems.add(
      path,
      `${retries.attempts} attempts of ${formatDuration(retries.timeoutUs)} and their backoffs may take ${formatDuration(longestUs)}; at most ${formatDuration(LIFE_MAX_US)} are followed`,
      'give attempts a shorter time of their own: retries: { timeout: 3s }',
    );
  }
  return retries;
}

function readOn(
  path: Path,
  typed: readonly (string | number)[],
  problems: ProblemList,
): Pick<Retries, 'on' | 'statuses'> {
  const on = new Set<RetriedOutcome>();
  const statuses = new Set<number>();
  for (const [i, each] of typed.entries()) {
    const outcome = RETRIED_OUTCOMES.find((name) => name === each);
    const status = /^\d{3}$/.test(String(each)) ? Number(each) : Number.NaN;
    if (outcome !== undefined) on.add(outcome);
    else if (status >= 400 && status <= 599) statuses.add(status);
    else {
      const near = nearest(String(each), RETRIED_OUTCOMES);
      const known = `known: statuses from 400 to 599, ${RETRIED_OUTCOMES.join(', ')}`;
      problems.add(
        [...path, i],
        `${quote(String(each))} is no failure that can be retried`,
        near === undefined ? known : `did you mean ${near}?`,
      );
    }
  }
  return { on: [...on].sort(), statuses: [...statuses].sort((a, b) => a - b) };
}

function readMethods(path: Path, typed: readonly string[], problems: ProblemList): string[] {
  const methods = new Set<string>();
  for (const [i, each] of typed.entries()) {
    if (/^[A-Za-z]{1,20}$/.test(each)) methods.add(each.toUpperCase());
    else problems.add([...path, i], `${quote(each)} is no method`, 'write [GET, HEAD]');
  }
  return [...methods].sort();
}

function readBackoff(path: Path, typed: NonNullable<Mapping['backoff']>, problems: ProblemList): Backoff {
  const us = (key: 'base' | 'max', fallback: number): number => {
    const given = typed[key];
    return (given === undefined ? undefined : readDuration([...path, key], given, problems)) ?? fallback;
  };
  const baseUs = us('base', BACKOFF.baseUs);
  const maxUs = us('max', Math.max(BACKOFF.maxUs, baseUs));
  const factor =
    typed.factor === undefined
      ? BACKOFF.factor
      : readFactor([...path, 'factor'], typed.factor, FACTOR_MAX, problems);
  if (factor < 1) problems.add([...path, 'factor'], `is ${typed.factor}; expected 1 to ${FACTOR_MAX}`);
  if (baseUs > maxUs) {
    problems.add(
      [...path, 'base'],
      `is longer than the longest wait, ${formatDuration(maxUs)}`,
      'raise max: with it, or lower base:',
    );
  }
  return { baseUs, factor, maxUs, jitter: typed.jitter ?? BACKOFF.jitter };
}

function readRetryAfter(
  path: Path,
  typed: NonNullable<Mapping['retryAfter']>,
  problems: ProblemList,
): number | null {
  if (typed === false) return null;
  const us = typed === true ? undefined : readDuration(path, typed, problems);
  if (us !== undefined && us > LIFE_MAX_US)
    problems.add(path, `is longer than ${formatDuration(LIFE_MAX_US)}`, 'write 30s, or true');
  return us ?? RETRY_AFTER_MAX_US;
}

function readReloads(typed: TypedScenario['reloads'], problems: ProblemList): Reloads | undefined {
  if (typed === undefined) return undefined;
  const path: Path = ['reloads'];
  const { after, chance, wait = {}, times } = typed;
  const sigma = wait.sigma ?? 0.8;
  if (!(sigma >= 0 && sigma <= SIGMA_MAX))
    problems.add([...path, 'wait', 'sigma'], `is ${sigma}; expected 0 to ${SIGMA_MAX}`);
  return {
    afterUs: (after === undefined ? undefined : readDuration([...path, 'after'], after, problems)) ?? 8e6,
    chance: chance === undefined ? 0.3 : readShare([...path, 'chance'], chance, problems),
    wait: {
      medianUs:
        (wait.median === undefined
          ? undefined
          : readDuration([...path, 'wait', 'median'], wait.median, problems)) ?? 3e6,
      sigma,
    },
    times: readWhole([...path, 'times'], times, [1, RELOADS_MAX], 3, problems),
  };
}

function readLeaving(typed: TypedScenario['abandon'], problems: ProblemList): Leaving | undefined {
  if (typed === undefined || typed === false) return undefined;
  const { chance, slower } = typed === true ? {} : typed;
  return {
    chance: chance === undefined ? 1 : readShare(['abandon', 'chance'], chance, problems),
    slowerUs: (slower === undefined ? null : readDuration(['abandon', 'slower'], slower, problems)) ?? null,
  };
}

/** A share above 0 and at most 1, as `30%` or 0.3; 1 where it is a problem. */
function readShare(path: Path, typed: string | number, problems: ProblemList): number {
  const [, digits, percent] = /^(\d{1,15}(?:\.\d{1,15})?)\s*(%?)$/.exec(String(typed).trim()) ?? [];
  const share = digits === undefined ? Number.NaN : Number(digits) / (percent === '%' ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  problems.add(path, `${quote(String(typed))} is no share above 0 and up to 100%`, 'write 30%, or 0.3');
  return 1;
}
