// Whether runs can be compared: whole, complete runs of plans that differ in nothing but what was said to.
import type { Problem } from '../../problem.js';
import type { Plan } from '../../scenario/plan.js';
import { lanesOf } from '../../schedule/lanes.js';
import { formatCount } from '../../units.js';
import type { RunFigures } from './figures.js';

/** Differences that a refusal lists. */
const LISTED_MAX = 12;
/** Characters of a value that it quotes. */
const VALUE_MAX = 40;
/** Places of two plans that are looked at: a plan of 64 streams has some thousand. */
const PLACES_MAX = 100_000;

/** What was said about plans that differ. */
export interface Allowed {
  /** Places in the plan, such as `timeoutUs` or `streams[0].amplify`; what lies within one is allowed too. */
  readonly keys: readonly string[];
  /** Why; null where nothing was said. */
  readonly because: string | null;
  /** Whether the i-th of either side are to be pairs though their plans differ. */
  readonly paired: boolean;
}

/** A place at which two plans differ. */
export interface PlanDifference {
  readonly path: string;
  readonly base: string;
  readonly candidate: string;
}

export interface Comparable {
  /** Empty where the runs can be compared. */
  readonly problems: readonly Problem[];
  /** Whether the i-th base and the i-th candidate are a pair: they had the same plan, but for what may differ. */
  readonly paired: boolean;
  /** What differs between the sides, as it was allowed to; a seed among it where they are no pairs. */
  readonly differences: readonly PlanDifference[];
}

/**
 * Looks at runs before they are compared. Within a side plans may differ in the seed only.
 * @param base and candidate at least one each
 */
export function comparable(
  base: readonly RunFigures[],
  candidate: readonly RunFigures[],
  allowed: Allowed,
): Comparable {
  const problems = [...base, ...candidate].flatMap(whole);
  problems.push(...twice([...base, ...candidate]));
  for (const side of [base, candidate]) problems.push(...sameWithin(side));
  const [b, c] = [base[0] as RunFigures, candidate[0] as RunFigures];
  const differences = planDifferences(b.head.plan, c.head.plan);
  const open = differences.filter(({ path }) => path !== 'seed' && !covers(allowed.keys, path));
  if (open.length > 0) problems.push(unequal(b, c, open));
  if (allowed.keys.length > 0 && allowed.because === null) {
    problems.push({
      place: 'command line',
      path: '--allow-different',
      message: 'plans may differ only for a reason, which the report states',
      hint: 'say why with --because TEXT',
    });
  }
  const matched = base.length === candidate.length;
  if (allowed.paired && !matched) {
    problems.push({
      place: 'command line',
      path: '--paired',
      message: `${formatCount(base.length)} bases and ${formatCount(candidate.length)} candidates are no pairs`,
    });
  }
  const paired =
    matched && (allowed.paired || base.every((run, i) => isPair(run, candidate[i], allowed.keys)));
  return { problems, paired, differences };
}

/** Looks at repeated runs of the same thing, whose plans may differ in the seed only. */
export function repeatable(runs: readonly RunFigures[]): Problem[] {
  return [...runs.flatMap(whole), ...twice(runs), ...sameWithin(runs)];
}

/** Where two plans differ, in the order of the first; values are shortened. */
export function planDifferences(base: Plan, candidate: Plan): PlanDifference[] {
  const found: PlanDifference[] = [];
  let places = 0;
  const walk = (path: string, a: unknown, b: unknown): void => {
    if (a === b || ++places > PLACES_MAX) return;
    if (isBranch(a) && isBranch(b) && Array.isArray(a) === Array.isArray(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        const inner = Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
        walk(inner, Object.hasOwn(a, key) ? a[key] : undefined, Object.hasOwn(b, key) ? b[key] : undefined);
      }
      return;
    }
    found.push({ path, base: shown(a), candidate: shown(b) });
  };
  walk('', base, candidate);
  return found;
}

function isPair(base: RunFigures, candidate: RunFigures | undefined, keys: readonly string[]): boolean {
  if (candidate === undefined) return false;
  if (base.head.planId === candidate.head.planId) return true;
  return planDifferences(base.head.plan, candidate.head.plan).every(({ path }) => covers(keys, path));
}

/** Whether a place is one of those allowed, or within one. */
function covers(keys: readonly string[], path: string): boolean {
  return keys.some((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`));
}

function whole({ name, head, complete }: RunFigures): Problem[] {
  const { plan, shards } = head;
  const lanes = shards.reduce((total, shard) => total + lanesOf(shard, plan.lanes).length, 0);
  if (lanes < plan.lanes) {
    return [
      {
        place: name,
        path: '',
        message: `this is a part of a run: shard ${shards.map(({ i, n }) => `${i}/${n}`).join(', ')} of its plan`,
        hint: 'merge the shards of each run first: flashcrowd merge SHARD... --out RUN.ndjson',
      },
    ];
  }
  if (complete) return [];
  return [
    {
      place: name,
      path: '',
      message: 'the run is incomplete: what it would have shown is not known, and is not made up',
      hint: 'run it again to its end; flashcrowd report tells what it went through',
    },
  ];
}

function twice(runs: readonly RunFigures[]): Problem[] {
  const names = runs.map(({ name }) => name);
  return names
    .filter((name, i) => names.indexOf(name) < i)
    .map((name) => ({ place: name, path: '', message: 'this result is given twice' }));
}

function sameWithin(runs: readonly RunFigures[]): Problem[] {
  const [first, ...rest] = runs;
  if (first === undefined) return [];
  return rest.flatMap((run) => {
    const open = planDifferences(first.head.plan, run.head.plan).filter(({ path }) => path !== 'seed');
    if (open.length === 0) return [];
    const problem = unequal(first, run, open);
    return [
      { ...problem, hint: 'runs of one side are repetitions: of one plan, which may differ in its seed' },
    ];
  });
}

function unequal(base: RunFigures, candidate: RunFigures, open: readonly PlanDifference[]): Problem {
  const listed = open
    .slice(0, LISTED_MAX)
    .map(({ path, base: was, candidate: is }) => `${path} (${was} and ${is})`);
  const more = open.length > LISTED_MAX ? ` and ${formatCount(open.length - LISTED_MAX)} places more` : '';
  const keys = [...new Set(open.map(({ path }) => path.replace(/[.[].*$/, '')))].join(' ');
  return {
    place: candidate.name,
    path: '',
    message: `its plan is not that of ${base.name}: they differ in ${listed.join(', ')}${more}`,
    hint: `if they may, say so and why: --allow-different ${keys} --because TEXT`,
  };
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value) ?? '';
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
}
