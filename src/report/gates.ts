// Gates in the text report: on the first screen at one look, below it with all that they rest on.
import type { GateResult } from '../judge/gates/gates.js';
import type { Judgement } from '../judge/verdict.js';
import type { Reading } from '../measure/distribution.js';
import type { Gate } from '../scenario/gate.js';
import { formatCount, formatDuration, formatRate, formatShare } from '../units.js';
import { safe } from './escape.js';
import { flow, type Line, labelled, lineOf, piece, render } from './line.js';
import type { Paint, Style } from './paint.js';
import { formatReading, plural, VERDICT_BADGES, VERDICT_WORDS } from './words.js';

export const GATE_MARKS: Readonly<Record<GateResult['result'], { mark: string; style: Style }>> = {
  pass: { mark: '✓', style: 'good' },
  fail: { mark: '✗', style: 'bad' },
  inconclusive: { mark: '?', style: 'warn' },
  no_data: { mark: '?', style: 'warn' },
};

/** What a gate read, and what it was held against where its text does not say: `240 ms against 2.52 s`. */
export function formatActual({ gate, actual, bound }: GateResult, limits = ''): string {
  if (actual === null) return 'no data';
  const read = `${formatFigure(gate, actual)}${limits}`;
  return typeof gate.bound === 'number' || bound === null
    ? read
    : `${read} against ${formatFigure(gate, bound)}`;
}

function formatFigure(gate: Gate, figure: Reading | number): string {
  if (typeof figure === 'object') return figure.us === 0 ? '0 s' : formatReading(figure);
  return gate.metric.kind === 'throughput' ? formatRate(figure) : formatShare(figure);
}

/** `14.9 % to 16.1 %`, `from 410 ms` where nothing sets an upper limit; empty where nothing is a matter of chance. */
function formatLimits({ gate, actual, limits }: GateResult): string {
  if (limits === null) return '';
  const figure = (value: number): string =>
    typeof actual === 'object' ? formatDuration(value) : formatFigure(gate, value);
  return limits.high === null
    ? ` (from ${figure(limits.low)})`
    : ` (${figure(limits.low)} to ${figure(limits.high)})`;
}

/** The line of gates on the first screen: each with its mark and what it read. */
export function gateLines({ gates: results }: Judgement, width: number): Line[] {
  const label = piece('GATES', 'bold');
  if (results.length === 0) {
    return labelled(label, 8, 'none: nothing was said that must hold, such as p99 < 800ms', width);
  }
  const items = results.map((result): Line => {
    const { mark, style } = GATE_MARKS[result.result];
    return [piece(mark, style), piece(` ${safe(result.gate.text)}  `), piece(formatActual(result), style)];
  });
  return flow(items, width - 8, '    ').map((line, i) =>
    i === 0 ? lineOf(' ', label, '  ', ...line) : lineOf('        ', ...line),
  );
}

/** A gate with what it read, its limits, its sample and why: `✗ errors < 1%: 15.5 % (14.9 % to 16.1 %), 27,600 requests`. */
export function gateLine(result: GateResult, width: number): Line[] {
  const { gate, n, reason } = result;
  const { mark, style } = GATE_MARKS[result.result];
  const sample = n === 0 ? '' : `, ${plural(n, formatCount(n), 'request')}`;
  const figures = result.actual === null ? '' : `: ${formatActual(result, formatLimits(result))}${sample}`;
  const stops = gate.abort === true ? ', stops the run' : '';
  const why = reason === null ? '' : `${figures === '' ? ': ' : '; '}${safe(reason)}`;
  return labelled(piece(mark, style), 4, `${safe(gate.text)}${stops}${figures}${why}`, width);
}

/** Gates whose mark and figure are not all that there is to say of them: those that did not pass, or have a reason. */
export function gateReasons({ gates }: Judgement, width: number): Line[] {
  const told = gates.filter(({ result, reason }) => result !== 'pass' || reason !== null);
  if (told.length === 0) return [];
  const limited = told.some(({ limits }) => limits !== null);
  const legend = '  what was seen (between which values the true one lies)';
  return [
    [piece('GATES', 'bold'), piece(limited ? legend : '', 'dim')],
    ...told.flatMap((result) => gateLine(result, width)),
  ];
}

/** Every gate of a result that is judged again, and what they come to; ending in a line break. */
export function gatesText(judgement: Judgement, { width, paint }: { width: number; paint: Paint }): string {
  const { verdict, exitCode, gates, reasons } = judgement;
  const columns = Math.max(60, Math.min(200, width));
  // What gates say of themselves stands with them.
  const others = reasons.filter(({ id }) => !id.startsWith('gate_'));
  const lines = [
    ...gates.flatMap((result) => gateLine(result, columns - 1)),
    ...others.flatMap(({ text }) => labelled(piece('!', 'warn'), 4, safe(text), columns - 1)),
    lineOf(' ', piece(` ${VERDICT_WORDS[verdict]} `, VERDICT_BADGES[verdict]), `  exit ${exitCode}`),
  ];
  return `${lines.map((line) => render(line, columns, paint)).join('\n')}\n`;
}
