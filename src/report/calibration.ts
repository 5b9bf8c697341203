// What `flashcrowd calibrate` says: this machine's ceiling and noise floor on one screen, or as JSON.
import { held } from '../judge/ceiling.js';
import type { Calibration, Step } from '../measure/calibration.js';
import { formatCount, formatDuration, formatRate } from '../units.js';
import { safe } from './escape.js';
import { type Line, labelled, lineOf, type Piece, piece, render, table } from './line.js';
import type { Paint } from './paint.js';

/** A calibration that has just been made. */
export interface CalibrationReport {
  readonly calibration: Calibration;
  readonly steps: readonly Step[];
  /** Where it is kept. */
  readonly file: string;
}

/** As JSON: times are microseconds, as their names say. */
export function calibrationJson(report: CalibrationReport): string {
  return `${JSON.stringify({ ...report.calibration, steps: report.steps, file: report.file }, null, 2)}\n`;
}

/** For people. */
export function calibrationText(report: CalibrationReport, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns)) - 1;
  const { calibration: made, steps, file } = report;
  const { atCeiling, atHalf } = made;
  const say = (label: string, text: string): Line[] => labelled(piece(label, 'bold'), 13, text, width);
  const senders = `${formatCount(made.workers)} worker${made.workers > 1 ? 's' : ''}`;
  const lines: Line[] = [
    lineOf(' ', piece('CALIBRATION', 'bold'), `   ${safe(made.host)}   ${kindOf(made)}   ${senders}`),
    [],
    ...say(
      'Ceiling',
      `${formatRate(made.ceilingPerSec)} kept their times${made.topHeld ? ', the highest rate that was tried: there may be more' : ''}; a run may plan 70 % of it`,
    ),
    ...say(
      'At half',
      `of it, at ${formatRate(atHalf.ratePerSec)}: lag p50 ${formatDuration(atHalf.lagP50Us)}, p99 ${formatDuration(atHalf.lagP99Us)}; response p50 ${formatDuration(atHalf.responseP50Us)}, p99 ${formatDuration(atHalf.responseP99Us)}, of which the server has next to nothing: no shop will look faster from here`,
    ),
    ...say(
      'Costs',
      `${formatCount(made.perCpuSec)} requests a CPU second at the ceiling, all threads of this process together`,
    ),
    ...(made.connectionsPerSec === null
      ? []
      : say(
          'Connecting',
          `${formatRate(made.connectionsPerSec)} new connections at most, a request on each`,
        )),
    ...say(
      'Lower bound',
      `the null server ran on this machine too and took ${cores(atCeiling.serverCores)} of ${cores(made.cores)} at the ceiling, the generator ${cores(atCeiling.cpuCores)}: with a target elsewhere there is more`,
    ),
    [],
    ...staircase(steps, width),
    [],
    ...say(
      'Measured on',
      `${safe(made.processor)}, ${cores(made.cores)}; node ${safe(made.node)}, flashcrowd ${safe(made.version)}`,
    ),
    ...say('Kept in', safe(file)),
  ];
  return `${lines.map((line) => render(line, width, paint)).join('\n')}\n`;
}

/** Which transport and TLS, in words. */
export function kindOf({ transport, secure }: Pick<Calibration, 'transport' | 'secure'>): string {
  const http = transport === 'http2' ? 'HTTP/2' : `HTTP/1.1 over ${transport}`;
  return `${http}${secure ? ' and TLS' : ''}`;
}

function staircase(steps: readonly Step[], width: number): Line[] {
  const right = (head: string) => ({ head, align: 'right' as const });
  const columns = [
    { head: 'STEP', align: 'right' as const, style: 'bold' as const },
    ...['lag p50', 'p99', 'response p50', 'p99', 'missing', 'cores', 'server'].map(right),
    { head: '', align: 'left' as const },
  ];
  const rows = steps.map((step): Piece[] => [
    piece(formatRate(step.ratePerSec)),
    piece(formatDuration(step.lagP50Us)),
    piece(formatDuration(step.lagP99Us)),
    piece(formatDuration(step.responseP50Us)),
    piece(formatDuration(step.responseP99Us)),
    piece(formatCount(step.planned - step.ok)),
    piece(step.cpuCores.toFixed(2)),
    piece(step.serverCores.toFixed(2)),
    held(step) ? piece('kept', 'good') : piece('late', 'bad'),
  ]);
  return table(columns, rows, width - 1).map((line) => [piece(' '), ...line]);
}

function cores(n: number): string {
  return `${Number(n.toFixed(2))} core${n === 1 ? '' : 's'}`;
}
