// Before a run: the target's addresses, a connection to each of them over which no request is sent, and its credentials.
import { createServer, isIP, type Socket } from 'node:net';
import { resolveName, SystemNames } from '../../drive/sockets/names.js';
import { type NameAnswer, Resolver } from '../../drive/sockets/resolver.js';
import { SocketOpener } from '../../drive/sockets/socket-opener.js';
import { type ResolvedTarget, serverNameOf } from '../../drive/sockets/target.js';
import { outcomeOfError } from '../../drive/transports/failures.js';
import { UserError } from '../../problem.js';
import type { LoadedScenario } from '../../scenario/load.js';
import type { Target } from '../../scenario/target.js';
import { ESCAPES, type Secrets, Template } from '../../schedule/template.js';
import { formatCount } from '../../units.js';
import type { Pool } from '../../workers/pool.js';
import { type Terminal, warn } from '../terminal.js';

/** The target cannot be reached; the command ends with exit code 5. */
export class UnreachableError extends Error {}

const CONNECT_TIMEOUT_MS = 5_000;

/** A target that answers. */
export interface Reached {
  readonly target: ResolvedTarget;
  /** How long its name took to resolve, microseconds; null where there was none to resolve. */
  readonly dnsUs: number | null;
  /** What a reader should know, each a sentence. */
  readonly warnings: readonly string[];
  /** Follows the name from now on; null where the addresses are fixed. */
  readonly follow: ((changed: (addresses: readonly string[]) => void) => Resolver) | null;
  /** Takes back questions that are open. */
  readonly close: () => void;
}

/**
 * Resolves the target's name, or its proxy's, and connects to every address.
 * @param run the name of this run, sent with every request
 * @throws UnreachableError, or UserError for source addresses that are not this machine's
 */
export async function reachTarget(
  { target, secrets, file }: LoadedScenario,
  version: string,
  run: string,
): Promise<Reached> {
  await checkSources(target.sources ?? [], file);
  const { hostname, port } = target.proxy ?? target;
  const names = new SystemNames();
  const askedMs = performance.now();
  const { first, again } = await addressesOf(target, hostname, names);
  const dnsUs = Math.round((performance.now() - askedMs) * 1e3);
  const resolved: ResolvedTarget = {
    protocol: target.secure ? 'https:' : 'http:',
    hostname: target.hostname,
    port,
    host: new URL(target.url).host,
    addresses: first.addresses,
    headers: headersOf(target, secrets, version, run),
    ...(target.forwardedFor && { forwardedFor: target.forwardedFor }),
    ...(target.sources !== undefined && { sources: target.sources }),
    ...(target.tls !== undefined && { tls: tlsOf(target.tls, secrets) }),
    ...(target.proxy !== undefined && { proxy: proxyOf(target, target.proxy.auth, secrets) }),
  };
  const failures = await Promise.all(first.addresses.map((address) => tryConnect(resolved, [address])));
  const addresses = first.addresses.filter((_, i) => failures[i] === null);
  if (addresses.length === 0) {
    const reasons = [...new Set(failures.map((failure) => reasonOf(failure)))].slice(0, 3).join(', ');
    const through = target.proxy === undefined ? '' : ` through the proxy ${target.proxy.url}`;
    throw new UnreachableError(
      `${target.url}: nothing answers at ${first.addresses.join(', ')} port ${port}${through} (${reasons})`,
    );
  }
  const families = new Set(addresses.map(isIP));
  const silent = first.addresses.filter((_, i) => failures[i] !== null);
  const missed = silent.filter((address) => families.has(isIP(address)));
  const reached = { ...resolved, addresses };
  return {
    close: () => names.close(),
    target: reached,
    dnsUs: target.addresses === undefined && isIP(hostname) === 0 ? dnsUs : null,
    warnings: [
      ...(missed.length === 0 ? [] : [`no answer at ${missed.join(', ')}: left out of this run`]),
      ...(await certificateWarnings(reached)),
    ],
    follow:
      again === null
        ? null
        : (changed) =>
            new Resolver({
              first: { ...first, addresses },
              resolve: again,
              schedule,
              accepts: (address) => families.has(isIP(address)) && !silent.includes(address),
              changed,
            }),
  };
}

/** What of the way to the target must not go unseen. */
export function mannerOf({ proxy, tls, secure }: Target): string {
  const through = proxy === undefined ? '' : ` through ${proxy.url}`;
  return `${through}${secure && tls?.insecure === true ? ' (certificates not checked)' : ''}`;
}

/** Keeps the senders' addresses up to date until it is stopped, and then says what came of it. */
export function followName(
  { follow, target, close }: Reached,
  pool: Pool,
  terminal: Terminal,
): { stop(): void } {
  const resolver = follow?.((addresses) => pool.renewAddresses(addresses));
  resolver?.start();
  return {
    stop: () => {
      resolver?.stop();
      close();
      const { changes = 0, failures = 0 } = resolver ?? {};
      if (changes > 0)
        terminal.err(`the addresses of ${target.hostname} changed ${formatCount(changes)} times\n`);
      if (failures > 0)
        warn(
          terminal,
          `${target.hostname} did not resolve ${formatCount(failures)} times; the last known addresses went on`,
        );
    },
  };
}

/** The first addresses of a name; `again` is null where they are fixed. */
async function addressesOf(
  { url, addresses, proxy, loopback }: Target,
  hostname: string,
  names: SystemNames,
): Promise<{ first: NameAnswer; again: (() => Promise<NameAnswer>) | null }> {
  if (addresses !== undefined) return { first: { addresses, ttlS: null }, again: null };
  if (isIP(hostname) !== 0) return { first: { addresses: [hostname], ttlS: null }, again: null };
  try {
    if (loopback) return { first: await names.lookUp(hostname), again: null };
    return await resolveName(hostname, names);
  } catch (error) {
    const whose = proxy === undefined ? 'the name' : 'the name of the proxy,';
    throw new UnreachableError(`${url}: ${whose} ${hostname} does not resolve (${reasonOf(error)})`);
  }
}

function headersOf(target: Target, secrets: Secrets, version: string, run: string): string[] {
  const headers = ['user-agent', `flashcrowd/${version}`, 'x-flashcrowd-run', run];
  if (target.basicAuth !== null) headers.push('authorization', basic(target.basicAuth, secrets));
  return headers;
}

function tlsOf(
  { passphrase, ...tls }: NonNullable<Target['tls']>,
  secrets: Secrets,
): NonNullable<ResolvedTarget['tls']> {
  return { ...tls, ...(passphrase !== undefined && { passphrase: fill(passphrase, secrets) }) };
}

function proxyOf({ hostname, port }: Target, auth: string | null, secrets: Secrets) {
  const name = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
  return { authority: `${name}:${port}`, authorization: auth === null ? null : basic(auth, secrets) };
}

function basic(login: string, secrets: Secrets): string {
  return `Basic ${Buffer.from(fill(login, secrets)).toString('base64')}`;
}

function fill(template: string, secrets: Secrets): string {
  return new Template(template, ESCAPES.plain, secrets, () => () => '').fill();
}

/** Refuses source addresses that are not this machine's: nothing could be sent from them. */
async function checkSources(sources: readonly string[], place: string): Promise<void> {
  const errors = await Promise.all(sources.map(tryBind));
  const problems = sources.flatMap((source, i) => {
    const error = errors[i] ?? null;
    if (error === null) return [];
    const message = `${source} is no address of this machine (${reasonOf(error)})`;
    return [{ place, path: 'target.sources', message, hint: 'leave it out, or add it to an interface' }];
  });
  if (problems.length > 0) throw new UserError(problems);
}

function tryBind(host: string): Promise<Error | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port: 0, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Opens and closes one connection, without TLS; through the proxy where there is one. */
function tryConnect(target: ResolvedTarget, addresses: readonly string[]): Promise<Error | null> {
  const { sources } = target;
  const [address = ''] = addresses;
  if (sources !== undefined && !sources.some((source) => isIP(source) === isIP(address)))
    return Promise.resolve(new Error('no source address is of its kind'));
  const { tls: _, ...plain } = target;
  return tryOpen({ ...plain, protocol: 'http:', addresses });
}

/**
 * Says if the target's certificate is not trusted. A warning only: requests may ask for other names than the target's.
 */
async function certificateWarnings(target: ResolvedTarget): Promise<string[]> {
  if (target.protocol === 'http:') return [];
  const error = await tryOpen(target);
  if (error === null || outcomeOfError(error) !== 'tls') return [];
  const hint = 'trust its authority with --ca FILE, or take any certificate with --insecure';
  return [`${target.hostname}: its certificate is not trusted (${reasonOf(error)}); ${hint}`];
}

function tryOpen(target: ResolvedTarget): Promise<Error | null> {
  return new Promise((resolve) => {
    let socket: Socket | null = null;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      socket?.destroy();
    }, CONNECT_TIMEOUT_MS);
    const end = (error: Error | null) => {
      clearTimeout(timer);
      resolve(late ? new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1e3} s`) : error);
    };
    socket = new SocketOpener(target).open(
      serverNameOf(null, target),
      null,
      (opened) => {
        opened.on('error', () => {});
        opened.destroy();
        end(null);
      },
      end,
    );
  });
}

/** Calls back after a time; gives what takes the call back. */
export function schedule(delayUs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayUs / 1e3);
  return () => clearTimeout(timer);
}

/** An error's code where it is one of Node's own, else its words. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || code.startsWith('PROXY_') ? message : code;
}
