// Reads the users' own log formats: nginx's `log_format` and Apache's `LogFormat`, into literals and fields.
import { compileStrftime, EPOCH_WITH_MS, type StampPattern } from '../fields/strftime.js';

/** What a field of a log format is to us; `skip` is a field that we have no use for. */
export type PartKind =
  | 'skip'
  | 'request'
  | 'method'
  | 'target'
  | 'query'
  | 'host'
  | 'server'
  | 'scheme'
  | 'status'
  | 'bytes'
  | 'forwarded'
  | 'address'
  | 'agent'
  | 'tookS'
  | 'tookMs'
  | 'tookUs';

/** A piece of a log format. */
export type Part =
  | { readonly is: 'literal'; readonly text: string }
  | { readonly is: 'field'; readonly kind: PartKind; readonly name: string }
  | {
      readonly is: 'time';
      readonly pattern: StampPattern;
      readonly marks: 'start' | 'end';
      readonly name: string;
    };

/** A log format taken apart. */
export interface Parts {
  readonly server: 'nginx' | 'Apache';
  readonly parts: readonly Part[];
}

/** Longest log format that is read. */
const LENGTH_MAX = 8_192;

const CLF_TIME = '%d/%b/%Y:%H:%M:%S %z';

const NGINX: Readonly<Record<string, PartKind>> = {
  remote_addr: 'address',
  realip_remote_addr: 'skip',
  http_x_forwarded_for: 'forwarded',
  proxy_add_x_forwarded_for: 'forwarded',
  request: 'request',
  request_method: 'method',
  request_uri: 'target',
  uri: 'target',
  document_uri: 'target',
  args: 'query',
  query_string: 'query',
  is_args: 'query',
  host: 'host',
  http_host: 'host',
  server_name: 'server',
  scheme: 'scheme',
  status: 'status',
  body_bytes_sent: 'bytes',
  bytes_sent: 'bytes',
  http_user_agent: 'agent',
  request_time: 'tookS',
};

const NGINX_TIMES: Readonly<Record<string, StampPattern | string>> = {
  time_local: compileStrftime(CLF_TIME),
  time_iso8601: compileStrftime('%Y-%m-%dT%H:%M:%S%z'),
  msec: EPOCH_WITH_MS,
};

const APACHE: Readonly<Record<string, PartKind>> = {
  h: 'address',
  a: 'address',
  r: 'request',
  m: 'method',
  U: 'target',
  q: 'query',
  v: 'server',
  V: 'server',
  s: 'status',
  b: 'bytes',
  B: 'bytes',
  O: 'bytes',
  D: 'tookUs',
  T: 'tookS',
};

const APACHE_HEADERS: Readonly<Record<string, PartKind>> = {
  host: 'host',
  'user-agent': 'agent',
  'x-forwarded-for': 'forwarded',
  'x-forwarded-proto': 'scheme',
};

/**
 * Takes a format apart: the bare text, or the whole directive as it stands in the server's configuration.
 * @returns what is wrong with it, where it cannot be read
 */
export function readParts(text: string): Parts | string {
  if (text.length > LENGTH_MAX) return `is longer than ${LENGTH_MAX} characters`;
  const isNginx = /\$\{?[a-zA-Z_]/.test(text);
  const parts = isNginx ? nginxParts(nginxBody(text.trim())) : apacheParts(apacheBody(text.trim()));
  return typeof parts === 'string' ? parts : { server: isNginx ? 'nginx' : 'Apache', parts: joined(parts) };
}

/** The quoted pieces of `log_format name '…' '…';` put together; a bare body as it is. */
function nginxBody(text: string): string {
  const directive = /^log_format\s+\S+(?:\s+escape=\w+)?\s+/.exec(text);
  const rest = directive ? text.slice(directive[0].length) : text;
  const quote = rest[0];
  if ((quote !== "'" && (quote !== '"' || !directive)) || !/['"]\s*;?$/.test(rest))
    return rest.replace(/;$/, '');
  const pieces = [...rest.matchAll(/'((?:[^'\\]|\\.)*)(?:'|$)|"((?:[^"\\]|\\.)*)(?:"|$)/g)];
  return pieces.map(([, single, double]) => (single ?? double ?? '').replace(/\\(['"\\])/g, '$1')).join('');
}

function nginxParts(body: string): Part[] | string {
  const parts: Part[] = [];
  for (const [part, braced, bare] of body.matchAll(/\$(?:\{(\w+)\}|(\w+))|\$|[^$]+/g)) {
    const name = (braced ?? bare)?.toLowerCase();
    if (name === undefined) parts.push({ is: 'literal', text: part });
    else {
      const pattern = Object.hasOwn(NGINX_TIMES, name) ? NGINX_TIMES[name] : undefined;
      if (pattern !== undefined && typeof pattern !== 'string') {
        parts.push({ is: 'time', pattern, marks: 'end', name: `$${name}` });
      } else {
        const kind = Object.hasOwn(NGINX, name) ? (NGINX[name] ?? 'skip') : 'skip';
        parts.push({ is: 'field', kind, name: `$${name}` });
      }
    }
  }
  return parts;
}

/** The text inside `LogFormat "…" name`, or a bare one, without Apache's backslashes. */
function apacheBody(text: string): string {
  const [, quoted] = /^(?:LogFormat\s+)?"((?:[^"\\]|\\.)*)"(?:\s+\S+)?$/i.exec(text) ?? [];
  const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n' };
  return (quoted ?? text).replace(/\\(["\\tn])/g, (_, letter: string) => escapes[letter] ?? letter);
}

function apacheParts(body: string): Part[] | string {
  const parts: Part[] = [];
  const directive = /%[!\d,]{0,60}[<>]?(?:\{([^}]{0,200})\})?(\^[A-Za-z]{2}|[A-Za-z%])/y;
  for (let at = 0; at < body.length; ) {
    const percent = body.indexOf('%', at);
    if (percent !== at) {
      const end = percent < 0 ? body.length : percent;
      parts.push({ is: 'literal', text: body.slice(at, end) });
      at = end;
      continue;
    }
    directive.lastIndex = at;
    const found = directive.exec(body);
    if (found === null) return `has no directive at "${body.slice(at, at + 12)}"`;
    const [name, argument, letter = ''] = found;
    at += name.length;
    const part = apachePart(letter, argument ?? '', name);
    if (typeof part === 'string') return part;
    parts.push(...part);
  }
  return parts;
}

function apachePart(letter: string, argument: string, name: string): Part[] | string {
  if (letter === '%') return [{ is: 'literal', text: '%' }];
  if (letter === 't') return apacheTime(argument, name);
  const header = APACHE_HEADERS[argument.toLowerCase()];
  let kind: PartKind = Object.hasOwn(APACHE, letter) ? (APACHE[letter] ?? 'skip') : 'skip';
  if (letter === 'i') kind = header ?? 'skip';
  // The peer, which is a proxy wherever the two differ.
  if (letter === 'a' && argument === 'c') kind = 'skip';
  if (letter === 'T' && argument !== '') {
    kind = argument === 'ms' ? 'tookMs' : argument === 'us' ? 'tookUs' : 'tookS';
  }
  return [{ is: 'field', kind, name }];
}

function apacheTime(argument: string, name: string): Part[] | string {
  const [, edge, format = ''] = /^(?:(begin|end):?(?=.|$))?(.*)$/.exec(argument) ?? [];
  const pattern = compileStrftime(format === '' ? CLF_TIME : format);
  if (typeof pattern === 'string') return pattern;
  const time: Part = { is: 'time', pattern, marks: edge === 'end' ? 'end' : 'start', name };
  return format === '' ? [{ is: 'literal', text: '[' }, time, { is: 'literal', text: ']' }] : [time];
}

/** Puts together what stands side by side: literals, fields of no use, and a path with its query. */
function joined(parts: readonly Part[]): Part[] {
  const out: Part[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.is === 'literal' && last?.is === 'literal') {
      out[out.length - 1] = { is: 'literal', text: last.text + part.text };
    } else if (part.is === 'field' && last?.is === 'field' && isOne(last.kind, part.kind)) continue;
    else out.push(part);
  }
  return out;
}

function isOne(first: PartKind, second: PartKind): boolean {
  return (
    (first === 'skip' && second === 'skip') ||
    ((first === 'target' || first === 'query') && second === 'query')
  );
}
