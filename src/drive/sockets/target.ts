// Where requests go, resolved: the one target of a run as the senders need it.
import type { ForwardedFor } from '../../scenario/forwarded-for.js';

/** Plain data, so that it can be handed to a worker thread. */
export interface ResolvedTarget {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  /** What the Host header says where the plan names no other. */
  readonly host: string;
  /** IP addresses to connect to, used in turn. */
  readonly addresses: readonly string[];
  /** Names and values by turns, sent with every request: the tool, the run, credentials. */
  readonly headers: readonly string[];
  /** Addresses that visitors seem to come from; absent: theirs is ours. */
  readonly forwardedFor?: ForwardedFor;
}
