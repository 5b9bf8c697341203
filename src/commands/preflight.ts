// Before a run: the target's addresses, one TCP connection to it, and what this machine allows.
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { maySpin } from '../drive/pacing/calibrate.js';
import type { ResolvedTarget } from '../drive/sockets/target.js';
import type { LoadedScenario } from '../scenario/load.js';
import { ESCAPES, Template } from '../schedule/template.js';
import { coresOfProcess } from './cores.js';

/** The target cannot be reached; the command ends with exit code 5. */
export class UnreachableError extends Error {}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Resolves the target's name and opens one TCP connection to it, over which nothing is sent.
 * @param run the name of this run, sent with every request
 * @throws UnreachableError
 */
export async function reachTarget(
  { target, secrets }: LoadedScenario,
  version: string,
  run: string,
): Promise<ResolvedTarget> {
  const { hostname, port, url } = target;
  let addresses: string[];
  try {
    addresses = (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new UnreachableError(`${url}: the name ${hostname} does not resolve (${codeOf(error)})`);
  }
  const reached: string[] = [];
  let failure = '';
  for (const address of addresses) {
    const error = await tryConnect(address, port);
    if (error === undefined) reached.push(address);
    else failure = error;
  }
  if (reached.length === 0)
    throw new UnreachableError(
      `${url}: nothing answers at ${addresses.join(', ')} port ${port} (${failure})`,
    );
  const headers = ['user-agent', `flashcrowd/${version}`, 'x-flashcrowd-run', run];
  if (target.basicAuth !== null) {
    const login = new Template(target.basicAuth, ESCAPES.plain, secrets, () => () => '').fill();
    headers.push('authorization', `Basic ${Buffer.from(login).toString('base64')}`);
  }
  return {
    protocol: target.secure ? 'https:' : 'http:',
    hostname,
    port,
    host: new URL(url).host,
    addresses: reached,
    headers,
    ...(target.forwardedFor && { forwardedFor: target.forwardedFor }),
  };
}

function tryConnect(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (failure?: string) => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`no answer within ${CONNECT_TIMEOUT_MS / 1e3} s`));
    socket.once('error', (error) => end(codeOf(error)));
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** How a run uses this machine. */
export interface Resources {
  readonly workers: number;
  /** Whether senders may poll a core away when a due time is near. */
  readonly maySpin: boolean;
  /** Most exchanges under way at once in this process. */
  readonly inFlightMax: number;
  /** Most connections that this process may have open. */
  readonly connectionsMax: number;
  /** What a reader should know, each a sentence. */
  readonly warnings: readonly string[];
}

/** A sender does this much without coming near its limit on an ordinary core. */
const RATE_PER_WORKER = 6_000;
/** Descriptors that are not connections: files, threads, the loop's own. */
const DESCRIPTORS_RESERVED = 256;

/**
 * Chooses workers, pacing and the in-flight bound.
 * @param peakPerSec of this process's shard
 * @param lanes that the shard has; no worker may be without
 */
export function planResources(
  loaded: Pick<LoadedScenario, 'target' | 'plan' | 'maxInFlight'>,
  peakPerSec: number,
  lanes: number,
  workersWanted: number | undefined,
): Resources {
  const { usable, machine } = coresOfProcess();
  const cores = Math.floor(usable);
  // The target's core, if it is here, and the one that merges and draws.
  const free = Math.max(1, cores - 1 - (loaded.target.loopback ? 1 : 0));
  const workers = Math.min(
    lanes,
    workersWanted ?? Math.min(free, Math.max(1, Math.ceil(peakPerSec / RATE_PER_WORKER))),
  );
  const descriptors = descriptorLimit() - DESCRIPTORS_RESERVED;
  const needed = Math.ceil(peakPerSec * (loaded.plan.timeoutUs / 1e6) * 1.2) + 256;
  const warnings: string[] = [];
  if (loaded.maxInFlight === null && needed > descriptors) {
    warnings.push(
      `if the target stalls, up to ${needed} requests are under way at once, and this process may open ${descriptors} connections: ` +
        'raise the limit (ulimit -n), shorten timeout:, or use more shards',
    );
  }
  return {
    workers,
    maySpin: maySpin(usable, machine, workers, loaded.target.loopback),
    connectionsMax: descriptors,
    inFlightMax: loaded.maxInFlight ?? Math.max(workers, Math.min(needed, descriptors)),
    warnings,
  };
}

/** How many descriptors this process may have open; Node raises its soft limit to the hard one. */
function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (line !== null) return Number(line[1]);
  } catch {
    // Not Linux: what macOS gives by default after Node has raised it.
  }
  return 10_240;
}
