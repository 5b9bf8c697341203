// The target: one URL, what recorded hosts become there, its ceiling and its login.
import { parseRatePerSec } from '../units.js';
import { type Path, type ProblemList, quote, type Spot } from './problems.js';
import { isLoopback } from './safety.js';
import type { TypedTarget } from './schema.js';
import { type SecretStore, stretches } from './templates.js';

/** Which HTTP is spoken; `auto`: over TLS what the target prefers, else 1.1. */
export type HttpVersion = 'auto' | '1.1' | '2';

/** Where every request goes, and nowhere else. */
export interface Target {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  /** Lower case, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly loopback: boolean;
  readonly http: HttpVersion;
  /** Recorded host pattern → host to send; null where the scenario has none. */
  readonly hosts: Readonly<Record<string, string>> | null;
  /** Requests a second that the plan may not exceed; null: none given. */
  readonly ceilingPerSec: number | null;
  /** `user:password` as a template: it holds `${env:NAME}`, never the secret. */
  readonly basicAuth: string | null;
}

interface Origin {
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
}

/**
 * Resolves the target.
 * @param override a URL from the command line; it replaces the scenario's, and a login bound to another host with it
 * @param ceiling from the command line
 */
export function readTarget(
  typed: TypedTarget | undefined,
  override: string | undefined,
  ceiling: string | number | undefined,
  secrets: SecretStore,
): Target | undefined {
  const { problems } = secrets;
  const parts = typeof typed === 'object' ? typed : typed === undefined ? {} : { url: typed };
  const written: Path = typeof typed === 'object' ? ['target', 'url'] : ['target'];
  const own = parts.url === undefined ? undefined : readOrigin(parts.url, written, problems);
  const origin = override === undefined ? own : readOrigin(override, { option: '--target' }, problems);
  if (override === undefined && parts.url === undefined) {
    problems.add(
      ['target'],
      'the target is missing',
      'write target: http://127.0.0.1:8080, or pass --target URL',
    );
  }
  const elsewhere = own !== undefined && origin !== undefined && own.hostname !== origin.hostname;
  if (elsewhere && parts.basicAuth !== undefined) {
    problems.warnings.push(`target.basicAuth is for ${own.hostname} and is not sent to ${origin.hostname}`);
  }
  const basicAuth = elsewhere ? null : readLogin(parts.basicAuth, secrets);
  const hosts = readHosts(parts.hosts, problems);
  const ceilingSpot: Spot = ceiling === undefined ? ['target', 'ceiling'] : { option: '--ceiling' };
  const ceilingPerSec = readCeiling(ceiling ?? parts.ceiling, ceilingSpot, problems);
  if (origin === undefined) return undefined;
  const http = parts.http === undefined ? 'auto' : (String(parts.http) as HttpVersion);
  return { ...origin, loopback: isLoopback(origin.hostname), http, hosts, ceilingPerSec, basicAuth };
}

function readOrigin(text: string, spot: Spot, problems: ProblemList): Origin | undefined {
  const wrong = (message: string, hint?: string) => {
    problems.add(spot, message, hint);
    return undefined;
  };
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed)) {
    const bare = /^[\w.-]+(?::\d+)?\/?$/.test(trimmed);
    const hint = bare ? `write http://${trimmed} or https://${trimmed}` : 'write http://127.0.0.1:8080';
    return wrong(`${quote(withoutLogin(trimmed))} is not a URL that starts with http:// or https://`, hint);
  }
  if (!URL.canParse(trimmed))
    return wrong(`${quote(withoutLogin(trimmed))} is not a URL`, 'write http://127.0.0.1:8080');
  const url = new URL(trimmed);
  if (url.username !== '' || url.password !== '') {
    return wrong(
      'the URL holds a login',
      'leave it out and set target.basicAuth to "${'.concat('env:NAME}"'),
    );
  }
  if (url.pathname !== '/') {
    return wrong(
      `the URL has a path, ${quote(url.pathname)}`,
      `write ${url.origin}; paths stand in requests`,
    );
  }
  if (url.search !== '' || url.hash !== '')
    return wrong('the URL has a query or a fragment', `write ${url.origin}`);
  if (url.port === '0') return wrong('port 0 is no port', 'write the port that the target listens on');
  const secure = url.protocol === 'https:';
  const hostname = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return {
    url: url.origin,
    hostname,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
  };
}

/** A typed URL without what may be a password. */
function withoutLogin(text: string): string {
  return text.replace(/[^/]*@/g, '...@');
}

function readCeiling(typed: string | number | undefined, spot: Spot, problems: ProblemList): number | null {
  if (typed === undefined) return null;
  const rate = problems.read(spot, () => parseRatePerSec(typed));
  if (rate === undefined) return null;
  if (rate <= 0) problems.add(spot, 'the ceiling is 0: nothing could be sent', 'write such as 3000/s');
  return rate;
}

function readLogin(typed: string | undefined, secrets: SecretStore): string | null {
  if (typed === undefined) return null;
  const path = ['target', 'basicAuth'];
  if (!stretches(typed).some(({ kind }) => kind === 'env')) {
    secrets.problems.add(
      path,
      'a login stands in the file',
      'keep it in the environment: "${'.concat('env:STAGING_LOGIN}"'),
    );
    return null;
  }
  const resolved = secrets.resolve(path, typed, true);
  if (resolved !== undefined && !resolved.includes(':')) {
    secrets.problems.add(
      path,
      'is not of the form user:password',
      'check the value of the environment variable',
    );
  }
  return typed;
}

const LABELS = '[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?';
const HOST_PATTERN = new RegExp(`^(?:\\*|(?:\\*\\.)?${LABELS}(?::\\d{1,5})?)$`);

function readHosts(
  typed: Readonly<Record<string, string>> | undefined,
  problems: ProblemList,
): Record<string, string> | null {
  if (typed === undefined) return null;
  const hosts: Record<string, string> = {};
  for (const [from, to] of Object.entries(typed)) {
    const path = ['target', 'hosts', from];
    const hint = 'write shop.example, or *.shop.example for all names under it';
    const ok = [from, to].every((text) => HOST_PATTERN.test(text.toLowerCase()));
    if (!HOST_PATTERN.test(from.toLowerCase()))
      problems.add(path, `${quote(from)} is not a host pattern`, hint, 'key');
    else if (!ok) problems.add(path, `${quote(to)} is not a host`, hint);
    else if (to.includes('*') && !from.includes('*')) {
      problems.add(path, `${quote(to)} has a * that ${quote(from)} gives nothing for`, 'write one host');
    } else hosts[from.toLowerCase()] = to.toLowerCase();
  }
  return hosts;
}
