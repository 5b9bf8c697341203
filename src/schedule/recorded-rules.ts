// What a plan says of single recorded rows: their route and tenant, and whether they may be sent.
import { Pattern } from '../recording/pattern.js';
import { isActingPath } from '../recording/quarantine.js';
import type { Row } from '../recording/row.js';
import { NOT_SENT, reasonNotSent } from '../recording/sendable.js';
import { RowFilter, withoutQuery } from '../recording/where.js';
import type { Plan, RecordingStream, TenantPattern } from '../scenario/plan.js';

/** Why a row is not sent; the schedule adds those that need no route. */
export const DROPPED = { ...NOT_SENT, where: 'filtered by where' } as const;

const CACHE_MAX = 20_000;

interface Verdict {
  readonly route: number;
  readonly acting: boolean;
}

/** The rules of one stream, compiled. */
export class RowRules {
  /** Of the row looked at last. */
  route = 0;
  tenant: string | null = null;
  private readonly routes: readonly {
    readonly method: string | null;
    readonly path: Pattern;
    readonly route: number;
  }[];
  private readonly other: number;
  private readonly names: readonly string[];
  private readonly mayWrite: readonly boolean[];
  private readonly tenants: TenantFinder | null;
  private readonly where: RowFilter | null;
  /** Verdicts by method, then path. Paths repeat, and matching them is the dearest thing here. */
  private readonly cache = new Map<string, Map<string, Verdict>>();
  private cached = 0;
  /** Of the row looked at last, as most have the same method: one look for the path, and no text made of both. */
  private method = '';
  private byPath = new Map<string, Verdict>();

  constructor(plan: Plan, stream: RecordingStream) {
    this.names = plan.routes.map((route) => route.name);
    this.other = this.names.lastIndexOf('other');
    if (this.other < 0) throw new Error('a plan with a recording has a route named other');
    this.routes = plan.routes.flatMap(({ match }, route) =>
      match === null
        ? []
        : [{ method: match.method?.toUpperCase() ?? null, path: new Pattern(match.path), route }],
    );
    this.mayWrite = this.names.map((name) => stream.writes.includes(name));
    this.tenants = plan.tenants === null ? null : new TenantFinder(plan.tenants);
    this.where = stream.where === null ? null : new RowFilter(stream.where);
  }

  /** Why a row is not sent, '' if it may be; sets `route` and `tenant` in either case. */
  reasonAgainst(row: Row): string {
    const verdict = this.verdictOn(row.method, row.path);
    this.route = verdict.route;
    this.tenant = this.tenants === null ? null : this.tenants.find(row);
    if (this.where !== null && !this.where.takes(row, this.names[this.route]!, this.tenant))
      return DROPPED.where;
    return reasonNotSent(row, verdict.acting, this.mayWrite[this.route] as boolean);
  }

  private verdictOn(method: string, path: string): Verdict {
    if (method !== this.method) this.turnTo(method);
    let verdict = this.byPath.get(path);
    if (verdict === undefined) {
      if (this.cached >= CACHE_MAX) {
        this.cache.clear();
        this.cached = 0;
        this.turnTo(method);
      }
      verdict = { route: this.routeOf(method, withoutQuery(path)), acting: isActingPath(path) };
      this.byPath.set(path, verdict);
      this.cached++;
    }
    return verdict;
  }

  private turnTo(method: string): void {
    const known = this.cache.get(method);
    this.method = method;
    this.byPath = known ?? new Map<string, Verdict>();
    if (known === undefined) this.cache.set(method, this.byPath);
  }

  private routeOf(method: string, path: string): number {
    for (const rule of this.routes) {
      if ((rule.method === null || rule.method === method) && rule.path.test(path)) return rule.route;
    }
    return this.other;
  }
}

/** Finds the tenant between the two literal parts of a pattern: `{tenant}.shop.example`, `/s/{tenant}`. */
class TenantFinder {
  private readonly before: string;
  private readonly after: string;

  constructor(private readonly pattern: TenantPattern) {
    const [before = '', after = ''] = pattern.pattern.split('{tenant}');
    this.before = pattern.by === 'host' ? before.toLowerCase() : before;
    this.after = pattern.by === 'host' ? after.toLowerCase() : after;
  }

  find(row: Row): string | null {
    return this.pattern.by === 'host' ? this.inHost(row.host) : this.inPath(withoutQuery(row.path));
  }

  private inHost(recorded: string | undefined): string | null {
    if (recorded === undefined) return null;
    const host = this.after.includes(':') ? recorded : recorded.replace(/:\d+$/, '');
    if (host.length <= this.before.length + this.after.length) return null;
    if (!host.startsWith(this.before) || !host.endsWith(this.after)) return null;
    return host.slice(this.before.length, host.length - this.after.length);
  }

  /** The pattern is a prefix: the tenant ends at the next `/`, which the rest of the pattern has to follow. */
  private inPath(path: string): string | null {
    if (!path.startsWith(this.before)) return null;
    const slash = path.indexOf('/', this.before.length);
    const end = slash < 0 ? path.length : slash;
    if (end === this.before.length) return null;
    const rest = this.after.replace(/\/?\*?$/, '');
    return path.startsWith(rest, end) ? path.slice(this.before.length, end) : null;
  }
}
