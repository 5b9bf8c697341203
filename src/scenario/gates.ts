// Gate texts to Gates: `metric[selector, ...] comparison bound`, with names checked against the plan.
import { parseDurationUs, parseRatePerSec, UnitError } from '../units.js';
import type { Gate, GateMetric, RecordedBound, Selector } from './gate.js';
import { didYouMean } from './nearest.js';
import type { PhaseName } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';

/** The names that selectors may use, and what latency gates must not look at. */
export interface GateNames {
  readonly streams: readonly string[];
  /** Undefined where a problem elsewhere leaves them unknown. */
  readonly routes: readonly string[] | undefined;
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

const GATE = /^\s*([^\s[<>=!]+)\s*(?:\[([^\]]*)\])?\s*([<>=!]+)\s*(.*?)\s*$/s;
const EXAMPLE = 'write p99 < 800ms, errors[stream=promo] < 1% or throughput > 100/s';
const METRICS = [
  'p50',
  'p90',
  'p95',
  'p99',
  'p99.9',
  'max',
  'mean',
  'errors',
  'throughput',
  'shed',
  'fidelity',
];
/** Metrics whose bounds are shares. */
const SHARES: ReadonlySet<GateMetric['kind']> = new Set(['errors', 'shed', 'fidelity']);
const COMPARISONS = ['<', '<=', '>', '>='] as const;
const SELECTORS = ['stream', 'route', 'tenant', 'phase'] as const;
const PHASES: readonly PhaseName[] = ['before', 'onset', 'peak', 'decay', 'after', 'steady'];

/** Reads every gate of a scenario; problems go to the list. */
export function readGates(
  path: Path,
  typed: readonly string[] | undefined,
  names: GateNames,
  problems: ProblemList,
): Gate[] {
  return (typed ?? []).flatMap((text, i) => {
    const gate = parseGate(text, names);
    if (!('message' in gate)) return [gate];
    problems.add([...path, i], `${quote(text)}: ${gate.message}`, gate.hint);
    return [];
  });
}

/** Reads one gate. */
export function parseGate(text: string, names: GateNames): Gate | GateProblem {
  const parts = GATE.exec(text);
  if (parts === null) return { message: 'is not a gate; expected metric[selectors] < bound', hint: EXAMPLE };
  const [, metricText = '', selectorText, comparisonText = '', boundText = ''] = parts;
  const metric = parseMetric(metricText);
  if ('message' in metric) return metric;
  const selector = selectorText === undefined ? {} : parseSelector(selectorText, metric, names);
  if ('message' in selector) return selector as GateProblem;
  const comparison = COMPARISONS.find((known) => known === comparisonText);
  if (comparison === undefined) return { message: `expected <, <=, > or >=, not ${quote(comparisonText)}` };
  const bound = /^recorded(?![a-z])/.test(boundText)
    ? parseRecordedBound(boundText, metric, selector, names)
    : parseBound(metric, boundText);
  if (typeof bound === 'object' && 'message' in bound) return bound;
  const hurried =
    selector.stream === undefined ? names.hurried[0] : names.hurried.find((n) => n === selector.stream);
  if (isLatency(metric) && hurried !== undefined) {
    return {
      message: `durations of the recording ${hurried} mean nothing in fast-forward`,
      hint: 'set speed to 1, or gate on errors',
    };
  }
  return { text, metric, selector, comparison, bound };
}

function parseMetric(text: string): GateMetric | GateProblem {
  const quantile = /^p(\d{1,2}(?:\.\d+)?)$/.exec(text);
  if (quantile !== null && Number(quantile[1]) > 0) {
    // Through the digits, so that p99.9 is 0.999 and not 0.9990000000000001.
    return { kind: 'quantile', q: Number(`${quantile[1]}e-2`), name: text };
  }
  const kind = (['max', 'mean', 'errors', 'throughput', 'shed', 'fidelity'] as const).find(
    (known) => known === text,
  );
  if (kind !== undefined) return { kind };
  if (/^p\d/.test(text)) return { message: `${quote(text)} is no percentile; expected p0.1 to p99.999` };
  return withHint(`${quote(text)} is no metric`, didYouMean(text, METRICS));
}

function parseSelector(text: string, metric: GateMetric, names: GateNames): Selector | GateProblem {
  if (metric.kind === 'fidelity') {
    return { message: 'fidelity is of the whole run and takes no selector', hint: 'write fidelity > 99%' };
  }
  const selector: { -readonly [key in keyof Selector]: Selector[key] } = {};
  for (const part of text.split(',')) {
    const [, keyText = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/s.exec(part) ?? [];
    if (keyText === '' || value === '') {
      return {
        message: `${quote(part.trim())} is no selector; expected key=name`,
        hint: 'write [stream=promo]',
      };
    }
    const key = SELECTORS.find((known) => known === keyText);
    if (key === undefined)
      return withHint(`${quote(keyText)} is no selector`, didYouMean(keyText, SELECTORS));
    if (selector[key] !== undefined)
      return { message: `${key} is here twice`, hint: 'write a gate for each' };
    const wrong = checkName(key, value, names);
    if (wrong !== undefined) return wrong;
    selector[key] = value;
  }
  if (selector.tenant === undefined) return selector;
  if (metric.kind !== 'errors') {
    return { message: 'of a tenant only errors can be gated: its other numbers are not kept', hint: EXAMPLE };
  }
  if (Object.keys(selector).length > 1) {
    return {
      message: 'tenant stands alone: tenants are not kept by stream, route or phase',
      hint: 'write two gates',
    };
  }
  return selector;
}

function checkName(key: keyof Selector, value: string, names: GateNames): GateProblem | undefined {
  if (key === 'phase' && value === 'warmup') return { message: 'a warm-up is outside gates' };
  const known = { stream: names.streams, route: names.routes, phase: PHASES, tenant: undefined }[key];
  if (known === undefined || known.some((name) => name === value)) return undefined;
  return withHint(`no ${key} is named ${quote(value)}`, didYouMean(value, known));
}

function parseBound(metric: GateMetric, text: string): number | GateProblem {
  try {
    if (metric.kind === 'throughput') {
      if (!text.includes('/')) return { message: `${quote(text)} is not a rate; expected such as 100/s` };
      return parseRatePerSec(text);
    }
    if (SHARES.has(metric.kind)) return parseShare(text);
    if (/^[\d.]*$/.test(text))
      return { message: `${quote(text)} has no unit; expected a duration such as 800ms` };
    const us = parseDurationUs(text);
    return us > 0 ? us : { message: 'the bound is 0; expected a duration such as 800ms' };
  } catch (error) {
    if (error instanceof UnitError) return { message: error.message };
    throw error;
  }
}

/** `recorded`, `recorded * 1.2`, `recorded × 1.2`. */
function parseRecordedBound(
  text: string,
  metric: GateMetric,
  selector: Selector,
  names: GateNames,
): RecordedBound | GateProblem {
  if (metric.kind !== 'errors' && !isLatency(metric)) {
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

function isLatency(metric: GateMetric): boolean {
  return metric.kind === 'quantile' || metric.kind === 'max' || metric.kind === 'mean';
}

function withHint(message: string, hint: string | undefined): GateProblem {
  return hint === undefined ? { message } : { message, hint };
}
