// How a search for headroom will be made: its range, its trials and how long they take, all known beforehand.
import { trialsOf } from '../../judge/headroom/search.js';
import { UserError } from '../../problem.js';
import type { SearchPlan } from '../../report/limit-json.js';
import { didYouMean } from '../../scenario/nearest.js';
import { ProblemList, quote } from '../../scenario/problems.js';
import { readDuration, readFactor } from '../../scenario/settings.js';
import { AMPLIFY_MAX } from '../../scenario/streams.js';
import { formatDuration } from '../../units.js';
import type { Prepared } from '../prepare.js';
import type { Terminal } from '../terminal.js';
import { capOf, Peaks } from './range.js';

/** As they were typed. */
export interface SearchOptions {
  /** The stream that alone is multiplied. */
  readonly vary?: string;
  readonly from?: string;
  readonly max?: string;
  /** Width of the answer, such as `5%`. */
  readonly within: string;
  /** The most that the whole search may take. */
  readonly budget?: string;
  readonly coolDown: string;
}

/** The highest multiple that is tried unless it is said, and the lowest, as a share of the first. */
const MAX = 16;
const MIN_OF_FROM = 1 / 16;
const WITHIN_MIN = 0.01;
const WITHIN_MAX = 1;
/** What a trial takes beside its plan and its last timeout: threads that start, files that are read. */
const AROUND_US = 5e6;

/**
 * Plans a search.
 * @param prepared the scenario as it is, at a multiple of 1
 * @throws UserError for options that make no sense, a scenario without gates, a budget without room for a trial
 */
export function planSearch(
  file: string,
  prepared: Prepared,
  options: SearchOptions & { readonly workers?: number; readonly force: boolean },
  env: Terminal['env'],
): SearchPlan {
  const { loaded, rate } = prepared;
  refuseWithoutGates(file, prepared);
  const problems = new ProblemList(file, () => ({ line: 1, column: 1 }));
  const vary = readVary(options.vary, prepared, problems);
  const from = readFactor({ option: '--from' }, options.from, AMPLIFY_MAX, problems);
  const wanted = readMax(options.max, from, problems);
  const within = readWithin(options.within, problems);
  const coolDownUs = readDuration({ option: '--cool-down' }, options.coolDown, problems) ?? 0;
  const budgetUs =
    options.budget === undefined
      ? null
      : (readDuration({ option: '--budget' }, options.budget, problems) ?? 0);
  problems.throwIfAny();

  const peaks = new Peaks(prepared, vary);
  const { workers, force } = options;
  const cap = capOf({ prepared, peaks, workers, force }, from, wanted, env);
  const min = Number((from * MIN_OF_FROM).toPrecision(4));
  const range = { from, min, max: cap.max, within };
  const { expected, most } = trialsOf(range);
  const trialUs = rate.durationS * 1e6 + loaded.plan.timeoutUs + AROUND_US;
  const room = budgetUs === null ? most : Math.floor((budgetUs + coolDownUs) / (trialUs + coolDownUs));
  const trialsMax = Math.min(most, room);
  if (trialsMax < 1) {
    const message = `is shorter than one trial, which takes up to ${formatDuration(trialUs)}`;
    const hint = 'give it more time, or --window FROM..TO for a part of the plan';
    throw new UserError([{ place: 'command line', path: '--budget', message, hint }]);
  }
  return {
    ...range,
    trialsMax,
    vary,
    maxReason:
      options.max !== undefined && cap.max === wanted ? null : (cap.reason ?? 'the default of --max'),
    trialsExpected: Math.min(trialsMax, expected),
    peaksPerSec: { plan: rate.peakPerSec, from: peaks.perSec(from), max: peaks.perSec(cap.max) },
    budgetUs,
    coolDownUs,
    trialUs,
  };
}

/** Without gates nothing says what holding means; a gate on a phase that is not there never passes. */
function refuseWithoutGates(file: string, { loaded, rate }: Prepared): void {
  const { gates } = loaded;
  if (gates.length === 0) {
    const message = 'the scenario has no gates, and a limit is where its gates fail';
    const hint = 'say what must hold: gates: [errors < 1%, p99 < 800ms]';
    throw new UserError([{ place: file, path: 'gates', message, hint }]);
  }
  const phases = rate.phases.map(({ name }) => name);
  const lost = gates.filter(
    ({ selector: { phase } }) => phase !== undefined && !phases.some((name) => name === phase),
  );
  if (lost.length === 0) return;
  throw new UserError(
    lost.map(({ text }) => ({
      place: file,
      path: 'gates',
      message: `${quote(text)} can never pass: what is sent has only these phases: ${phases.join(', ')}`,
      hint: 'leave the phase out, or take a wider --window',
    })),
  );
}

function readVary(typed: string | undefined, { loaded }: Prepared, problems: ProblemList): string | null {
  if (typed === undefined) return null;
  const names = loaded.plan.streams.map(({ name }) => name);
  if (!names.includes(typed))
    problems.add({ option: '--vary' }, `no stream is named ${quote(typed)}`, didYouMean(typed, names));
  return typed;
}

function readMax(typed: string | undefined, from: number, problems: ProblemList): number {
  if (typed === undefined) return Math.max(MAX, from);
  const max = readFactor({ option: '--max' }, typed, AMPLIFY_MAX, problems);
  if (max < from)
    problems.add({ option: '--max' }, `is ${max}, below the first multiple of ${from}`, 'see --from');
  return max;
}

/** `5%` or `0.05` */
function readWithin(typed: string, problems: ProblemList): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(typed.trim());
  const within = Number(match?.[1]) / (match?.[2] === '%' ? 100 : 1);
  if (within >= WITHIN_MIN && within <= WITHIN_MAX) return within;
  problems.add({ option: '--within' }, `${quote(typed)} is no width from 1% to 100%`, 'write such as 5%');
  return WITHIN_MAX;
}
