// What a gate's selector takes of a snapshot: groups, seconds of its series, stretches of time.
import { type Series, type SeriesSecond, seriesOfGate } from '../../measure/series.js';
import { type Group, type Head, phaseIndexAt, type Snapshot } from '../../measure/snapshot.js';
import type { Gate, Selector } from '../../scenario/gate.js';
import { closedThroughS } from '../facts.js';

/** Seconds of due time from one up to another. */
export interface Stretch {
  readonly startS: number;
  readonly endS: number;
}

/** The groups that a selector takes; a declared warm-up is outside gates. */
export function selects(head: Head, selector: Selector): (group: Group) => boolean {
  return (group) =>
    (selector.stream === undefined || head.plan.streams[group.stream]?.name === selector.stream) &&
    (selector.route === undefined || head.plan.routes[group.route]?.name === selector.route) &&
    inGates(head.phases[group.phase]?.name, selector);
}

/** Whether a gate looks at a phase. */
export function inGates(phase: string | undefined, selector: Selector): boolean {
  return phase !== 'warmup' && (selector.phase === undefined || phase === selector.phase);
}

/** The phases that a gate looks at, as far as all of them is measured; those of which nothing is are left out. */
export function phasesLookedAt(snapshot: Snapshot, selector: Selector): Stretch[] {
  const closedS = closedThroughS(snapshot);
  return snapshot.head.phases
    .filter(({ name }) => inGates(name, selector))
    .map(({ startS, endS }) => ({ startS, endS: Math.min(endS, closedS) }))
    .filter(({ startS, endS }) => endS > startS);
}

/** Seconds of due time that a gate looks at. */
export function secondsLookedAt(snapshot: Snapshot, selector: Selector): number {
  return phasesLookedAt(snapshot, selector).reduce((sum, { startS, endS }) => sum + endS - startS, 0);
}

/**
 * The series of a gate.
 * @throws Error where the snapshot was not read for it: seconds are counted by gate, as they come
 */
export function seriesFor(snapshot: Snapshot, gate: Gate): Series {
  const series = snapshot.series.get(seriesOfGate(gate)?.key ?? '');
  if (series === undefined) throw new Error(`the snapshot was not read for the gate ${gate.text}`);
  return series;
}

/** What each second of a gate's series comes to, in order of time, a list for each phase that it looks at. */
export function ticksOf<T>(
  snapshot: Snapshot,
  gate: Gate,
  read: (second: SeriesSecond, windowS: number) => T,
): T[][] {
  const { phases } = snapshot.head;
  const stretches = phases.map((): T[] => []);
  const { seconds } = seriesFor(snapshot, gate);
  for (const windowS of [...seconds.keys()].sort((a, b) => a - b)) {
    const phase = phaseIndexAt(phases, windowS);
    const second = seconds.get(windowS);
    if (second === undefined || !inGates(phases[phase]?.name, gate.selector)) continue;
    stretches[phase]?.push(read(second, windowS));
  }
  return stretches.filter((ticks) => ticks.length > 0);
}

/** What is wrong with a selector's names; null where the result has all of them. */
export function unknownName({ head, tenants }: Snapshot, selector: Selector): string | null {
  const { stream, route, phase, tenant } = selector;
  if (stream !== undefined && !head.plan.streams.some(({ name }) => name === stream)) {
    return `the plan has no stream "${stream}"`;
  }
  if (route !== undefined && !head.plan.routes.some(({ name }) => name === route)) {
    return `the plan has no route "${route}"`;
  }
  if (phase === 'warmup') return 'the warm-up is outside gates';
  if (phase !== undefined && !head.phases.some(({ name }) => name === phase)) {
    return `the plan has no phase "${phase}"; it has ${head.phases.map(({ name }) => name).join(', ')}`;
  }
  if (tenant !== undefined && !tenants.has(tenant)) return `no request went to a tenant "${tenant}"`;
  return null;
}
