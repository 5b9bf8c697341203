// What is kept of each tenant over a run: totals by phase and over time, and the response; bounded in number and length.
import type { Phase } from '../scenario/plan.js';
import { COARSE } from './buckets.js';
import { SLICE_S, type TenantSlice } from './cell.js';
import type { Distribution } from './distribution.js';
import { type Counters, countersOf, DistributionSum, widened } from './distribution-sum.js';
import { NameSample } from './name-sample.js';

/** Tenants beyond this many are folded into `other`: those with the largest hashes, whatever order they come in. */
export const TENANTS_MAX = 10_000;
/** The name of what is folded. */
export const OTHER = 'other';
/** Slices of a tenant's time line; where a run has more of SLICE_S, they are twice, four times … as long. */
export const TENANT_SLICES_MAX = 360;

/** Planned and ok operations. */
export interface TenantCounts {
  readonly planned: number;
  readonly ok: number;
}

/** Length of the slices of tenants' time lines in a run, seconds: a function of the run's length alone. */
export function tenantSliceS(durationS: number): number {
  let lengthS = SLICE_S;
  while (lengthS * TENANT_SLICES_MAX < durationS) lengthS *= 2;
  return lengthS;
}

/**
 * Index of the phase that a tenant's slice of SLICE_S counts in: the one that its middle is in. A slice that began in
 * the warm-up stays there: it cannot be cut.
 */
export function tenantPhaseAt(phases: readonly Phase[], sliceS: number): number {
  const begun = phases.findIndex(({ endS }) => sliceS < endS);
  if (phases[begun]?.name === 'warmup') return begun;
  const middle = phases.findIndex(({ endS }) => sliceS + SLICE_S / 2 < endS);
  return middle === -1 ? phases.length - 1 : middle;
}

/** The facts of a run that tenants' totals are kept by. */
interface Frame {
  readonly phases: readonly Phase[];
  readonly durationS: number;
}

/** One tenant over the run. */
export class TenantTotals {
  planned = 0;
  ok = 0;
  readonly #response = new DistributionSum(COARSE);
  /** Planned and ok by turns, by phase, then by slice of the time line. */
  #counters: Counters;
  readonly #sliceS: number;

  constructor(private readonly frame: Frame) {
    this.#sliceS = tenantSliceS(frame.durationS);
    const slices = Math.max(1, Math.ceil(frame.durationS / this.#sliceS));
    this.#counters = countersOf(2 * (frame.phases.length + slices), 0);
  }

  /** ok operations and timeouts, 2 digits. */
  get response(): Distribution {
    return this.#response.read();
  }

  /** By first second of the slice, as long as `tenantSliceS` says; those of nothing are left out. */
  get slices(): Map<number, TenantCounts> {
    const slices = new Map<number, TenantCounts>();
    const before = this.frame.phases.length;
    for (let i = before; 2 * i < this.#counters.length; i++) {
      const counts = this.#read(i);
      if (counts.planned > 0) slices.set((i - before) * this.#sliceS, counts);
    }
    return slices;
  }

  /**
   * The same into columns, one place a slice from the run's start: for reading thousands of tenants one after another.
   * @param planned and `ok` as long as the run has slices
   */
  readSlices(planned: Float64Array, ok: Float64Array): void {
    const before = this.frame.phases.length;
    for (let slice = 0; slice < planned.length; slice++) {
      planned[slice] = this.#counters[2 * (before + slice)] ?? 0;
      ok[slice] = this.#counters[2 * (before + slice) + 1] ?? 0;
    }
  }

  /** Those of one phase, by `tenantPhaseAt`. */
  inPhase(phase: number): TenantCounts {
    return this.#read(phase);
  }

  addSlice({ sliceS, planned, ok, response }: TenantSlice): void {
    const { phases } = this.frame;
    const last = this.#counters.length / 2 - 1;
    this.#addCounts(planned, ok);
    this.#count(tenantPhaseAt(phases, sliceS), planned, ok);
    // What a damaged file has beyond the run's end counts at its end.
    this.#count(Math.min(last, phases.length + Math.floor(sliceS / this.#sliceS)), planned, ok);
    this.#response.add(response);
  }

  /** Adds the totals of a tenant of the same run. */
  add(other: TenantTotals): void {
    this.#addCounts(other.planned, other.ok);
    for (let i = 0; i < this.#counters.length; i++)
      this.#counters[i] = (this.#counters[i] as number) + (other.#counters[i] as number);
    this.#response.add(other.response);
  }

  #addCounts(planned: number, ok: number): void {
    this.planned += planned;
    this.ok += ok;
    this.#counters = widened(this.#counters, Math.max(this.planned, this.ok));
  }

  #count(place: number, planned: number, ok: number): void {
    const counters = this.#counters;
    counters[2 * place] = (counters[2 * place] as number) + planned;
    counters[2 * place + 1] = (counters[2 * place + 1] as number) + ok;
  }

  #read(place: number): TenantCounts {
    return {
      planned: this.#counters[2 * place] as number,
      ok: this.#counters[2 * place + 1] as number,
    };
  }
}

/** The tenants of a run by name. Which of them are folded into `other` does not depend on the order they come in. */
export class Tenants {
  readonly #totals = new Map<string, TenantTotals>();
  readonly #names: NameSample;

  constructor(
    private readonly frame: Frame,
    max = TENANTS_MAX,
  ) {
    this.#names = new NameSample(max);
  }

  get size(): number {
    return this.#totals.size;
  }

  has(name: string): boolean {
    return this.#totals.has(name);
  }

  get(name: string): TenantTotals | undefined {
    return this.#totals.get(name);
  }

  [Symbol.iterator](): IterableIterator<[string, TenantTotals]> {
    return this.#totals[Symbol.iterator]();
  }

  addSlice(slice: TenantSlice): void {
    this.#totalsOf(slice.tenant).addSlice(slice);
  }

  /** Adds the tenants of another shard of the run. */
  add(others: Tenants): void {
    for (const [name, totals] of others) this.#totalsOf(name).add(totals);
  }

  #totalsOf(name: string): TenantTotals {
    const known = this.#totals.get(name);
    if (known !== undefined) return known;
    const givenUp = name === OTHER ? null : this.#names.add(name);
    if (givenUp === name) return this.#totalsOf(OTHER);
    const totals = new TenantTotals(this.frame);
    this.#totals.set(name, totals);
    if (givenUp !== null) this.#fold(givenUp);
    return totals;
  }

  #fold(name: string): void {
    const totals = this.#totals.get(name);
    if (totals === undefined) throw new Error('a tenant that was not kept is given up');
    this.#totals.delete(name);
    this.#totalsOf(OTHER).add(totals);
  }
}
