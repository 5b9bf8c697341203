// What a run does not cover: rows of a recording that are not replayed, and what a reader should know of it.
import type { Coverage } from '../measure/snapshot.js';
import { formatCount, formatShare } from '../units.js';
import type { Prepared } from './prepare.js';

export function coverageOf({ loaded, recorded }: Prepared): Coverage {
  const dropped: Record<string, number> = {};
  const notes: string[] = [];
  const add = (reasons: Readonly<Record<string, number>>) => {
    for (const [reason, n] of Object.entries(reasons)) dropped[reason] = (dropped[reason] ?? 0) + n;
  };
  loaded.inputs.streams.forEach((input, i) => {
    const stream = loaded.plan.streams[i];
    if (input.kind !== 'recording' || stream === undefined) return;
    add(input.unread);
    add(recorded[i]?.dropped ?? {});
    const unread = input.lines - input.rows;
    const share = unread > 0 ? `, ${formatShare(unread / input.lines)} not understood` : '';
    notes.push(
      `${stream.name}: ${formatCount(input.rows)} rows of ${formatCount(input.lines)} lines${share}; ${input.stampModel}`,
    );
  });
  return { dropped, notes };
}
