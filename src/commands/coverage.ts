// What a run does not cover: rows of a recording that are not replayed, and what a reader should know of it.
import type { Coverage } from '../measure/snapshot.js';
import type { RecordingInput } from '../scenario/plan.js';
import type { Amplified } from '../schedule/acceptance.js';
import type { RecordedForecast } from '../schedule/forecast.js';
import { formatCount, formatMultiple, formatShare } from '../units.js';
import type { Prepared } from './prepare.js';

export function coverageOf({ loaded, recorded }: Prepared): Coverage {
  const dropped: Record<string, number> = {};
  const notes: string[] = [];
  const missing = new Map<string, number>();
  let meant = 0;
  const add = (reasons: Readonly<Record<string, number>>) => {
    for (const [reason, n] of Object.entries(reasons)) dropped[reason] = (dropped[reason] ?? 0) + n;
  };
  loaded.inputs.streams.forEach((input, i) => {
    const stream = loaded.plan.streams[i];
    if (input.kind !== 'recording' || stream === undefined) return;
    const forecast = recorded[i];
    add(input.unread);
    add(forecast?.dropped ?? {});
    meant += forecast?.replayable ?? 0;
    for (const [route, n] of forecast?.missing ?? []) {
      const name = loaded.plan.routes[route]?.name ?? '';
      missing.set(name, (missing.get(name) ?? 0) + n);
      meant += n;
    }
    const unread = input.lines - input.rows;
    const share = unread > 0 ? `, ${formatShare(unread / input.lines)} not understood` : '';
    notes.push(
      `${stream.name}: ${formatCount(input.rows)} rows of ${formatCount(input.lines)} lines${share}; ${input.stampModel}`,
    );
    if (forecast === undefined) return;
    notes.push(...notesOf(input, forecast).map((note) => `${stream.name}: ${note}`));
  });
  const routes = [...missing]
    .map(([route, n]) => ({ route, rows: n, share: n / meant }))
    .sort((a, b) => b.rows - a.rows || (a.route < b.route ? -1 : 1));
  return { dropped, routes, notes };
}

/** The acceptance tests of the plan's amplified recordings. */
export function amplifiedOf({ recorded }: Prepared): Amplified[] {
  return recorded.flatMap((forecast) => forecast?.amplified ?? []);
}

function notesOf(input: RecordingInput, { remapped, use, amplified }: RecordedForecast): string[] {
  const notes = Object.entries(remapped).map(
    ([name, rows]) => `${formatCount(rows)} requests are sent with another id of ${name}`,
  );
  if (use !== null) notes.push(useNote(input, use));
  if (amplified !== null) notes.push(amplifiedNote(amplified));
  return notes;
}

function amplifiedNote({ k, dispersion }: Amplified): string {
  const of = `amplified by ${k}`;
  const checks = dispersion.flatMap((check) => ('within' in check ? [check] : []));
  if (checks.length === 0) return `${of}; too little of it to tell whether its bursts are as they should be`;
  const ratios = checks.map(({ windowS, ratio }) => `${ratio.toFixed(2)} at ${windowS} s`).join(', ');
  const verdict = checks.every(({ within }) => within) ? 'within' : 'NOT within';
  return `${of}; bursts ${verdict} 20 % of those of that many visitors (index of dispersion, actual to expected: ${ratios})`;
}

function useNote(input: RecordingInput, use: NonNullable<RecordedForecast['use']>): string {
  if (use.arrivals === 0) return 'no row can be sent, so this stream sends nothing';
  const rounds = use.rows / input.rows;
  const used =
    rounds <= 1
      ? `${formatShare(rounds)} of the recording is used`
      : `the recording is used ${formatMultiple(rounds)}`;
  if (!input.timed || use.dueUs === 0 || use.recordedUs === 0) return used;
  const factor = use.recordedUs / use.dueUs;
  const speed =
    factor >= 1
      ? `${formatMultiple(factor)} as fast as recorded`
      : `${formatMultiple(1 / factor)} slower than recorded`;
  return `${used}, at the rate of another source; visits run ${speed}`;
}
