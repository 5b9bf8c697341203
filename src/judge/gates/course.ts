// Gates on what befell the shop: length of its outages, time to degrade, recovery. Nothing of it is a matter of chance.
import type { Reading } from '../../measure/distribution.js';
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatOffset } from '../../units.js';
import { closedThroughS, isComplete } from '../facts.js';
import type { Incident } from '../incident/incident.js';
import { exactly, type GateResult, holds, isBelow, NOTHING_DUE, noData } from './result.js';
import { selects } from './selection.js';

/** Length of all outages together: one that has no end by the end of the result is at least as long as was seen. */
export function outage(snapshot: Snapshot, gate: Gate, bound: number, incident: Incident): GateResult {
  const { outages, course } = incident;
  const lasts = outages.at(-1)?.endS === null;
  const several = outages.length > 1 ? [`${outages.length} outages`] : [];
  const open = lasts ? [`it was not well by ${formatOffset(closedThroughS(snapshot) * 1e6)}, the end`] : [];
  const reason = [...several, ...open].join('; ');
  return told(snapshot, gate, bound, { us: course.outageS * 1e6, atLeast: lasts }, reason);
}

/** From load back at normal to the shop well again; 0 where it was well before. */
export function recovery(snapshot: Snapshot, gate: Gate, bound: number, incident: Incident): GateResult {
  const { normalAtS, onsetS } = incident.course;
  const last = incident.outages.at(-1);
  if (last === undefined) return told(snapshot, gate, bound, exactly(0), 'there was no outage');
  if (onsetS === null) return noData(gate, 'the plan has no spike whose load could come back to normal');
  const endS = last.endS ?? closedThroughS(snapshot);
  const at = (s: number): string => formatOffset(s * 1e6);
  const well = last.endS === null ? `not well by ${at(endS)}, the end` : `well again at ${at(endS)}`;
  if (normalAtS === null) {
    if (last.endS === null) return noData(gate, `load was never back at normal, and the shop was ${well}`);
    return told(snapshot, gate, bound, exactly(0), `${well}, before load was back at normal`);
  }
  const us = Math.max(0, endS - normalAtS) * 1e6;
  const reason = `load was back at normal at ${at(normalAtS)}, the shop was ${well}`;
  return told(snapshot, gate, bound, { us, atLeast: last.endS === null }, reason);
}

/** From the onset of the spike to the first outage. A shop that held degrades after any time there is. */
export function timeToDegrade(snapshot: Snapshot, gate: Gate, bound: number, incident: Incident): GateResult {
  const { onsetS } = incident.course;
  const [first] = incident.outages;
  const closedS = closedThroughS(snapshot);
  if (first === undefined) return neverDegraded(snapshot, gate, bound, closedS - (onsetS ?? 0));
  if (onsetS === null) return noData(gate, 'the plan has no spike from whose onset to count');
  const at = (s: number): string => formatOffset(s * 1e6);
  const reason =
    first.startS < onsetS
      ? `it broke at ${at(first.startS)}, before the spike began at ${at(onsetS)}`
      : `the spike began at ${at(onsetS)}, it broke at ${at(first.startS)}`;
  return told(snapshot, gate, bound, exactly(Math.max(0, first.startS - onsetS) * 1e6), reason);
}

/** Of a run that went to its end it is longer than any bound; of another it is as long as was seen, or longer. */
function neverDegraded(snapshot: Snapshot, gate: Gate, bound: number, seenS: number): GateResult {
  const actual = { us: Math.max(0, seenS) * 1e6, atLeast: true };
  const result = told(snapshot, gate, bound, actual, 'there was no outage');
  if (!isComplete(snapshot) || result.n === 0) return result;
  return { ...result, result: isBelow(gate) ? 'fail' : 'pass' };
}

/** A duration that was read against the bound: one that is cut decides where it is beyond the bound already. */
function told(snapshot: Snapshot, gate: Gate, bound: number, actual: Reading, reason: string): GateResult {
  const { planned } = sumGroups(snapshot, selects(snapshot.head, {})).counts;
  if (planned === 0) return noData(gate, NOTHING_DUE);
  const reached = holds(gate, actual.us, bound);
  const result = actual.atLeast && reached === isBelow(gate) ? 'inconclusive' : reached ? 'pass' : 'fail';
  return {
    gate,
    result,
    actual,
    bound: exactly(bound),
    limits: null,
    n: planned,
    needed: null,
    reason: reason === '' ? null : reason,
  };
}
