// What a gate needs by the second: operations that its selector takes, and how many of them were over its bound.
import type { Gate, Selector } from '../scenario/gate.js';
import type { Plan } from '../scenario/plan.js';
import { bucketHighUs } from './buckets.js';
import type { Cell } from './cell.js';
import type { Distribution } from './distribution.js';
import { OUTCOME_INDEX } from './outcome.js';
import { PackedMap } from './packed-map.js';
import { Packer, Unpacker } from './packing.js';

/** Exact counts of one second of due time; every number an integer. */
export interface SeriesSecond {
  planned: number;
  ok: number;
  shed: number;
  /** Cut by a stop. */
  stopped: number;
  /** Operations that have a response time: the ok ones and the timeouts. */
  ranked: number;
  /** Of these, how many were slower than the bound, as `countOver` has it. */
  slower: number;
  /** Sum of the responses. */
  sumUs: number;
}

/** What a series counts. */
export interface SeriesOf {
  /** Names the series within a run: gates that need the same counts share one. */
  readonly key: string;
  readonly selector: Pick<Selector, 'stream' | 'route'>;
  /** Whether it takes recordings alone, which is what a bound of the recording is of. */
  readonly recordingsOnly: boolean;
  /** Bound of `slower`; null where nothing is counted there. */
  readonly slowerThanUs: number | null;
}

export interface Series {
  readonly of: SeriesOf;
  /** By second of due time; those in which nothing was due are absent. The phase is a matter of who reads. */
  readonly seconds: PackedMap<number, SeriesSecond>;
}

const packer = new Packer();

const FORM = {
  pack({ planned, ok, shed, stopped, ranked, slower, sumUs }: SeriesSecond): string {
    for (const n of [planned, ok, shed, stopped, ranked, slower, sumUs]) packer.number(n);
    return packer.take();
  },
  unpack(text: string): SeriesSecond {
    const from = new Unpacker(text);
    return {
      planned: from.number(),
      ok: from.number(),
      shed: from.number(),
      stopped: from.number(),
      ranked: from.number(),
      slower: from.number(),
      sumUs: from.number(),
    };
  },
};

/**
 * The series that a gate is judged by; null where it reads nothing that seconds hold: tenants are kept by slices of
 * their own, and what is of the whole run (`fidelity`, outages) is read from elsewhere.
 */
export function seriesOfGate(gate: Gate): SeriesOf | null {
  const { metric, selector, bound } = gate;
  if (selector.tenant !== undefined) return null;
  switch (metric.kind) {
    case 'slower':
      return named(selector, bound, metric.thanUs);
    case 'quantile':
      return named(selector, bound, typeof bound === 'number' ? bound : null);
    case 'errors':
    case 'shed':
    case 'throughput':
    case 'mean':
      return named(selector, bound, null);
    case 'max':
    case 'fidelity':
    case 'outage':
    case 'recovery':
    case 'time_to_degrade':
    case 'healthy_tenants':
      return null;
  }
}

/** The series of a run: a function of its gates, so that shards of one run hold the same ones. */
export function seriesOf(gates: readonly Gate[]): Map<string, Series> {
  const all = new Map<string, Series>();
  for (const gate of gates) {
    const of = seriesOfGate(gate);
    if (of !== null && !all.has(of.key)) all.set(of.key, { of, seconds: new PackedMap(FORM) });
  }
  return all;
}

/** Counts a cell in every series that takes it, in place. */
export function countCell(all: Iterable<Series>, plan: Plan, cell: Cell): void {
  for (const { of, seconds } of all) {
    const { stream, route } = of.selector;
    if (of.recordingsOnly && plan.streams[cell.stream]?.kind !== 'recording') continue;
    if (stream !== undefined && plan.streams[cell.stream]?.name !== stream) continue;
    if (route !== undefined && plan.routes[cell.route]?.name !== route) continue;
    addSeconds(seconds, cell.windowS, {
      planned: cell.planned,
      ok: cell.outcomes[OUTCOME_INDEX.ok] as number,
      shed: cell.outcomes[OUTCOME_INDEX.shed] as number,
      stopped: cell.outcomes[OUTCOME_INDEX.stopped] as number,
      ranked: cell.response.count,
      slower: of.slowerThanUs === null ? 0 : countOver(cell.response, of.slowerThanUs),
      sumUs: cell.response.sumUs,
    });
  }
}

/** Adds the series of another shard of the run, in place. */
export function addSeries(into: ReadonlyMap<string, Series>, others: ReadonlyMap<string, Series>): void {
  for (const [key, { seconds }] of others) {
    const sum = into.get(key);
    if (sum === undefined) throw new Error(`no series ${key}: the shards have other gates`);
    for (const [windowS, second] of seconds) addSeconds(sum.seconds, windowS, second);
  }
}

/**
 * How many values are over a bound. Those in the bound's own bucket are, unless the largest of all is not: so that as many
 * are over it as a quantile says.
 */
export function countOver(of: Distribution, boundUs: number): number {
  let over = 0;
  for (let i = of.buckets.length - 1; i >= 0; i--) {
    if (Math.min(of.maxUs, bucketHighUs(of.layout, of.buckets[i] as number)) <= boundUs) break;
    over += of.counts[i] as number;
  }
  return over;
}

function named({ stream, route }: Selector, bound: Gate['bound'], slowerThanUs: number | null): SeriesOf {
  const recordingsOnly = typeof bound === 'object';
  return {
    key: JSON.stringify([stream ?? null, route ?? null, recordingsOnly, slowerThanUs]),
    selector: { ...(stream !== undefined && { stream }), ...(route !== undefined && { route }) },
    recordingsOnly,
    slowerThanUs,
  };
}

function addSeconds(seconds: Series['seconds'], windowS: number, second: SeriesSecond): void {
  const into = seconds.at(windowS, () => ({
    planned: 0,
    ok: 0,
    shed: 0,
    stopped: 0,
    ranked: 0,
    slower: 0,
    sumUs: 0,
  }));
  into.planned += second.planned;
  into.ok += second.ok;
  into.shed += second.shed;
  into.stopped += second.stopped;
  into.ranked += second.ranked;
  into.slower += second.slower;
  into.sumUs += second.sumUs;
}
