// What a run takes of this machine in connections: how many are open, how many are new, and what that needs.
import { UserError } from '../problem.js';
import type { ConnectionPolicy, PlanStream } from '../scenario/plan.js';
import type { Target } from '../scenario/target.js';
import type { Machine } from './machine.js';
import type { Prepared } from './prepare.js';
import { meanVisit } from './visits.js';

/** Descriptors that are not connections: files, threads, the loop's own. */
export const DESCRIPTORS_RESERVED = 256;
/** How long a closed connection holds its port (Linux, TCP_TIMEWAIT_LEN), and until it may be taken over. */
const TIME_WAIT_S = 60;
const REUSE_S = 1;
/** How long a request without a pause after it is taken to hold its connection. */
const SERVICE_S = 1;

/** Connections of this process if all goes well: most at once, and most new ones in a second and in a minute. */
export interface ConnectionDemand {
  readonly open: number;
  readonly newPerSec: number;
  readonly newPerMinute: number;
}

/** A stream's part in it. */
export interface StreamRate {
  readonly stream: PlanStream;
  /** Requests in each second. */
  readonly perSec: Float64Array;
}

/**
 * Works out a plan's connections; null where nothing is known of them, as for recordings alone.
 * @param share of the plan that this process sends, 0 to 1
 */
export function connectionDemand(
  policy: ConnectionPolicy,
  streams: readonly StreamRate[],
  share: number,
): ConnectionDemand | null {
  if (policy.kind === 'pool') return { open: policy.size, newPerSec: 0, newPerMinute: 0 };
  const seconds = streams.reduce((max, { perSec }) => Math.max(max, perSec.length), 0);
  const open = new Float64Array(seconds);
  const opened = new Float64Array(seconds);
  for (const { stream, perSec } of streams) {
    const use = useOf(policy, stream);
    if (use === null) continue;
    for (let s = 0; s < perSec.length; s++) {
      const rate = (perSec[s] ?? 0) * share;
      open[s] = (open[s] ?? 0) + rate * use.openS;
      opened[s] = (opened[s] ?? 0) + rate * use.opened;
    }
  }
  const demand = {
    open: Math.ceil(open.reduce((a, b) => Math.max(a, b), 0)),
    newPerSec: opened.reduce((a, b) => Math.max(a, b), 0),
    newPerMinute: Math.ceil(mostWithin(opened, TIME_WAIT_S)),
  };
  return demand.open === 0 ? null : demand;
}

/** The connections of a run of this process. */
export function demandOf({ loaded, rate, shard }: Prepared): ConnectionDemand | null {
  const { connections, streams } = loaded.plan;
  const rates = streams.map((stream, i) => ({ stream, perSec: rate.streams[i] ?? new Float64Array(0) }));
  const demand = connectionDemand(connections, rates, 1 / shard.n);
  // What is over the bound is shed, and needs no connection.
  if (demand === null || connections.kind !== 'fresh') return demand;
  return { ...demand, open: Math.min(demand.open, loaded.maxInFlight ?? demand.open) };
}

/**
 * What one request of a stream adds: how many seconds a connection is open for it, and how many are opened. By
 * Little's law, a visitor of n requests is there for n − 1 pauses, and pauses longer than a connection is kept end it.
 */
function useOf(
  policy: Exclude<ConnectionPolicy, { kind: 'pool' }>,
  stream: PlanStream,
): { readonly openS: number; readonly opened: number } | null {
  if (policy.kind === 'fresh') return { openS: SERVICE_S, opened: 1 };
  if (stream.kind !== 'rate') return null;
  const visit = meanVisit(stream);
  const requests = visit?.requests ?? stream.visits.requests;
  if (requests <= 1) return { openS: SERVICE_S, opened: 1 };
  const thinkUs = visit === undefined ? stream.visits.thinkUs : visit.pausesUs / (requests - 1);
  const pauses = (requests - 1) / requests;
  const openS = (Math.min(thinkUs, policy.idleUs) / 1e6) * pauses;
  return { openS: Math.max(openS, SERVICE_S), opened: thinkUs > policy.idleUs ? 1 : 1 / requests };
}

/** The largest sum of so many values in a row. */
function mostWithin(values: Float64Array, length: number): number {
  let sum = 0;
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    sum += (values[i] ?? 0) - (i >= length ? (values[i - length] ?? 0) : 0);
    most = Math.max(most, sum);
  }
  return most;
}

/** Where connections go, as far as ports depend on it. */
export interface Ends {
  readonly loopback: boolean;
  /** Addresses that are connected to; at least 1. */
  readonly addresses: number;
  /** Source addresses that were declared; 0: the system chooses. */
  readonly sources: number;
}

/** @param addresses how many are connected to */
export function endsOf({ loopback, sources }: Target, addresses: number): Ends {
  return { loopback, addresses, sources: sources?.length ?? 0 };
}

export interface Need {
  readonly what: 'descriptors' | 'ports';
  readonly needed: number;
  readonly available: number;
  /** What to do where it is not enough. */
  readonly hint: string;
}

/** What connections take of a machine, as far as its limits are known. */
export function resourcesNeeded(demand: ConnectionDemand, machine: Machine, ends: Ends): Need[] {
  const needs: Need[] = [];
  if (machine.descriptors !== null) {
    needs.push({
      what: 'descriptors',
      needed: demand.open,
      available: Math.max(0, machine.descriptors - DESCRIPTORS_RESERVED),
      hint: 'raise the limit (ulimit -n), share connections (connections: { pool: 200 }), or use more shards',
    });
  }
  if (machine.ports !== null) {
    // A port given to a declared source is its alone, whatever it connects to, until TIME_WAIT is over: it is chosen
    // before that is known (ip(7), IP_BIND_ADDRESS_NO_PORT).
    const declared = ends.sources > 0;
    const reused =
      !declared &&
      (machine.reusesPorts === 'always' || (machine.reusesPorts === 'loopback' && ends.loopback));
    const closed = reused ? demand.newPerSec * REUSE_S : demand.newPerMinute;
    const reuse = reused || declared ? '' : 'let ports be used again (sysctl -w net.ipv4.tcp_tw_reuse=1), ';
    needs.push({
      what: 'ports',
      needed: Math.ceil(demand.open + closed),
      available: machine.ports * (declared ? ends.sources : ends.addresses),
      hint: `${reuse}widen the range (sysctl -w net.ipv4.ip_local_port_range="1024 65535"), name more source addresses (target.sources), share connections (connections: { pool: 200 }), or use more shards`,
    });
  }
  return needs;
}

/** A shortage in words; undefined if there is enough. */
export function shortageOf({ what, needed, available }: Need): string | undefined {
  if (needed <= available) return undefined;
  const how = what === 'ports' ? 'with those that were closed within the last minute' : 'at once';
  return `the plan's connections need ${needed} ${what} ${how}, and there are ${available}`;
}

/**
 * Refuses a run whose connections this machine cannot hold even if the target keeps up.
 * @param addresses that are connected to
 * @throws UserError
 */
export function refuseShortage(prepared: Prepared, machine: Machine, addresses: number): void {
  const demand = demandOf(prepared);
  if (demand === null) return;
  const needs = resourcesNeeded(demand, machine, endsOf(prepared.loaded.target, addresses));
  const problems = needs.flatMap((need) => {
    const message = shortageOf(need);
    return message === undefined ? [] : [{ place: 'this machine', path: '', message, hint: need.hint }];
  });
  if (problems.length > 0) throw new UserError(problems);
}
