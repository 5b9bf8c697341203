// The comparison: is a candidate worse than its base by more than a margin, metric by metric and phase by phase.
import { ExitCode } from '../../exit-codes.js';
import { quantile, type Reading } from '../../measure/distribution.js';
import { detectableEffect, type Effect, withNoise } from './effect.js';
import { effectOf, type Runs, type ScopeSides, scopeSides, type Unit, unitOf } from './effects.js';
import type { RunFigures, Scope } from './figures.js';
import { BLOCK_S } from './figures.js';
import { changeOf, type Margins, METRICS, type Metric, marginAsEffect, QUANTILES } from './metrics.js';
import type { Noise } from './noise.js';
import { answerNight, type NightAnswer } from './that-night.js';

/** A comparison of things that are alike says that something is worse once in so many at most. */
const ALPHA = 0.05;
/** Confidence at which a test passes; as all must, they need no correction (intersection-union). */
const PASS_CONFIDENCE = 1 - ALPHA;

export type TestVerdict = 'pass' | 'fail' | 'inconclusive';

/** One metric in one scope. Changes are relative (0.1: a tenth more), of errors differences of shares. */
export interface TestResult {
  readonly scope: Scope;
  readonly metric: Metric;
  /** Of all runs of a side, merged: a latency, a share, or operations a second. */
  readonly base: Reading | number | null;
  readonly candidate: Reading | number | null;
  /** Null where timeouts cut it, or there is too little. */
  readonly change: number | null;
  /** What the true change is surely above and below; null where that is not known. */
  readonly least: number | null;
  readonly most: number | null;
  /** Confidence of the limit that a failure is found by: it grows with the number of tests. */
  readonly confidence: number;
  /** The change that would be too much. */
  readonly bound: number;
  /** The true change from which on such runs would be found worse four times in five. */
  readonly detectable: number | null;
  readonly verdict: TestVerdict;
  /** Operations on the side that has fewer. */
  readonly n: number;
  /** Why it is inconclusive; null where limits say it. */
  readonly reason: string | null;
}

/** A metric of a phase, route or stream that these runs hold too little of to be asked for. */
export interface NotCompared {
  readonly scope: Scope;
  readonly metrics: readonly Metric[];
  readonly reason: string;
}

export interface Comparison {
  readonly verdict: TestVerdict;
  readonly exitCode: ExitCode;
  readonly unit: Unit;
  readonly paired: boolean;
  /** Lengths of blocks over the whole run; null where runs are the unit. */
  readonly blockS: number | null;
  readonly tests: readonly TestResult[];
  readonly notCompared: readonly NotCompared[];
  /** Of a recorded incident; null where nothing is recorded. */
  readonly night: NightAnswer | null;
}

export interface CompareOptions {
  readonly margins: Margins;
  /** What A/A runs showed of this runner; null where it is not known. */
  readonly noise: Noise | null;
}

/**
 * Compares runs that were found comparable. A test fails if the change is surely over its margin, all tests together
 * being wrong about that at most once in twenty (Holm); it passes if the change is surely within it; else it is
 * inconclusive. The comparison passes if all of them do, and, of a recorded incident, if the fix is shown.
 */
export function compareRuns(runs: Runs, options: CompareOptions): Comparison {
  const unit = unitOf(runs);
  const sides = scopesOf(runs).flatMap((scope) => scopeSides(runs, scope, unit) ?? []);
  const notCompared: NotCompared[] = [];
  const open: Open[] = [];
  const undecided: TestResult[] = [];
  for (const own of sides) {
    const lacking = new Map<string, Metric[]>();
    for (const metric of METRICS) {
      const effect = effectOf(metric, own, unit, runs.paired);
      const bound = marginAsEffect(metric, options.margins[metric]);
      if ('estimate' in effect) {
        open.push({ sides: own, metric, effect: noisy(effect, metric, own, unit, options.noise), bound });
      } else if (own.scope.kind === 'run') {
        undecided.push(undecidable(own, metric, bound, effect.reason));
      } else {
        lacking.set(effect.reason, [...(lacking.get(effect.reason) ?? []), metric]);
      }
    }
    for (const [reason, metrics] of lacking) notCompared.push({ scope: own.scope, metrics, reason });
  }
  const tests = inOrder([...holm(open), ...undecided], sides);
  const night = nightAnswer(runs);
  const whole = sides.find(({ scope }) => scope.kind === 'run');
  return {
    ...conclude(tests, night),
    unit,
    paired: runs.paired,
    blockS: unit === 'windows' ? BLOCK_S * (whole?.blocksPerBlock ?? 1) : null,
    tests,
    notCompared,
    night,
  };
}

interface Open {
  readonly sides: ScopeSides;
  readonly metric: Metric;
  readonly effect: Effect;
  readonly bound: number;
}

/**
 * Holm's procedure by limits: every test is held to ALPHA over the number of tests that have not failed; as long as
 * some fail, the others are held to what that leaves them.
 */
function holm(tests: readonly Open[]): TestResult[] {
  const failed = new Map<Open, number>();
  let left = tests.length;
  for (;;) {
    const confidence = 1 - ALPHA / Math.max(1, left);
    const more = tests.filter((test) => !failed.has(test) && test.effect.lower(confidence) > test.bound);
    for (const test of more) failed.set(test, confidence);
    if (more.length === 0) return tests.map((test) => resultOf(test, failed.get(test), confidence));
    left -= more.length;
  }
}

function resultOf(
  { sides, metric, effect, bound }: Open,
  failedAt: number | undefined,
  finalConfidence: number,
): TestResult {
  const confidence = failedAt ?? finalConfidence;
  const [least, most] = [effect.lower(confidence), effect.upper(PASS_CONFIDENCE)];
  const detectable = detectableEffect(effect, bound, confidence);
  const passes = most <= bound;
  const verdict = failedAt !== undefined ? 'fail' : passes ? 'pass' : 'inconclusive';
  const change = (value: number | null) =>
    value === null || !Number.isFinite(value) ? null : changeOf(metric, value);
  // More goodput is better: what it surely loses at least is the most that is left.
  const [low, high] = metric === 'goodput' ? [most, least] : [least, most];
  return {
    ...shown(sides, metric),
    change: change(effect.estimate),
    least: change(low),
    most: change(high),
    confidence,
    bound: changeOf(metric, bound),
    detectable: change(detectable),
    verdict,
    reason:
      verdict === 'inconclusive' && effect.estimate === null ? 'timeouts cut what would decide it' : null,
  };
}

function undecidable(sides: ScopeSides, metric: Metric, bound: number, reason: string): TestResult {
  return {
    ...shown(sides, metric),
    change: null,
    least: null,
    most: null,
    confidence: PASS_CONFIDENCE,
    bound: changeOf(metric, bound),
    detectable: null,
    verdict: 'inconclusive',
    reason,
  };
}

function shown({ scope, base, candidate }: ScopeSides, metric: Metric) {
  const q = QUANTILES[metric];
  const figure = (side: ScopeSides['base']): Reading | number | null => {
    if (q !== undefined) return quantile(side.response, q) ?? null;
    if (metric === 'goodput') return side.ok / side.seconds;
    return side.planned === 0 ? null : (side.planned - side.ok) / side.planned;
  };
  const count = (side: ScopeSides['base']) => (q === undefined ? side.planned : side.response.count);
  return {
    scope,
    metric,
    base: figure(base),
    candidate: figure(candidate),
    n: Math.min(count(base), count(candidate)),
  };
}

/** Blocks know nothing of how runs differ from each other; of latencies and goodput, A/A runs do. */
function noisy(effect: Effect, metric: Metric, sides: ScopeSides, unit: Unit, noise: Noise | null): Effect {
  const known = noise?.metrics.find((one) => one.metric === metric);
  if (unit === 'runs' || noise === null || known === undefined) return effect;
  const pairs = Math.min(sides.runs.base.length, sides.runs.candidate.length);
  return withNoise(effect, known.sd, pairs, noise.runs - 1);
}

/** Scopes of the first base; those that another run lacks are left out later. */
function scopesOf({ base }: Runs): Scope[] {
  return [...(base[0] as RunFigures).scopes.values()].map(({ scope }) => scope);
}

function inOrder(tests: readonly TestResult[], sides: readonly ScopeSides[]): TestResult[] {
  const place = ({ scope, metric }: TestResult) =>
    sides.findIndex((own) => own.scope === scope) * METRICS.length + METRICS.indexOf(metric);
  return [...tests].sort((a, b) => place(a) - place(b));
}

function nightAnswer({ base, candidate }: Runs): NightAnswer | null {
  const named = (side: readonly RunFigures[]) =>
    side.flatMap(({ name, night }) => (night === null ? [] : [{ name, night }]));
  const [controls, candidates] = [named(base), named(candidate)];
  if (controls.length < base.length || candidates.length < candidate.length) return null;
  return answerNight(controls, candidates);
}

function conclude(
  tests: readonly TestResult[],
  night: NightAnswer | null,
): Pick<Comparison, 'verdict' | 'exitCode'> {
  if (tests.some(({ verdict }) => verdict === 'fail') || night?.verdict === 'did_not_hold') {
    return { verdict: 'fail', exitCode: ExitCode.gateFailed };
  }
  if (tests.some(({ verdict }) => verdict === 'inconclusive') || night?.verdict === 'not_shown') {
    return { verdict: 'inconclusive', exitCode: ExitCode.inconclusive };
  }
  return { verdict: 'pass', exitCode: ExitCode.passed };
}
