// The report of a comparison for people: is it worse, in what, and what could these runs have shown.
import type { Comparison, TestResult, TestVerdict } from '../../judge/comparison/comparison.js';
import { PAIRS_MIN, RUNS_MIN } from '../../judge/comparison/effects.js';
import { WHOLE_RUN } from '../../judge/comparison/figures.js';
import type { Reading } from '../../measure/distribution.js';
import { formatCount, formatRate, formatShare } from '../../units.js';
import { safe } from '../escape.js';
import { type Column, type Line, labelled, lineOf, type Piece, piece, render, table } from '../line.js';
import type { Paint, Style } from '../paint.js';
import { formatReading, NONE, plural } from '../words.js';
import { formatChange } from './changes.js';
import { type ComparedRun, type ComparisonReport, distrusted } from './comparison-json.js';
import { nightLines } from './night.js';

const LABEL = 12;
/** Places of plans, runs and things not compared that are named. */
const NAMED_MAX = 4;

const BADGES: Readonly<Record<TestVerdict | 'untrustworthy', readonly [string, Style]>> = {
  pass: [' NO WORSE ', 'goodBadge'],
  fail: [' WORSE ', 'badBadge'],
  inconclusive: [' INCONCLUSIVE ', 'warnBadge'],
  untrustworthy: [' NOT TRUSTWORTHY ', 'warnBadge'],
};

const MARKS: Readonly<Record<TestVerdict, readonly [string, Style]>> = {
  pass: ['✓', 'good'],
  fail: ['✗', 'bad'],
  inconclusive: ['?', 'warn'],
};

/** The report, ending in a line break. */
export function comparisonText(report: ComparisonReport, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns));
  const inner = width - 1;
  const { comparison } = report;
  const lines: Line[] = [
    headline(report),
    ...runLines(report, inner),
    ...planLines(report, inner),
    ...(comparison === null
      ? distrusted(report).flatMap(({ file, text }) =>
          say('Distrusted', `${safe(file)}: ${safe(text)}`, inner),
        )
      : [
          ...say('Unit', unitWords(comparison, report), inner),
          ...nightLines(comparison.night, report, inner),
          ...testTables(comparison, inner),
          ...notes(comparison, inner),
        ]),
  ];
  return `${lines.map((line) => render(line, width, paint)).join('\n')}\n`;
}

/** A line of what there is to say, under its label. */
export function say(label: string, text: string, width: number, lead?: Piece): Line[] {
  return labelled(piece(label, 'bold'), LABEL, text, width, lead);
}

function headline(report: ComparisonReport): Line {
  const { comparison, base, exitCode } = report;
  const broke = comparison?.night?.verdict === 'did_not_hold';
  const [text, style] = broke
    ? ([' DID NOT HOLD ', 'badBadge'] as const)
    : BADGES[comparison?.verdict ?? 'untrustworthy'];
  const { scenario, planId } = (base[0] as ComparedRun).head;
  return lineOf(
    ' ',
    piece(text, style),
    '   ',
    piece(safe(scenario), 'bold'),
    `   plan ${planId.slice(0, 8)}   exit ${exitCode}`,
  );
}

function runLines({ base, candidate }: ComparisonReport, width: number): Line[] {
  const named = (runs: readonly ComparedRun[]): string => {
    const names = runs.slice(0, NAMED_MAX).map(({ file, head: { label }, validity: { verdict } }) => {
      const called = label === null ? safe(file) : `${safe(label)} (${safe(file)})`;
      return verdict === 'valid' ? called : `${called}, ${verdict}`;
    });
    const more = runs.length - NAMED_MAX;
    return `${names.join('; ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
  };
  return [...say('Base', named(base), width), ...say('Candidate', named(candidate), width)];
}

function planLines({ base, candidate, differences, because }: ComparisonReport, width: number): Line[] {
  const lines: Line[] = [];
  const own = differences.filter(({ path }) => path !== 'seed');
  if (own.length > 0) {
    const places = own
      .slice(0, NAMED_MAX)
      .map(({ path, base: was, candidate: is }) => `${path} (${was} and ${is})`);
    const more = own.length > NAMED_MAX ? ` and ${formatCount(own.length - NAMED_MAX)} more` : '';
    lines.push(
      ...say('Plans', `differ in ${safe(places.join(', '))}${more}, because: ${safe(because ?? '')}`, width),
    );
  }
  const facts = [
    ['target', (run: ComparedRun) => run.head.target],
    ['version of flashcrowd', (run: ComparedRun) => run.head.version],
    ['number of sender threads', (run: ComparedRun) => String(run.head.workers)],
    ['machines', (run: ComparedRun) => run.head.hosts.join(' ')],
  ] as const;
  const differing = facts.flatMap(([what, of]) => {
    const [b, c] = [base, candidate].map((side) => [...new Set(side.map(of))].sort().join(', '));
    return b === c ? [] : [`${what}: ${safe(b ?? '')} and ${safe(c ?? '')}`];
  });
  if (differing.length > 0) lines.push(...say('Also differ', differing.join('; '), width));
  return lines;
}

function unitWords(
  { unit, paired, blockS }: Comparison,
  { base, candidate, noise }: ComparisonReport,
): string {
  const runs = paired
    ? `${plural(base.length, formatCount(base.length), 'pair')} of runs`
    : `${formatCount(base.length)} and ${formatCount(candidate.length)} runs, no pairs`;
  if (unit === 'runs') return `the run: ${runs}`;
  const known =
    noise === null
      ? `they know nothing of how runs of the same thing differ from each other, so a change may be that alone: ${PAIRS_MIN} pairs or ${RUNS_MIN} runs a side would tell, or --noise`
      : `how much runs of the same thing differ is known from ${formatCount(noise.runs)} A/A runs`;
  return `blocks of ${blockS} s within ${runs}; ${known}`;
}

function testTables({ tests }: Comparison, width: number): Line[] {
  const scopes = [...new Set(tests.map(({ scope }) => scope))];
  return scopes.flatMap((scope) => [
    [],
    ...testTable(
      tests.filter((test) => test.scope === scope),
      width,
    ),
  ]);
}

function testTable(tests: readonly TestResult[], width: number): Line[] {
  const { scope } = tests[0] as TestResult;
  const head = scope.kind === 'run' ? WHOLE_RUN.toUpperCase() : `${scope.kind} ${safe(scope.name)}`;
  const columns: Column[] = [
    { head, align: 'left', style: 'bold' },
    { head: 'base', align: 'right' },
    { head: 'candidate', align: 'right' },
    { head: 'change', align: 'right' },
    { head: 'surely', align: 'right' },
    { head: 'bound', align: 'right' },
    { head: 'would find', align: 'right', keep: 0 },
  ];
  const rows = tests.map((test): Piece[] => {
    const { metric, change, bound, detectable, verdict } = test;
    const [mark, style] = MARKS[verdict];
    return [
      piece(`${mark} ${metric}`, style),
      piece(formatFigure(test, test.base)),
      piece(formatFigure(test, test.candidate)),
      piece(change === null ? NONE : formatChange(metric, change), 'bold'),
      piece(formatLimits(test)),
      piece(formatChange(metric, bound)),
      piece(detectable === null ? NONE : formatChange(metric, detectable)),
    ];
  });
  return table(columns, rows, width - 1).map((line) => lineOf(' ', ...line));
}

function formatFigure({ metric }: TestResult, figure: Reading | number | null): string {
  if (figure === null) return NONE;
  if (typeof figure !== 'number') return formatReading(figure);
  return metric === 'goodput' ? formatRate(figure) : formatShare(figure);
}

function formatLimits({ metric, least, most }: TestResult): string {
  if (least === null && most === null) return NONE;
  if (least === null) return `under ${formatChange(metric, most ?? 0)}`;
  if (most === null) return `over ${formatChange(metric, least)}`;
  return `${formatChange(metric, least)} to ${formatChange(metric, most)}`;
}

/** What the table cannot say of its rows. */
function notes({ tests, notCompared }: Comparison, width: number): Line[] {
  const lines: Line[] = [];
  const undecided = new Map<string, string[]>();
  for (const { scope, metric, reason } of tests) {
    if (reason === null) continue;
    const what = scope.kind === 'run' ? metric : `${metric} of ${scope.kind} ${safe(scope.name)}`;
    undecided.set(reason, [...(undecided.get(reason) ?? []), what]);
  }
  for (const [reason, what] of undecided)
    lines.push(...say('Undecided', `${what.join(', ')}: ${reason}`, width));
  for (const { scope, metrics, reason } of notCompared.slice(0, 3 * NAMED_MAX)) {
    lines.push(
      ...say('Left out', `${metrics.join(', ')} of ${scope.kind} ${safe(scope.name)}: ${reason}`, width),
    );
  }
  const more = notCompared.length - 3 * NAMED_MAX;
  if (more > 0) lines.push(...say('', `and ${formatCount(more)} more: see --json`, width));
  return lines.length === 0 ? [] : [[], ...lines];
}
