// The bound of a gate: a duration, a share, a rate, or some times what was recorded.
import { parseDurationUs, parseRatePerSec, UnitError } from '../units.js';
import type { Gate, GateMetric, RecordedBound, Selector } from './gate.js';
import { EXAMPLE, type GateNames, type GateProblem, withHint } from './gate-names.js';
import { quote } from './problems.js';

/** Metrics whose bounds are shares. */
const SHARES: ReadonlySet<GateMetric['kind']> = new Set([
  'errors',
  'shed',
  'slower',
  'fidelity',
  'healthy_tenants',
]);
/** Metrics that can be nothing at all. */
const MAY_BE_0: ReadonlySet<GateMetric['kind']> = new Set(['outage', 'recovery', 'time_to_degrade']);

/** Reads a bound in the metric's terms. */
export function parseBound(
  text: string,
  metric: GateMetric,
  comparison: Gate['comparison'],
): number | GateProblem {
  return reading(() => {
    if (metric.kind === 'throughput') {
      if (!text.includes('/')) return { message: `${quote(text)} is not a rate; expected such as 100/s` };
      return parseRatePerSec(text);
    }
    if (SHARES.has(metric.kind)) return parseShare(text);
    const us = parseUnitDurationUs(text, '800ms');
    if (typeof us !== 'number' || us > 0) return us;
    if (!MAY_BE_0.has(metric.kind)) return { message: 'the bound is 0; expected a duration such as 800ms' };
    if (comparison !== '<') return us;
    return { message: 'nothing is below 0', hint: `write ${metric.kind} <= 0s` };
  });
}

/** A duration with its unit, microseconds. */
export function parseUnitDurationUs(text: string, example: string): number | GateProblem {
  if (/^[\d.]*$/.test(text))
    return { message: `${quote(text)} has no unit; expected a duration such as ${example}` };
  return reading(() => parseDurationUs(text));
}

/** `recorded`, `recorded * 1.2`, `recorded × 1.2`. */
export function parseRecordedBound(
  text: string,
  metric: GateMetric,
  selector: Selector,
  names: GateNames,
): RecordedBound | GateProblem {
  if (metric.kind !== 'errors' && !isResponse(metric)) {
    return { message: `${metric.kind} was not recorded; only errors and durations were`, hint: EXAMPLE };
  }
  if (selector.tenant !== undefined) {
    return { message: 'what was recorded is not kept by tenant', hint: 'gate on a route or a stream' };
  }
  if (names.recordings.length === 0) {
    return { message: 'no stream of this scenario is a recording', hint: EXAMPLE };
  }
  if (selector.stream !== undefined && !names.recordings.includes(selector.stream)) {
    const hint = `recordings: ${names.recordings.join(', ')}`;
    return { message: `the stream ${selector.stream} is no recording`, hint };
  }
  const [, times, digits = '1'] = /^recorded(?:(\s*[*×]\s*)(\d{1,6}(?:\.\d{1,6})?))?$/.exec(text) ?? [];
  const factor = Number(digits);
  if ((text !== 'recorded' && times === undefined) || factor === 0) {
    return {
      message: `${quote(text)} is no bound; expected recorded, or recorded times a number`,
      hint: 'write recorded * 1.2',
    };
  }
  return { of: 'recorded', factor };
}

/** Whether a metric is a duration of responses. */
export function isResponse({ kind }: GateMetric): boolean {
  return kind === 'quantile' || kind === 'max' || kind === 'mean';
}

function parseShare(text: string): number | GateProblem {
  const [, digits] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
  if (digits !== undefined && Number(digits) <= 100) return Number(`${digits}e-2`);
  if (/^0(?:\.0*)?$/.test(text)) return 0;
  const share = Number(text);
  const hint =
    text !== '' && share > 0 && share < 1
      ? `did you mean ${Number((share * 100).toPrecision(12))}%?`
      : undefined;
  return withHint(`${quote(text)} is not a share; expected 0% to 100%, such as 1%`, hint);
}

/** What a parser of units complains of is a problem of the gate. */
function reading<T>(parse: () => T): T | GateProblem {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UnitError) return { message: error.message };
    throw error;
  }
}
