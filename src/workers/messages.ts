// What threads say to each other: plain data, one union a direction.
import type { MessagePort } from 'node:worker_threads';
import type { Pulse } from '../drive/driver-options.js';
import type { Lateness } from '../drive/pacing/calibrate.js';
import type { Pacing } from '../drive/pacing/waiting.js';
import type { ResolvedTarget } from '../drive/sockets/target.js';
import type { TransportKind } from '../drive/transports/choose.js';
import type { Closed } from '../measure/recorder.js';
import type { Health } from '../measure/vitals.js';
import type { Phase, Plan, PlanInputs } from '../scenario/plan.js';
import type { Shard } from '../schedule/lanes.js';
import type { ArrivalBatch } from '../schedule/recorded-arrivals.js';
import type { Secrets } from '../schedule/template.js';

/** All that a sender thread needs; handed over when it is created. */
export interface SenderData {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  readonly phases: readonly Phase[];
  readonly shard: Shard;
  readonly target: ResolvedTarget;
  readonly transport: TransportKind;
  readonly secrets: Secrets;
  readonly inFlightMax: number;
  readonly connectionsMax: number;
  readonly run: string;
  /** The module of the scenario's hooks; null for none. */
  readonly hooksFile: string | null;
  /** By stream: where a recording's batches come from; null for rate streams. */
  readonly recordings: readonly (MessagePort | null)[];
}

export type ToSender =
  | { readonly kind: 'calibrate' }
  /** Due time 0, on the clock that all threads of a process share. */
  | { readonly kind: 'start'; readonly startUs: number; readonly pacing: Pacing }
  | { readonly kind: 'stop'; readonly drainUs: number }
  /** The target's addresses from now on. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] };

export type FromSender =
  /** The system's number of its thread; null where it has none. */
  | { readonly kind: 'ready'; readonly thread: number | null }
  | { readonly kind: 'calibrated'; readonly lateness: Lateness }
  | {
      readonly kind: 'closed';
      readonly closed: Closed;
      readonly health: readonly Health[];
      readonly pulse: Pulse;
    }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'stop_requested' }
  | { readonly kind: 'done' };

/** All that a reader thread needs: one recording stream of the plan, and a port to each sender. */
export interface ReaderData {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  readonly stream: number;
  readonly shard: Shard;
  readonly senders: readonly MessagePort[];
}

/** What a reader says to the pool. */
export interface OfReader {
  readonly kind: 'ready';
  readonly thread: number | null;
}

export type ToReader = { readonly kind: 'taken' };

export type FromReader = { readonly kind: 'batch'; readonly batch: ArrivalBatch } | { readonly kind: 'end' };
