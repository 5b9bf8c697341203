// Findings of fidelity: where what was sent is not what the plan wanted, by the generator's doing.
import { OUTCOME_INDEX } from '../../measure/outcome.js';
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatCount, formatOffset, formatShare } from '../../units.js';
import { evaluateGate } from '../gates/gates.js';
import type { Dispersion } from './emitted.js';
import { type Fidelity, partsOf, SLICE_OPERATIONS_MIN } from './fidelity.js';
import { type Finding, gravity } from './finding.js';

/**
 * A score below the first is another load than the one asked for: as much as a stall of a second in ten, one request
 * in twenty never fired, or all of them 50 ms late on average. Below the second it is said.
 */
const SCORE = { invalid: 0.95, suspect: 0.99 };
/** More than this share of seconds off is said, where there are enough seconds. */
const SECONDS_OFF = 0.005;
const SECONDS_MIN = 20;
/** What was fired is this much less or more bursty than what was due. */
const RATIO = { low: 0.75, high: 1.33 };
const ADVICE =
  'give it more workers or machines, or less to send; `flashcrowd calibrate` says what it can do';

/**
 * Only the score can make a run invalid; counts by second and bursts are other views of the same lateness, and said.
 * @param fidelity of the snapshot; null where nothing was to be fired
 * @param gates those on fidelity are limits of the user's own
 */
export function infidelity(snapshot: Snapshot, fidelity: Fidelity | null, gates: readonly Gate[]): Finding[] {
  if (fidelity === null) return [];
  return [...missedGates(snapshot, gates), ...shortOfPlan(snapshot, fidelity)];
}

/** What fails such a gate is the generator, never the shop: the run is not to be trusted, as the user asked. */
function missedGates(snapshot: Snapshot, gates: readonly Gate[]): Finding[] {
  return gates.flatMap((gate): Finding[] => {
    if (gate.metric.kind !== 'fidelity') return [];
    const { result, actual, bound, reason } = evaluateGate(snapshot, gate);
    if (result !== 'fail' || typeof actual !== 'number' || typeof bound !== 'number') return [];
    return [
      {
        id: 'fidelity_gate',
        level: 'invalid',
        figure: actual,
        limit: bound,
        unit: 'share',
        message: `${formatShare(actual)} was sent as planned, where the gate is ${gate.text}: ${reason}`,
        advice: ADVICE,
      },
    ];
  });
}

function shortOfPlan(snapshot: Snapshot, fidelity: Fidelity): Finding[] {
  if (fidelity.toFire < SLICE_OPERATIONS_MIN) return [];
  // What a declared bound sheds is missing from the counts, as was wanted.
  const { outcomes } = sumGroups(snapshot).counts;
  const isBounded = snapshot.head.capDeclared && (outcomes[OUTCOME_INDEX.shed] as number) > 0;
  return [...scores(fidelity), ...(isBounded ? [] : [...seconds(fidelity), ...bursts(fidelity)])];
}

function scores(fidelity: Fidelity): Finding[] {
  const { score, worst } = fidelity;
  const whole = scored('fidelity', score, `over the whole run: ${partsOf(fidelity)}`);
  if (worst === null) return whole;
  const where = `in the ten seconds from ${formatOffset(worst.fromS * 1e6)}`;
  const slice = scored('fidelity_slice', worst.score, where);
  // The worst ten seconds of a fault that was there all along say nothing more.
  const [a, b] = [whole[0], slice[0]];
  const adds = b !== undefined && (a === undefined || gravity(b) < gravity(a));
  return adds ? [...whole, b] : whole;
}

function scored(id: string, score: number, where: string): Finding[] {
  if (score >= SCORE.suspect) return [];
  const level = score < SCORE.invalid ? 'invalid' : 'suspect';
  return [
    {
      id,
      level,
      figure: score,
      limit: SCORE[level],
      unit: 'share',
      message: `only ${formatShare(score)} was sent as planned ${where}`,
      advice: ADVICE,
    },
  ];
}

function seconds({ seconds: { of, off } }: Fidelity): Finding[] {
  if (of < SECONDS_MIN || off / of <= SECONDS_OFF) return [];
  return [
    {
      id: 'seconds_off',
      level: 'suspect',
      figure: off / of,
      limit: SECONDS_OFF,
      unit: 'share',
      message: `${formatCount(off)} of ${formatCount(of)} seconds had more or fewer requests than planned, by over 5 % and what chance does`,
      advice: ADVICE,
    },
  ];
}

/** The window length in which burstiness changed most, where it changed much. */
function bursts({ seconds: { of }, dispersion }: Fidelity): Finding[] {
  if (of < SECONDS_MIN) return [];
  const [worst] = dispersion
    .filter(({ ratio }) => ratio !== null && (ratio < RATIO.low || ratio > RATIO.high))
    .sort((a, b) => changeOf(b) - changeOf(a));
  if (worst === undefined) return [];
  const { windowS, planned, sent, ratio } = worst;
  if (planned === null || sent === null || ratio === null) return [];
  const than = ratio > 1 ? 'burstier' : 'smoother';
  return [
    {
      id: 'dispersion',
      level: 'suspect',
      figure: ratio,
      limit: ratio > 1 ? RATIO.high : RATIO.low,
      unit: null,
      message: `requests came ${than} than planned: their dispersion in windows of ${windowS} s is ${sent.toFixed(2)}, that of the plan ${planned.toFixed(2)}`,
      advice: ADVICE,
    },
  ];
}

function changeOf({ ratio }: Dispersion): number {
  return Math.abs((ratio ?? 1) - 1);
}
