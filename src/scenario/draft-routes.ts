// Names for the routes found in a recording: `/products/{id}` is product, `POST /cart` is cart.
import type { Audit } from '../recording/audit/audit.js';
import type { AuditedRoute } from '../recording/audit/route-audit.js';
import { isReading } from '../recording/sendable.js';

/** Routes that get a name: a report of more is not read. */
const ROUTES_MAX = 40;
/** Of the requests. */
const SHARE_MIN = 0.005;
const NAME_CHARS_MAX = 40;

/** A route as a scenario declares it. */
export interface DraftedRoute {
  readonly name: string;
  readonly path: string;
  /** Null: any method. */
  readonly method: string | null;
  /** Of the recorded requests. */
  readonly share: number;
}

/**
 * The routes with at least 0.5 % of the requests, at most 40. Methods that only read share a route; any other has its
 * own, so that `writes` can allow it alone.
 */
export function draftRoutes({ routes, rows }: Pick<Audit, 'routes' | 'rows'>): DraftedRoute[] {
  const groups = new Map<string, { path: string; method: string | null; requests: number }>();
  for (const { method, path, requests } of routes) {
    if (!isPattern(path) || !/^[A-Z]+$/.test(method)) continue;
    const own = isReading(method) ? null : method;
    const key = `${own ?? ''} ${path}`;
    const group = groups.get(key) ?? { path, method: own, requests: 0 };
    group.requests += requests;
    groups.set(key, group);
  }
  const names = new Set(['other']);
  return [...groups.values()]
    .filter(({ requests }) => requests >= SHARE_MIN * rows)
    .sort((a, b) => b.requests - a.requests || (a.path < b.path ? -1 : 1))
    .slice(0, ROUTES_MAX)
    .map(({ path, method, requests }) => {
      const shared = method !== null && groups.has(` ${path}`);
      const name = unused(shared ? `${nameOf(path)}-${method.toLowerCase()}` : nameOf(path), names);
      return { name, path, method, share: requests / rows };
    });
}

/** Whether a template can stand in a scenario: printable, and without what patterns do not know. */
function isPattern(path: AuditedRoute['path']): boolean {
  return /^\/[\x21-\x7e]*$/.test(path) && !path.includes('?');
}

/** The last fixed part of a path, in the singular where an id follows it. */
function nameOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '*');
  if (parts.length === 0) return 'home';
  const last = parts.findLastIndex((part) => !part.startsWith('{id}'));
  if (last < 0) return 'page';
  const word = (parts[last] as string)
    .toLowerCase()
    .replace(/\.[a-z]{2,5}$/, '')
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, NAME_CHARS_MAX)
    .replace(/^[-_]+|[-_]+$/g, '');
  if (word === '') return 'page';
  return last < parts.length - 1 ? singular(word) : word;
}

function singular(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

function unused(name: string, names: Set<string>): string {
  let free = name;
  for (let n = 2; names.has(free); n++) free = `${name}-${n}`;
  names.add(free);
  return free;
}
