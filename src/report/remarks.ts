// Remarks: the sections of the details that are sentences, not tables: findings, coverage, run.
import type { Finding } from '../judge/validity/finding.js';
import type { Judgement } from '../judge/verdict.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatCount, formatDuration, formatShare } from '../units.js';
import { safe } from './escape.js';
import { fact, type Line, labelled, type Piece, piece } from './line.js';
import { plural } from './words.js';

export function findings({ validity }: Judgement, width: number): Line[] {
  if (validity.findings.length === 0) return [];
  const marks = { invalid: '✗', suspect: '!', note: '·' };
  return [
    [piece('FINDINGS', 'bold'), piece(`  ${validity.verdict.toUpperCase()}`, 'dim')],
    ...validity.findings.flatMap(({ level, message, advice, ...of }) => [
      ...bullet(marks[level], `${safe(message)}${limitWords(of)}`, width, level === 'note' ? 'dim' : 'warn'),
      ...bullet(' ', `→ ${safe(advice)}`, width),
    ]),
  ];
}

/** ` (limit 5 %)`; nothing where any at all is too much. */
function limitWords({ limit, unit }: Pick<Finding, 'limit' | 'unit'>): string {
  if (limit === null || limit === 0) return '';
  if (unit === 'share') return ` (limit ${formatShare(limit)})`;
  return ` (limit ${unit === 'ms' ? formatDuration(limit * 1e3) : formatCount(Math.round(limit))})`;
}

/** Missing routes that are listed; the JSON has all. */
const ROUTES_LISTED = 10;

export function coverage(
  { head: { coverage: of } }: Snapshot,
  { recorded }: Judgement,
  width: number,
): Line[] {
  const dropped = Object.entries(of.dropped).filter(([, n]) => n > 0);
  const unknownIds = recorded?.whole.counts.recorded?.unknownIds ?? 0;
  if (dropped.length + of.notes.length + unknownIds === 0) return [];
  const unknown = `${plural(unknownIds, formatCount(unknownIds), 'request')} answered 404 or 410 where 2xx or 3xx was recorded: unknown ids, failed like any other`;
  return [
    [piece('COVERAGE', 'bold')],
    ...dropped.flatMap(([reason, n]) =>
      bullet('·', `${plural(n, formatCount(n), 'recorded row')} not replayed: ${safe(reason)}`, width),
    ),
    ...(of.routes ?? [])
      .slice(0, ROUTES_LISTED)
      .flatMap(({ route, rows, share }) =>
        bullet(
          '·',
          `${safe(route)}: ${formatCount(rows)} not replayed, ${formatShare(share)} of the recorded`,
          width,
        ),
      ),
    ...(unknownIds === 0 ? [] : bullet('·', unknown, width)),
    ...of.notes.flatMap((note) => bullet('·', safe(note), width)),
  ];
}

export function run({ head }: Snapshot, width: number): Line[] {
  const warmup = head.phases.find(({ name }) => name === 'warmup');
  return [
    [piece('RUN', 'bold')],
    ...fact('started', `${safe(head.startedAt)}, ${formatDuration(head.durationS * 1e6)} of due time`, width),
    ...fact('target', safe(head.target), width),
    ...fact('plan', safe(head.planId), width),
    ...fact('seed', `${head.plan.seed}; flashcrowd ${safe(head.version)}, node ${safe(head.node)}`, width),
    ...(warmup === undefined
      ? []
      : fact('warmup', `${formatDuration((warmup.endS - warmup.startS) * 1e6)}, outside gates`, width)),
  ];
}

function bullet(mark: string, text: string, width: number, style: Piece['style'] = 'dim'): Line[] {
  return labelled(piece(mark, style), 4, text, width);
}
