// Gates held against the recording: the same operations now and then; what was recorded is fixed, what came now is chance.
import type { RecordedCounts } from '../../measure/cell.js';
import type { Reading } from '../../measure/distribution.js';
import type { Histogram } from '../../measure/histogram.js';
import { countOver } from '../../measure/series.js';
import type { Snapshot } from '../../measure/snapshot.js';
import type { Gate, RecordedBound } from '../../scenario/gate.js';
import { formatCount, formatShare } from '../../units.js';
import { type BothSides, sumRecorded } from '../recorded.js';
import type { Tick } from '../statistics/proportion.js';
import { maximum, mean, quantile, readLatency } from './latency.js';
import { because, exactly, type GateResult, isBelow, NOTHING_DUE, noData } from './result.js';
import { secondsOf, selects } from './selection.js';
import { errors } from './shares.js';
import { isLatencyGate } from './terms.js';

/** Holds the replayed against the recorded, of the same operations: those of recordings alone. */
export function againstRecorded(snapshot: Snapshot, gate: Gate, { factor }: RecordedBound): GateResult {
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
    ? latencyAgainstRecorded(snapshot, gate, factor, sides)
    : errorsAgainstRecorded(snapshot, gate, factor, recorded);
  return because(result, ...notes);
}

function latencyAgainstRecorded(
  snapshot: Snapshot,
  gate: Gate,
  factor: number,
  { response, duration }: BothSides,
): GateResult {
  const bound = timesRecorded(gate, factor, duration);
  if (bound === null) return noData(gate, 'the recording has no durations there');
  const { metric } = gate;
  if (metric.kind === 'max') return maximum(gate, bound, response);
  if (metric.kind !== 'quantile') return mean(snapshot, gate, bound, response);
  const result = quantile(gate, metric.q, bound, response, slowAgainst(snapshot, gate, bound.us, response));
  const few = result.result === 'pass' ? tooFew(metric.q, metric.name, duration.count) : null;
  return few === null ? result : because({ ...result, result: 'inconclusive' }, few);
}

/** What a gate on latencies is held against; null where the recording does not say. */
export function latencyBound(snapshot: Snapshot, gate: Gate): Reading | null {
  const { bound, selector } = gate;
  if (typeof bound === 'number') return exactly(bound);
  const { duration } = sumRecorded(snapshot, selects(snapshot.head, selector));
  return timesRecorded(gate, bound.factor, duration);
}

function timesRecorded(gate: Gate, factor: number, duration: Histogram): Reading | null {
  const then = readLatency(gate, duration);
  return then === undefined ? null : { us: then.us * factor, atLeast: then.atLeast };
}

/** So few recorded requests that none of them need lie beyond a quantile: it is their maximum by another name. */
function tooFew(q: number, name: string, n: number): string | null {
  const needed = Math.ceil(1 / (1 - q) - 1e-6);
  if (n >= needed) return null;
  return `too few: ${name} needs ${formatCount(needed)} recorded requests, there were ${formatCount(n)}`;
}

/**
 * Operations by the second, and those that were slower than a bound which was not known while seconds were counted. How
 * many they are in all is exact; when they were is read from the responses of all streams and routes by the second, at
 * two digits, which is what clustering is told from.
 */
function slowAgainst(snapshot: Snapshot, gate: Gate, boundUs: number, response: Histogram): Tick[][] {
  const cut = isBelow(gate) && boundUs >= snapshot.head.plan.timeoutUs ? response.cuts : 0;
  const hits = Math.min(response.count, countOver(response.read(), boundUs) + cut);
  const stretches = secondsOf(snapshot, gate).map(({ startS, list }) =>
    list.map(({ ranked, sumUs }, i) => {
      const all = snapshot.seconds.get(startS + i)?.response;
      const share = all === undefined || all.count === 0 ? 0 : countOver(all, boundUs) / all.count;
      return { n: ranked, sum: sumUs, weight: ranked * share };
    }),
  );
  return spread(hits, stretches);
}

/** Operations of a second, the sum of their responses, and for how much of all hits it stands. */
interface Weighed {
  readonly n: number;
  readonly sum: number;
  readonly weight: number;
}

/** So many hits dealt to seconds in proportion to their weights, no second having more of them than operations. */
export function spread(hits: number, stretches: readonly (readonly Weighed[])[]): Tick[][] {
  const all = stretches.flat();
  const n = all.reduce((sum, tick) => sum + tick.n, 0);
  const weights = all.reduce((sum, { weight }) => sum + weight, 0);
  const ownOf = ({ n: most, weight }: Weighed) =>
    weights > 0 ? Math.min(most, hits * (weight / weights)) : 0;
  const dealt = all.reduce((sum, tick) => sum + ownOf(tick), 0);
  // What the weights have no room for goes where there is some.
  const rest = n > dealt ? (hits - dealt) / (n - dealt) : 0;
  let exact = 0;
  let given = 0;
  return stretches.map((ticks) =>
    ticks.map((tick) => {
      const own = ownOf(tick);
      exact += own + (tick.n - own) * rest;
      const whole = Math.max(0, Math.min(tick.n, Math.round(exact) - given));
      given += whole;
      return { n: tick.n, sum: tick.sum, hits: whole };
    }),
  );
}

function errorsAgainstRecorded(
  snapshot: Snapshot,
  gate: Gate,
  factor: number,
  recorded: RecordedCounts,
): GateResult {
  // Multiplied first: whole numbers times a factor come out even where a share would be a hair off.
  const result = errors(snapshot, gate, (factor * recorded.failed) / recorded.planned);
  if (recorded.failed > 0 || gate.comparison !== '<' || result.reason !== null) return result;
  return because(result, 'nothing had failed when it was recorded, and nothing is below that: write <=');
}
