// The live merge: what several workers close becomes one result, window by window, in order.
import { addCells, type Cell } from '../measure/cell.js';
import type { Closed } from '../measure/recorder.js';
import type { ResultLine } from '../measure/result-file.js';
import type { Health } from '../measure/vitals.js';

/**
 * Holds cells back until every worker has closed their window; windows leave in ascending order. Where one worker is so
 * far behind that too many wait, the oldest leave without it, and what it has of them leaves when it comes.
 */
export class Collector {
  readonly #closedS: number[];
  /** By window, then by `stream/route`. */
  readonly #waiting = new Map<number, Map<string, Cell>>();
  /** Windows before this second have left. */
  #emittedS = 0;
  /** How far the worker that is furthest has closed. */
  #aheadS = 0;

  /** @param waitingMax windows that may wait; more than a timeout has seconds, as that long they wait for answers */
  constructor(
    workers: number,
    private readonly emit: (line: ResultLine) => void,
    private readonly waitingMax = Number.POSITIVE_INFINITY,
  ) {
    this.#closedS = new Array<number>(workers).fill(0);
  }

  /** Every window before this second has been emitted, whole. */
  get closedS(): number {
    return Math.min(this.#emittedS, ...this.#closedS);
  }

  /** Takes what a worker has closed. */
  add(worker: number, closed: Closed, health: readonly Health[]): void {
    for (const cell of closed.cells) this.#hold(cell);
    for (const slice of closed.slices) this.emit({ kind: 'slice', slice });
    for (const tenant of closed.tenants) this.emit({ kind: 'tenant', tenant });
    for (const emission of closed.emissions) this.emit({ kind: 'emission', emission });
    for (const line of health) this.emit({ kind: 'health', health: line });
    this.#closedS[worker] = Math.max(this.#closedS[worker] as number, closed.closedS);
    this.#aheadS = Math.max(this.#aheadS, closed.closedS);
    this.#release(Math.max(Math.min(...this.#closedS), this.#aheadS - this.waitingMax));
  }

  /** A worker is done, or gone: nothing waits for it any more. */
  finish(worker: number): void {
    this.#closedS[worker] = Number.POSITIVE_INFINITY;
    const least = Math.min(...this.#closedS);
    const last = Math.max(this.#emittedS - 1, ...this.#waiting.keys());
    this.#release(least === Number.POSITIVE_INFINITY ? last + 1 : least);
  }

  #hold(cell: Cell): void {
    if (cell.windowS < this.#emittedS) {
      this.emit({ kind: 'cell', cell });
      return;
    }
    const key = `${cell.stream}/${cell.route}`;
    let window = this.#waiting.get(cell.windowS);
    if (window === undefined) this.#waiting.set(cell.windowS, (window = new Map()));
    const known = window.get(key);
    if (known === undefined) window.set(key, cell);
    else addCells(known, cell);
  }

  #release(throughS: number): void {
    for (; this.#emittedS < throughS; this.#emittedS++) {
      const window = this.#waiting.get(this.#emittedS);
      if (window === undefined) continue;
      this.#waiting.delete(this.#emittedS);
      for (const cell of window.values()) this.emit({ kind: 'cell', cell });
    }
  }
}
