// Gates: what the scenario asks of the shop, held against a snapshot. No data is never a pass.
import type { Counts } from '../measure/cell.js';
import type { Reading } from '../measure/distribution.js';
import type { Histogram } from '../measure/histogram.js';
import { OUTCOME_INDEX } from '../measure/outcome.js';
import { type Group, type Head, type Snapshot, sumGroups } from '../measure/snapshot.js';
import type { Gate, Selector } from '../scenario/gate.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../units.js';
import { closedThroughS, okOf, warmupEndS } from './facts.js';

export interface GateResult {
  readonly gate: Gate;
  readonly result: 'pass' | 'fail' | 'no_data';
  /** A reading for latencies, a share or a rate for the rest; null where there is nothing to read. */
  readonly actual: Reading | number | null;
  /** Operations it rests on. */
  readonly n: number;
  /** Why, where the figure alone does not say it. */
  readonly reason: string | null;
}

/** Holds a gate against a snapshot. A declared warm-up is outside gates. */
export function evaluateGate(snapshot: Snapshot, gate: Gate): GateResult {
  const unknown = unknownName(snapshot, gate.selector);
  if (unknown !== null) return noData(gate, unknown);
  if (gate.selector.tenant !== undefined) return tenantErrors(snapshot, gate, gate.selector.tenant);

  const { counts, response } = sumGroups(snapshot, selects(snapshot.head, gate.selector));
  if (counts.planned === 0) {
    return noData(gate, 'nothing was due there through the last closed window');
  }
  switch (gate.metric.kind) {
    case 'quantile':
    case 'max':
    case 'mean':
      return latency(gate, response);
    case 'errors':
      return errors(gate, counts);
    case 'shed':
      return share(gate, outcome(counts, 'shed'), counts.planned);
    case 'throughput':
      return throughput(snapshot, gate, counts);
  }
}

/** Whether a gate reads durations of responses. */
export function isLatencyGate(gate: Gate): boolean {
  return gate.metric.kind === 'quantile' || gate.metric.kind === 'max' || gate.metric.kind === 'mean';
}

/**
 * A lower bound that is over the bound of `<` fails for certain; one that is under it cannot show that the gate
 * holds, and what cannot be shown fails. A quantile that passes on so few operations that none may lie beyond it
 * (n (1 − q) < 1) is the maximum by another name: too little to pass on.
 */
function latency(gate: Gate, response: Histogram): GateResult {
  const actual = readLatency(gate, response);
  const n = response.count;
  if (actual === undefined) return noData(gate, 'no request there was answered as expected, or timed out');
  const certain = actual.atLeast ? holdsFromLowerBound(gate, actual.us) : holds(gate, actual.us);
  if (!certain) {
    const open = actual.atLeast && holds(gate, actual.us);
    const reason = open
      ? `it was at least ${formatDuration(actual.us)}: cut at the timeout, it cannot be shown to hold`
      : null;
    return { gate, result: 'fail', actual, n, reason };
  }
  if (gate.metric.kind === 'quantile') {
    const needed = Math.ceil(1 / (1 - gate.metric.q) - 1e-6);
    if (n < needed) {
      const reason = `too few: ${gate.metric.name} needs ${formatCount(needed)} requests, there were ${formatCount(n)}`;
      return { gate, result: 'no_data', actual, n, reason };
    }
  }
  return { gate, result: 'pass', actual, n, reason: null };
}

function readLatency(gate: Gate, response: Histogram): Reading | undefined {
  if (gate.metric.kind === 'quantile') return response.quantile(gate.metric.q);
  return gate.metric.kind === 'max' ? response.maximum() : response.mean();
}

/** What a stop cut might have been ok or not: where that decides, the gate is undecided. */
function errors(gate: Gate, counts: Counts): GateResult {
  const failed = counts.planned - okOf(counts);
  const stopped = outcome(counts, 'stopped');
  const without = (failed - stopped) / counts.planned;
  const all = share(gate, failed, counts.planned);
  if (stopped === 0 || holds(gate, without) === (all.result === 'pass')) return all;
  const reason = `${formatCount(stopped)} requests were cut by the stop; had they been ok, it were ${formatShare(without)}`;
  return { ...all, result: 'no_data', reason };
}

function tenantErrors(snapshot: Snapshot, gate: Gate, tenant: string): GateResult {
  const crossed = gate.selector.stream ?? gate.selector.route ?? gate.selector.phase;
  if (gate.metric.kind !== 'errors' || crossed !== undefined) {
    return noData(gate, 'of a tenant, only errors over the whole run are kept');
  }
  const fromS = warmupEndS(snapshot.head);
  let planned = 0;
  let ok = 0;
  for (const [sliceS, slice] of snapshot.tenants.get(tenant)?.slices ?? []) {
    // A slice that began in the warm-up is left out whole: it cannot be cut.
    if (sliceS < fromS) continue;
    planned += slice.planned;
    ok += slice.ok;
  }
  if (planned === 0) return noData(gate, 'nothing was due there through the last closed window');
  return share(gate, planned - ok, planned);
}

function throughput(snapshot: Snapshot, gate: Gate, counts: Counts): GateResult {
  const closedS = closedThroughS(snapshot);
  let seconds = 0;
  for (const phase of snapshot.head.phases) {
    if (!inGates(phase.name, gate.selector)) continue;
    seconds += Math.max(0, Math.min(phase.endS, closedS) - phase.startS);
  }
  if (seconds === 0) return noData(gate, `no second of it had passed by ${formatOffset(closedS * 1e6)}`);
  const actual = okOf(counts) / seconds;
  return { gate, result: holds(gate, actual) ? 'pass' : 'fail', actual, n: counts.planned, reason: null };
}

function share(gate: Gate, part: number, planned: number): GateResult {
  const actual = part / planned;
  return { gate, result: holds(gate, actual) ? 'pass' : 'fail', actual, n: planned, reason: null };
}

function noData(gate: Gate, reason: string): GateResult {
  return { gate, result: 'no_data', actual: null, n: 0, reason };
}

function holds(gate: Gate, actual: number): boolean {
  switch (gate.comparison) {
    case '<':
      return actual < gate.bound;
    case '<=':
      return actual <= gate.bound;
    case '>':
      return actual > gate.bound;
    case '>=':
      return actual >= gate.bound;
  }
}

/** Whether a gate holds whatever the value is, as long as it is at least this. */
function holdsFromLowerBound(gate: Gate, atLeast: number): boolean {
  return (gate.comparison === '>' || gate.comparison === '>=') && holds(gate, atLeast);
}

function selects(head: Head, selector: Selector): (group: Group) => boolean {
  return (group) =>
    (selector.stream === undefined || head.plan.streams[group.stream]?.name === selector.stream) &&
    (selector.route === undefined || head.plan.routes[group.route]?.name === selector.route) &&
    inGates(head.phases[group.phase]?.name, selector);
}

function inGates(phase: string | undefined, selector: Selector): boolean {
  return phase !== 'warmup' && (selector.phase === undefined || phase === selector.phase);
}

function unknownName({ head, tenants }: Snapshot, selector: Selector): string | null {
  const { stream, route, phase, tenant } = selector;
  if (stream !== undefined && !head.plan.streams.some(({ name }) => name === stream)) {
    return `the plan has no stream "${stream}"`;
  }
  if (route !== undefined && !head.plan.routes.some(({ name }) => name === route)) {
    return `the plan has no route "${route}"`;
  }
  if (phase === 'warmup') return 'the warm-up is outside gates';
  if (phase !== undefined && !head.phases.some(({ name }) => name === phase)) {
    return `the plan has no phase "${phase}"; it has ${head.phases.map(({ name }) => name).join(', ')}`;
  }
  if (tenant !== undefined && !tenants.has(tenant)) return `no request went to a tenant "${tenant}"`;
  return null;
}

function outcome(counts: Counts, name: 'shed' | 'stopped'): number {
  return counts.outcomes[OUTCOME_INDEX[name]] as number;
}
