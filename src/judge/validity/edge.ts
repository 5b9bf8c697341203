// The edge: whether what lies in front of the shop refused the whole test, so that the shop was not tested at all.

import { type Counts, SLICE_S } from '../../measure/cell.js';
import { OUTCOME_INDEX } from '../../measure/outcome.js';
import type { Snapshot } from '../../measure/snapshot.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../../units.js';
import type { Finding } from './finding.js';

/** An edge refused everybody: this share of at least so many answers. */
const REFUSED = { share: 0.99, answersMin: 20, statuses: [401, 403, 429] };

/** Of all answers: a refusal of everybody in ten seconds or more, with this share, spoils the run's figures. */
const REFUSED_INVALID = 0.01;

/** Uniform 401, 403 or 429 that no route expects: what lies before the shop answered, the shop did not. */
export function refusedEverybody(snapshot: Snapshot): Finding[] {
  const all = emptyRefusals();
  for (const { route, counts } of snapshot.groups.values()) {
    const expect = snapshot.head.plan.routes[route]?.expect ?? [];
    add(all, counts, (status) => expect.some(([from, to]) => status >= from && status <= to));
  }
  if (!everybody(all)) return refusedForAWhile(snapshot, all.answers);
  return [
    {
      ...finding('refused_everybody', all.refused / all.answers, REFUSED.share),
      level: 'invalid',
      message: `${formatShare(all.refused / all.answers)} of ${formatCount(all.answers)} answers were refusals, mostly ${mostly(all)}: the shop itself was not tested`,
    },
  ];
}

/** Tens of seconds in which everybody was refused, as by an edge that bans what sends too much. */
function refusedForAWhile(snapshot: Snapshot, answers: number): Finding[] {
  const { routes } = snapshot.head.plan;
  // Seconds do not tell routes apart: a status that any route expects is taken for an answer of the shop's.
  const expected = (status: number) =>
    routes.some(({ expect }) => expect.some(([from, to]) => status >= from && status <= to));
  const slices = new Map<number, Refusals>();
  for (const [windowS, { streams }] of snapshot.seconds) {
    const sliceS = windowS - (windowS % SLICE_S);
    let slice = slices.get(sliceS);
    if (slice === undefined) slices.set(sliceS, (slice = emptyRefusals()));
    for (const counts of streams) add(slice, counts, expected);
  }
  const shut = [...slices].filter(([, slice]) => everybody(slice)).sort(([a], [b]) => a - b);
  const [first] = shut;
  if (first === undefined) return [];
  const sum = emptyRefusals();
  for (const [, slice] of shut) {
    sum.refused += slice.refused;
    for (const [status, n] of slice.byStatus) sum.byStatus.set(status, (sum.byStatus.get(status) ?? 0) + n);
  }
  const share = sum.refused / answers;
  const spoilt = share > REFUSED_INVALID;
  return [
    {
      ...finding('refused_from', share, spoilt ? REFUSED_INVALID : 0),
      level: spoilt ? 'invalid' : 'suspect',
      message: `from ${formatOffset(first[0] * 1e6)} on everybody was refused for ${formatDuration(shut.length * SLICE_S * 1e6)}: ${formatCount(sum.refused)} answers (${formatShare(share)}), mostly ${mostly(sum)}, were not the shop's`,
    },
  ];
}

interface Refusals {
  answers: number;
  refused: number;
  readonly byStatus: Map<number, number>;
}

function emptyRefusals(): Refusals {
  return { answers: 0, refused: 0, byStatus: new Map() };
}

function add(to: Refusals, counts: Counts, expected: (status: number) => boolean): void {
  let here = 0;
  for (const [status, n] of counts.statuses) {
    to.answers += n;
    if (!REFUSED.statuses.includes(status) || expected(status)) continue;
    here += n;
    to.byStatus.set(status, (to.byStatus.get(status) ?? 0) + n);
  }
  // A recorded 4xx that came again is ok: only answers that were not as expected were refusals.
  to.refused += Math.min(here, counts.outcomes[OUTCOME_INDEX.bad_status] as number);
}

function everybody({ answers, refused }: Refusals): boolean {
  return answers >= REFUSED.answersMin && refused >= REFUSED.share * answers;
}

function mostly({ byStatus }: Refusals): number {
  return [...byStatus].reduce((most, status) => (status[1] > most[1] ? status : most), [0, 0])[0];
}

function finding(id: string, figure: number, limit: number) {
  const advice =
    'let the test through at the edge (allow list, token, rate limit), and try `flashcrowd probe` first';
  return { id, figure, limit, unit: 'share' as const, advice };
}
