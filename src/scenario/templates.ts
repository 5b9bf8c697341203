// Placeholders and secrets in texts: `{name}`, `{user.name}`, `{{name}}` for a literal, `${env:NAME}`; checked here,
// filled later.
import { didYouMean } from './nearest.js';
import type { Path, ProblemList } from './problems.js';

/** Placeholders that need no data. */
export const BUILT_IN = ['seq', 'visitor', 'tenant'] as const;

/** What placeholders of a user who logs in begin with. */
export const USER = 'user.';

const MARK = /\{\{((?:user\.)?[A-Za-z_]\w*)\}\}|\$\{env:([A-Za-z_]\w*)\}|\{((?:user\.)?[A-Za-z_]\w*)\}/g;
const ENV_HINT = 'an environment variable is written ${'.concat('env:NAME}');

/** A stretch of a template; `text` is what was written, marks included. */
export interface Stretch {
  readonly kind: 'text' | 'literal' | 'env' | 'placeholder';
  readonly text: string;
  /** Of a mark; empty for text. */
  readonly name: string;
}

/** Cuts a template into fixed text and marks. */
export function stretches(template: string): Stretch[] {
  const found: Stretch[] = [];
  let end = 0;
  for (const match of template.matchAll(MARK)) {
    if (match.index > end) found.push({ kind: 'text', text: template.slice(end, match.index), name: '' });
    const [text, literal, env, placeholder] = match;
    if (literal !== undefined) found.push({ kind: 'literal', text, name: literal });
    else if (env !== undefined) found.push({ kind: 'env', text, name: env });
    else found.push({ kind: 'placeholder', text, name: placeholder ?? '' });
    end = match.index + text.length;
  }
  if (end < template.length) found.push({ kind: 'text', text: template.slice(end), name: '' });
  return found;
}

/** Rewrites the fixed text of a template and leaves its marks; `{{name}}` counts as the text `{name}`. */
export function encodeFixed(template: string, encode: (text: string) => string): string {
  return stretches(template)
    .map(({ kind, text, name }) => {
      if (kind === 'text') return encode(text);
      return kind === 'literal' ? encode(`{${name}}`) : text;
    })
    .join('');
}

/** Which placeholders are known where a template stands, and which were used. */
export class Placeholders {
  readonly used = new Set<string>();

  /** @param missing why a built-in cannot be used here, by name */
  constructor(
    readonly known: readonly string[],
    readonly missing: Readonly<Record<string, string>> = {},
  ) {}

  /** Reports the placeholders of a text that are not known. */
  check(path: Path, template: string, problems: ProblemList): void {
    for (const { kind, name, text } of stretches(template)) {
      if (kind !== 'placeholder') continue;
      if (this.known.includes(name)) this.used.add(name);
      else if (Object.hasOwn(this.missing, name)) problems.add(path, `${text}: ${this.missing[name]}`);
      else problems.add(path, `unknown placeholder ${text}`, this.#hint(name));
    }
  }

  #hint(name: string): string {
    if (/^[A-Z][A-Z0-9_]*$/.test(name)) return ENV_HINT;
    // Without a header a users file has users where its columns should be: they are not shown.
    if (name.startsWith(USER)) return 'the columns of the file that login.users names, by its first line';
    const near = didYouMean(name, this.known);
    return `${near === undefined ? '' : `${near}; `}add it to data, or write {{${name}}} for the text itself`;
  }
}

/** Resolves `${env:NAME}`; the values are kept apart from all that is printed or written. */
export class SecretStore {
  readonly values: Record<string, string> = {};

  constructor(
    readonly env: Readonly<Record<string, string | undefined>>,
    readonly problems: ProblemList,
  ) {}

  /**
   * Collects the secrets of a text.
   * @param inHeader the value must be fit for a header
   * @returns the text with the values in place, for checks only; undefined if one is missing
   */
  resolve(path: Path, template: string, inHeader: boolean): string | undefined {
    let resolved: string | undefined = '';
    for (const { kind, name, text } of stretches(template)) {
      const value = kind === 'env' ? this.#valueOf(path, name, inHeader) : text;
      resolved = value === undefined || resolved === undefined ? undefined : resolved + value;
    }
    return resolved;
  }

  #valueOf(path: Path, name: string, inHeader: boolean): string | undefined {
    const value = Object.hasOwn(this.env, name) ? this.env[name] : undefined;
    if (value === undefined || value === '') {
      const state = value === undefined ? 'not set' : 'empty';
      this.problems.add(path, `the environment variable ${name} is ${state}`, `set ${name} before the run`);
      return undefined;
    }
    if (inHeader && /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      this.problems.add(
        path,
        `the environment variable ${name} holds a character that a header cannot`,
        'is there a line end in it?',
      );
      return undefined;
    }
    this.values[name] = value;
    return value;
  }
}

/** Reports every `${env:NAME}` that stands where no secret may. */
export function refuseSecrets(value: unknown, path: Path, problems: ProblemList): void {
  if (typeof value === 'string' && value.includes('${'.concat('env:'))) {
    if (secretsAllowed(path)) return;
    const url = path[0] === 'target' && (path.length === 1 || path[1] === 'url');
    problems.add(
      path,
      'an environment variable cannot stand here, only in headers, bodies and the logins of target',
      url ? 'leave it out here and pass --target "$URL"' : 'write the value itself',
    );
    problems.spoil(path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      refuseSecrets(part, [...path, Array.isArray(value) ? Number(key) : key], problems);
    }
  }
}

function secretsAllowed(path: Path): boolean {
  if (path[0] === 'headers') return path.length === 2;
  if (path[0] === 'target')
    return (
      ['basicAuth', 'proxyAuth'].includes(String(path[1])) || (path[1] === 'tls' && path[2] === 'passphrase')
    );
  if (path[0] !== 'streams') return false;
  const request = { requests: 3, flow: 3, login: path[3] === 'steps' ? 4 : Number.NaN }[String(path[2])];
  return request !== undefined && ['headers', 'json', 'form', 'body'].includes(String(path[request + 1]));
}
