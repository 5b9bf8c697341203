// What failed of what was planned, by reason: unexpected statuses by number, everything else by outcome.
import { type Counts, emptyCounts } from '../measure/cell.js';
import { OUTCOMES } from '../measure/outcome.js';
import type { Snapshot } from '../measure/snapshot.js';

/** A reason and how many operations failed for it. */
export interface Failure {
  readonly reason: string;
  readonly count: number;
}

/**
 * Failures, the most frequent first. Answers are counted by status and operations by outcome: where they differ
 * (an operation of several attempts), the operations with an unexpected status are shared out as the unexpected
 * statuses are.
 */
export function failuresOf(snapshot: Snapshot): Failure[] {
  const reasons = new Map<string, number>();
  const add = (reason: string, count: number): void => {
    if (count > 0) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  };
  const total: Counts = emptyCounts();
  const unexpected = new Map<number, number>();
  for (const { route, counts } of snapshot.groups.values()) {
    const expect = snapshot.head.plan.routes[route]?.expect ?? [];
    for (const [status, n] of counts.statuses) {
      if (expect.some(([from, to]) => status >= from && status <= to)) continue;
      unexpected.set(status, (unexpected.get(status) ?? 0) + n);
    }
    counts.outcomes.forEach((n, i) => {
      total.outcomes[i] = (total.outcomes[i] as number) + n;
    });
  }
  const answers = [...unexpected.values()].reduce((sum, n) => sum + n, 0);
  for (const [i, name] of OUTCOMES.entries()) {
    const count = total.outcomes[i] as number;
    if (name === 'ok') continue;
    if (name !== 'bad_status' || answers === 0) add(name, count);
    else for (const [status, n] of unexpected) add(String(status), (count * n) / answers);
  }
  return [...reasons].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
