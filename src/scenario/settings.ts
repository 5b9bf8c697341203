// Settings of a whole plan: connections, visits, tenants and the bounded numbers.
import { HostMap } from '../recording/hosts.js';
import { parseDurationUs, parseMultiple } from '../units.js';
import type { ConnectionPolicy, Plan, TenantPattern } from './plan.js';
import { type Path, type ProblemList, quote, type Spot } from './problems.js';
import type { TypedConnections, TypedScenario, TypedVisits } from './schema.js';

const IDLE_US = 60e6;
const TIMEOUT_US = 10e6;
const TIMEOUT_MAX_US = 120e6;
const REDIRECTS_MAX = 20;
const DURATION_MAX_US = 31 * 86_400e6;

export interface Visits {
  readonly requests: number;
  readonly thinkUs: number;
}

export const VISITS: Visits = { requests: 6, thinkUs: 8e6 };

/** A duration of at most 31 days; undefined if it is a problem. */
export function readDuration(spot: Spot, typed: string | number, problems: ProblemList): number | undefined {
  const us = problems.read(spot, () => parseDurationUs(typed));
  if (us === undefined || us <= DURATION_MAX_US) return us;
  problems.add(spot, `${quote(String(typed))} is longer than 31 days`, 'a bare number counts as seconds');
  return undefined;
}

/** A number above 0 and at most `max`; 1 where none is given, or where it is a problem. */
export function readFactor(
  spot: Spot,
  typed: string | number | undefined,
  max: number,
  problems: ProblemList,
): number {
  if (typed === undefined) return 1;
  const factor = problems.read(spot, () => parseMultiple(typed));
  if (factor === undefined) return 1;
  if (factor > 0 && factor <= max) return factor;
  problems.add(spot, `is ${typed}; expected more than 0 and at most ${max}`);
  return 1;
}

/** A whole number within bounds; the default where none is given, or where it is a problem. */
export function readWhole<T>(
  spot: Spot,
  typed: string | number | undefined,
  [min, max]: readonly [number, number],
  fallback: T,
  problems: ProblemList,
): number | T {
  if (typed === undefined) return fallback;
  const number = typeof typed === 'number' ? typed : /^\d{1,16}$/.test(typed) ? Number(typed) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
  problems.add(spot, `${quote(String(typed))} is not a whole number from ${min} to ${max}`);
  return fallback;
}

export function readTimeout(spot: Spot, typed: string | number | undefined, problems: ProblemList): number {
  if (typed === undefined) return TIMEOUT_US;
  const us = problems.read(spot, () => parseDurationUs(typed));
  if (us === undefined || (us >= 1000 && us <= TIMEOUT_MAX_US)) return us ?? TIMEOUT_US;
  problems.add(spot, `the timeout is ${typed}; expected 1ms to 120s`);
  return TIMEOUT_US;
}

/** Undefined unless it is a power of two from 8 to 1024. */
export function readLanes(typed: number | undefined, problems: ProblemList): number | undefined {
  if (typed === undefined) return undefined;
  if (Number.isInteger(Math.log2(typed)) && typed >= 8 && typed <= 1024) return typed;
  problems.add(
    ['lanes'],
    `lanes is ${typed}; expected a power of two from 8 to 1024`,
    'leave it out to have it chosen',
  );
  return undefined;
}

export function readVisits(
  path: Path,
  typed: TypedVisits | undefined,
  base: Visits,
  problems: ProblemList,
): Visits {
  const think =
    typed?.think === undefined ? undefined : readDuration([...path, 'think'], typed.think, problems);
  return {
    requests: readWhole([...path, 'requests'], typed?.requests, [1, 1e6], base.requests, problems),
    thinkUs: think ?? base.thinkUs,
  };
}

/** What visitors make of answers; what is as usual is left out. */
export function readAnswering(
  { redirects: typed, cookies }: TypedScenario,
  problems: ProblemList,
): Pick<Plan, 'redirects' | 'cookies'> {
  const redirects = readWhole(['redirects'], typed, [0, REDIRECTS_MAX], 0, problems);
  return { ...(redirects > 0 && { redirects }), ...(cookies === false && { cookies }) };
}

/** @param override from the command line: visitor, fresh or pool=N */
export function readConnections(
  typed: TypedConnections | undefined,
  override: string | undefined,
  problems: ProblemList,
): ConnectionPolicy {
  const visitor: ConnectionPolicy = { kind: 'visitor', perVisitor: null, idleUs: IDLE_US };
  if (override !== undefined) {
    const pool = /^pool[=:](\d{1,7})$/.exec(override);
    if (pool !== null) return readPool({ option: '--connections' }, Number(pool[1]), problems);
    if (override === 'fresh') return { kind: 'fresh' };
    if (override !== 'visitor') {
      problems.add(
        { option: '--connections' },
        `expected visitor, fresh or pool=200, not ${quote(override)}`,
      );
    }
    return visitor;
  }
  if (typed === undefined || typed === 'visitor') return visitor;
  if (typed === 'fresh') return { kind: 'fresh' };
  if ((typed.pool === undefined) === (typed.visitor === undefined)) {
    problems.add(
      ['connections'],
      'expected either pool or visitor',
      'write { pool: 200 } or { visitor: { perVisitor: 6 } }',
    );
    return visitor;
  }
  if (typed.pool !== undefined) return readPool(['connections', 'pool'], typed.pool, problems);
  const path = ['connections', 'visitor'];
  const idle = typed.visitor?.idle;
  return {
    kind: 'visitor',
    perVisitor: readWhole([...path, 'perVisitor'], typed.visitor?.perVisitor, [1, 1000], null, problems),
    idleUs: (idle === undefined ? undefined : readDuration([...path, 'idle'], idle, problems)) ?? IDLE_US,
  };
}

function readPool(spot: Spot, size: number, problems: ProblemList): ConnectionPolicy {
  return { kind: 'pool', size: readWhole(spot, size, [1, 100_000], 1, problems) };
}

/**
 * How tenants show. Without `tenants`, one rule of `target.hosts` that starts with `*.` says it as well.
 * @param used whether any stream speaks of tenants
 */
export function readTenants(
  typed: TypedScenario['tenants'],
  hosts: Readonly<Record<string, string>> | null,
  used: boolean,
  problems: ProblemList,
): TenantPattern | null {
  if (typed === undefined) {
    const wild = Object.keys(hosts ?? {}).filter((pattern) => pattern.startsWith('*.'));
    const [only] = wild;
    if (!used || wild.length !== 1 || only === undefined) return null;
    return byHost(`{tenant}${only.slice(1)}`, hosts);
  }
  const { host, path } = typed;
  if ((host === undefined) === (path === undefined)) {
    problems.add(
      ['tenants'],
      'expected either host or path',
      'write { host: "{tenant}.shop.example" } or { path: "/s/{tenant}" }',
    );
    return null;
  }
  const pattern = host?.toLowerCase() ?? path ?? '';
  const form =
    host === undefined
      ? /^\/[^\s{}?#]*\{tenant\}[^\s{}?#]*(?<!\/)$/
      : /^[a-z0-9.-]*\{tenant\}[a-z0-9.-]*(?::\d{1,5})?$/;
  if (!form.test(pattern)) {
    const example = host === undefined ? '/s/{tenant}' : '{tenant}.shop.example';
    const key = host === undefined ? 'path' : 'host';
    problems.add(
      ['tenants', key],
      `${quote(host ?? path ?? '')} is not a pattern with one {tenant}`,
      `write ${quote(example)}`,
    );
  }
  return host === undefined ? { by: 'path', pattern } : byHost(pattern, hosts);
}

/** A tenant by host, with the host that is sent: a recorded host must never reach a target that maps it. */
function byHost(pattern: string, hosts: Readonly<Record<string, string>> | null): TenantPattern {
  const stand = 'tenant-stands-here';
  const mapped = new HostMap(hosts ?? {}).get(pattern.replace('{tenant}', stand));
  return { by: 'host', pattern, sendAs: mapped?.replace(stand, '{tenant}') ?? pattern };
}
