// The text report: the first screen, then the details; plain or painted, never wider than it may be.
import type { Judgement } from '../judge/verdict.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import { formatDuration, formatShare } from '../units.js';
import { chart } from './chart.js';
import { details } from './details.js';
import { safe } from './escape.js';
import { headline, statements } from './first-screen.js';
import { gateLines } from './gates.js';
import { type Column, type Line, labelled, lineOf, type Piece, piece, render, table } from './line.js';
import type { Paint } from './paint.js';
import { formatReading, NONE } from './words.js';

export interface TextOptions {
  /** Columns of the terminal; held between 60 and 200. */
  readonly width: number;
  readonly paint: Paint;
  /** A command to go on with, such as `flashcrowd report run.ndjson --format html --open`. */
  readonly next?: string;
  /** The code the process will exit with, where it is not the judgement's (an interruption). */
  readonly exitCode?: number;
  /** Whether the first screen is all that is wanted. */
  readonly brief?: boolean;
}

/** The report of a result, ending in a line break. */
export function textReport(snapshot: Snapshot, judgement: Judgement, options: TextOptions): string {
  const width = Math.max(60, Math.min(200, options.width));
  const inner = width - 1;
  const lines: Line[] = [
    lineOf(' ', ...headline(snapshot, judgement, options.exitCode ?? judgement.exitCode, inner - 1)),
    ...statements(snapshot, judgement, inner),
    [],
    ...chart(snapshot, judgement.incident, { width: inner, colour: options.paint.level > 0 }),
    [],
    ...response(snapshot, judgement, inner),
    ...gateLines(judgement, inner),
    ...(options.next === undefined ? [] : labelled(piece('NEXT', 'bold'), 8, safe(options.next), inner)),
    ...(options.brief === true ? [] : [[], [piece(` ${'─'.repeat(inner - 1)}`, 'dim')]]),
    ...(options.brief === true ? [] : details(snapshot, judgement, inner)),
  ];
  return `${lines.map((line) => render(line, width, options.paint)).join('\n')}\n`;
}

/** What shoppers felt in each phase, and what the slowest of it was made of. */
function response(snapshot: Snapshot, judgement: Judgement, width: number): Line[] {
  const rows = snapshot.head.phases.map(({ name }, i): Piece[] => {
    const { counts, response: felt } = sumGroups(snapshot, (group) => group.phase === i);
    const { slowest = null, cut = false } = judgement.phases[i] ?? {};
    const failed = counts.planned - (counts.outcomes[0] as number);
    const p99 = felt.quantile(0.99);
    const part = (us: number | undefined): string => (us === undefined ? NONE : formatDuration(us));
    // A service time that timeouts cut says no more than the timeout.
    const service = p99?.atLeast ? 'censored' : `${cut ? '≥ ' : ''}${part(slowest?.serviceUs)}`;
    return [
      piece(name),
      piece(counts.planned === 0 ? NONE : formatShare(failed / counts.planned), failed > 0 ? 'bad' : 'good'),
      ...[0.5, 0.95].map((q) => piece(formatReading(felt.quantile(q)))),
      piece(formatReading(p99), 'bold'),
      piece(part(slowest?.oursUs)),
      piece(part(slowest?.waitUs)),
      piece(slowest === null ? NONE : service),
    ];
  });
  // What the slowest were made of gives way first where the terminal is narrow.
  const keep: Readonly<Record<string, number>> = { wait: 0, service: 1, 'slowest 1 %: ours': 2 };
  const heads = ['failed', 'p50', 'p95', 'p99', 'slowest 1 %: ours', 'wait', 'service'];
  const columns: Column[] = [
    { head: 'RESPONSE', align: 'left', style: 'bold' },
    ...heads.map(
      (head): Column => ({ head, align: 'right', ...(head in keep && { keep: keep[head] as number }) }),
    ),
  ];
  return table(columns, rows, width - 1).map((line) => lineOf(' ', ...line));
}
