// Gates: what the scenario asks of the shop, held against a snapshot. No data is never a pass.
import type { Counts, RecordedCounts } from '../../measure/cell.js';
import type { Reading } from '../../measure/distribution.js';
import type { Histogram } from '../../measure/histogram.js';
import { OUTCOME_INDEX } from '../../measure/outcome.js';
import { type Group, type Head, type Snapshot, sumGroups } from '../../measure/snapshot.js';
import type { Gate, RecordedBound, Selector } from '../../scenario/gate.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../../units.js';
import { closedThroughS, okOf } from '../facts.js';
import { type BothSides, sumRecorded } from '../recorded.js';
import { fidelityOf, partsOf } from '../validity/fidelity.js';

export interface GateResult {
  readonly gate: Gate;
  /** `inconclusive`: what was measured allows both; `no_data`: there is nothing to read. */
  readonly result: 'pass' | 'fail' | 'inconclusive' | 'no_data';
  /** A reading for latencies, a share or a rate for the rest; null where there is nothing to read. */
  readonly actual: Reading | number | null;
  /** What it was held against, in the same terms; null where the recording does not say. */
  readonly bound: Reading | number | null;
  /** Between which values the true one lies, in the same terms; null where it is not a matter of chance. */
  readonly limits: { readonly low: number; readonly high: number } | null;
  /** Operations it rests on. */
  readonly n: number;
  /** How many it would take to decide, were the rest as what was seen; null where it is decided, or no number would. */
  readonly needed: number | null;
  /** Why, where the figure alone does not say it. */
  readonly reason: string | null;
}

const NOTHING_DUE = 'nothing was due there through the last closed window';

/** Holds a gate against a snapshot. A declared warm-up is outside gates. */
export function evaluateGate(snapshot: Snapshot, gate: Gate): GateResult {
  const { bound, selector } = gate;
  const unknown = unknownName(snapshot, selector);
  if (unknown !== null) return noData(gate, unknown);
  if (typeof bound === 'object') return againstRecorded(snapshot, gate, bound);
  if (selector.tenant !== undefined) return tenantErrors(snapshot, gate, bound, selector.tenant);

  const { counts, response } = sumGroups(snapshot, selects(snapshot.head, selector));
  if (counts.planned === 0) return noData(gate, NOTHING_DUE);
  switch (gate.metric.kind) {
    case 'quantile':
    case 'max':
    case 'mean':
      return latency(gate, exactly(bound), response);
    case 'errors':
      return errors(gate, bound, counts);
    case 'shed':
      return share(gate, bound, outcome(counts, 'shed'), counts.planned);
    case 'throughput':
      return throughput(snapshot, gate, bound, counts);
    case 'fidelity':
      return fidelity(snapshot, gate, bound);
    default:
      return noData(gate, 'not read yet');
  }
}

/** Whether a gate reads durations of responses. */
export function isLatencyGate(gate: Gate): boolean {
  return gate.metric.kind === 'quantile' || gate.metric.kind === 'max' || gate.metric.kind === 'mean';
}

/** Holds the replayed against the recorded, of the same operations: those of recordings alone. */
function againstRecorded(snapshot: Snapshot, gate: Gate, { factor }: RecordedBound): GateResult {
  const { streams } = snapshot.head.plan;
  const recordings = streams.filter(({ kind }) => kind === 'recording');
  if (recordings.length === 0) return noData(gate, 'the plan has no recording');
  if (gate.selector.tenant !== undefined) return noData(gate, 'what was recorded is not kept by tenant');
  const sides = sumRecorded(snapshot, selects(snapshot.head, gate.selector));
  const { recorded, planned } = sides.counts;
  if (planned === 0) return noData(gate, NOTHING_DUE);
  if (recorded === null) return noData(gate, 'the recording has no statuses there');

  const notes: string[] = [];
  if (gate.selector.stream === undefined && recordings.length < streams.length) {
    notes.push(`over recordings alone: ${recordings.map(({ name }) => name).join(', ')}`);
  }
  if (recorded.planned < planned) {
    const share = formatShare(recorded.planned / planned);
    notes.push(`what was recorded is known of ${share} of the requests`);
  }
  const result = isLatencyGate(gate)
    ? latencyAgainstRecorded(gate, factor, sides)
    : errorsAgainstRecorded(gate, factor, sides.counts, recorded);
  const reasons = [...(result.reason === null ? [] : [result.reason]), ...notes];
  return { ...result, reason: reasons.length === 0 ? null : reasons.join('; ') };
}

function latencyAgainstRecorded(gate: Gate, factor: number, { response, duration }: BothSides): GateResult {
  const then = readLatency(gate, duration);
  if (then === undefined) return noData(gate, 'the recording has no durations there');
  const result = latency(gate, { us: then.us * factor, atLeast: then.atLeast }, response);
  const few = result.result === 'pass' ? tooFew(gate, duration.count, 'recorded requests') : null;
  return few === null ? result : { ...result, result: 'no_data', reason: few };
}

function errorsAgainstRecorded(
  gate: Gate,
  factor: number,
  counts: Counts,
  recorded: RecordedCounts,
): GateResult {
  // Multiplied first: whole numbers times a factor come out even where a share would be a hair off.
  const result = errors(gate, (factor * recorded.failed) / recorded.planned, counts);
  if (recorded.failed > 0 || gate.comparison !== '<' || result.reason !== null) return result;
  return {
    ...result,
    reason: 'nothing had failed when it was recorded, and nothing is below that: write <=',
  };
}

/**
 * A reading that was cut is a lower bound, on either side; what cannot be shown to hold fails. A quantile that passes
 * on so few operations that none may lie beyond it (n (1 − q) < 1) is the maximum by another name: too little to pass
 * on.
 */
function latency(gate: Gate, bound: Reading, response: Histogram): GateResult {
  const actual = readLatency(gate, response);
  const n = response.count;
  if (actual === undefined) return noData(gate, 'no request there was answered as expected, or timed out');
  const certain = certainty(gate, actual, bound);
  if (certain !== 'holds') {
    const which = actual.atLeast
      ? `it was at least ${formatDuration(actual.us)}: cut at the timeout`
      : 'what was recorded is longer than the timeout, at which it is cut';
    const reason = certain === 'open' ? `${which}, it cannot be shown to hold` : null;
    return { gate, result: 'fail', actual, bound, limits: null, n, needed: null, reason };
  }
  const few = tooFew(gate, n, 'requests');
  const result = few === null ? 'pass' : 'no_data';
  return { gate, result, actual, bound, limits: null, n, needed: null, reason: few };
}

/** Whether a gate holds whatever the true values are, as long as they are at least what was read where it was cut. */
function certainty(gate: Gate, actual: Reading, bound: Reading): 'holds' | 'breaks' | 'open' {
  const below = gate.comparison === '<' || gate.comparison === '<=';
  // A gate on the low side is safe from a bound that may be higher, one on the high side from such a value.
  const [mayBreak, mayHold] = below ? [actual.atLeast, bound.atLeast] : [bound.atLeast, actual.atLeast];
  if (holds(gate, actual.us, bound.us)) return mayBreak ? 'open' : 'holds';
  return mayHold ? 'open' : 'breaks';
}

function tooFew(gate: Gate, n: number, what: string): string | null {
  if (gate.metric.kind !== 'quantile') return null;
  const needed = Math.ceil(1 / (1 - gate.metric.q) - 1e-6);
  if (n >= needed) return null;
  return `too few: ${gate.metric.name} needs ${formatCount(needed)} ${what}, there were ${formatCount(n)}`;
}

function readLatency(gate: Gate, response: Histogram): Reading | undefined {
  if (gate.metric.kind === 'quantile') return response.quantile(gate.metric.q);
  return gate.metric.kind === 'max' ? response.maximum() : response.mean();
}

/** What a stop cut might have been ok or not: where that decides, the gate is undecided. */
function errors(gate: Gate, bound: number, counts: Counts): GateResult {
  const failed = counts.planned - okOf(counts);
  const stopped = outcome(counts, 'stopped');
  const without = (failed - stopped) / counts.planned;
  const all = share(gate, bound, failed, counts.planned);
  if (stopped === 0 || holds(gate, without, bound) === (all.result === 'pass')) return all;
  const reason = `${formatCount(stopped)} requests were cut by the stop; had they been ok, it were ${formatShare(without)}`;
  return { ...all, result: 'no_data', reason };
}

function tenantErrors(snapshot: Snapshot, gate: Gate, bound: number, tenant: string): GateResult {
  const crossed = gate.selector.stream ?? gate.selector.route ?? gate.selector.phase;
  if (gate.metric.kind !== 'errors' || crossed !== undefined) {
    return noData(gate, 'of a tenant, only errors over the whole run are kept');
  }
  const totals = snapshot.tenants.get(tenant);
  let planned = 0;
  let ok = 0;
  snapshot.head.phases.forEach(({ name }, i) => {
    if (name === 'warmup' || totals === undefined) return;
    const counts = totals.inPhase(i);
    planned += counts.planned;
    ok += counts.ok;
  });
  if (planned === 0) return noData(gate, NOTHING_DUE);
  return share(gate, bound, planned - ok, planned);
}

function throughput(snapshot: Snapshot, gate: Gate, bound: number, counts: Counts): GateResult {
  const closedS = closedThroughS(snapshot);
  let seconds = 0;
  for (const phase of snapshot.head.phases) {
    if (!inGates(phase.name, gate.selector)) continue;
    seconds += Math.max(0, Math.min(phase.endS, closedS) - phase.startS);
  }
  if (seconds === 0) return noData(gate, `no second of it had passed by ${formatOffset(closedS * 1e6)}`);
  const actual = okOf(counts) / seconds;
  return decided(gate, bound, actual, counts.planned);
}

/** Told with its parts. */
function fidelity(snapshot: Snapshot, gate: Gate, bound: number): GateResult {
  const of = fidelityOf(snapshot);
  if (of === null) return noData(gate, 'nothing was to be fired there through the last closed window');
  return { ...decided(gate, bound, of.score, of.toFire), reason: partsOf(of) };
}

function share(gate: Gate, bound: number, part: number, planned: number): GateResult {
  return decided(gate, bound, part / planned, planned);
}

function decided(gate: Gate, bound: number, actual: number, n: number): GateResult {
  const result = holds(gate, actual, bound) ? 'pass' : 'fail';
  return { gate, result, actual, bound, limits: null, n, needed: null, reason: null };
}

function noData(gate: Gate, reason: string): GateResult {
  const absolute = typeof gate.bound === 'number' ? gate.bound : null;
  const bound = absolute !== null && isLatencyGate(gate) ? exactly(absolute) : absolute;
  return { gate, result: 'no_data', actual: null, bound, limits: null, n: 0, needed: null, reason };
}

function exactly(us: number): Reading {
  return { us, atLeast: false };
}

function holds(gate: Gate, actual: number, bound: number): boolean {
  switch (gate.comparison) {
    case '<':
      return actual < bound;
    case '<=':
      return actual <= bound;
    case '>':
      return actual > bound;
    case '>=':
      return actual >= bound;
  }
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
