// Where the generator fell short of the plan by effect: its share of the tail, what it did not send, its own bounds.
import { type Counts, SLICE_S, type Slice } from '../measure/cell.js';
import { OUTCOME_INDEX, type Outcome } from '../measure/outcome.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import type { Gate } from '../scenario/gate.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../units.js';
import { warmupEndS } from './facts.js';
import { type Finding, gravity } from './finding.js';
import { evaluateGate, isLatencyGate } from './gates.js';
import { type Composition, slowest } from './tail.js';

/** Ours in the slowest 1 %: over both limits of a level is that level. */
const OURS_INVALID = { share: 0.05, floorUs: 5_000, shareOfGate: 0.05 };
const OURS_SUSPECT = { share: 0.02, floorUs: 1_000 };
/** A slice of fewer responses says nothing of its slowest 1 %. */
const SLICE_OPERATIONS_MIN = 100;
const UNSENT_INVALID = 0.001;
const SHED_INVALID = 0.0001;
/**
 * Findings of what was the generator's doing, none of them a note.
 * @param gates the tightest of those on latency decides how much of ours is too much
 */
export function shortcomings(snapshot: Snapshot, gates: readonly Gate[]): Finding[] {
  const total = sumGroups(snapshot).counts;
  return [
    ...generatorShare(snapshot, gates),
    ...unsent(total),
    ...local(total),
    ...shed(total, snapshot.head.capDeclared),
  ];
}

/** Over the whole run, and over its worst ten seconds; the warm-up, which gates leave out, is left out here too. */
function generatorShare(snapshot: Snapshot, gates: readonly Gate[]): Finding[] {
  const fromS = warmupEndS(snapshot.head);
  // Tails alone: all slices of a long run at once are too much to hold.
  const bySlice = new Map<number, Pick<Slice, 'tail'>[]>();
  for (const slice of snapshot.slices.values()) {
    if (snapshot.head.phases[slice.phase]?.name === 'warmup' || slice.sliceS + SLICE_S <= fromS) continue;
    bySlice.set(slice.sliceS, [...(bySlice.get(slice.sliceS) ?? []), { tail: slice.tail }]);
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
  const worst = bad.sort((a, b) => gravity(a) - gravity(b) || (b.figure ?? 0) - (a.figure ?? 0))[0];
  if (whole === undefined || worst === undefined) return [whole ?? worst].filter((f) => f !== undefined);
  // The worst ten seconds of a fault that was there all along say nothing more.
  const adds = gravity(worst) < gravity(whole) || (worst.figure ?? 0) > 1.5 * (whole.figure ?? 0);
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

function outcome(counts: Counts, name: Outcome): number {
  return counts.outcomes[OUTCOME_INDEX[name]] as number;
}
