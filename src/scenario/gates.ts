// Gate texts to Gates: `metric [over window] [selector] comparison bound`, with names checked against the plan.
import type { Gate, GateMetric, Selector } from './gate.js';
import { parseBound, parseRecordedBound, parseUnitDurationUs } from './gate-bound.js';
import { EXAMPLE, type GateNames, type GateProblem, unknownWord } from './gate-names.js';
import { parseSelector } from './gate-selector.js';
import { cutGate } from './gate-text.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { TypedGate } from './schema-gates.js';

export type { GateNames, GateProblem } from './gate-names.js';

/** Each may keep counts by the second of its own. */
const GATES_MAX = 200;
const TEXT_MAX = 1_000;
const WINDOW_MAX_US = 3_600e6;
/** Metrics that are one word. */
const WORDS = [
  'max',
  'mean',
  'errors',
  'throughput',
  'shed',
  'fidelity',
  'outage',
  'recovery',
  'time_to_degrade',
  'healthy_tenants',
] as const;
const METRICS = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'slower than', ...WORDS];
const COMPARISONS = ['<', '<=', '>', '>='] as const;
/** Metrics that are read in a sliding window: those that are counted by the second. */
const SLIDING: ReadonlySet<GateMetric['kind']> = new Set(['errors', 'slower', 'shed', 'throughput']);
/** Metrics that are durations, which fast-forward leaves without meaning. */
const DURATIONS: ReadonlySet<GateMetric['kind']> = new Set([
  'quantile',
  'max',
  'mean',
  'slower',
  'outage',
  'recovery',
  'time_to_degrade',
]);

/** Reads every gate of a scenario; problems go to the list. */
export function readGates(
  path: Path,
  typed: readonly TypedGate[] | undefined,
  names: GateNames,
  problems: ProblemList,
): Gate[] {
  const given = typed ?? [];
  if (given.length > GATES_MAX)
    problems.add(path, `has ${given.length} gates; at most ${GATES_MAX} are judged`);
  return given.slice(0, GATES_MAX).flatMap((one, i) => {
    const place = typeof one === 'string' ? [...path, i] : [...path, i, 'gate'];
    const [text, aborts] = typeof one === 'string' ? [one, false] : [one.gate, one.abort === true];
    const gate = parseGate(text, names);
    const wrong = isProblem(gate) ? gate : aborts ? cannotAbort(gate) : undefined;
    if (wrong !== undefined) problems.add(place, `${quote(text)}: ${wrong.message}`, wrong.hint);
    if (isProblem(gate)) return [];
    return [aborts ? { ...gate, abort: true } : gate];
  });
}

/** Reads one gate. */
export function parseGate(text: string, names: GateNames): Gate | GateProblem {
  if (text.length > TEXT_MAX) return { message: `is longer than ${TEXT_MAX} characters` };
  const parts = cutGate(text);
  if (parts === null) return { message: 'is not a gate; expected metric[selectors] < bound', hint: EXAMPLE };
  if (parts === 'twice') {
    return { message: 'has two selectors; expected one', hint: 'write [stream=promo, phase=peak]' };
  }
  const metric = parseMetric(parts.metric);
  if (isProblem(metric)) return metric;
  const overS = parts.window === undefined ? undefined : parseWindow(parts.window, metric, parts.bound);
  if (isProblem(overS)) return overS;
  const selector = parts.selector === undefined ? {} : parseSelector(parts.selector, metric, names);
  if (isProblem(selector)) return selector;
  if (overS !== undefined && selector.tenant !== undefined) {
    return { message: 'tenants are not kept by the second', hint: 'gate on errors of the whole run' };
  }
  const comparison = COMPARISONS.find((known) => known === parts.comparison);
  if (comparison === undefined) return { message: `expected <, <=, > or >=, not ${quote(parts.comparison)}` };
  const ofRecorded = /^recorded(?![a-z])/.test(parts.bound);
  if (ofRecorded && overS !== undefined) {
    return {
      message: 'what was recorded is not kept by the second',
      hint: 'leave out over, or write a share such as 20%',
    };
  }
  const bound = ofRecorded
    ? parseRecordedBound(parts.bound, metric, selector, names)
    : parseBound(parts.bound, metric, comparison);
  if (isProblem(bound)) return bound;
  const hurried = checkHurried(metric, selector, names);
  if (hurried !== undefined) return hurried;
  return { text, metric, selector, ...(overS !== undefined && { overS }), comparison, bound };
}

/** Whether reading has found a problem. */
export function isProblem<T>(read: T | GateProblem): read is GateProblem {
  return typeof read === 'object' && read !== null && 'message' in read;
}

function parseMetric(text: string): GateMetric | GateProblem {
  const quantile = /^p(\d{1,2}(?:\.\d+)?)$/.exec(text);
  if (quantile !== null && Number(quantile[1]) > 0) {
    // Through the digits, so that p99.9 is 0.999 and not 0.9990000000000001.
    return { kind: 'quantile', q: Number(`${quantile[1]}e-2`), name: text };
  }
  const kind = WORDS.find((known) => known === text);
  if (kind !== undefined) return { kind };
  if (/^p\d/.test(text)) return { message: `${quote(text)} is no percentile; expected p0.1 to p99.999` };
  if (/^slower(?:$| )/.test(text)) return parseSlower(text);
  return unknownWord(`${quote(text)} is no metric`, text, METRICS);
}

function parseSlower(text: string): GateMetric | GateProblem {
  const [, than = ''] = /^slower than (.*)$/.exec(text) ?? [];
  if (than === '') return { message: 'slower than what?', hint: 'write slower than 800ms < 1%' };
  const thanUs = parseUnitDurationUs(than.replaceAll(' ', ''), '800ms');
  if (isProblem(thanUs)) return thanUs;
  return thanUs > 0
    ? { kind: 'slower', thanUs }
    : { message: 'everything is slower than 0', hint: 'write slower than 800ms < 1%' };
}

/** Length of a sliding window, whole seconds. */
function parseWindow(text: string, metric: GateMetric, bound: string): number | GateProblem {
  if (metric.kind === 'quantile') {
    const beyond = Number((100 * (1 - metric.q)).toPrecision(6));
    const than = bound === '' ? '800ms' : bound.slice(0, 40);
    return {
      message: `${metric.name} is not read in a sliding window, but the share beyond it is`,
      hint: `write slower than ${than} over ${text === '' ? '30s' : text} < ${beyond}%`,
    };
  }
  if (!SLIDING.has(metric.kind)) {
    return {
      message: `${metric.kind} is not read in a sliding window`,
      hint: 'errors, slower than, shed and throughput are: write errors over 30s < 20%',
    };
  }
  const us = parseUnitDurationUs(text.replaceAll(' ', ''), '30s');
  if (isProblem(us)) return us;
  if (us < 1e6 || us > WINDOW_MAX_US || us % 1e6 !== 0) {
    return { message: `a window of ${quote(text)}; expected whole seconds, from 1s to 1h` };
  }
  return us / 1e6;
}

/** A gate that stops a run must be decided while it goes on, and stay decided. */
function cannotAbort(gate: Gate): GateProblem | undefined {
  if (gate.overS !== undefined) return undefined;
  return {
    message: 'only a gate over a sliding window can stop a run: others are decided by the whole of it',
    hint: 'write errors over 30s < 20%',
  };
}

function checkHurried(metric: GateMetric, selector: Selector, names: GateNames): GateProblem | undefined {
  if (!DURATIONS.has(metric.kind)) return undefined;
  const [hurried] = names.hurried.filter((name) => name === (selector.stream ?? name));
  if (hurried === undefined) return undefined;
  return {
    message: `durations of the recording ${hurried} mean nothing in fast-forward`,
    hint: 'set speed to 1, or gate on errors',
  };
}
