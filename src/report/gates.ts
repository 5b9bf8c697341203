// Gates in the text report.
import type { GateResult } from '../judge/gates/gates.js';
import type { Judgement } from '../judge/verdict.js';
import type { Reading } from '../measure/distribution.js';
import type { Gate } from '../scenario/gate.js';
import { formatRate, formatShare } from '../units.js';
import { safe } from './escape.js';
import { flow, type Line, labelled, lineOf, piece } from './line.js';
import type { Style } from './paint.js';
import { formatReading } from './words.js';

export const GATE_MARKS: Readonly<Record<GateResult['result'], { mark: string; style: Style }>> = {
  pass: { mark: '✓', style: 'good' },
  fail: { mark: '✗', style: 'bad' },
  inconclusive: { mark: '?', style: 'warn' },
  no_data: { mark: '?', style: 'warn' },
};

/** What a gate read, and what it was held against where its text does not say: `240 ms against 2.52 s`. */
export function formatActual({ gate, actual, bound }: GateResult): string {
  if (actual === null) return 'no data';
  const read = formatFigure(gate, actual);
  return typeof gate.bound === 'number' || bound === null
    ? read
    : `${read} against ${formatFigure(gate, bound)}`;
}

function formatFigure(gate: Gate, figure: Reading | number): string {
  if (typeof figure === 'object') return formatReading(figure);
  return gate.metric.kind === 'throughput' ? formatRate(figure) : formatShare(figure);
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
