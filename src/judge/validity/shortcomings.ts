// Where the generator fell short of the plan by effect: its share of the tail, what it did not send, its own bounds.
import { type Counts, SLICE_S, type Slice } from '../../measure/cell.js';
import { OUTCOME_INDEX, type Outcome } from '../../measure/outcome.js';
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../../units.js';
import { warmupEndS } from '../facts.js';
import { latencyBound } from '../gates/recorded.js';
import { isLatencyGate } from '../gates/terms.js';
import { type Composition, slowest } from '../tail.js';
import { fidelityOf } from './fidelity.js';
import { type Finding, gravity } from './finding.js';
import { infidelity } from './infidelity.js';

/**
 * From where on the generator is at fault, over the whole run and over each ten seconds of it. Proposals of
 * engineering, not values of the literature; every finding prints its own.
 */
export const LIMITS = {
  /** Ours in the slowest 1 %: over all limits of a level is that level. */
  ours: {
    invalid: { share: 0.05, floorUs: 5_000, shareOfGate: 0.05 },
    suspect: { share: 0.02, floorUs: 1_000 },
    /** Ten seconds with fewer responses say nothing of their slowest 1 %. */
    operationsMin: 100,
  },
  /** Shares of the planned requests from which a run is invalid; any at all make it suspect. */
  unsent: 0.001,
  shed: 0.0001,
  /** Fewer requests than this may be chance, however small the run: suspect at most. */
  requestsMin: 5,
  /** Requests that failed for want of descriptors, ports or buffers. */
  local: 0,
  /** The load stopped, and connections broke, while the machine slept. */
  sleptUs: 1_000_000,
};

/**
 * Findings of what was the generator's doing, none of them a note.
 * @param gates the tightest of those on latency decides how much of ours is too much
 */
export function shortcomings(snapshot: Snapshot, gates: readonly Gate[]): Finding[] {
  return [
    ...generatorShare(snapshot, gates),
    ...notSent(snapshot, UNSENT),
    ...(snapshot.head.capDeclared ? [] : notSent(snapshot, SHED)),
    ...local(snapshot),
    ...slept(snapshot),
    ...infidelity(snapshot, fidelityOf(snapshot), gates),
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
    LIMITS.ours.invalid.floorUs,
    LIMITS.ours.invalid.shareOfGate * tightestLatencyUs(snapshot, gates),
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
    if (of === undefined || of.operations < LIMITS.ours.operationsMin) continue;
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
  const invalid = of.oursShare > LIMITS.ours.invalid.share && of.oursUs > invalidUs;
  const suspect = of.oursShare > LIMITS.ours.suspect.share && of.oursUs > LIMITS.ours.suspect.floorUs;
  if (!invalid && !suspect) return undefined;
  const limit = invalid ? LIMITS.ours.invalid.share : LIMITS.ours.suspect.share;
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
    .flatMap((gate) => latencyBound(snapshot, gate)?.us ?? []);
  return bounds.length === 0 ? 0 : Math.min(...bounds);
}

/** Requests that were planned and never sent by our doing. */
interface NotSent {
  readonly outcome: 'unsent' | 'shed';
  readonly limit: number;
  readonly what: string;
  readonly advice: string;
}

const UNSENT: NotSent = {
  outcome: 'unsent',
  limit: LIMITS.unsent,
  what: 'were due and never fired',
  advice: 'give it more workers or machines, or less to send; `flashcrowd calibrate` says what it can do',
};
const SHED: NotSent = {
  outcome: 'shed',
  limit: LIMITS.shed,
  what: 'were held back by the in-flight bound, which nobody declared',
  advice: 'spread the run over more machines, or shorten the timeout, so that fewer are in flight at once',
};

/** Over the whole run, and over its worst ten seconds where they are worse: an average hides them. */
function notSent(snapshot: Snapshot, of: NotSent): Finding[] {
  const { counts } = sumGroups(snapshot);
  const n = outcome(counts, of.outcome);
  if (n === 0) return [];
  const whole = notSentFinding(of, of.outcome, '', n, counts.planned);
  const slice = worstSlice(snapshot, of.outcome);
  if (slice === undefined) return [whole];
  const where = ` in the ten seconds from ${formatOffset(slice.sliceS * 1e6)}`;
  const worst = notSentFinding(of, `${of.outcome}_slice`, where, slice.n, slice.planned);
  return gravity(worst) < gravity(whole) ? [worst, whole] : [whole];
}

function notSentFinding(
  { limit, what, advice }: NotSent,
  id: string,
  where: string,
  n: number,
  planned: number,
): Finding {
  const share = n / planned;
  const invalid = share > limit && n >= LIMITS.requestsMin;
  return {
    id,
    level: invalid ? 'invalid' : 'suspect',
    figure: share,
    limit: invalid ? limit : 0,
    unit: 'share',
    message: `${formatCount(n)} requests (${formatShare(share)})${where} ${what}`,
    advice,
  };
}

function local(snapshot: Snapshot): Finding[] {
  const n = outcome(sumGroups(snapshot).counts, 'local');
  if (n <= LIMITS.local) return [];
  const worst = worstSlice(snapshot, 'local');
  const where =
    worst === undefined
      ? ''
      : `, ${formatCount(worst.n)} of them in the ten seconds from ${formatOffset(worst.sliceS * 1e6)}`;
  return [
    {
      id: 'local',
      level: 'invalid',
      figure: n,
      limit: LIMITS.local,
      unit: 'requests',
      message: `${formatCount(n)} requests failed because descriptors, ports or buffers of this machine ran out${where}`,
      advice: 'raise `ulimit -n`, spread the run over more machines, or declare `connections: { pool: n }`',
    },
  ];
}

/** No clock of the run went on while the machine slept: nothing else shows that the load stopped. */
function slept({ processes }: Snapshot): Finding[] {
  const byShard = new Map<string, number>();
  for (const { shard, sleptUs } of processes) byShard.set(shard, (byShard.get(shard) ?? 0) + sleptUs);
  const mostUs = Math.max(0, ...byShard.values());
  if (mostUs <= LIMITS.sleptUs) return [];
  return [
    {
      id: 'slept',
      level: 'invalid',
      figure: mostUs / 1e3,
      limit: LIMITS.sleptUs / 1e3,
      unit: 'ms',
      message: `this machine slept ${formatDuration(mostUs)} during the run: the load stopped, and connections broke`,
      advice: 'keep it awake (`systemd-inhibit`, `caffeinate`), or run where nothing sleeps',
    },
  ];
}

/** The ten seconds with the largest share of an outcome, the warm-up aside; undefined where there is none. */
function worstSlice(
  snapshot: Snapshot,
  name: Outcome,
): { readonly sliceS: number; readonly n: number; readonly planned: number } | undefined {
  const fromS = warmupEndS(snapshot.head);
  const slices = new Map<number, { sliceS: number; n: number; planned: number }>();
  for (const [windowS, { streams }] of snapshot.seconds) {
    if (windowS < fromS) continue;
    const sliceS = windowS - (windowS % SLICE_S);
    let slice = slices.get(sliceS);
    if (slice === undefined) slices.set(sliceS, (slice = { sliceS, n: 0, planned: 0 }));
    for (const counts of streams) {
      slice.n += outcome(counts, name);
      slice.planned += counts.planned;
    }
  }
  const hit = [...slices.values()].filter(({ n }) => n > 0);
  return hit.sort((a, b) => b.n / b.planned - a.n / a.planned || b.n - a.n)[0];
}

function outcome(counts: Counts, name: Outcome): number {
  return counts.outcomes[OUTCOME_INDEX[name]] as number;
}
