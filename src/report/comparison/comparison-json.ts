// A comparison and a runner's noise as data: names that a script can rely on.

import type { PlanDifference } from '../../judge/comparison/comparable.js';
import type { Comparison, TestResult } from '../../judge/comparison/comparison.js';
import type { Noise } from '../../judge/comparison/noise.js';
import type { Validity } from '../../judge/validity/finding.js';
import type { Reading } from '../../measure/distribution.js';
import type { Head } from '../../measure/snapshot.js';
import { toMs } from '../durations.js';
import { round } from '../summary/rounded.js';
import type { ComparisonJson, NoiseJson } from './comparison-schema.js';

/** A run that was read to be compared. */
export interface ComparedRun {
  readonly file: string;
  readonly head: Head;
  readonly validity: Validity;
}

/** A comparison, or why there is none. */
export interface ComparisonReport {
  readonly base: readonly ComparedRun[];
  readonly candidate: readonly ComparedRun[];
  /** Null where a run cannot be trusted. */
  readonly comparison: Comparison | null;
  readonly differences: readonly PlanDifference[];
  readonly because: string | null;
  readonly noise: Noise | null;
  /** The code that the command ends with. */
  readonly exitCode: number;
}

/** What was found of runs that cannot be trusted. */
export function distrusted({ base, candidate }: ComparisonReport): ComparisonJson['reasons'] {
  return [...base, ...candidate].flatMap(({ file, validity: { findings } }) =>
    findings
      .filter(({ level }) => level === 'invalid')
      .map(({ id, message }) => ({ file, id, text: message })),
  );
}

export function comparisonJson(report: ComparisonReport): ComparisonJson {
  const { base, candidate, comparison, differences, because, noise, exitCode } = report;
  return {
    scenario: (base[0] as ComparedRun).head.scenario,
    verdict: comparison?.verdict ?? 'untrustworthy',
    exitCode,
    base: base.map(runJson),
    candidate: candidate.map(runJson),
    reasons: distrusted(report),
    unit: comparison?.unit ?? null,
    paired: comparison?.paired ?? false,
    blockS: comparison?.blockS ?? null,
    differences: differences.map((difference) => ({ ...difference })),
    because,
    tests: comparison?.tests.map(testJson) ?? [],
    notCompared:
      comparison?.notCompared.map(({ scope, metrics, reason }) => ({
        scope: { ...scope },
        metrics: [...metrics],
        reason,
      })) ?? [],
    night: nightJson(comparison),
    noise: noise && { runs: noise.runs, pairs: noise.pairs },
  };
}

/** The noise of a runner; `compare --noise` reads it again. */
export function noiseJson(noise: Noise, first: Head): NoiseJson {
  const { scenario, planId } = first;
  const { runs, pairs } = noise;
  return { noise: 1, scenario, planId, runs, pairs, metrics: noise.metrics.map((metric) => ({ ...metric })) };
}

function runJson({ file, head, validity }: ComparedRun): ComparisonJson['base'][number] {
  const { label, planId, plan, target, startedAt } = head;
  return { file, label, planId, seed: plan.seed, target, startedAt, validity: validity.verdict };
}

function testJson(test: TestResult): ComparisonJson['tests'][number] {
  const { scope, metric, verdict, n, reason } = test;
  const figure = (value: Reading | number | null) =>
    typeof value === 'number' ? round(value, 6) : toMs(value ?? undefined);
  const change = (value: number | null) => (value === null ? null : round(value, 6));
  return {
    scope: { ...scope },
    metric,
    verdict,
    base: figure(test.base),
    candidate: figure(test.candidate),
    change: change(test.change),
    least: change(test.least),
    most: change(test.most),
    confidence: round(test.confidence, 6),
    bound: round(test.bound, 6),
    detectable: change(test.detectable),
    n,
    reason,
  };
}

function nightJson(comparison: Comparison | null): ComparisonJson['night'] {
  const night = comparison?.night ?? null;
  if (night === null) return null;
  return {
    verdict: night.verdict,
    recorded: night.recorded && { ...night.recorded },
    controls: night.controls.map(({ name, reproduced, outage, because }) => ({
      file: name,
      reproduced,
      outage: outage && { ...outage },
      because: [...because],
    })),
    candidates: night.candidates.map(({ name, held, outage }) => ({
      file: name,
      held,
      outage: outage && { ...outage },
    })),
  };
}
