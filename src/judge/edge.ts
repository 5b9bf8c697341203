// The edge: whether what lies in front of the shop refused the whole test, so that the shop was not tested at all.
import { OUTCOME_INDEX } from '../measure/outcome.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatCount, formatShare } from '../units.js';
import type { Finding } from './finding.js';

/** An edge refused everybody: this share of at least so many answers. */
const REFUSED = { share: 0.99, answersMin: 20, statuses: [401, 403, 429] };

/** Uniform 401, 403 or 429 that no route expects: what lies before the shop answered, the shop did not. */
export function refusedEverybody(snapshot: Snapshot): Finding[] {
  const byStatus = new Map<number, number>();
  let answers = 0;
  let refused = 0;
  for (const { route, counts } of snapshot.groups.values()) {
    const expect = snapshot.head.plan.routes[route]?.expect ?? [];
    let here = 0;
    for (const [status, n] of counts.statuses) {
      answers += n;
      if (!REFUSED.statuses.includes(status) || expect.some(([from, to]) => status >= from && status <= to)) {
        continue;
      }
      here += n;
      byStatus.set(status, (byStatus.get(status) ?? 0) + n);
    }
    // A recorded 4xx that came again is ok: only answers that were not as expected were refusals.
    refused += Math.min(here, counts.outcomes[OUTCOME_INDEX.bad_status] as number);
  }
  if (answers < REFUSED.answersMin || refused < REFUSED.share * answers) return [];
  const [status] = [...byStatus].sort((a, b) => b[1] - a[1])[0] as [number, number];
  return [
    {
      id: 'refused_everybody',
      level: 'invalid',
      figure: refused / answers,
      limit: REFUSED.share,
      unit: 'share',
      message: `${formatShare(refused / answers)} of ${formatCount(answers)} answers were refusals, mostly ${status}: the shop itself was not tested`,
      advice:
        'let the test through at the edge (allow list, token, rate limit), and try `flashcrowd probe` first',
    },
  ];
}
