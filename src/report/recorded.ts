// Recorded against replayed, in words and tables: what that night was like, and what the same requests got now.
import { type BothSides, failedNow, failedThen, type NamedSides, unknownIdShare } from '../judge/recorded.js';
import type { Judgement } from '../judge/verdict.js';
import type { Head } from '../measure/snapshot.js';
import { formatCount, formatMultiple, formatShare } from '../units.js';
import { safe } from './escape.js';
import { type Column, flow, type Line, type Piece, piece, table } from './line.js';
import { formatReading, NONE, plural } from './words.js';

/** Routes that a table lists; the worst drift comes first. */
const ROUTES_SHOWN = 10;

/** `41.2 %`, ` of 12,345 requests failed; now 0.2 %: p99 2.1 s then, 240 ms now`; null where nothing was recorded. */
export function thatNight(head: Head, { recorded }: Judgement): { lead: Piece; text: string } | null {
  if (recorded === null) return null;
  const { counts, response, duration } = recorded.whole;
  const then = failedThen(counts.recorded) ?? 0;
  const requests = counts.recorded?.planned ?? 0;
  const amplified = amplifiedBy(head);
  // Of clones, that night had only one.
  const of = amplified === null ? plural(requests, formatCount(requests), 'request') : 'requests';
  const unknown = counts.recorded?.unknownIds === 0 ? '' : ` (${formatUnknownIds(counts)})`;
  const at = amplified === null ? '' : ` at ${amplified} that night's traffic`;
  const [p99Then, p99Now] = [duration.quantile(0.99), response.quantile(0.99)];
  const times =
    p99Then === undefined || p99Now === undefined
      ? ''
      : `: p99 ${formatReading(p99Then)} then, ${formatReading(p99Now)} now`;
  const { speed } = head.plan;
  const hurried =
    speed === 1 ? '' : `; at ${formatMultiple(speed)} the speed durations still compare, rates do not`;
  return {
    lead: piece(formatShare(then), then > 0 ? 'bad' : 'good'),
    text: ` of ${of} failed; now ${formatShare(failedNow(counts) ?? 0)}${unknown}${at}${times}${hurried}`,
  };
}

/** `unknown id 0.4 %`, of what was replayed. */
export function formatUnknownIds(counts: BothSides['counts']): string {
  return `unknown id ${formatShare(unknownIdShare(counts))}`;
}

/** How recordings were amplified, as a multiple or two; null where they were not. */
function amplifiedBy({ plan }: Head): string | null {
  const by = plan.streams.flatMap(({ kind, amplify }) => (kind === 'recording' ? [amplify] : []));
  const [least, most] = [Math.min(...by), Math.max(...by)];
  if (least === 1 && most === 1) return null;
  return least === most ? formatMultiple(most) : `${formatMultiple(least)} to ${formatMultiple(most)}`;
}

/** Then and now by route, by phase, and the answers of then by status. */
export function recordedTables({ recorded }: Judgement, width: number): Line[] {
  if (recorded === null) return [];
  const { whole, routes, phases } = recorded;
  const more = routes.length - ROUTES_SHOWN;
  const statuses = [...(whole.counts.recorded?.statuses ?? [])]
    .sort(([a], [b]) => a - b)
    .map(([status, n]): Line => [piece(String(status)), piece(` ${formatCount(n)}`, 'dim')]);
  return [
    ...thenAndNow('THEN AND NOW', routes.slice(0, ROUTES_SHOWN), width),
    ...(more > 0 ? [[piece(`and ${formatCount(more)} more`, 'dim')]] : []),
    ...(phases.length < 2 ? [] : thenAndNow('by phase', phases, width)),
    ...flow([[piece('statuses then', 'dim')], ...statuses], width, '   '),
  ];
}

function thenAndNow(heading: string, parts: readonly NamedSides[], width: number): Line[] {
  const rows = parts.map(({ name, counts, response, duration }): Piece[] => {
    const [then, now] = [failedThen(counts.recorded), failedNow(counts)];
    return [
      piece(safe(name)),
      piece(formatCount(counts.planned)),
      piece(then === null ? NONE : formatShare(then)),
      piece(now === null ? NONE : formatShare(now), (now ?? 0) > (then ?? 0) ? 'bad' : 'good'),
      piece(formatReading(duration.quantile(0.99))),
      piece(formatReading(response.quantile(0.99))),
    ];
  });
  const heads = ['requests', 'failed then', 'now', 'p99 then', 'now'];
  const columns: Column[] = [
    { head: heading, align: 'left', style: 'bold' },
    ...heads.map((head): Column => ({ head, align: 'right' })),
  ];
  return table(columns, rows, width);
}
