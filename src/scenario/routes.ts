// The routes of a plan: those of the scenario, those its requests name, those seen in its recordings.

import { Pattern } from '../recording/pattern.js';
import { readChecks } from './checks.js';
import { checkName, isName } from './names.js';
import { didYouMean } from './nearest.js';
import { ROUTES_MAX, type RouteClass } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { TypedRoute } from './schema.js';

type Range = readonly [number, number];
const OK: readonly Range[] = [[200, 399]];
/** Takes what no other route does. */
const OTHER = 'other';

/** A kind of request that a recording holds: its path with ids taken out, and how many there are. */
export interface RouteCount {
  readonly path: string;
  readonly requests: number;
}

/** Routes in the making; a route's index is final once given. */
export class RouteTable {
  readonly list: RouteClass[] = [];
  readonly #problems: ProblemList;
  #full = false;

  constructor(typed: Readonly<Record<string, TypedRoute>> | undefined, problems: ProblemList) {
    this.#problems = problems;
    const declared = Object.entries(typed ?? {}).map(([name, route]) => this.#declare(name, route));
    // The order decides which of two patterns takes a row: the narrower, whatever the order in the file.
    declared.sort((a, b) => breadth(a) - breadth(b) || (a.name < b.name ? -1 : 1));
    for (const route of declared) this.#add(route, ['routes']);
  }

  get names(): string[] {
    return this.list.map(({ name }) => name);
  }

  /**
   * The index of a route that a request names, made if it is new: then it takes recorded requests of that path, so
   * that a cart is a cart whether it was made up or recorded.
   * @param path the request's, placeholders included
   */
  indexOf(name: string, path: string, at: Path): number {
    const found = this.list.findIndex((route) => route.name === name);
    if (found >= 0) return found;
    const pattern = (path.split('?', 1)[0] as string).replace(/\{[\w.]+\}/g, '{id}');
    // A pattern that starts with a placeholder would take nearly everything.
    const match = pattern.startsWith('/{id}') ? null : { method: null, path: pattern };
    return this.#add({ name, expect: OK, match }, at);
  }

  /** The declared route that takes a request, by method and path (placeholders stand for anything). */
  matching(method: string, path: string): string | undefined {
    const bare = path.split('?', 1)[0] as string;
    return this.list.find(({ match }) => {
      if (match === null || (match.method !== null && match.method !== method)) return false;
      return new Pattern(match.path).test(bare);
    })?.name;
  }

  /** Adds routes seen in recordings, most frequent first while room is left, and the one for all the rest. */
  addSeen(templates: readonly RouteCount[]): void {
    const counts = new Map<string, number>();
    for (const { path, requests } of templates) counts.set(path, (counts.get(path) ?? 0) + requests);
    const byCount = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    for (const [template] of byCount) {
      if (this.list.length >= ROUTES_MAX - 1) break;
      // What a pattern before it takes already would never come here.
      const taken = this.list.some(
        ({ match }) => match?.method === null && new Pattern(match.path).test(template),
      );
      if (taken || !isName(template) || this.names.includes(template)) continue;
      this.#add({ name: template, expect: OK, match: { method: null, path: template } }, []);
    }
    if (!this.names.includes(OTHER)) this.#add({ name: OTHER, expect: OK, match: null }, []);
  }

  /** Reports a name that is no route. */
  check(name: string, path: Path): void {
    if (this.names.includes(name) || this.#problems.isSpoiled(['routes'])) return;
    this.#problems.add(path, `no route is named ${quote(name)}`, didYouMean(name, this.names));
  }

  #add(route: RouteClass, path: Path): number {
    if (this.list.length >= ROUTES_MAX) {
      if (!this.#full)
        this.#problems.add(path, `more than ${ROUTES_MAX} routes`, 'let several requests share a route');
      this.#full = true;
      return 0;
    }
    return this.list.push(route) - 1;
  }

  #declare(name: string, typed: TypedRoute): RouteClass {
    const path: Path = ['routes', name];
    checkName(path, name, this.#problems, 'key');
    const { path: pattern, method, expect } = typed;
    if (pattern !== undefined && !/^\/[\x21-\x7e]*$/.test(pattern)) {
      this.#problems.add(
        [...path, 'path'],
        `${quote(pattern)} is not a path pattern`,
        'write it as /products/*',
      );
    }
    if (pattern?.includes('?')) {
      this.#problems.add(
        [...path, 'path'],
        'a route is found by its path, without the query',
        'leave out what follows ?',
      );
    }
    if (method !== undefined && !/^[A-Za-z]+$/.test(method)) {
      this.#problems.add([...path, 'method'], `${quote(method)} is not a method`, 'write GET or POST');
    }
    if (method !== undefined && pattern === undefined) {
      this.#problems.add([...path, 'method'], 'a method without a path takes no rows', 'add path: /*');
    }
    const checks = readChecks(path, typed, this.#problems);
    return {
      name,
      expect: expect === undefined ? OK : readExpect([...path, 'expect'], expect, this.#problems),
      match: pattern === undefined ? null : { method: method?.toUpperCase() ?? null, path: pattern },
      ...(checks !== undefined && { checks }),
    };
  }
}

/** The route's name for a path: its first fixed part, `home` for `/`. */
export function routeNameOf(path: string): string {
  const parts = (path.split(/[?#]/, 1)[0] as string).split('/').filter((part) => part !== '');
  if (parts.length === 0) return 'home';
  const fixed = parts.find((part) => !part.includes('{'));
  return fixed === undefined ? 'page' : fixed.replace(/[^\w.-]+/g, '-').slice(0, 64);
}

function readExpect(path: Path, typed: NonNullable<TypedRoute['expect']>, problems: ProblemList): Range[] {
  const list = Array.isArray(typed) ? typed : [typed];
  if (list.length === 0) problems.add(path, 'is an empty list: no status would be ok');
  return list.flatMap((item, i) => {
    const [, low, high] = /^\s*(\d{3})\s*(?:-\s*(\d{3})\s*)?$/.exec(String(item)) ?? [];
    const range: Range = [Number(low), Number(high ?? low)];
    if (range[0] >= 100 && range[1] <= 599 && range[0] <= range[1]) return [range];
    const at = Array.isArray(typed) ? [...path, i] : path;
    problems.add(
      at,
      `${quote(String(item))} is not a status`,
      'write 200, 200-299, or a list of them; 100 to 599',
    );
    return [];
  });
}

/** How much a pattern takes: fewer fixed characters and any method take more. */
function breadth({ match }: RouteClass): number {
  if (match === null) return Number.POSITIVE_INFINITY;
  const wild = match.path.includes('*') ? 10_000 : 0;
  return wild - 2 * match.path.replaceAll('*', '').length - (match.method === null ? 0 : 1);
}
