// Conservation: every arrival that was due settles exactly once, and every way of adding up gives the same sum.
import { addCounts, type Counts, emptyCounts } from '../measure/cell.js';
import { OUTCOMES } from '../measure/outcome.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import { formatCount, formatOffset } from '../units.js';
import { isComplete } from './facts.js';

/** What breaks the law, a sentence each; empty for a sound result. */
export function brokenConservation(snapshot: Snapshot): string[] {
  const { streams, routes } = snapshot.head.plan;
  const broken: string[] = [];
  const check = (where: string, counts: Counts): void => {
    const settled = counts.outcomes.reduce((sum, n) => sum + n, 0);
    if (settled !== counts.planned) {
      broken.push(`${where}: ${formatCount(counts.planned)} planned, ${formatCount(settled)} settled`);
    }
    const { recorded } = counts;
    if (recorded !== null && (recorded.planned > counts.planned || recorded.failed > recorded.planned)) {
      broken.push(
        `${where}: ${formatCount(counts.planned)} planned, ${formatCount(recorded.planned)} recorded, ${formatCount(recorded.failed)} of them failed`,
      );
    }
    if (counts.sent > counts.planned) {
      broken.push(`${where}: ${formatCount(counts.sent)} sent, ${formatCount(counts.planned)} planned`);
    }
  };

  const bySecond = emptyCounts();
  for (const [windowS, second] of snapshot.seconds) {
    second.streams.forEach((counts, stream) => {
      check(`second ${formatOffset(windowS * 1e6)} of stream ${streams[stream]?.name ?? stream}`, counts);
      addCounts(bySecond, counts);
    });
  }
  for (const group of snapshot.groups.values()) {
    const route = routes[group.route]?.name ?? group.route;
    check(`route ${route} of stream ${streams[group.stream]?.name ?? group.stream}`, group.counts);
  }
  const byGroup = sumGroups(snapshot).counts;
  for (const [what, seconds, groups] of sums(bySecond, byGroup)) {
    if (seconds === groups) continue;
    broken.push(`${what}: seconds add up to ${formatCount(seconds)}, routes to ${formatCount(groups)}`);
  }
  const { plannedTotal } = snapshot.head;
  if (isComplete(snapshot) && byGroup.planned !== plannedTotal) {
    const counted = formatCount(byGroup.planned);
    broken.push(
      `the run is complete: the plan has ${formatCount(plannedTotal)} arrivals, ${counted} were due`,
    );
  }
  return broken;
}

function sums(a: Counts, b: Counts): [string, number, number][] {
  return [
    ['planned', a.planned, b.planned],
    ['sent', a.sent, b.sent],
    ['attempts', a.attempts, b.attempts],
    ['recorded', a.recorded?.planned ?? 0, b.recorded?.planned ?? 0],
    ...OUTCOMES.map((name, i): [string, number, number] => [
      name,
      a.outcomes[i] as number,
      b.outcomes[i] as number,
    ]),
  ];
}
