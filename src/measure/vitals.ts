// What a generator notes of itself: how each worker fared, and how the process and its machine did.
import type { Distribution } from './distribution.js';

/**
 * What held an event loop up: collecting garbage; a hook of the scenario; work of the thread itself; a wait for a
 * processor; a halt of the whole process (a stop signal, a machine that slept or stood still); not known.
 */
export const STALL_CAUSES = ['gc', 'hook', 'busy', 'preempted', 'halted', 'unknown'] as const;
export type StallCause = (typeof STALL_CAUSES)[number];

/** Microseconds by cause; a cause that held nothing up is 0. */
export type StallTimes = Record<StallCause, number>;

export function emptyStallTimes(): StallTimes {
  return { gc: 0, hook: 0, busy: 0, preempted: 0, halted: 0, unknown: 0 };
}

/** How one worker fared in one slice of wall time. */
export interface Health {
  /** Which worker, as a shard `i/n` of the plan. */
  shard: string;
  sliceS: number;
  /** Stalls of the event loop of 1 ms and more. */
  gaps: number;
  gapUs: number;
  gapMaxUs: number;
  /** The same time by what held the loop up. */
  stalls: StallTimes;
  /** Collections of garbage in this thread, and how long they took. */
  gcs: number;
  gcUs: number;
  gcMaxUs: number;
  /** Share of the time that the event loop was busy, in thousandths. */
  busyPermille: number;
  inFlightMax: number;
  /** Connections open at once at most, and opened in this slice. */
  connectionsMax: number;
  connectionsOpened: number;
  /** How long the connections that were opened took, in all and by part, 2 digits. */
  connect: Distribution;
  dns: Distribution;
  tcp: Distribution;
  tls: Distribution;
  /** TLS handshakes that were whole, and that resumed a session. */
  tlsFull: number;
  tlsResumed: number;
  /** Connections opened by what they speak. */
  http1: number;
  http2: number;
  /** Connections opened by the address they went to. */
  addresses: Record<string, number>;
  /** Calls of the scenario's hooks, and how long they took in all. */
  hookCalls: number;
  hookUs: number;
  hookMaxUs: number;
}

/**
 * How a process and its machine fared in one slice of wall time. Null where the system does not say. What is counted
 * is of the slice alone, what is open or in use is the most that was seen.
 */
export interface ProcessVitals {
  /** The process, as a shard `i/n` of the plan. */
  shard: string;
  sliceS: number;
  /** Processor time of this process, in thousandths of one core. */
  cpuPermille: number;
  /** Processor time of the machine that its host gave to others, and that was in use at all; thousandths of all cores. */
  stealPermille: number | null;
  machineBusyPermille: number | null;
  /** How long the control group was held back by its quota. */
  throttledUs: number | null;
  rssBytes: number;
  descriptors: number | null;
  descriptorsMax: number | null;
  /** TCP sockets of this machine, those in TIME_WAIT among them, and the ports that there are for them. */
  tcpSockets: number | null;
  portsMax: number | null;
  /** Segments of this machine's TCP: sent, sent again, and opening ones sent again. */
  segments: number | null;
  retransmitted: number | null;
  synRetransmitted: number | null;
  /** How far the wall clock was set against the monotonic one; negative: back. */
  clockSetUs: number;
  /** How long the machine slept. */
  sleptUs: number;
  /** How long the main thread did not come round, beyond what it had asked for; the longest. */
  haltedUs: number;
}
