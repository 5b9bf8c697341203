// What a driver is given: its share of the plan, and every effect that it has.
import type { Closed } from '../measure/recorder.js';
import type { Health } from '../measure/vitals.js';
import type { Phase, Plan } from '../scenario/plan.js';
import type { Arrivals } from '../schedule/arrivals.js';
import type { Clock } from './pacing/clock.js';
import type { StallSource } from './stall-causes.js';
import type { Transport } from './transports/transport.js';
import type { Conversation } from './visits/conversation.js';

export interface DriverOptions {
  readonly plan: Plan;
  readonly phases: readonly Phase[];
  readonly arrivals: Arrivals;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly conversation: Conversation;
  /** Which shard this is, `i/n`, for health lines. */
  readonly shard: string;
  /** Most exchanges under way at once; an arrival above it is `shed`. */
  readonly inFlightMax: number;
  /** Most connections open at once; beyond it the longest idle is closed for a new one. */
  readonly connectionsMax: number;
  /** Name of this run, which a target may send back as `x-flashcrowd-stop`. */
  readonly run: string;
  /** Share of the time since the last call in which the event loop was busy, 0 to 1. */
  readonly loopUtilisation: () => number;
  /** What the thread can learn of its own stalls. */
  readonly stalls: StallSource;
  /** Takes what has closed, and how things stand at this moment. */
  readonly publish: (closed: Closed, health: Health[], pulse: Pulse) => void;
  /** Everything due has settled and been published. */
  readonly done: (reason: 'completed' | 'stopped') => void;
  /** The target asked for a stop. */
  readonly stopRequested: () => void;
}

/** How a driver stands: operations since its start, for a live view; the result is made of closed windows alone. */
export interface Pulse {
  readonly due: number;
  readonly ok: number;
  readonly failed: number;
  readonly inFlight: number;
}
