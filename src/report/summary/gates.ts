// Gate results as the Summary has them.
import { type GateResult, isDurationMetric } from '../../judge/gates/gates.js';
import type { Reading } from '../../measure/distribution.js';
import { toMs } from '../durations.js';
import type { Summary } from '../summary-schema.js';
import { round } from './rounded.js';

export function gateSummary(result: GateResult): Summary['gates'][number] {
  const { gate, actual, bound, limits, n, needed, reason } = result;
  const value = (figure: Reading | number | null) =>
    typeof figure === 'number' ? round(figure, 9) : toMs(figure ?? undefined);
  const limit = (figure: number) =>
    isDurationMetric(gate.metric) ? round(figure / 1e3, 3) : round(figure, 9);
  return {
    gate: gate.text,
    result: result.result,
    actual: value(actual),
    bound: value(bound),
    limits: limits && { low: limit(limits.low), high: limits.high === null ? null : limit(limits.high) },
    n,
    needed,
    reason,
  };
}
