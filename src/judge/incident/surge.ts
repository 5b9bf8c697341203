// Where the surge came from: what grew between normal times and the spike, by stream, route, tenant, referrer and client.
import { SLICE_S } from '../../measure/cell.js';
import type { Head, Snapshot } from '../../measure/snapshot.js';
import { OTHER, TENANTS_MAX, tenantPhaseAt } from '../../measure/tenants.js';
import type { Phase, PhaseName } from '../../scenario/plan.js';
import { REST } from '../../schedule/load-sources.js';
import { closedThroughS } from '../facts.js';

export type Dimension = 'stream' | 'tenant' | 'route' | 'referrer' | 'client';

/** Sources listed of a dimension. */
const LISTED = 10;
/**
 * A source stands out with this share of the added load, and this much more of it than it had of the normal load. Sites
 * refer the first page of a visit alone, if any.
 */
const LEADS_FROM: Readonly<Record<Dimension, number>> = {
  stream: 0.5,
  tenant: 0.5,
  route: 0.5,
  referrer: 0.1,
  client: 0.5,
};
const STANDS_OUT_BY = 0.1;
/** Less than this multiple of its normal load is no surge. */
const SURGE_FROM = 1.1;

/** Rates are planned requests a second. */
export interface Surge {
  /** The phase that the spike is held against. */
  readonly base: PhaseName;
  readonly normalPerSec: number;
  readonly spikePerSec: number;
  /** By dimension in which more than one source is known; what grew most first, at most ten each. */
  readonly grew: readonly Source[];
  /** What stands out, at most one a dimension: it has much more of the added load than of the normal one. */
  readonly leading: readonly Source[];
}

export interface Source {
  readonly dimension: Dimension;
  readonly name: string;
  readonly normalPerSec: number;
  readonly spikePerSec: number;
  /** Of all that was added in this dimension. */
  readonly shareOfAdded: number;
  /** Of its own normal load; null for one that had none. */
  readonly multiple: number | null;
}

/** Planned requests of a source by phase of the head. */
interface Planned {
  readonly name: string;
  readonly byPhase: readonly number[];
}

/** Which phases are normal and which are the spike, and how long they are, in some measure of time. */
interface Split {
  readonly base: readonly number[];
  readonly spike: readonly number[];
  readonly baseS: number;
  readonly spikeS: number;
}

/** What grew; null for a plan without a spike, or where nothing of one side of it was due yet. */
export function findSurge(snapshot: Snapshot): Surge | null {
  const { head } = snapshot;
  const closedS = closedThroughS(snapshot);
  const base = basePhase(snapshot, closedS);
  if (base === null) return null;
  const split = splitBy(head, base, (phase) => Math.max(0, Math.min(phase.endS, closedS) - phase.startS));
  if (split === null) return null;
  const sources = new Map<Dimension, readonly Source[]>([
    ['stream', grown('stream', byGroup(snapshot, 'stream'), split)],
    ['tenant', tenantsGrown(snapshot, base, closedS)],
    ['route', grown('route', byGroup(snapshot, 'route'), split)],
    ...forecastGrown(head, base),
  ]);
  const all = byGroup(snapshot, 'stream');
  const normalPerSec = all.reduce((sum, { byPhase }) => sum + rateIn(byPhase, split.base, split.baseS), 0);
  const spikePerSec = all.reduce((sum, { byPhase }) => sum + rateIn(byPhase, split.spike, split.spikeS), 0);
  if (spikePerSec < SURGE_FROM * normalPerSec) return null;
  const known = [...sources.values()].filter((list) => list.length > 1);
  return {
    base: (head.phases[base] as Phase).name,
    normalPerSec,
    spikePerSec,
    grew: known.flatMap((list) => list.slice(0, LISTED)),
    leading: known.flatMap(leader),
  };
}

/** The phase before the spike; where it starts in the spike, the quietest one that was due in part at least. */
function basePhase(snapshot: Snapshot, closedS: number): number | null {
  const { phases } = snapshot.head;
  const before = phases.findIndex(({ name }) => name === 'before');
  if (before >= 0) return before;
  let quietest: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, { name, startS, endS }] of phases.entries()) {
    if ((name !== 'after' && name !== 'decay') || closedS <= startS) continue;
    const planned = [...snapshot.groups.values()]
      .filter(({ phase }) => phase === i)
      .reduce((sum, { counts }) => sum + counts.planned, 0);
    const ratePerSec = planned / (Math.min(endS, closedS) - startS);
    if (ratePerSec < least) [quietest, least] = [i, ratePerSec];
  }
  return quietest;
}

function splitBy(head: Head, base: number, lengthS: (phase: Phase, i: number) => number): Split | null {
  const spike = head.phases.flatMap(({ name }, i) => (name === 'onset' || name === 'peak' ? [i] : []));
  const lengthOf = (indices: readonly number[]) =>
    indices.reduce((sum, i) => sum + lengthS(head.phases[i] as Phase, i), 0);
  const [baseS, spikeS] = [lengthOf([base]), lengthOf(spike)];
  return baseS === 0 || spikeS === 0 ? null : { base: [base], spike, baseS, spikeS };
}

function byGroup(snapshot: Snapshot, dimension: 'stream' | 'route'): Planned[] {
  const { plan, phases } = snapshot.head;
  const names = (dimension === 'stream' ? plan.streams : plan.routes).map(({ name }) => name);
  const sums = names.map(() => phases.map(() => 0));
  for (const group of snapshot.groups.values()) {
    const own = sums[group[dimension]];
    if (own !== undefined) own[group.phase] = (own[group.phase] ?? 0) + group.counts.planned;
  }
  return names.map((name, i) => ({ name, byPhase: sums[i] ?? [] }));
}

/** Tenants are counted by slices of ten seconds, each in the phase that its middle is in. */
function tenantsGrown(snapshot: Snapshot, base: number, closedS: number): readonly Source[] {
  const { head, tenants } = snapshot;
  const lengths = head.phases.map(() => 0);
  for (let sliceS = 0; sliceS < closedS; sliceS += SLICE_S) {
    const phase = tenantPhaseAt(head.phases, sliceS);
    lengths[phase] = (lengths[phase] ?? 0) + Math.min(SLICE_S, closedS - sliceS);
  }
  const split = splitBy(head, base, (_, i) => lengths[i] ?? 0);
  if (split === null) return [];
  const planned = [...tenants]
    .filter(([name]) => name !== OTHER || tenants.size <= TENANTS_MAX)
    .map(([name, totals]) => ({ name, byPhase: head.phases.map((_, i) => totals.inPhase(i).planned) }));
  return grown('tenant', planned, split);
}

/** What only the recordings say: counted from their rows before the run, for the whole plan. */
function forecastGrown(head: Head, base: number): [Dimension, readonly Source[]][] {
  const split = splitBy(head, base, ({ startS, endS }) => endS - startS);
  if (head.sources === undefined || split === null) return [];
  const { referrers, clients } = head.sources;
  const of = (list: typeof referrers) => list.map(({ name, planned }) => ({ name, byPhase: planned }));
  return [
    ['referrer', grown('referrer', of(referrers), split)],
    ['client', grown('client', of(clients), split)],
  ];
}

function grown(dimension: Dimension, all: readonly Planned[], split: Split): Source[] {
  const rates = all.map(({ name, byPhase }) => {
    const normalPerSec = rateIn(byPhase, split.base, split.baseS);
    const spikePerSec = rateIn(byPhase, split.spike, split.spikeS);
    return { name, normalPerSec, spikePerSec, added: Math.max(0, spikePerSec - normalPerSec) };
  });
  const added = rates.reduce((sum, rate) => sum + rate.added, 0);
  return rates
    .filter(({ normalPerSec, spikePerSec }) => normalPerSec + spikePerSec > 0)
    .sort((a, b) => b.added - a.added || (a.name < b.name ? -1 : 1))
    .map((rate) => ({
      dimension,
      name: rate.name,
      normalPerSec: rate.normalPerSec,
      spikePerSec: rate.spikePerSec,
      shareOfAdded: added === 0 ? 0 : rate.added / added,
      multiple: rate.normalPerSec === 0 ? null : rate.spikePerSec / rate.normalPerSec,
    }));
}

/** What has most more of the added load than it had of the normal one, if it stands out. */
function leader(list: readonly Source[]): Source[] {
  const normal = list.reduce((sum, { normalPerSec }) => sum + normalPerSec, 0);
  const moreOf = ({ shareOfAdded, normalPerSec }: Source): number =>
    shareOfAdded - (normal === 0 ? 0 : normalPerSec / normal);
  let first: Source | undefined;
  for (const source of list) {
    if (source.name === REST || source.shareOfAdded < LEADS_FROM[source.dimension]) continue;
    if (moreOf(source) >= Math.max(STANDS_OUT_BY, first === undefined ? 0 : moreOf(first))) first = source;
  }
  return first === undefined ? [] : [first];
}

function rateIn(byPhase: readonly number[], phases: readonly number[], lengthS: number): number {
  return phases.reduce((sum, phase) => sum + (byPhase[phase] ?? 0), 0) / lengthS;
}
