// What a gate's selector takes of a snapshot: groups, seconds of its series, stretches of time.
import { type Series, type SeriesSecond, seriesOfGate } from '../../measure/series.js';
import type { Group, Head, Snapshot } from '../../measure/snapshot.js';
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

/** The phases that a gate looks at, up to a second of due time; those of which nothing is left are left out. */
export function phasesLookedAt(head: Head, selector: Selector, untilS: number): Stretch[] {
  return head.phases
    .filter(({ name }) => inGates(name, selector))
    .map(({ startS, endS }) => ({ startS, endS: Math.min(endS, untilS) }))
    .filter(({ startS, endS }) => endS > startS);
}

/** Seconds of due time that a gate looks at, as far as all of them is measured. */
export function secondsLookedAt(snapshot: Snapshot, selector: Selector): number {
  return phasesLookedAt(snapshot.head, selector, closedThroughS(snapshot)).reduce(
    (sum, { startS, endS }) => sum + endS - startS,
    0,
  );
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

/** The seconds of a phase, each of them, up to the last in which anything was due. */
export interface Seconds {
  readonly startS: number;
  readonly list: readonly SeriesSecond[];
}

const NOTHING: SeriesSecond = { planned: 0, ok: 0, shed: 0, stopped: 0, ranked: 0, slower: 0, sumUs: 0 };

/** The seconds of a gate's series, by phase that it looks at; phases in which nothing was due are left out. */
export function secondsOf(snapshot: Snapshot, gate: Gate): Seconds[] {
  const { seconds } = seriesFor(snapshot, gate);
  let endS = 0;
  for (const windowS of seconds.keys()) endS = Math.max(endS, windowS + 1);
  return snapshot.head.phases.flatMap((phase): Seconds[] => {
    if (!inGates(phase.name, gate.selector)) return [];
    const list: SeriesSecond[] = [];
    let some = false;
    for (let t = phase.startS; t < Math.min(phase.endS, endS); t++) {
      const second = seconds.get(t);
      some ||= second !== undefined;
      list.push(second ?? NOTHING);
    }
    return some ? [{ startS: phase.startS, list }] : [];
  });
}

/** The sum of something over some seconds. */
export function sumOver(phases: readonly Seconds[], read: (second: SeriesSecond) => number): number {
  return phases.reduce((sum, { list }) => list.reduce((all, second) => all + read(second), sum), 0);
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
