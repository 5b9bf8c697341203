// Gates on durations of responses: quantiles, the mean, the maximum.
import type { Reading } from '../../measure/distribution.js';
import type { Histogram } from '../../measure/histogram.js';
import type { Snapshot } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatDuration, formatShare } from '../../units.js';
import { meanLimits } from '../statistics/mean.js';
import { type ShareLimits, shareLimits, type Tick } from '../statistics/proportion.js';
import { type GateResult, holds, isBelow, type Limits, NONE_RANKED, noData } from './result.js';
import { secondsOf } from './selection.js';
import { decide } from './shares.js';

/** One-sided 95 %. */
const Z = 1.6449;

/** The reading that a gate on durations is about; undefined where nothing was ranked. */
export function readLatency(gate: Gate, response: Histogram): Reading | undefined {
  if (gate.metric.kind === 'quantile') return response.quantile(gate.metric.q);
  return gate.metric.kind === 'max' ? response.maximum() : response.mean();
}

/**
 * A quantile is under its bound where the share slower than the bound is under what lies beyond the quantile, and it is
 * that share which is judged.
 * @param ticks operations, and those of them that were slower than the bound
 */
export function quantile(
  gate: Gate,
  q: number,
  bound: Reading,
  response: Histogram,
  ticks: readonly (readonly Tick[])[],
): GateResult {
  const limits = shareLimits(ticks);
  const actual = response.quantile(q);
  if (limits === null || actual === undefined) return noData(gate, NONE_RANKED);
  // 1 − 0.99 is a hair over 1 % in floating point.
  const beyond = Number((1 - q).toPrecision(12));
  const decision = decide(gate, limits, beyond);
  const slow = `${formatShare(limits.share)} took longer than ${formatDuration(bound.us)}, where ${formatShare(beyond)} may`;
  const reason = decision.reason === null ? null : `${slow}; ${decision.reason}`;
  const around = agreeing(quantileLimits(q, response, limits.effect), bound.us, beyond, limits);
  const { needed } = decision;
  // Where all that is not slower than the bound is as slow as it, the quantile may be the bound itself.
  const result = decision.result === 'pass' && !holds(gate, actual.us, bound.us) ? 'fail' : decision.result;
  return cutShort({ gate, result, actual, bound, limits: around, n: limits.n, needed, reason });
}

/**
 * Between which values a quantile lies: those at the ranks that Wilson's interval, a score test, leaves open
 * (n q ± z √(n q (1 − q) · effect), as of Lancet's order statistics). Timeouts set no limit.
 */
function quantileLimits(q: number, response: Histogram, effect: number): Limits | null {
  const n = response.count;
  const half = Z * Math.sqrt((q * (1 - q) * effect) / n);
  const low = response.quantile(Math.max(0, q - half));
  if (low === undefined || low.atLeast) return null;
  const high = q + half > 1 - 1 / n ? undefined : response.quantile(q + half);
  return { low: low.us, high: high === undefined || high.atLeast ? null : high.us };
}

/**
 * The limits of a quantile say of the bound what those of the share beyond it say, which are the finer ones: where more
 * than may be beyond the bound is possible, so is a quantile above it.
 */
function agreeing(around: Limits | null, boundUs: number, beyond: number, share: ShareLimits): Limits | null {
  if (around === null) return null;
  const { low, high } = around;
  return {
    low: share.low > beyond ? Math.max(low, boundUs) : Math.min(low, boundUs),
    high: share.high <= beyond ? Math.min(high ?? boundUs, boundUs) : high && Math.max(high, boundUs),
  };
}

/** The mean of the responses, by its limits; timeouts in it make it a lower bound. */
export function mean(snapshot: Snapshot, gate: Gate, bound: Reading, response: Histogram): GateResult {
  const limits = meanLimits(
    secondsOf(snapshot, gate).map(({ list }) => list.map(({ ranked, sumUs }) => ({ n: ranked, sum: sumUs }))),
  );
  const actual = response.mean();
  if (limits === null || actual === undefined) return noData(gate, NONE_RANKED);
  const below = isBelow(gate);
  const { low, high, surelyAbove, surelyBelow } = limits;
  const failed = below ? surelyAbove > bound.us : surelyBelow < bound.us;
  const passed = below ? high <= bound.us : low >= bound.us;
  const result = failed ? 'fail' : passed ? 'pass' : 'inconclusive';
  const reason =
    result === 'inconclusive'
      ? `the true mean may be ${formatDuration(Math.max(0, low))} to ${formatDuration(high)}`
      : null;
  const around = { low: Math.max(0, low), high };
  return cutShort({ gate, result, actual, bound, limits: around, n: response.count, needed: null, reason });
}

/** The longest of all: exact, as it is of what was sent and of nothing else. */
export function maximum(gate: Gate, bound: Reading, response: Histogram): GateResult {
  const actual = response.maximum();
  if (actual === undefined) return noData(gate, NONE_RANKED);
  const result = holds(gate, actual.us, bound.us) ? 'pass' : 'fail';
  const n = response.count;
  return cutShort({ gate, result, actual, bound, limits: null, n, needed: null, reason: null });
}

/**
 * A reading that was cut is a lower bound, on either side: what cannot be shown to hold fails, whatever the limits are,
 * and what is beyond its bound even so fails for certain.
 */
function cutShort(result: GateResult): GateResult {
  const { gate, actual, bound } = result;
  if (typeof actual !== 'object' || typeof bound !== 'object' || actual === null || bound === null)
    return result;
  const reading = holds(gate, actual.us, bound.us);
  // A gate on the low side is safe from a bound that may be higher, one on the high side from such a value.
  const [mayBreak, mayHold] = isBelow(gate)
    ? [actual.atLeast, bound.atLeast]
    : [bound.atLeast, actual.atLeast];
  if (reading ? !mayBreak : !mayHold) return result;
  const which = actual.atLeast
    ? `it was at least ${formatDuration(actual.us)}: cut at the timeout`
    : 'what was recorded is longer than the timeout, at which it is cut';
  const reason = `${which}, it cannot be shown to hold`;
  return { ...result, result: 'fail', limits: null, needed: null, reason };
}
