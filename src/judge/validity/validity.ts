// Validity: whether the run can be believed. Judged by effects alone; causes are named beside them, never judged.
import type { Counts } from '../../measure/cell.js';
import { OUTCOME_INDEX, type Outcome } from '../../measure/outcome.js';
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatCount, formatOffset } from '../../units.js';
import { closedThroughS, isComplete } from '../facts.js';
import { brokenConservation } from './conservation.js';
import { causesOfOurs } from './diagnosis.js';
import { refusedEverybody } from './edge.js';
import { type Finding, gravity, type Validity } from './finding.js';
import { clockNotes, networkNotes } from './machine-notes.js';
import { shortcomings } from './shortcomings.js';

/**
 * Judges whether a run can be believed: as its gravest finding says.
 * @param gates the tightest of those on latency decides how much of ours is too much
 */
export function judgeValidity(snapshot: Snapshot, gates: readonly Gate[]): Validity {
  const total = sumGroups(snapshot).counts;
  const ours = shortcomings(snapshot, gates);
  const findings: Finding[] = [
    ...conservation(snapshot),
    ...failedWorkers(snapshot),
    ...lostResults(snapshot),
    ...refusedEverybody(snapshot),
    ...hooks(total),
    ...ours,
    ...(ours.length > 0 ? causesOfOurs(snapshot) : networkNotes(snapshot)),
    ...clockNotes(snapshot),
    ...circumstances(snapshot),
  ];
  const has = (level: Finding['level']) => findings.some((finding) => finding.level === level);
  const verdict = has('invalid') ? 'invalid' : has('suspect') ? 'suspect' : 'valid';
  return { verdict, findings: findings.sort((a, b) => gravity(a) - gravity(b)) };
}

/** What a failed thread has not sent changes the load of all the others. */
function failedWorkers({ ends }: Snapshot): Finding[] {
  const failed = ends.filter(({ reason }) => reason === 'worker_failed').length;
  if (failed === 0) return [];
  return [
    {
      id: 'worker_failed',
      level: 'invalid',
      figure: failed,
      limit: 0,
      unit: null,
      message:
        'a sender thread failed and the run was stopped: what was due of its share counts as unsent, the rest was not what was planned',
      advice: 'what the thread said is in the standard error of the run; please report it',
    },
  ];
}

/** The report is from memory, and what it says cannot be read again. */
function lostResults({ ends }: Snapshot): Finding[] {
  const lost = ends.filter(({ reason }) => reason === 'result_lost').length;
  if (lost === 0) return [];
  return [
    {
      id: 'result_lost',
      level: 'invalid',
      figure: lost,
      limit: 0,
      unit: null,
      message:
        'the result could not be written to its end and the run was stopped: its file holds less than this',
      advice:
        'make room on the disk, or name a file elsewhere with --out; standard error says where the file ends',
    },
  ];
}

/** A hook may throw over a wrong answer, or for a fault of its own: which of them it was is not known here. */
function hooks(total: Counts): Finding[] {
  const n = outcome(total, 'hook');
  if (n === 0) return [];
  return [
    {
      id: 'hook',
      level: 'suspect',
      figure: n / total.planned,
      limit: 0,
      unit: 'share',
      message: `${formatCount(n)} requests failed as a hook of the scenario threw: that need not be the shop's doing`,
      advice: 'what the hook said first is in the standard error of the run',
    },
  ];
}

function conservation(snapshot: Snapshot): Finding[] {
  const broken = brokenConservation(snapshot);
  if (broken.length === 0) return [];
  const more = broken.length > 1 ? `, and ${formatCount(broken.length - 1)} more` : '';
  return [
    {
      id: 'conservation',
      level: 'invalid',
      figure: broken.length,
      limit: 0,
      unit: 'places',
      message: `the counts contradict each other: ${broken[0]}${more}`,
      advice:
        'the result was changed or cut, or this is a defect of flashcrowd: please report it with the file',
    },
  ];
}

function circumstances(snapshot: Snapshot): Finding[] {
  const findings: Finding[] = [];
  const { head } = snapshot;
  const note = { level: 'note', figure: null, limit: null, unit: null } as const;
  if (!isComplete(snapshot)) {
    const through = formatOffset(closedThroughS(snapshot) * 1e6);
    findings.push({
      ...note,
      id: 'incomplete',
      message: `the run is incomplete: it went through ${through} of ${formatOffset(head.durationS * 1e6)}`,
      advice: 'what was not sent is neither passed nor failed: run it again to the end',
    });
  }
  if (head.targetIsLocal) {
    findings.push({
      ...note,
      id: 'target_local',
      message: "the load came from the target's own machine: the two took processor time from each other",
      advice: 'use a machine of its own where the figures must carry over',
    });
  }
  return findings;
}

function outcome(counts: Counts, name: Outcome): number {
  return counts.outcomes[OUTCOME_INDEX[name]] as number;
}
