// What a run takes of this machine in connections: how many are open, how many are new, and what that needs.
import { UserError } from '../../problem.js';
import type { ConnectionPolicy, PlanStream } from '../../scenario/plan.js';
import type { Target } from '../../scenario/target.js';
import type { Prepared } from '../prepare.js';
import { meanVisit } from '../visits.js';
import type { Machine } from './machine.js';

/** Descriptors that are not connections: files, threads, the loop's own. */
export const DESCRIPTORS_RESERVED = 256;
/** How long a closed connection holds its port (Linux, TCP_TIMEWAIT_LEN), and until it may be taken over. */
const TIME_WAIT_S = 60;
const REUSE_S = 1;

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
    const rates = perSec.map((rate) => rate * share);
    const own =
      policy.kind === 'fresh' ? { open: rates, opened: rates } : visitsOf(policy.idleUs, stream, rates);
    if (own === null) continue;
    addTo(open, own.open);
    addTo(opened, own.opened);
  }
  const demand = {
    open: wholeOf(most(open)),
    newPerSec: most(opened),
    newPerMinute: wholeOf(most(sumsWithinMinute(opened))),
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

/** Open and new connections of a stream's visitors in each second; null where its visits are not known. */
function visitsOf(
  idleUs: number,
  stream: PlanStream,
  rates: Float64Array,
): { readonly open: Float64Array; readonly opened: Float64Array } | null {
  if (stream.kind !== 'rate') return null;
  const visit = meanVisit(stream);
  const requests = visit?.requests ?? stream.visits.requests;
  // A request that ends its visit holds its connection for a second at most.
  if (requests <= 1) return { open: rates, opened: rates };
  const thinkUs = visit === undefined ? stream.visits.thinkUs : visit.pausesUs / (requests - 1);
  return connectionsOfVisits(rates, requests, thinkUs / 1e6, idleUs / 1e6);
}

/**
 * Visitors as a fluid, second by second: a request goes to those who have paused, the longest first, else to new ones,
 * as the schedule deals them. So a rise brings new visitors, and those of a peak are there until their connections
 * have been idle too long. After the first request of n all stay, after each other one all but 1 / (n − 1).
 */
function connectionsOfVisits(rates: Float64Array, requests: number, thinkS: number, idleS: number) {
  const pauseS = Math.max(1, Math.round(thinkS));
  const staying = new Float64Array(rates.length);
  const open = new Float64Array(rates.length);
  const opened = new Float64Array(rates.length);
  let next = 0;
  let oldestHeld = 0;
  let held = 0;
  for (let s = 0; s < rates.length; s++) {
    for (; oldestHeld < s - idleS; oldestHeld++) held -= staying[oldestHeld] ?? 0;
    let wanted = rates[s] ?? 0;
    let returning = 0;
    let kept = 0;
    while (next <= s - pauseS && wanted > 0) {
      const there = staying[next] ?? 0;
      const taken = Math.min(there, wanted);
      staying[next] = there - taken;
      wanted -= taken;
      returning += taken;
      if (next >= oldestHeld) kept += taken;
      if (taken === there) next++;
    }
    staying[s] = wanted * Math.min(1, requests - 1) + returning * Math.max(0, 1 - 1 / (requests - 1));
    held += (staying[s] ?? 0) - kept;
    open[s] = Math.max(held, rates[s] ?? 0);
    opened[s] = wanted + returning - kept;
  }
  return { open, opened };
}

/** For each second, the sum of the values within the minute up to it. */
function sumsWithinMinute(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= TIME_WAIT_S ? (values[i - TIME_WAIT_S] ?? 0) : 0);
    return sum;
  });
}

function addTo(sum: Float64Array, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0);
}

function most(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}

/** Rounded up, but for what adding fractions may have left over. */
function wholeOf(value: number): number {
  return Math.ceil(value - 1e-6);
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
