// In what terms gates speak: which of them read durations, and whose.
import type { Gate, GateMetric } from '../../scenario/gate.js';

/** Whether a gate reads durations of responses. */
export function isLatencyGate({ metric: { kind } }: Pick<Gate, 'metric'>): boolean {
  return kind === 'quantile' || kind === 'max' || kind === 'mean';
}

/** Whether figures of a metric are durations: of responses, or of what befell the shop. */
export function isDurationMetric(metric: GateMetric): boolean {
  const { kind } = metric;
  return isLatencyGate({ metric }) || kind === 'outage' || kind === 'recovery' || kind === 'time_to_degrade';
}
