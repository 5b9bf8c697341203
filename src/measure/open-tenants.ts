// The tenants of one slice while it is open: what a worker counts of them, bounded in number.
import { COARSE } from './buckets.js';
import type { TenantSlice } from './cell.js';
import { addDistributions } from './distribution.js';
import { DistributionBuilder } from './distribution-builder.js';
import { NameSample } from './name-sample.js';
import { OTHER } from './tenants.js';

interface OpenTenant {
  planned: number;
  ok: number;
  readonly response: DistributionBuilder;
}

export class OpenTenants {
  readonly #open = new Map<string, OpenTenant>();
  readonly #names: NameSample;
  /** What was counted of tenants that were given up, as part of `other`. */
  #folded: TenantSlice | null = null;

  /** @param max tenants beyond this many are counted as `other` */
  constructor(
    private readonly sliceS: number,
    max: number,
  ) {
    this.#names = new NameSample(max);
  }

  /**
   * Counts an operation that has settled.
   * @param responseUs its response; NaN where it is not ranked
   * @param cut whether that was cut short
   */
  settle(name: string, ok: boolean, responseUs: number, cut: boolean): void {
    const tenant = this.#tenantOf(name);
    tenant.planned++;
    if (ok) tenant.ok++;
    if (!Number.isNaN(responseUs)) tenant.response.record(responseUs, cut);
  }

  take(): TenantSlice[] {
    const other = this.#open.get(OTHER);
    if (other !== undefined) this.#foldIn(this.#sliceOf(OTHER, other));
    this.#open.delete(OTHER);
    const slices: TenantSlice[] = [];
    for (const [name, tenant] of this.#open) slices.push(this.#sliceOf(name, tenant));
    this.#open.clear();
    if (this.#folded !== null) slices.push(this.#folded);
    this.#folded = null;
    return slices;
  }

  #tenantOf(name: string): OpenTenant {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const givenUp = name === OTHER ? null : this.#names.add(name);
    if (givenUp === name) return this.#tenantOf(OTHER);
    if (givenUp !== null) this.#fold(givenUp);
    const tenant = { planned: 0, ok: 0, response: new DistributionBuilder(COARSE) };
    this.#open.set(name, tenant);
    return tenant;
  }

  #fold(name: string): void {
    const tenant = this.#open.get(name);
    if (tenant === undefined) throw new Error('a tenant that is not open is given up');
    this.#open.delete(name);
    this.#foldIn(this.#sliceOf(OTHER, tenant));
  }

  #foldIn(slice: TenantSlice): void {
    const folded = this.#folded;
    this.#folded =
      folded === null
        ? slice
        : {
            ...slice,
            planned: folded.planned + slice.planned,
            ok: folded.ok + slice.ok,
            response: addDistributions(folded.response, slice.response),
          };
  }

  #sliceOf(tenant: string, { planned, ok, response }: OpenTenant): TenantSlice {
    return { tenant, sliceS: this.sliceS, planned, ok, response: response.take() };
  }
}
