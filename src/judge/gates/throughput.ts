// Gates on throughput: ok operations a second of due time.
import type { SeriesSecond } from '../../measure/series.js';
import type { Snapshot } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatOffset, formatRate, formatShare } from '../../units.js';
import { closedThroughS } from '../facts.js';
import { because, type GateResult, isBelow, NOTHING_DUE, noData } from './result.js';
import { secondsLookedAt, ticksOf } from './selection.js';
import { ofShare, withStopped } from './shares.js';

/** The planned rate is as the plan has it: what is a matter of chance is the share of it that was ok. */
export function throughput(snapshot: Snapshot, gate: Gate, bound: number): GateResult {
  const planned = ticksOf(snapshot, gate, (second) => second.planned)
    .flat()
    .reduce((sum, n) => sum + n, 0);
  if (planned === 0) return noData(gate, NOTHING_DUE);
  const seconds = secondsLookedAt(snapshot, gate.selector);
  if (seconds === 0)
    return noData(gate, `no second of it had passed by ${formatOffset(closedThroughS(snapshot) * 1e6)}`);
  const ratePerSec = planned / seconds;
  const of = (hits: (second: SeriesSecond) => number): GateResult => {
    const ticks = ticksOf(snapshot, gate, (second) => ({ n: second.planned, hits: hits(second) }));
    return atRate(ofShare(gate, bound / ratePerSec, ticks), bound, ratePerSec);
  };
  const stopped = ticksOf(snapshot, gate, (second) => second.stopped);
  const result = withStopped(
    of(({ ok }) => ok),
    of((second) => second.ok + second.stopped),
    stopped,
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
