// What the machine saw that is not ours: clocks that were set, segments that the network or the target lost.
import type { Snapshot } from '../../measure/snapshot.js';
import type { ProcessVitals } from '../../measure/vitals.js';
import { formatCount, formatDuration, formatShare } from '../../units.js';
import type { Finding } from './finding.js';

/** Of segments sent, or of connections opened: beyond it somebody on the way loses them. */
const RETRANSMITTED = 0.005;
/** Fewer say nothing. */
const SEGMENTS_MIN = 1_000;
const SYN_RETRANSMITTED_MIN = 5;

/** A wall clock that was set: what is measured is on another, but logs of this time do not match the target's. */
export function clockNotes({ processes }: Snapshot): Finding[] {
  const mostUs = processes.reduce((most, { clockSetUs }) => larger(most, clockSetUs), 0);
  if (mostUs === 0) return [];
  const by = `${formatDuration(Math.abs(mostUs))} ${mostUs < 0 ? 'back' : 'forward'}`;
  return [
    {
      id: 'clock_set',
      level: 'note',
      figure: mostUs / 1e3,
      limit: null,
      unit: 'ms',
      message: `the clock of this machine was set ${by} during the run`,
      advice:
        'what was measured is on a clock that is never set; instants in logs are off by as much from then on',
    },
  ];
}

/**
 * Segments that were sent again. For a generator that was found healthy: one that stalls answers late and may be the
 * reason.
 */
export function networkNotes(snapshot: Snapshot): Finding[] {
  const sum = (read: (vitals: ProcessVitals) => number | null) =>
    snapshot.processes.reduce((total, vitals) => total + (read(vitals) ?? 0), 0);
  const segments = sum((vitals) => vitals.segments);
  const again = sum((vitals) => vitals.retransmitted);
  const synAgain = sum((vitals) => vitals.synRetransmitted);
  let opened = 0;
  for (const { connectionsOpened } of snapshot.health) opened += connectionsOpened;
  const findings: Finding[] = [];
  if (synAgain >= SYN_RETRANSMITTED_MIN && synAgain > RETRANSMITTED * opened) {
    findings.push({
      id: 'syn_retransmits',
      level: 'note',
      figure: synAgain,
      limit: RETRANSMITTED * opened,
      unit: 'count',
      message: `${formatCount(synAgain)} opening segments had to be sent again for ${formatCount(opened)} connections: the target's accept queue was full, or something on the way drops them`,
      advice:
        'look at ListenOverflows and the backlog on the target; what they cost is in the connection times',
    });
  }
  if (segments >= SEGMENTS_MIN && again > RETRANSMITTED * segments) {
    findings.push({
      id: 'retransmits',
      level: 'note',
      figure: again / segments,
      limit: RETRANSMITTED,
      unit: 'share',
      message: `${formatShare(again / segments)} of the segments that this machine sent had to be sent again: the network or the target lost them`,
      advice: 'that is not the generator; look at the way between the two, and at drops on the target',
    });
  }
  return findings;
}

function larger(a: number, b: number): number {
  return Math.abs(b) > Math.abs(a) ? b : a;
}
