// Validity: whether the run can be believed. Judged by effects alone; causes are named beside them, never judged.
import { type Counts, SLICE_S, type Slice } from '../measure/cell.js';
import { OUTCOME_INDEX, type Outcome } from '../measure/outcome.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import type { Gate } from '../scenario/gate.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../units.js';
import { brokenConservation } from './conservation.js';
import { causesOfOurs } from './diagnosis.js';
import { closedThroughS, isComplete, warmupEndS } from './facts.js';
import type { Finding, Validity } from './finding.js';
import { evaluateGate, isLatencyGate } from './gates.js';
import { type Composition, slowest } from './tail.js';

const LEVELS: readonly Finding['level'][] = ['invalid', 'suspect', 'note'];

/** Ours in the slowest 1 %: over both limits of a level is that level. */
const OURS_INVALID = { share: 0.05, floorUs: 5_000, shareOfGate: 0.05 };
const OURS_SUSPECT = { share: 0.02, floorUs: 1_000 };
/** A slice of fewer responses says nothing of its slowest 1 %. */
const SLICE_OPERATIONS_MIN = 100;
const UNSENT_INVALID = 0.001;
const SHED_INVALID = 0.0001;
/** An edge refused everybody: this share of at least so many answers. */
const REFUSED = { share: 0.99, answersMin: 20, statuses: [401, 403, 429] };

/**
 * Judges whether a run can be believed: as its gravest finding says.
 * @param gates the tightest of those on latency decides how much of ours is too much
 */
export function judgeValidity(snapshot: Snapshot, gates: readonly Gate[]): Validity {
  const total = sumGroups(snapshot).counts;
  const ours = [
    ...generatorShare(snapshot, gates),
    ...unsent(total),
    ...local(total),
    ...shed(total, snapshot.head.capDeclared),
  ];
  const findings: Finding[] = [
    ...conservation(snapshot),
    ...failedWorkers(snapshot),
    ...refusedEverybody(snapshot),
    ...hooks(total),
    ...ours,
    ...(ours.length > 0 ? causesOfOurs(snapshot) : []),
    ...circumstances(snapshot),
  ];
  const has = (level: Finding['level']) => findings.some((finding) => finding.level === level);
  const verdict = has('invalid') ? 'invalid' : has('suspect') ? 'suspect' : 'valid';
  return { verdict, findings: findings.sort((a, b) => rank(a) - rank(b)) };
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
      message: 'a sender thread failed and the run was stopped: the load was not what was planned',
      advice: 'what the thread said is in the standard error of the run; please report it',
    },
  ];
}

/** Over the whole run, and over its worst ten seconds; the warm-up, which gates leave out, is left out here too. */
function generatorShare(snapshot: Snapshot, gates: readonly Gate[]): Finding[] {
  const fromS = warmupEndS(snapshot.head);
  const bySlice = new Map<number, Slice[]>();
  for (const slice of snapshot.slices.values()) {
    if (snapshot.head.phases[slice.phase]?.name === 'warmup' || slice.sliceS + SLICE_S <= fromS) continue;
    bySlice.set(slice.sliceS, [...(bySlice.get(slice.sliceS) ?? []), slice]);
  }
  const invalidUs = Math.max(
    OURS_INVALID.floorUs,
    OURS_INVALID.shareOfGate * tightestLatencyUs(snapshot, gates),
  );
  const whole = ourFinding(
    'generator_share',
    'over the whole run',
    slowest([...bySlice.values()].flat()),
    invalidUs,
  );

  const bad: Finding[] = [];
  for (const [sliceS, slices] of bySlice) {
    const of = slowest(slices);
    if (of === undefined || of.operations < SLICE_OPERATIONS_MIN) continue;
    const where = `in the ten seconds from ${formatOffset(sliceS * 1e6)}`;
    const finding = ourFinding('generator_share_slice', where, of, invalidUs);
    if (finding !== undefined) bad.push(finding);
  }
  const worst = bad.sort((a, b) => rank(a) - rank(b) || (b.figure ?? 0) - (a.figure ?? 0))[0];
  if (whole === undefined || worst === undefined) return [whole ?? worst].filter((f) => f !== undefined);
  // The worst ten seconds of a fault that was there all along say nothing more.
  const adds = rank(worst) < rank(whole) || (worst.figure ?? 0) > 1.5 * (whole.figure ?? 0);
  return adds ? [whole, worst] : [whole];
}

function ourFinding(
  id: string,
  where: string,
  of: Composition | undefined,
  invalidUs: number,
): Finding | undefined {
  if (of === undefined) return undefined;
  const invalid = of.oursShare > OURS_INVALID.share && of.oursUs > invalidUs;
  const suspect = of.oursShare > OURS_SUSPECT.share && of.oursUs > OURS_SUSPECT.floorUs;
  if (!invalid && !suspect) return undefined;
  const limit = invalid ? OURS_INVALID.share : OURS_SUSPECT.share;
  const parts = `${formatDuration(of.oursUs)} of ${formatDuration(of.responseUs)}`;
  return {
    id,
    level: invalid ? 'invalid' : 'suspect',
    figure: of.oursShare,
    limit,
    unit: 'share',
    message: `${formatShare(of.oursShare)} of the slowest 1 % ${where} was this generator's doing (${parts})`,
    advice: 'give it more workers or machines, or less to send; `flashcrowd calibrate` says what it can do',
  };
}

function tightestLatencyUs(snapshot: Snapshot, gates: readonly Gate[]): number {
  const bounds = gates
    .filter((gate) => isLatencyGate(gate) && (gate.comparison === '<' || gate.comparison === '<='))
    .flatMap((gate) => {
      const { bound } = evaluateGate(snapshot, gate);
      return bound !== null && typeof bound === 'object' ? [bound.us] : [];
    });
  return bounds.length === 0 ? 0 : Math.min(...bounds);
}

function unsent(total: Counts): Finding[] {
  const n = outcome(total, 'unsent');
  if (n === 0) return [];
  const share = n / total.planned;
  return [
    {
      id: 'unsent',
      level: share > UNSENT_INVALID ? 'invalid' : 'suspect',
      figure: share,
      limit: share > UNSENT_INVALID ? UNSENT_INVALID : 0,
      unit: 'share',
      message: `${formatCount(n)} requests (${formatShare(share)}) were due and never fired`,
      advice: 'give it more workers or machines, or less to send; `flashcrowd calibrate` says what it can do',
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

function local(total: Counts): Finding[] {
  const n = outcome(total, 'local');
  if (n === 0) return [];
  return [
    {
      id: 'local',
      level: 'invalid',
      figure: n,
      limit: 0,
      unit: 'requests',
      message: `${formatCount(n)} requests failed because descriptors, ports or buffers of this machine ran out`,
      advice: 'raise `ulimit -n`, spread the run over more machines, or declare `connections: { pool: n }`',
    },
  ];
}

function shed(total: Counts, capDeclared: boolean): Finding[] {
  const n = outcome(total, 'shed');
  if (n === 0 || capDeclared) return [];
  const share = n / total.planned;
  return [
    {
      id: 'shed',
      level: share > SHED_INVALID ? 'invalid' : 'suspect',
      figure: share,
      limit: share > SHED_INVALID ? SHED_INVALID : 0,
      unit: 'share',
      message: `${formatCount(n)} requests (${formatShare(share)}) were held back by the in-flight bound, which nobody declared`,
      advice:
        'spread the run over more machines, or shorten the timeout, so that fewer are in flight at once',
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

/** Uniform 401, 403 or 429 that no route expects: what lies before the shop answered, the shop did not. */
function refusedEverybody(snapshot: Snapshot): Finding[] {
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
    refused += Math.min(here, outcome(counts, 'bad_status'));
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

function rank(finding: Finding): number {
  return LEVELS.indexOf(finding.level);
}
