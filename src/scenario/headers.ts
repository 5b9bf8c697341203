// Header templates: names and values that cannot break a request, or leave the tool's own rules.
import type { Path, ProblemList } from './problems.js';
import { quote } from './problems.js';
import { type Placeholders, type SecretStore, stretches } from './templates.js';

export const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/;
const OWN = [
  'content-length',
  'connection',
  'transfer-encoding',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
];
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key'];

/**
 * Checks header templates.
 * @returns values by lower-case name
 */
export function readHeaders(
  path: Path,
  typed: Readonly<Record<string, string | number | boolean>> | undefined,
  placeholders: Placeholders,
  secrets: SecretStore,
): Record<string, string> {
  const { problems } = secrets;
  const headers: Record<string, string> = {};
  for (const [name, typedValue] of Object.entries(typed ?? {})) {
    const at = [...path, name];
    const value = String(typedValue);
    const lower = name.toLowerCase();
    const refused = refuseHeader(name, lower);
    if (refused !== undefined) problems.add(at, refused.message, refused.hint, 'key');
    else if (Object.hasOwn(headers, lower))
      problems.add(at, `the header ${lower} is here twice`, 'keep one', 'key');
    else headers[lower] = value;
    checkValue(at, lower, value, problems);
    placeholders.check(at, value, problems);
    secrets.resolve(at, value, true);
  }
  return headers;
}

/**
 * Why a header cannot be set.
 * @param own further names, in lower case, that are set otherwise
 */
export function refuseHeader(
  name: string,
  lower: string,
  own: readonly string[] = [],
): { message: string; hint?: string } | undefined {
  if (!NAME.test(name)) return { message: `${quote(name)} is not a header name` };
  if (lower === 'host') {
    return {
      message: 'Host cannot be set here',
      hint: 'tenants: and target.hosts decide the Host of a request',
    };
  }
  if (OWN.includes(lower) || own.includes(lower))
    return { message: `${name} is set by flashcrowd itself`, hint: 'leave it out' };
  if (lower.startsWith('x-flashcrowd')) {
    return {
      message: 'headers x-flashcrowd... name the tool and the run and cannot be set',
      hint: 'choose another name',
    };
  }
  return undefined;
}

function checkValue(at: Path, lower: string, value: string, problems: ProblemList): void {
  const parts = stretches(value);
  const bad = parts.find(({ kind, text }) => kind === 'text' && CONTROL.test(text));
  if (bad !== undefined) {
    const hint = /[\r\n]/.test(bad.text) ? 'a header is one line' : 'a header holds Latin-1 text only';
    problems.add(at, 'holds a character that a header cannot', hint);
  }
  if (CREDENTIALS.includes(lower) && !parts.some(({ kind }) => kind === 'env' || kind === 'placeholder')) {
    problems.warnings.push(
      `headers: ${lower} is written in the scenario and will be in the plan; take it from the environment`,
    );
  }
}
