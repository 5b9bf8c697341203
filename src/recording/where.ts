// A filter of recorded rows: by who asked, for what, of which shop.
import { matchesAny, Pattern } from './pattern.js';
import type { ClientClass, Row } from './row.js';

/** All that is named must hold. Values with `*` are patterns. */
export interface Where {
  readonly tenant?: readonly string[];
  readonly route?: readonly string[];
  readonly host?: readonly string[];
  readonly path?: readonly string[];
  readonly method?: readonly string[];
  readonly client?: readonly ClientClass[];
  readonly not?: Where;
}

/** A filter, compiled. */
export class RowFilter {
  private readonly tenant: readonly Pattern[] | null;
  private readonly route: readonly Pattern[] | null;
  private readonly host: readonly Pattern[] | null;
  private readonly path: readonly Pattern[] | null;
  private readonly method: readonly Pattern[] | null;
  private readonly client: ReadonlySet<string> | null;
  private readonly not: RowFilter | null;

  constructor(where: Where) {
    const compile = (texts: readonly string[] | undefined) => texts?.map((text) => new Pattern(text)) ?? null;
    this.tenant = compile(where.tenant);
    this.route = compile(where.route);
    this.host = compile(where.host?.map((host) => host.toLowerCase()));
    this.path = compile(where.path);
    this.method = compile(where.method?.map((method) => method.toUpperCase()));
    this.client = where.client ? new Set(where.client) : null;
    this.not = where.not ? new RowFilter(where.not) : null;
  }

  /** A row without a tenant, or without a host, is of none: no pattern takes it, `*` included. */
  takes(row: Row, route: string, tenant: string | null): boolean {
    return (
      (this.tenant === null || (tenant !== null && matchesAny(this.tenant, tenant))) &&
      (this.route === null || matchesAny(this.route, route)) &&
      (this.host === null || (row.host !== undefined && matchesAny(this.host, row.host))) &&
      (this.path === null || matchesAny(this.path, withoutQuery(row.path))) &&
      (this.method === null || matchesAny(this.method, row.method)) &&
      (this.client === null || this.client.has(row.clientClass)) &&
      (this.not === null || !this.not.takes(row, route, tenant))
    );
  }
}

/** A path without what follows its `?`. */
export function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
