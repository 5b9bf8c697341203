// What keeps a load test off the wrong shop: the hosts allowed, the ceiling, the writes, the tenants' hosts.
import { readFile } from 'node:fs/promises';
import { type Problem, UserError } from '../problem.js';
import { formatRate } from '../units.js';
import { trouble } from './inputs.js';
import type { RequestTemplate, TenantPattern } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { Target } from './target.js';

/** True for `localhost`, 127.0.0.0/8 and ::1 as they are written; no name is looked up. */
export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    bare === 'localhost' || bare === '::1' || /^127(?:\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(bare)
  );
}

/**
 * Hosts of an allow file: one a line, # starts a comment; none if there is no such file.
 * @throws UserError if it is there and cannot be read
 */
export async function readAllowFile(file: string): Promise<string[]> {
  try {
    const text = await readFile(file, 'utf8');
    return text.split(/\r?\n/).flatMap((line) => line.replace(/#.*/, '').trim() || []);
  } catch (error) {
    const message = trouble(error);
    if (message === 'does not exist') return [];
    throw new UserError([
      { place: file, path: '', message, hint: 'it lists the hosts that you may load, one a line' },
    ]);
  }
}

/** Refuses a target that is neither on this machine nor named for this run, or that has no ceiling. */
export function checkTarget(target: Target, allowed: readonly string[], problems: ProblemList): void {
  if (target.loopback) return;
  const { hostname, port } = target;
  const names = allowed.map((name) => name.trim().toLowerCase().replace(/\.$/, ''));
  // Through a proxy, or at other addresses, a loopback name is not this machine.
  const subject = isLoopback(hostname) ? `${hostname} as it is reached` : hostname;
  if (!names.includes(hostname) && !names.includes(`${hostname}:${port}`)) {
    problems.add(
      ['target'],
      `${subject} is not this machine and is not allowed for this run`,
      `if it may be loaded, pass --allow-host ${hostname}, or add it to your allow file`,
    );
  }
  if (target.ceilingPerSec === null) {
    problems.add(
      ['target'],
      `${subject} is not this machine and has no ceiling`,
      'say what the target may get at most: target: { url: ..., ceiling: 3000/s }',
    );
  }
}

/**
 * Compares a plan's peak with the target's ceiling.
 * @returns the problem, without its place; undefined if the peak is within
 */
export function checkCeiling(target: Target, peakPerSec: number): Omit<Problem, 'place'> | undefined {
  const { ceilingPerSec } = target;
  // A rate that is exactly the ceiling may come out a rounding above it.
  if (ceilingPerSec === null || peakPerSec <= ceilingPerSec * (1 + 1e-9)) return undefined;
  return {
    path: 'target.ceiling',
    message: `the plan's peak of ${formatRate(peakPerSec)} exceeds the ceiling of ${formatRate(ceilingPerSec)}`,
    hint: 'lower the load (amplify, rates), or raise the ceiling if the target may get this much',
  };
}

/**
 * Refuses requests that change something on a route that `writes` does not list.
 * @param path of the requests
 * @param routes names by index
 */
export function checkWrites(
  path: Path,
  requests: readonly Pick<RequestTemplate, 'method' | 'route'>[],
  routes: readonly string[],
  writes: readonly string[],
  problems: ProblemList,
): void {
  for (const [i, { method, route }] of requests.entries()) {
    const name = routes[route] ?? '';
    if (method === 'GET' || method === 'HEAD' || writes.includes(name)) continue;
    problems.add(
      [...path, i],
      `${method} on route ${quote(name)} changes something and is not listed in writes`,
      `if the target may get it, add writes: [${[...writes, name].join(', ')}]`,
    );
  }
}

/** Refuses tenants whose hosts would be those of another shop: they must be mapped, or be under the target's host. */
export function checkTenantHosts(target: Target, tenants: TenantPattern | null, problems: ProblemList): void {
  if (target.loopback || tenants?.by !== 'host') return;
  const host = tenants.pattern.toLowerCase().replace(/:\d+$/, '');
  const under = host.endsWith(`.${target.hostname}`);
  if (under || Object.keys(target.hosts ?? {}).some((pattern) => covers(pattern, host))) return;
  problems.add(
    ['tenants', 'host'],
    `no rule of target.hosts says what ${quote(tenants.pattern)} is on ${target.hostname}`,
    `map it: hosts: { ${quote(host.replace('{tenant}', '*'))}: ${quote(`*.${target.hostname}`)} }`,
  );
}

/** True if a pattern of `hosts` takes every host that the tenant pattern stands for. */
function covers(pattern: string, host: string): boolean {
  const bare = pattern.replace(/:\d+$/, '');
  return bare === '*' || (bare.startsWith('*.') && host.endsWith(bare.slice(1)));
}
