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

const KEYS = ['host', 'path', 'method', 'client'] as const;
const CLIENTS: readonly ClientClass[] = ['person', 'bot', 'unknown'];

/**
 * Reads filters as they are typed on a command line: `path=/products/*`, `not.client=bot`; several values of one key
 * are alternatives.
 * @returns what is wrong, as a text, for what is no filter
 */
export function parseWhere(texts: readonly string[]): Where | string {
  const all: Record<string, string[]> = {};
  const none: Record<string, string[]> = {};
  for (const text of texts) {
    const [, not, key = '', value = ''] = /^(not\.)?([a-z]+)=(.+)$/.exec(text) ?? [];
    if (!KEYS.some((known) => known === key))
      return `"${text}" is no filter; write path=/products/*, not.client=bot`;
    if (key === 'client' && !CLIENTS.some((known) => known === value)) {
      return `"${value}" is no kind of client; there are ${CLIENTS.join(', ')}`;
    }
    const into = not === undefined ? all : none;
    (into[key] ??= []).push(value);
  }
  return (Object.keys(none).length === 0 ? all : { ...all, not: none }) as Where;
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
