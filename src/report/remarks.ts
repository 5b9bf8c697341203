// Remarks: the sections of the details that are sentences, not tables: gates, generator, findings, coverage, run.
import { fitnessOf } from '../judge/diagnosis.js';
import type { Judgement } from '../judge/verdict.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatCount, formatDuration, formatShare } from '../units.js';
import { safe } from './escape.js';
import { type Line, labelled, type Piece, piece } from './line.js';
import { plural } from './words.js';

/** Gates whose figure does not say by itself why they failed or could not be decided. */
export function gateReasons({ gates }: Judgement, width: number): Line[] {
  const told = gates.filter(({ reason }) => reason !== null);
  if (told.length === 0) return [];
  return [
    [piece('GATES', 'bold')],
    ...told.flatMap(({ gate, reason }) => bullet('·', `${safe(gate.text)}: ${safe(reason ?? '')}`, width)),
  ];
}

export function generator(snapshot: Snapshot, width: number): Line[] {
  const { head, health } = snapshot;
  const fitness = fitnessOf(snapshot);
  const lines: Line[] = [[piece('GENERATOR', 'bold')]];
  const { workers } = head;
  const shards = head.shards.map(({ i, n }) => `${i}/${n}`).join(' ');
  const hosts = head.hosts.map(safe).join(', ');
  const on = hosts === '' ? '' : ` on ${hosts}`;
  lines.push(
    ...fact(
      'workers',
      `${formatCount(workers)}${on}, shard${head.shards.length === 1 ? '' : 's'} ${shards}`,
      width,
    ),
  );
  if (health.length === 0) return lines;
  const { gaps, gapUs, gapMaxUs, busyPermilleMax, inFlightMax } = fitness;
  const stalls =
    gaps === 0
      ? 'none of 1 ms or more'
      : `${formatCount(gaps)} of 1 ms and more, ${formatDuration(gapUs)} in all, ${formatDuration(gapMaxUs)} at the longest`;
  let hookCalls = 0;
  let hookUs = 0;
  for (const line of health) {
    hookCalls += line.hookCalls;
    hookUs += line.hookUs;
  }
  lines.push(
    ...fact('stalls', stalls, width),
    ...fact(
      'busy',
      `${formatShare(busyPermilleMax / 1e3)} at most, ${formatCount(inFlightMax)} in flight at most`,
      width,
    ),
  );
  if (hookCalls > 0)
    lines.push(
      ...fact(
        'hooks',
        `${formatCount(hookCalls)} calls, ${formatDuration(hookUs / hookCalls)} each, ${formatDuration(hookUs)} in all`,
        width,
      ),
    );
  return lines;
}

export function findings({ validity }: Judgement, width: number): Line[] {
  if (validity.findings.length === 0) return [];
  const marks = { invalid: '✗', suspect: '!', note: '·' };
  return [
    [piece('FINDINGS', 'bold'), piece(`  ${validity.verdict.toUpperCase()}`, 'dim')],
    ...validity.findings.flatMap(({ level, message, advice }) => [
      ...bullet(marks[level], safe(message), width, level === 'note' ? 'dim' : 'warn'),
      ...bullet(' ', `→ ${safe(advice)}`, width),
    ]),
  ];
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

function fact(label: string, text: string, width: number): Line[] {
  return labelled(piece(label, 'dim'), 15, text, width);
}

function bullet(mark: string, text: string, width: number, style: Piece['style'] = 'dim'): Line[] {
  return labelled(piece(mark, style), 4, text, width);
}
