// Gates on throughput: ok operations a second of due time.
import type { SeriesSecond } from '../../measure/series.js';
import type { Snapshot } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatOffset, formatRate, formatShare } from '../../units.js';
import { closedThroughS } from '../facts.js';
import { because, type GateResult, isBelow, NOTHING_DUE, noData } from './result.js';
import { secondsLookedAt, secondsOf, sumOver } from './selection.js';
import { ofPlanned, ofShare, withStopped } from './shares.js';

/** The planned rate is as the plan has it: what is a matter of chance is the share of it that was ok. */
export function throughput(snapshot: Snapshot, gate: Gate, bound: number): GateResult {
  const phases = secondsOf(snapshot, gate);
  const planned = sumOver(phases, (second) => second.planned);
  if (planned === 0) return noData(gate, NOTHING_DUE);
  const seconds = secondsLookedAt(snapshot, gate.selector);
  if (seconds === 0)
    return noData(gate, `no second of it had passed by ${formatOffset(closedThroughS(snapshot) * 1e6)}`);
  const ratePerSec = planned / seconds;
  const of = (hits: (second: SeriesSecond) => number): GateResult =>
    atRate(ofShare(gate, bound / ratePerSec, ofPlanned(phases, hits)), bound, ratePerSec);
  const result = withStopped(
    of(({ ok }) => ok),
    () => of(({ ok, stopped }) => ok + stopped),
    sumOver(phases, ({ stopped }) => stopped),
  );
  if (isBelow(gate) || bound <= ratePerSec) return result;
  return because(result, `only ${formatRate(ratePerSec)} was planned there`);
}

/** A share of the planned as a rate. */
function atRate(result: GateResult, bound: number, ratePerSec: number): GateResult {
  const { actual, limits } = result;
  const share = typeof actual === 'number' ? actual : 0;
  const told = {
    ...result,
    bound,
    actual: share * ratePerSec,
    limits: limits && { low: limits.low * ratePerSec, high: (limits.high ?? 1) * ratePerSec },
  };
  if (result.reason === null) return told;
  return {
    ...told,
    reason: `${formatShare(share)} of ${formatRate(ratePerSec)} planned were ok; ${result.reason}`,
  };
}
