// The names that gates may use, and what is wrong with a gate.
import { didYouMean } from './nearest.js';

/** The names that selectors may use, and what latency gates must not look at. */
export interface GateNames {
  readonly streams: readonly string[];
  /** Undefined where a problem elsewhere leaves them unknown. */
  readonly routes: readonly string[] | undefined;
  /** Those of the plan; any phase that a plan can have unless given. */
  readonly phases?: readonly string[];
  /** Streams whose durations mean nothing: recordings in fast-forward. */
  readonly hurried: readonly string[];
  /** Streams that are recordings, which `recorded` can mean. */
  readonly recordings: readonly string[];
}

/** What is wrong with a gate. */
export interface GateProblem {
  readonly message: string;
  readonly hint?: string;
}

export const EXAMPLE = 'write p99 < 800ms, errors[stream=promo] < 1% or throughput > 100/s';

/** A problem with a word that is near a known one. */
export function unknownWord(message: string, word: string, known: readonly string[]): GateProblem {
  return withHint(message, didYouMean(word, known));
}

export function withHint(message: string, hint: string | undefined): GateProblem {
  return hint === undefined ? { message } : { message, hint };
}
