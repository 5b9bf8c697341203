// The columns of a W3C extended log: which is what by its name, cutting lines into them, and what writers did to texts.
import type { FieldMap, FieldName, FieldUnit } from '../fields/field-map.js';

/** Numbers of columns; −1 where the log has none. */
export interface Columns {
  readonly count: number;
  /** CloudFront wrote it: it has edge locations, URL-encoded agents and durations in seconds. */
  readonly cloudFront: boolean;
  /** IIS or another server of Microsoft's wrote it: `+` is a blank, durations are in milliseconds. */
  readonly microsoft: boolean;
  /** Date and time are local ones. */
  readonly local: boolean;
  readonly durationUnit: FieldUnit | null;
  readonly date: number;
  readonly time: number;
  readonly duration: number;
  readonly method: number;
  readonly stem: number;
  readonly query: number;
  readonly uri: number;
  readonly host: number;
  /** The host that CloudFront's own name is, where there is no better one. */
  readonly edgeHost: number;
  readonly scheme: number;
  readonly status: number;
  readonly bytes: number;
  readonly client: number;
  readonly forwarded: number;
  readonly agent: number;
}

/**
 * The columns of a `#Fields` directive.
 * @param software what `#Software` said, or ''
 * @param fields the user's names for columns, which go before the format's own
 * @returns undefined where nothing says what was requested
 */
export function columnsOf(
  names: readonly string[],
  software: string,
  fields: FieldMap | null,
): Columns | undefined {
  const lower = names.map((name) => name.toLowerCase());
  const find = (of: FieldName | null, ...known: readonly string[]) => {
    const own = of === null ? undefined : fields?.[of]?.name.toLowerCase();
    for (const name of own === undefined ? known : [own]) {
      const at = lower.indexOf(name);
      if (at >= 0) return at;
    }
    return -1;
  };
  const cloudFront = lower.includes('x-edge-location');
  const microsoft =
    /microsoft|internet information|\biis\b/i.test(software) || lower.includes('sc-win32-status');
  const time = find('time', 'time', 'time-local');
  const date = fields?.time === undefined ? find(null, 'date', 'date-local') : -1;
  const duration = find('duration', 'time-taken', 'timetakenms');
  const stem = find('path', 'cs-uri-stem');
  const uri = find('url', 'cs-uri');
  if (stem < 0 && uri < 0) return undefined;
  const inMs = microsoft || lower[duration] === 'timetakenms';
  return {
    count: names.length,
    cloudFront,
    microsoft,
    local: lower[time]?.endsWith('-local') ?? false,
    durationUnit: fields?.duration?.unit ?? (cloudFront ? 's' : inMs ? 'ms' : null),
    date,
    time,
    duration,
    method: find('method', 'cs-method'),
    stem,
    query: find('query', 'cs-uri-query'),
    uri,
    host: find('host', 'x-host-header', 'cs-host', ...(cloudFront ? [] : ['cs(host)'])),
    edgeHost: cloudFront ? find(null, 'cs(host)') : -1,
    scheme: find(null, 'cs-protocol'),
    status: find('status', 'sc-status'),
    bytes: find('bytes', 'sc-bytes', 'bytes'),
    client: find('client', 'c-ip'),
    // Behind a balancer all of IIS's clients have its address. CloudFront's c-ip is the viewer's.
    forwarded: cloudFront ? -1 : find(null, 'x-forwarded-for', 'cs(x-forwarded-for)'),
    agent: find('agent', 'cs(user-agent)'),
  };
}

/**
 * A line's values: between tabs where it has any, else between blanks, where a value in quotes may hold blanks.
 * @returns null if they are fewer than `count`, or are more without tabs, as then nothing says which is which
 */
export function splitColumns(text: string, count: number): string[] | null {
  if (text.includes('\t')) {
    const values = text.split('\t', count);
    return values.length < count ? null : values.map(unquote);
  }
  const plain = text.split(' ', count + 2);
  if (plain.length === count) return plain.map(unquote);
  const values = splitQuoted(text, count + 1);
  return values.length === count ? values : null;
}

/** Values between runs of blanks; one in quotes ends at a quote that is not doubled. */
function splitQuoted(text: string, max: number): string[] {
  const values: string[] = [];
  const value = /"((?:[^"]|"")*)"(?= |$)|[^ ]+/y;
  for (let at = 0; values.length < max; at = value.lastIndex) {
    while (text[at] === ' ') at++;
    value.lastIndex = at;
    const match = value.exec(text);
    if (match === null) break;
    values.push(match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'));
  }
  return values;
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** The user agent as it was sent: CloudFront URL-encodes it, old files twice; IIS writes blanks as `+`. */
export function decodeAgent(agent: string | undefined, columns: Columns): string | undefined {
  if (agent === undefined) return undefined;
  if (columns.microsoft) return agent.replaceAll('+', ' ');
  if (!columns.cloudFront || !agent.includes('%')) return agent;
  const once = decodePercent(agent);
  return once.includes('%20') ? decodePercent(once) : once;
}

function decodePercent(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * IIS logs the path decoded, with blanks as `+`. By default it refuses a `+` in a path (double escaping), so one that
 * is logged was a blank; a `?` or `#` in it was encoded.
 */
export function encodeStem(stem: string): string {
  return stem.replace(/[+?#]/g, (c) => (c === '+' ? '%20' : c === '?' ? '%3F' : '%23'));
}
