// How a change reads: a percentage of the base's figure, or points where shares are compared.
import type { Metric } from '../../judge/comparison/metrics.js';

/** `+12.3 %` of a latency or goodput, `−0.20 points` of errors; a minus sign, not a hyphen. */
export function formatChange(metric: Metric, change: number): string {
  const unit = metric === 'errors' ? 'points' : '%';
  return `${signed(change * 100, metric === 'errors' ? 2 : 1)} ${unit}`;
}

/** A margin or a spread, either way: `12.3 %`, `0.20 points`. */
export function formatSize(metric: Metric, size: number): string {
  return formatChange(metric, Math.abs(size)).replace(/^\+/, '');
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}
