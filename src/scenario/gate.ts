// A gate as it is written: a metric, a selector, a comparison and a bound.

/**
 * `p99[route=cart, phase=peak] < 800ms`. Bounds are in the metric's terms (`GateMetric`). Latencies and `errors` can also
 * be held against the recording: `p99 < recorded * 1.2`.
 */
export interface Gate {
  /** As the user wrote it. */
  readonly text: string;
  readonly metric: GateMetric;
  readonly selector: Selector;
  /** Length of the sliding window in which it must hold at any time, seconds; absent: over all that is selected. */
  readonly overS?: number;
  readonly comparison: '<' | '<=' | '>' | '>=';
  readonly bound: number | RecordedBound;
  /** Whether a run is stopped as soon as it fails; absent: no. */
  readonly abort?: true;
}

/** `recorded * 1.2`: so many times what the same operations had when they were recorded. */
export interface RecordedBound {
  readonly of: 'recorded';
  readonly factor: number;
}

/**
 * What a gate reads. Latencies are microseconds of the response; `errors`, `shed` and `slower` are shares of operations;
 * `throughput` is ok operations per second of due time; the rest is of the whole run.
 */
export type GateMetric =
  | {
      readonly kind: 'quantile' /** 0 to 1 */;
      readonly q: number /** such as `p99.9` */;
      readonly name: string;
    }
  /** `slower than 800ms`: the share of ok operations and timeouts that took longer. */
  | { readonly kind: 'slower'; readonly thanUs: number }
  | {
      readonly kind:
        | 'max'
        | 'mean'
        | 'errors'
        | 'throughput'
        | 'shed'
        /** How far the run was sent as planned, 0 to 1. */
        | 'fidelity'
        /** Length of all outages together, microseconds. */
        | 'outage'
        /** From load back at normal to the shop well again, microseconds; 0 where it was well before. */
        | 'recovery'
        /** From the onset of the spike to the first outage, microseconds; longer than any bound where there is none. */
        | 'time_to_degrade'
        /** The lowest share of tenants that were well at one time, 0 to 1. */
        | 'healthy_tenants';
    };

/** Names of one stream, route, tenant or phase each; what is absent selects all. */
export interface Selector {
  readonly stream?: string;
  readonly route?: string;
  readonly tenant?: string;
  readonly phase?: string;
}
