// The noise of a runner: how far runs of the same thing are apart, and so what a comparison on it can show.

import { meanOf, sdUncertainty, varianceOf } from './effect.js';
import { observe } from './effects.js';
import { keyOf, type RunFigures, WHOLE_RUN } from './figures.js';
import { changeOf, METRICS, type Metric } from './metrics.js';

/** Fewer pairs give a first idea only. */
export const PAIRS_ENOUGH = 10;
export const RUNS_ENOUGH = 5;
/** A margin is at least so many times the difference that pairs of the same thing stay under 19 times in 20. */
const SAFETY = 2;

export interface MetricNoise {
  readonly metric: Metric;
  /** Standard deviation of the difference of two runs, as an effect (`metrics.ts`). */
  readonly sd: number;
  /** The difference that 95 % of pairs stay under, either way, as an effect. */
  readonly p95: number;
  /** The smallest margin that is safe on this runner, as a margin; and what it may be, as few runs are few. */
  readonly margin: number;
  readonly marginAtMost: number;
  /** Whether runs that follow each other are more alike than others: then base and candidate have to take turns. */
  readonly drifts: boolean;
}

export interface Noise {
  readonly runs: number;
  readonly pairs: number;
  /** A metric is missing where timeouts cut it in a run, or a run has no answers. */
  readonly metrics: readonly MetricNoise[];
}

/**
 * The noise of the whole run but for its warm-up.
 * @param runs of one plan or of ones that differ in the seed, in the order in which they ran; at least 3
 */
export function noiseOf(runs: readonly RunFigures[]): Noise {
  const metrics = METRICS.flatMap((metric) => {
    const values = runs.flatMap((run) => {
      const figures = run.scopes.get(keyOf({ kind: 'run', name: WHOLE_RUN }));
      if (figures === undefined) return [];
      const { least, most } = observe(metric, figures);
      return least === most ? [least] : [];
    });
    return values.length < runs.length ? [] : [metricNoise(metric, values)];
  });
  return { runs: runs.length, pairs: (runs.length * (runs.length - 1)) / 2, metrics };
}

function metricNoise(metric: Metric, values: readonly number[]): MetricNoise {
  const sd = Math.sqrt(2 * varianceOf(values));
  const apart: number[] = [];
  values.forEach((a, i) => {
    for (const b of values.slice(i + 1)) apart.push(Math.abs(a - b));
  });
  apart.sort((a, b) => a - b);
  const seen = apart[Math.ceil(0.95 * apart.length) - 1] as number;
  // Few pairs hardly show their 95th percentile: it is no less than normal ones of their spread would have.
  const p95 = Math.max(seen, 1.96 * sd);
  // A change of either direction; of goodput the one that is worse.
  const marginOf = (effect: number) => Math.abs(changeOf(metric, SAFETY * effect));
  return {
    metric,
    sd,
    p95,
    margin: marginOf(p95),
    marginAtMost: marginOf(p95 * sdUncertainty(values.length - 1)),
    drifts: drifts(values),
  };
}

/** Von Neumann's ratio of neighbours' differences to the variance, under what independent runs have once in twenty. */
function drifts(values: readonly number[]): boolean {
  const n = values.length;
  const variance = varianceOf(values);
  if (n < RUNS_ENOUGH || variance === 0) return false;
  const squares = values.slice(1).map((value, i) => (value - (values[i] as number)) ** 2);
  const ratio = meanOf(squares) / (2 * variance);
  return ratio < 1 - 1.64 * Math.sqrt((n - 2) / (n * n - 1));
}
