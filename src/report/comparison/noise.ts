// The report of a runner's noise: what comparisons on it can show, and by which margins.
import { changeOf } from '../../judge/comparison/metrics.js';
import { type Noise, PAIRS_ENOUGH } from '../../judge/comparison/noise.js';
import { formatCount } from '../../units.js';
import { safe } from '../escape.js';
import { type Column, type Line, labelled, lineOf, type Piece, piece, render, table } from '../line.js';
import type { Paint } from '../paint.js';
import { formatSize } from './changes.js';

/** The report, ending in a line break. */
export function noiseText(noise: Noise, scenario: string, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns));
  const inner = width - 1;
  const heads = ['spread', '95 % under', 'margin from', 'at most'];
  const rows = table(
    [
      { head: 'A/A', align: 'left', style: 'bold' },
      ...heads.map((head): Column => ({ head, align: 'right' })),
    ],
    noise.metrics.map(({ metric, sd, p95, margin, marginAtMost }): Piece[] => [
      piece(metric),
      piece(formatSize(metric, changeOf(metric, sd))),
      piece(formatSize(metric, changeOf(metric, p95))),
      piece(formatSize(metric, margin), 'bold'),
      piece(formatSize(metric, marginAtMost)),
    ]),
    inner - 1,
  );
  const lines: Line[] = [
    lineOf(' ', piece(safe(scenario), 'bold'), `   ${formatCount(noise.runs)} runs of the same thing`),
    [],
    ...rows.map((line) => lineOf(' ', ...line)),
    [],
    ...words(noise).flatMap((text) => labelled(piece('→', 'dim'), 3, text, inner)),
  ];
  return `${lines.map((line) => render(line, width, paint)).join('\n')}\n`;
}

function words({ runs, pairs, metrics }: Noise): string[] {
  const least = metrics.map(({ metric, margin }) => `${metric} ${formatSize(metric, margin)}`).join(', ');
  const drifting = metrics.filter(({ drifts }) => drifts).map(({ metric }) => metric);
  return [
    `a comparison of one run with another on this runner cannot tell from its noise what is less than ${least}`,
    ...(pairs >= PAIRS_ENOUGH
      ? []
      : [
          `${formatCount(pairs)} pairs of ${formatCount(runs)} runs give a first idea only: 5 runs and more make ${PAIRS_ENOUGH} pairs`,
        ]),
    ...(drifting.length === 0
      ? []
      : [
          `runs that follow each other are alike (${drifting.join(', ')}): this runner drifts, so base and candidate have to take turns, ABBA`,
        ]),
    'flashcrowd compare --noise FILE takes what --json writes of this',
  ];
}
