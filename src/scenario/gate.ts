// A gate as it is written: a metric, a selector, a comparison and a bound.

/**
 * `p99[route=cart, phase=peak] < 800ms`. Latency bounds are microseconds, `errors` and `shed` are shares of the
 * planned operations, `throughput` is ok operations per second of due time, `fidelity` is how far the whole run was sent
 * as planned, 0 to 1. Latencies and `errors` can also be held against the recording: `p99 < recorded * 1.2`.
 */
export interface Gate {
  /** As the user wrote it. */
  readonly text: string;
  readonly metric: GateMetric;
  readonly selector: Selector;
  readonly comparison: '<' | '<=' | '>' | '>=';
  readonly bound: number | RecordedBound;
}

/** `recorded * 1.2`: so many times what the same operations had when they were recorded. */
export interface RecordedBound {
  readonly of: 'recorded';
  readonly factor: number;
}

export type GateMetric =
  | {
      readonly kind: 'quantile' /** 0 to 1 */;
      readonly q: number /** such as `p99.9` */;
      readonly name: string;
    }
  | { readonly kind: 'max' | 'mean' | 'errors' | 'throughput' | 'shed' | 'fidelity' };

/** Names of one stream, route, tenant or phase each; what is absent selects all. */
export interface Selector {
  readonly stream?: string;
  readonly route?: string;
  readonly tenant?: string;
  readonly phase?: string;
}
