// The mix of a rate stream: request templates with their routes, headers and bodies.
import { readHeaders } from './headers.js';
import { checkName } from './names.js';
import type { BodyTemplate, RequestTemplate } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import { type RouteTable, routeNameOf } from './routes.js';
import type { TypedRequest } from './schema-requests.js';
import { encodeFixed, type Placeholders, type SecretStore, stretches } from './templates.js';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;
const BODIES = ['json', 'form', 'body'] as const;
const PATH_MAX = 8192;

/** Resolves the requests of one stream, in their order. */
export function readRequests(
  path: Path,
  typed: readonly TypedRequest[] | undefined,
  routes: RouteTable,
  placeholders: Placeholders,
  secrets: SecretStore,
): RequestTemplate[] {
  const { problems } = secrets;
  if (typed === undefined) {
    const route = routes.indexOf(routes.matching('GET', '/') ?? 'home', '/', path);
    return [{ route, weight: 1, method: 'GET', path: '/', headers: {}, body: null }];
  }
  const requests = typed.flatMap((request, i) => {
    const read = readRequest([...path, i], request, routes, placeholders, secrets);
    return read === undefined ? [] : [read];
  });
  const bad = requests.some(({ weight }) => !(weight >= 0));
  if (!bad && requests.length > 0 && requests.every(({ weight }) => weight === 0)) {
    problems.add(path, 'the weights sum to 0: nothing would be sent', 'give a request a weight above 0');
  }
  return requests;
}

/** Resolves one request; undefined if it has no path. */
export function readRequest(
  at: Path,
  typed: TypedRequest,
  routes: RouteTable,
  placeholders: Placeholders,
  secrets: SecretStore,
): RequestTemplate | undefined {
  const { problems } = secrets;
  const weight = typed.weight ?? 1;
  if (weight < 0) problems.add([...at, 'weight'], `the weight is ${weight}; it cannot be negative`);
  const headers = readHeaders([...at, 'headers'], typed.headers, placeholders, secrets);
  const given = METHODS.filter((method) => typed[method] !== undefined);
  const body = readBody(at, typed, placeholders, secrets);
  const key = given[0];
  if (given.length !== 1 || key === undefined) {
    const found = given.length === 0 ? 'none of them is here' : `${given.join(' and ')} are both here`;
    problems.add(at, `expected one of ${METHODS.join(', ')}; ${found}`, 'write get: "/products/{product}"');
    return undefined;
  }
  if (body !== null && (key === 'get' || key === 'head')) {
    const kind = BODIES.find((name) => typed[name] !== undefined) ?? 'body';
    problems.add([...at, kind], `a ${key.toUpperCase()} has no body`, 'did you mean post?', 'key');
  }
  const text = typed[key] as string;
  checkPath([...at, key], text, problems);
  placeholders.check([...at, key], text, problems);
  const method = key.toUpperCase();
  if (typed.route !== undefined) checkName([...at, 'route'], typed.route, problems);
  const name = typed.route ?? routes.matching(method, text) ?? routeNameOf(text);
  const encoded = encodePath(text);
  return { route: routes.indexOf(name, encoded, at), weight, method, path: encoded, headers, body };
}

function checkPath(at: Path, path: string, problems: ProblemList): void {
  const wrong = pathTrouble(path);
  if (wrong !== undefined) problems.add(at, ...wrong);
}

function pathTrouble(path: string): [string, string] | undefined {
  if (!path.startsWith('/')) {
    const url = /^https?:/i.test(path);
    return [
      `${quote(path)} does not start with /`,
      url ? 'every request goes to the target: write the path only' : `write ${quote(`/${path}`)}`,
    ];
  }
  if (path.startsWith('//')) return ['a path starts with one /', 'every request goes to the target'];
  if (path.length > PATH_MAX) return [`the path is longer than ${PATH_MAX} characters`, 'shorten it'];
  const fixed = stretches(path)
    .filter(({ kind }) => kind === 'text')
    .map(({ text }) => text)
    .join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x20\x7f]/.test(fixed))
    return ['the path holds a blank or a control character', 'write a blank as %20'];
  if (fixed.includes('#')) return ['the path holds a #, which is never sent', 'leave it out, or write %23'];
  if (/[{}]/.test(fixed))
    return ['the path holds a brace that is no placeholder', 'write {name}, or %7B and %7D'];
  return undefined;
}

/** Percent-encodes what a request line cannot hold; what is encoded already stays. */
function encodePath(path: string): string {
  return encodeFixed(path, (text) => text.replace(/[^\x21-\x7e]+|["<>\\^`{|}]/gu, percentEncode));
}

function percentEncode(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

function readBody(
  at: Path,
  typed: TypedRequest,
  placeholders: Placeholders,
  secrets: SecretStore,
): BodyTemplate | null {
  const given = BODIES.filter((kind) => typed[kind] !== undefined);
  const kind = given[0];
  if (kind === undefined) return null;
  if (given.length > 1) {
    secrets.problems.add(at, `${given.join(' and ')} are both here; expected one body`, 'keep one of them');
  }
  const body = bodyText(typed);
  const path = [...at, kind];
  placeholders.check(path, body.text, secrets.problems);
  secrets.resolve(path, body.text, false);
  return body;
}

function bodyText({ json, form, body }: TypedRequest): BodyTemplate {
  if (json !== undefined) return { kind: 'json', text: JSON.stringify(json) };
  if (form === undefined) return { kind: 'text', text: body ?? '' };
  const pairs = Object.entries(form).map(([name, value]) => `${formText(name)}=${formText(String(value))}`);
  return { kind: 'form', text: pairs.join('&') };
}

function formText(template: string): string {
  const encode = (text: string) =>
    text.replace(/[^\w.*-]+/gu, (part) => percentEncode(part).replaceAll('%20', '+'));
  return encodeFixed(template, encode);
}
