// Who was hit: failures by stream and by tenant, the hot ones apart from the bystanders.
import { SLICE_S } from '../../measure/cell.js';
import type { Snapshot } from '../../measure/snapshot.js';
import { type TenantTotals, tenantPhaseAt } from '../../measure/tenants.js';
import type { Phase } from '../../scenario/plan.js';
import { okOf } from '../facts.js';

/** Planned and failed operations. */
export interface Tally {
  readonly planned: number;
  readonly failed: number;
}

/** Those of somebody. */
export interface Toll extends Tally {
  readonly name: string;
}

/** Those of several tenants. */
export interface TenantsToll extends Tally {
  /** How many they are. */
  readonly tenants: number;
}

export interface Hit {
  readonly streams: readonly Toll[];
  readonly routes: readonly Toll[];
  /** Tenants by the share of their operations that failed, the worst first. */
  readonly tenants: readonly Toll[];
  /** Tenants whose own load rose over 1.2 × their normal in the spike; empty where the plan has none. */
  readonly hot: readonly Toll[];
  /** All others together, where some are hot; null otherwise. */
  readonly bystanders: TenantsToll | null;
  /** Tenants of which no operation failed. */
  readonly untouched: number;
}

/** Load over this multiple of a tenant's own normal makes it hot. */
const HOT_FROM = 1.2;

export function hitBy(snapshot: Snapshot): Hit {
  const { plan } = snapshot.head;
  const streams = plan.streams.map(({ name }, i) => toll(name, snapshot, (group) => group.stream === i));
  const routes = plan.routes.map(({ name }, i) => toll(name, snapshot, (group) => group.route === i));
  const tenants = [...snapshot.tenants]
    .map(([name, { planned, ok }]) => ({ name, planned, failed: planned - ok }))
    .sort(worstFirst);
  const hotNames = hotTenants(snapshot);
  const hot = tenants.filter(({ name }) => hotNames.has(name));
  const others = tenants.filter(({ name }) => !hotNames.has(name));
  return {
    streams,
    routes: routes.filter(({ planned }) => planned > 0).sort(worstFirst),
    tenants,
    hot,
    bystanders: hot.length === 0 || others.length === 0 ? null : together(others),
    untouched: tenants.filter(({ planned, failed }) => planned > 0 && failed === 0).length,
  };
}

/** The tolls of some tenants as one. */
export function together(tolls: readonly Toll[]): TenantsToll {
  return {
    tenants: tolls.length,
    planned: tolls.reduce((sum, { planned }) => sum + planned, 0),
    failed: tolls.reduce((sum, { failed }) => sum + failed, 0),
  };
}

export function failedShare({ planned, failed }: Tally): number {
  return planned === 0 ? 0 : failed / planned;
}

function toll(
  name: string,
  snapshot: Snapshot,
  takes: (group: { stream: number; route: number }) => boolean,
): Toll {
  let planned = 0;
  let ok = 0;
  for (const group of snapshot.groups.values()) {
    if (!takes(group)) continue;
    planned += group.counts.planned;
    ok += okOf(group.counts);
  }
  return { name, planned, failed: planned - ok };
}

/**
 * Tenants whose planned load in onset and peak is over 1.2 × what their own load before it leads to expect, and
 * by more than three standard deviations of a Poisson count, so that small shops are not hot by chance.
 * A slice of ten seconds belongs to the phase that its middle is in.
 */
function hotTenants(snapshot: Snapshot): Set<string> {
  const { phases } = snapshot.head;
  const inSpike = ({ name }: Phase) => name === 'onset' || name === 'peak';
  const calm = slicesIn(snapshot, ({ name }) => name === 'before');
  const loaded = slicesIn(snapshot, inSpike);
  const hot = new Set<string>();
  if (calm === 0 || loaded === 0) return hot;
  for (const [name, totals] of snapshot.tenants) {
    const before = plannedIn(totals, phases, ({ name }) => name === 'before');
    const expected = (before / calm) * loaded;
    if (plannedIn(totals, phases, inSpike) > HOT_FROM * expected + 3 * Math.sqrt(expected + 1)) hot.add(name);
  }
  return hot;
}

/** Slices of ten seconds in some phases, of those in which anything was due. */
function slicesIn({ head, seconds }: Snapshot, takes: (phase: Phase) => boolean): number {
  const slices = new Set<number>();
  for (const windowS of seconds.keys()) {
    const sliceS = Math.floor(windowS / SLICE_S) * SLICE_S;
    const phase = head.phases[tenantPhaseAt(head.phases, sliceS)];
    if (phase !== undefined && takes(phase)) slices.add(sliceS);
  }
  return slices.size;
}

function plannedIn(totals: TenantTotals, phases: readonly Phase[], takes: (phase: Phase) => boolean): number {
  return phases.reduce((sum, phase, i) => sum + (takes(phase) ? totals.inPhase(i).planned : 0), 0);
}

function worstFirst(a: Toll, b: Toll): number {
  return (
    failedShare(b) - failedShare(a) ||
    b.failed - a.failed ||
    b.planned - a.planned ||
    (a.name < b.name ? -1 : 1)
  );
}
