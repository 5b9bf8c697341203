// What came of a gate, and how a figure that is exact is held against its bound.
import type { Reading } from '../../measure/distribution.js';
import type { Gate } from '../../scenario/gate.js';
import { isDurationMetric } from './terms.js';

export interface GateResult {
  readonly gate: Gate;
  /** `inconclusive`: what was measured allows both; `no_data`: there is nothing to read. */
  readonly result: 'pass' | 'fail' | 'inconclusive' | 'no_data';
  /** A reading for durations, a share or a rate for the rest; null where there is nothing to read. */
  readonly actual: Reading | number | null;
  /** What it was held against, in the same terms; null where the recording does not say. */
  readonly bound: Reading | number | null;
  /**
   * Between which values the true one lies, each with 95 % certainty, in the same terms (durations in microseconds);
   * null where it is not a matter of chance.
   */
  readonly limits: Limits | null;
  /** Operations it rests on. */
  readonly n: number;
  /** How many it would take to decide, were the rest as what was seen; null where it is decided, or no number would. */
  readonly needed: number | null;
  /** Why, where the figure alone does not say it. */
  readonly reason: string | null;
}

export interface Limits {
  readonly low: number;
  /** Null where nothing sets an upper limit: a true quantile may be longer than all of so few, or than the timeout. */
  readonly high: number | null;
}

export const NOTHING_DUE = 'nothing was due there through the last closed window';
export const NONE_RANKED = 'no request there was answered as expected, or timed out';

/** The result of a figure that is exact. */
export function decided(gate: Gate, bound: number, actual: number, n: number): GateResult {
  const result = holds(gate, actual, bound) ? 'pass' : 'fail';
  return { gate, result, actual, bound, limits: null, n, needed: null, reason: null };
}

export function noData(gate: Gate, reason: string): GateResult {
  const absolute = typeof gate.bound === 'number' ? gate.bound : null;
  const bound = absolute !== null && isDurationMetric(gate.metric) ? exactly(absolute) : absolute;
  return { gate, result: 'no_data', actual: null, bound, limits: null, n: 0, needed: null, reason };
}

/** A duration that was read whole. */
export function exactly(us: number): Reading {
  return { us, atLeast: false };
}

/** Whether a gate asks for little: the figure is to be below its bound. */
export function isBelow({ comparison }: Pick<Gate, 'comparison'>): boolean {
  return comparison === '<' || comparison === '<=';
}

export function holds({ comparison }: Pick<Gate, 'comparison'>, actual: number, bound: number): boolean {
  switch (comparison) {
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

/** One more reason, after those that are there. */
export function because(result: GateResult, ...more: readonly string[]): GateResult {
  const reasons = [...(result.reason === null ? [] : [result.reason]), ...more];
  return { ...result, reason: reasons.length === 0 ? null : reasons.join('; ') };
}
