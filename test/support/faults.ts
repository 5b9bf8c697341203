// Faults: what can be wrong with a target, a row each, and what every operation that meets it must come to.
import type { TransportKind } from '../../src/drive/transports/choose.js';
import type { Outcome } from '../../src/measure/outcome.js';
import type { RouteChecks } from '../../src/scenario/plan.js';

/** What an operation that meets a fault comes to. */
export interface Verdict {
  readonly outcome: Outcome;
  /** Requests of it that the server sees; null where the server cannot tell. */
  readonly attempts: number | null;
}

export interface Fault extends Verdict {
  /** What the server does. */
  readonly name: string;
  /** Where a transport differs, and why. */
  readonly except?: Partial<Record<TransportKind, { readonly why: string } & Partial<Verdict>>>;
  readonly method?: 'POST';
  readonly body?: string;
  /** What the route checks; nothing unless given. */
  readonly checks?: RouteChecks;
  /** What another version of Node makes of it, where that is not the outcome alone. */
  readonly or?: Outcome;
  /** After an answer that is in order the connection is not: who uses it again, which HTTP cannot know, is harmed. */
  readonly spoils?: true;
  /** The request goes over a connection that has carried another one. */
  readonly kept?: true;
}

/** What is expected of a fault over a transport. */
export function verdictOf(fault: Fault, kind: TransportKind): Verdict & { readonly why: string } {
  const { outcome, attempts, except = {} } = fault;
  return { outcome, attempts, why: '', ...except[kind] };
}

/**
 * Where paths of faults begin. Most of it takes more room in HPACK's Huffman code than as it is, so that a client sends
 * it as it is, and a server of frames finds it without a decoder.
 */
const MARK = '/~~~~~~~~';
/** What is in order. */
export const HEALTHY = 'ok';

/**
 * The path of a fault, or of what is in order.
 * @param fault its place in the table
 * @param run tells requests of one run from those of others; a few letters
 */
export function pathOf(fault: number | typeof HEALTHY, run: string): string {
  return `${MARK}/${fault}/${run}/`;
}

/** Counts the requests that a server sees, by path, and tells which fault they ask for. */
export class Seen {
  readonly #counts = new Map<string, number>();

  /** How often a path was asked for. */
  of(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  /**
   * Counts the request that a head holds.
   * @returns the fault's place in the table; -1 for what is in order
   */
  add(head: string): number {
    const [path, fault] = /\/~{8}\/(\w+)\/\w+\//.exec(head) ?? [];
    if (path === undefined || fault === undefined) throw new Error('this was not asked for by a run');
    this.#counts.set(path, this.of(path) + 1);
    return fault === HEALTHY ? -1 : Number(fault);
  }
}

export interface FaultServer {
  readonly port: number;
  readonly seen: Seen;
  close(): Promise<void>;
}

/** Calls again and again until something has closed. */
export function untilClosed(
  peer: { on(event: 'close', listener: () => void): unknown },
  everyMs: number,
  step: () => void,
): void {
  const timer = setInterval(step, everyMs);
  peer.on('close', () => clearInterval(timer));
}
