// The report of a search for headroom for people: the answer, what it rests on, and a table of the trials.
import type { Headroom, HeadroomEnd, TrialRecord } from '../judge/headroom/headroom.js';
import type { TrialOutcome } from '../judge/headroom/search.js';
import { formatDuration, formatRate } from '../units.js';
import { clip, safe } from './escape.js';
import { formatActual } from './gates.js';
import type { LimitReport, SearchPlan } from './limit-json.js';
import { type Column, type Line, labelled, lineOf, type Piece, piece, render, table } from './line.js';
import type { Paint, Style } from './paint.js';
import { plural } from './words.js';

const LABEL = 12;
/** Of a gate's text or a reason in the table. */
const WHY_MAX = 60;
/** What the columns of the table beside the reason take, about. */
const OTHER_COLUMNS = 44;

const OUTCOMES: Readonly<Record<TrialOutcome, { mark: string; word: string; style: Style }>> = {
  held: { mark: '✓', word: 'held', style: 'good' },
  failed: { mark: '✗', word: 'failed', style: 'bad' },
  inconclusive: { mark: '?', word: 'inconclusive', style: 'warn' },
  invalid: { mark: '!', word: 'not trustworthy', style: 'warn' },
};

const ENDINGS: Readonly<Record<Headroom['ending'], string>> = {
  found: '',
  trials_used: 'as many trials as it may take were made',
  time_used: 'there was no time left for another trial',
  refused: 'the next trial may not be sent',
  interrupted: 'it was interrupted',
  stopped_by_target: 'the target asked the run to stop',
  unreachable: 'the target could not be reached any more',
};

/** A multiple to three digits: `2.83×`. */
export function formatTimes(k: number): string {
  return `${Number(k.toPrecision(3))}×`;
}

/** The report, ending in a line break. */
export function limitText(report: LimitReport, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns));
  const inner = width - 1;
  const lines: Line[] = [
    headline(report),
    ...answer(report).flatMap(([label, text]) => labelled(piece(label, 'dim'), LABEL, text, inner)),
    [],
    ...trialTable(report.trials, inner),
  ];
  return `${lines.map((line) => render(line, width, paint)).join('\n')}\n`;
}

/** What is about to be done, and how long it takes: said before the first trial, ending in a line break. */
export function searchWords(scenario: string, search: SearchPlan): string {
  const { vary, from, min, max, maxReason, within, peaksPerSec, trialsExpected, trialsMax } = search;
  const grows = vary === null ? 'all streams are' : `only stream ${safe(vary)} is`;
  const bound = maxReason === null ? '' : `; ${safe(maxReason)}`;
  const budget = search.budgetUs === null ? '' : `, within the budget of ${formatDuration(search.budgetUs)}`;
  const length = (trials: number) =>
    formatDuration(trials * search.trialUs + (trials - 1) * search.coolDownUs);
  return [
    `${safe(scenario)}: the largest multiple of its load that passes its gates, to ${Number((within * 100).toPrecision(3))} %`,
    `from ${formatTimes(from)} (peak ${formatRate(peaksPerSec.from)}), down to ${formatTimes(min)}, up to ${formatTimes(max)} (peak ${formatRate(peaksPerSec.max)}${bound}); ${grows} multiplied`,
    `about ${trialsExpected} trials of up to ${formatDuration(search.trialUs)} with ${formatDuration(search.coolDownUs)} between them: ${length(trialsExpected)}; at most ${plural(trialsMax, String(trialsMax), 'trial')}: ${length(trialsMax)}${budget}`,
    '',
  ].join('\n');
}

/** A trial that has ended, on a line. */
export function trialWords(n: number, trial: TrialRecord): string {
  const { mark, word } = OUTCOMES[trial.outcome];
  const why = whyOf(trial);
  return `trial ${n}: ${formatTimes(trial.k)}, peak ${formatRate(trial.peakPerSec)}: ${mark} ${word}${why === '' ? '' : `: ${why}`}; took ${formatDuration(trial.wallUs)}, ${safe(trial.resultFile)}\n`;
}

function headline({ scenario, target, headroom, exitCode }: LimitReport): Line {
  const { kind, low, high } = headroom;
  const atLeast = low === null ? ' UNDECIDED ' : ` AT LEAST ${formatTimes(low.k)} `;
  const held = low !== null && low.k >= 1;
  const badges: Readonly<Record<Headroom['kind'], Piece>> = {
    between: piece(` HOLDS ${formatTimes(low?.k ?? 0)} `, held ? 'goodBadge' : 'badBadge'),
    at_least: piece(atLeast, held ? 'goodBadge' : 'warnBadge'),
    generator_limited: piece(atLeast, 'warnBadge'),
    not_shown_above: piece(atLeast, 'warnBadge'),
    less_than: piece(` LESS THAN ${formatTimes(high?.k ?? 0)} `, 'badBadge'),
    unknown: piece(atLeast, 'warnBadge'),
  };
  return lineOf(
    ' ',
    badges[kind],
    '  ',
    piece(safe(scenario), 'bold'),
    `   ${safe(target)}   `,
    piece(`exit ${exitCode}`, 'dim'),
  );
}

function answer({ search, headroom, trials }: LimitReport): [label: string, text: string][] {
  const { low, high, gate, inversion, ending, endingReason } = headroom;
  const rows: [string, string][] = [['Limit', limitWords(headroom, search)]];
  if (low !== null) rows.push(['Margin', marginWords(low, search)]);
  if (gate !== null) {
    const { result, k, trials: n, of } = gate;
    const others = of === 1 ? 'in the one trial that failed' : `in ${n} of the ${of} trials that failed`;
    rows.push([
      'First',
      `${safe(result.gate.text)} gives way ${others}: ${formatActual(result)} at ${formatTimes(k)}`,
    ]);
  }
  const restsOn = [low, high].flatMap((end) => (end === null ? [] : [restWords(end)]));
  if (restsOn.length > 0) rows.push(['Rests on', `${restsOn.join('; ')}${doubtWords([low, high])}`]);
  if (inversion !== null) {
    const { failedAt, heldAt } = inversion;
    const than = failedAt === heldAt ? 'one of the same load' : `one at ${formatTimes(heldAt)}`;
    rows.push([
      'Inversion',
      `a trial failed at ${formatTimes(failedAt)} though ${than} held: so far do trials differ`,
    ]);
  }
  if (ending !== 'found') {
    const why = endingReason === null ? '' : `: ${safe(endingReason)}`;
    rows.push(['Ended', `${ENDINGS[ending]}${why}`]);
  }
  if (trials.length > 1) rows.push(['Seeds', 'each trial has a seed of its own']);
  return rows;
}

function limitWords(
  { kind, low, high, fails, highReason }: Headroom,
  { max, maxReason, vary }: SearchPlan,
): string {
  const whole = vary === null ? 'the plan' : `stream ${safe(vary)}`;
  const why = highReason === null ? '' : `: ${safe(highReason)}`;
  const at = (end: HeadroomEnd | null) => (end === null ? '' : formatTimes(end.k));
  const rate = (end: HeadroomEnd | null) => (end === null ? '' : formatRate(end.peakPerSec));
  switch (kind) {
    case 'between':
      return `between ${at(low)} and ${at(high)} of ${whole}: ${rate(low)} to ${rate(high)} at the plan's peak`;
    case 'at_least': {
      const bound = low?.k === max ? ` (${safe(maxReason ?? '--max')})` : '';
      return `at least ${at(low)}, ${rate(low)} at the peak: nothing higher was tried${bound}`;
    }
    case 'generator_limited':
      return low === null
        ? `not known: a load of ${at(high)} cannot be believed${why}`
        : `generator-limited: at least ${at(low)}, ${rate(low)} at the peak; ${at(high)} cannot be believed${why}`;
    case 'not_shown_above':
      return `at least ${at(low)} of ${whole}, ${rate(low)} at the plan's peak; ${fails === null ? '' : `at ${at(fails)}, ${rate(fails)}, it fails; `}${at(high)} is too near to be decided${why}`;
    case 'less_than':
      return `less than ${at(high)} of ${whole}, ${rate(high)} at the plan's peak`;
    case 'unknown':
      return high === null ? 'not known: no trial says anything' : `not known: ${at(high)} is open${why}`;
  }
}

function marginWords({ k, peakPerSec }: HeadroomEnd, { peaksPerSec, vary }: SearchPlan): string {
  const what = vary === null ? 'the plan' : `stream ${safe(vary)} as planned`;
  const from = `peak ${formatRate(peakPerSec)} against ${formatRate(peaksPerSec.plan)} planned`;
  return k >= 1
    ? `it takes ${formatTimes(k)} ${what}: ${from}`
    : `none: ${what} holds at ${formatTimes(k)} only, ${from}`;
}

function restWords({ k, standing, agreeing, trials }: HeadroomEnd): string {
  const words = {
    held: 'held',
    failed: 'did not hold',
    unshown: 'was not decided',
    unsendable: 'was not to be believed',
  };
  return `${formatTimes(k)} ${words[standing]} in ${agreeing} of ${plural(trials, String(trials), 'trial')}`;
}

function doubtWords(ends: readonly (HeadroomEnd | null)[]): string {
  const open = ends.filter((end) => end !== null && !end.settled);
  return open.length === 0 ? '' : '; a single trial may mislead';
}

function trialTable(trials: readonly TrialRecord[], width: number): Line[] {
  const columns: Column[] = [
    { head: 'TRIAL', align: 'right' },
    { head: 'LOAD', align: 'right' },
    { head: 'PEAK', align: 'right' },
    { head: 'OUTCOME', align: 'left' },
    { head: 'TOOK', align: 'right', keep: 0 },
    { head: 'WHY', align: 'left' },
  ];
  const rows = trials.map((trial, i): Piece[] => {
    const { mark, word, style } = OUTCOMES[trial.outcome];
    return [
      piece(String(i + 1)),
      piece(formatTimes(trial.k)),
      piece(formatRate(trial.peakPerSec)),
      piece(`${mark} ${word}`, style),
      piece(formatDuration(trial.wallUs)),
      piece(clip(whyOf(trial), Math.max(10, Math.min(WHY_MAX, width - OTHER_COLUMNS)))),
    ];
  });
  return table(columns, rows, width).map((line) => lineOf(' ', ...line));
}

/** The first gate that failed, or why nothing can be said; '' where all is well. */
function whyOf({ failed: [first], reason }: TrialRecord): string {
  return first === undefined ? safe(reason ?? '') : `${safe(first.gate.text)}  ${formatActual(first)}`;
}
