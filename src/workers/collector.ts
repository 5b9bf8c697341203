// The live merge: what several workers close becomes one result, window by window, in order.
import { addCells, addTenants, type Cell, SLICE_S, type TenantSlice } from '../measure/cell.js';
import type { Closed } from '../measure/recorder.js';
import type { ResultLine } from '../measure/result-file.js';
import type { Health } from '../measure/vitals.js';
import type { Shard } from '../schedule/lanes.js';

/**
 * Holds everything back until every worker has closed it: windows leave in ascending order, slices after the last of
 * their windows, and a closed line after all that is then certain.
 */
export class Collector {
  readonly #closedS: number[];
  /** By window, then by `stream/route`. */
  readonly #cells = new Map<number, Map<string, Cell>>();
  /** By first second, then by tenant. */
  readonly #tenants = new Map<number, Map<string, TenantSlice>>();
  /** Lines of slices, by first second. */
  readonly #slices = new Map<number, ResultLine[]>();
  #emittedS = 0;

  /** @param shard what the workers are shards of */
  constructor(
    workers: number,
    private readonly shard: Shard,
    private readonly emit: (line: ResultLine) => void,
  ) {
    this.#closedS = new Array<number>(workers).fill(0);
  }

  /** Every window before this second has been emitted. */
  get closedS(): number {
    return this.#emittedS;
  }

  /** Every window before this second was closed by a worker; Infinity once nothing waits for it any more. */
  closedByS(worker: number): number {
    return this.#closedS[worker] as number;
  }

  /** Takes what a worker has closed. */
  add(worker: number, closed: Closed, health: readonly Health[]): void {
    for (const cell of closed.cells) this.#holdCell(cell);
    for (const slice of closed.slices) this.#holdLine(slice.sliceS, { kind: 'slice', slice });
    for (const emission of closed.emissions) this.#holdLine(emission.sliceS, { kind: 'emission', emission });
    for (const tenant of closed.tenants) this.#holdTenant(tenant);
    for (const line of health) this.emit({ kind: 'health', health: line });
    this.#closedS[worker] = Math.max(this.#closedS[worker] as number, closed.closedS);
    this.#release(Math.min(...this.#closedS));
  }

  /** A worker is done, or gone: nothing waits for it any more. */
  finish(worker: number): void {
    this.#closedS[worker] = Number.POSITIVE_INFINITY;
    const least = Math.min(...this.#closedS);
    if (least < Number.POSITIVE_INFINITY) {
      this.#release(least);
      return;
    }
    this.#release(Math.max(this.#emittedS, ...[...this.#cells.keys()].map((windowS) => windowS + 1)));
    this.#releaseSlices(Number.POSITIVE_INFINITY);
  }

  #holdCell(cell: Cell): void {
    const window = heldAt(this.#cells, cell.windowS, () => new Map<string, Cell>());
    const key = `${cell.stream}/${cell.route}`;
    const known = window.get(key);
    if (known === undefined) window.set(key, cell);
    else addCells(known, cell);
  }

  #holdTenant(slice: TenantSlice): void {
    const tenants = heldAt(this.#tenants, slice.sliceS, () => new Map<string, TenantSlice>());
    const known = tenants.get(slice.tenant);
    tenants.set(slice.tenant, known === undefined ? slice : addTenants(known, slice));
  }

  #holdLine(sliceS: number, line: ResultLine): void {
    heldAt(this.#slices, sliceS, () => []).push(line);
  }

  #release(throughS: number): void {
    if (throughS <= this.#emittedS) return;
    for (; this.#emittedS < throughS; this.#emittedS++) {
      const window = this.#cells.get(this.#emittedS);
      if (window === undefined) continue;
      this.#cells.delete(this.#emittedS);
      for (const cell of window.values()) this.emit({ kind: 'cell', cell });
    }
    this.#releaseSlices(throughS);
    this.emit({ kind: 'closed', closed: { shard: this.shard, closedS: throughS } });
  }

  /** Every slice that ends at or before a second. */
  #releaseSlices(endS: number): void {
    for (const [sliceS, lines] of this.#slices) {
      if (sliceS + SLICE_S > endS) continue;
      this.#slices.delete(sliceS);
      for (const line of lines) this.emit(line);
    }
    for (const [sliceS, tenants] of this.#tenants) {
      if (sliceS + SLICE_S > endS) continue;
      this.#tenants.delete(sliceS);
      for (const tenant of tenants.values()) this.emit({ kind: 'tenant', tenant });
    }
  }
}

function heldAt<T>(map: Map<number, T>, key: number, make: () => T): T {
  let held = map.get(key);
  if (held === undefined) map.set(key, (held = make()));
  return held;
}
