// What runs are compared by, and by how much a candidate may be worse.

export const METRICS = ['p50', 'p95', 'p99', 'errors', 'goodput'] as const;
export type Metric = (typeof METRICS)[number];

/** Ranks of the latencies; errors are a share of operations, goodput is ok operations a second. */
export const QUANTILES: Readonly<Partial<Record<Metric, number>>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

/**
 * By how much a candidate may be worse and still count as no worse: a part of the base's figure (0.1: a tenth slower, or
 * a tenth fewer), of errors a difference of shares (0.005: half a point), as a ratio of shares near 0 means nothing.
 */
export type Margins = Readonly<Record<Metric, number>>;

export const DEFAULT_MARGINS: Margins = { p50: 0.1, p95: 0.1, p99: 0.2, errors: 0.005, goodput: 0.05 };

/**
 * An effect is how much worse the candidate is, so that for every metric more is worse: ln(candidate / base) of a
 * latency, ln(base / candidate) of goodput, candidate − base of a share of errors. This is the margin as an effect.
 */
export function marginAsEffect(metric: Metric, margin: number): number {
  if (metric === 'errors') return margin;
  return metric === 'goodput' ? -Math.log(1 - margin) : Math.log(1 + margin);
}

/** The other way: an effect as the change of the figure, relative for all but errors; ±Infinity stays so. */
export function changeOf(metric: Metric, effect: number): number {
  if (metric === 'errors') return effect;
  return metric === 'goodput' ? Math.exp(-effect) - 1 : Math.exp(effect) - 1;
}
