// Merging: results of disjoint shards of one run become one result, or are refused with the reason.
import { overlap } from '../schedule/lanes.js';
import type { CeilingUse } from './calibration.js';
import type { Head, Snapshot } from './snapshot.js';
import { mergeSnapshots } from './snapshot.js';

/** Results that cannot be one: `message` names what differs. */
export class MergeError extends Error {}

/**
 * The head of two results together.
 * @throws MergeError if plan, target or version differ, or a lane would be counted twice
 */
export function mergeHeads(a: Head, b: Head): Head {
  const same: [string, string, string][] = [
    ['plan', a.planId, b.planId],
    ['target', a.target, b.target],
    ['version of flashcrowd', a.version, b.version],
    ['result format', String(a.format), String(b.format)],
  ];
  for (const [what, left, right] of same) {
    if (left !== right) throw new MergeError(`not the same ${what}: ${left} and ${right}`);
  }
  for (const x of a.shards) {
    for (const y of b.shards) {
      if (overlap(x, y)) {
        throw new MergeError(
          `shards ${x.i}/${x.n} and ${y.i}/${y.n} share lanes: they would be counted twice`,
        );
      }
    }
  }
  const { calibration: _, ...rest } = a;
  const calibration = highest(a.calibration, b.calibration);
  return {
    ...rest,
    ...(calibration && { calibration }),
    label: a.label === b.label ? a.label : null,
    targetIsLocal: a.targetIsLocal || b.targetIsLocal,
    shards: [...a.shards, ...b.shards].sort((x, y) => x.i / x.n - y.i / y.n || x.n - y.n),
    hosts: [...new Set([...a.hosts, ...b.hosts])].sort(),
    workers: a.workers + b.workers,
    startedAt: a.startedAt < b.startedAt ? a.startedAt : b.startedAt,
    plannedTotal: a.plannedTotal + b.plannedTotal,
    coverage: {
      dropped: a.coverage.dropped,
      ...(a.coverage.routes !== undefined && { routes: a.coverage.routes }),
      notes: [...new Set([...a.coverage.notes, ...b.coverage.notes])],
    },
  };
}

/** The use of a ceiling that leaves the least; of equal ones that of the lower ceiling, then the older one. */
function highest(a: CeilingUse | undefined, b: CeilingUse | undefined): CeilingUse | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const order =
    b.share - a.share || a.ceilingPerSec - b.ceilingPerSec || (a.measuredAt < b.measuredAt ? -1 : 1);
  return order < 0 ? a : b;
}

/** Merges snapshots of disjoint shards. */
export function mergeAll(snapshots: readonly Snapshot[]): Snapshot {
  const [first, ...rest] = snapshots;
  if (first === undefined) throw new MergeError('nothing to merge');
  return rest.reduce((sum, next) => mergeSnapshots(sum, next, mergeHeads(sum.head, next.head)), first);
}
