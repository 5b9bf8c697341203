// The target: one URL, what recorded hosts become there, its ceiling, its login and how it is reached.
import { parseRatePerSec } from '../units.js';
import { type ForwardedFor, readForwardedFor } from './forwarded-for.js';
import type { InputFiles } from './inputs.js';
import { type Path, type ProblemList, quote, type Spot } from './problems.js';
import { type Reach, readLogin, readReach, type TlsOverrides } from './reach.js';
import { isLoopback } from './safety.js';
import type { TypedTarget } from './schema.js';
import type { SecretStore } from './templates.js';

/** Which HTTP is spoken; `auto`: over TLS what the target prefers, else 1.1. */
export type HttpVersion = 'auto' | '1.1' | '2';

/** Where every request goes, and nowhere else. */
export interface Target extends Reach {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  /** Lower case, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whether its requests stay on this machine: the name, pinned addresses and a proxy are all loopback. */
  readonly loopback: boolean;
  readonly http: HttpVersion;
  /** Recorded host pattern → host to send; null where the scenario has none. */
  readonly hosts: Readonly<Record<string, string>> | null;
  /** Requests a second that the plan may not exceed; null: none given. */
  readonly ceilingPerSec: number | null;
  /** `user:password` as a template: it holds `${env:NAME}`, never the secret. */
  readonly basicAuth: string | null;
  /** Addresses that visitors seem to come from; absent: none are sent. */
  readonly forwardedFor?: ForwardedFor;
}

/** What the command line says of the target. */
export interface TargetOverrides extends TlsOverrides {
  /** A URL; it replaces the scenario's, and what is bound to another host goes with that. */
  readonly target?: string;
  readonly ceiling?: number | string;
}

interface Origin {
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Resolves the target; undefined if there is none, or it is a problem. */
export async function readTarget(
  typed: TypedTarget | undefined,
  overrides: TargetOverrides,
  files: InputFiles,
  secrets: SecretStore,
): Promise<Target | undefined> {
  const { problems } = secrets;
  const { target: override, ceiling } = overrides;
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
  const basicAuth = elsewhere
    ? null
    : readLogin(['target', 'basicAuth'], parts.basicAuth, 'STAGING_LOGIN', secrets);
  const { addresses: _addresses, tls: _tls, ...ownReach } = parts;
  if (elsewhere && (parts.addresses !== undefined || parts.tls !== undefined))
    problems.warnings.push(`target.addresses and target.tls are for ${own.hostname}, not ${origin.hostname}`);
  const reach = await readReach(elsewhere ? ownReach : parts, overrides, files, secrets);
  const hosts = readHosts(parts.hosts, problems);
  const ceilingSpot: Spot = ceiling === undefined ? ['target', 'ceiling'] : { option: '--ceiling' };
  const ceilingPerSec = readCeiling(ceiling ?? parts.ceiling, ceilingSpot, problems);
  const forwardedFor = readForwardedFor(['target', 'forwardedFor'], parts.forwardedFor, problems);
  if (origin === undefined) return undefined;
  const http = parts.http === undefined ? 'auto' : (String(parts.http) as HttpVersion);
  if (reach.tls !== undefined) checkTls(reach.tls.insecure, origin, problems);
  const places = [origin.hostname, ...(reach.addresses ?? []), reach.proxy?.hostname ?? '127.0.0.1'];
  return {
    ...origin,
    loopback: places.every(isLoopback),
    http,
    hosts,
    ceilingPerSec,
    basicAuth,
    ...(forwardedFor && { forwardedFor }),
    ...reach,
  };
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

function checkTls(insecure: boolean, { secure, url }: Origin, problems: ProblemList): void {
  if (!secure) problems.warnings.push(`${url} is not https: what is said of TLS has no effect`);
  else if (insecure)
    problems.warnings.push(`certificates are not checked: whoever answers for ${url} is taken for it`);
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
