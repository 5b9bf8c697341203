// Finds the routes of a recording: paths with their ids taken out, `/products/123` as `/products/{id}`, counted.

/** A kind of request found in a recording. */
export interface TemplateCount {
  readonly method: string;
  /** Path without query; `{id}` stands for one segment. */
  readonly path: string;
  readonly count: number;
}

/** Distinct templates that are counted; what comes after they are used up is counted together. */
const TEMPLATES_MAX = 10_000;
/** Paths whose template is remembered. */
const CACHE_MAX = 20_000;
/** Segments that are looked at; a deeper path keeps these and ends in `*`. */
const SEGMENTS_MAX = 12;

const ID = '{id}';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGITS = /^\d+$/;
const HEX = /^(?=.*\d)[0-9a-f]{8,}$/i;
/** Sixteen or more letters and digits of a token: no words between hyphens. */
const TOKEN = /^[A-Za-z0-9_]{16,}$/;

/**
 * A path's template. A segment becomes `{id}` when it is all digits, a UUID, hex of 8 or more with a digit, or a
 * token of 16 or more characters that mixes digits with letters; a file's extension stays: `/img/123.jpg` is
 * `/img/{id}.jpg`. What looks like words (`red-shoes-2`) stays, as it may be a page of its own.
 * @param path as recorded; the query is left out
 */
export function templateOf(path: string): string {
  const end = path.search(/[?#]/);
  const segments = (end < 0 ? path : path.slice(0, end)).split('/', SEGMENTS_MAX + 2);
  const deep = segments.length > SEGMENTS_MAX + 1;
  if (deep) segments.length = SEGMENTS_MAX + 1;
  const out = segments.map(templateSegment);
  if (deep) out.push('*');
  return out.join('/');
}

function templateSegment(segment: string): string {
  if (segment.length > 128) return ID;
  if (isId(segment)) return ID;
  const dot = segment.lastIndexOf('.');
  return dot > 0 && segment.length - dot <= 6 && isId(segment.slice(0, dot))
    ? ID + segment.slice(dot)
    : segment;
}

function isId(text: string): boolean {
  if (DIGITS.test(text) || UUID.test(text) || HEX.test(text)) return true;
  return TOKEN.test(text) && /\d/.test(text) && /[A-Za-z]/.test(text);
}

/** Counts templates in bounded memory. */
export class TemplateTable {
  /** Requests of templates that came when the table was full. */
  uncounted = 0;
  private readonly counts = new Map<string, { method: string; path: string; count: number }>();
  private readonly cache = new Map<string, { count: number }>();

  add(method: string, path: string): void {
    const query = path.indexOf('?');
    const key = `${method} ${query < 0 ? path : path.slice(0, query)}`;
    let entry = this.cache.get(key);
    if (!entry) {
      entry = this.entryOf(method, path);
      if (!entry) {
        this.uncounted++;
        return;
      }
      if (this.cache.size >= CACHE_MAX) this.cache.clear();
      this.cache.set(key, entry);
    }
    entry.count++;
  }

  /** Most frequent first; ties by method and path. */
  list(): TemplateCount[] {
    return [...this.counts.values()].sort(
      (a, b) => b.count - a.count || compare(a.path, b.path) || compare(a.method, b.method),
    );
  }

  private entryOf(method: string, path: string): { count: number } | undefined {
    const template = templateOf(path);
    const key = `${method} ${template}`;
    let entry = this.counts.get(key);
    if (!entry && this.counts.size < TEMPLATES_MAX) {
      entry = { method, path: template, count: 0 };
      this.counts.set(key, entry);
    }
    return entry;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
