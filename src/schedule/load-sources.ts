// Where a recording's load comes from, as only its rows tell: referring sites and kinds of clients, over due time.
import { type Counted, TopCounts } from '../recording/audit/top-counts.js';
import { referrerOf } from '../recording/referrer.js';
import type { Row } from '../recording/row.js';
import type { Phase } from '../scenario/plan.js';
import type { RecordedForecast } from './forecast.js';

/** Names that are counted at a time, and those that are told of. */
const NAMES_MAX = 256;
const NAMES_TOLD = 24;
/** Bins of time; where a plan has more of them they are twice, four times … as long. */
const BINS_MAX = 360;
/** The name of what is beyond the names that are told of. */
export const REST = '(others)';

/** Arrivals of some source in each bin. */
interface Binned {
  readonly name: string;
  readonly perBin: Float64Array;
}

export interface RecordedSources {
  readonly binS: number;
  readonly referrers: readonly Binned[];
  readonly clients: readonly Binned[];
}

/** Arrivals of the whole plan by phase, of one source of its recordings. */
export interface LoadSource {
  readonly name: string;
  readonly planned: readonly number[];
}

/** What a head says of its recordings' sources. */
export interface LoadSources {
  /** Hosts of the sites that referred, of requests that another site referred; empty where no recording says. */
  readonly referrers: readonly LoadSource[];
  readonly clients: readonly LoadSource[];
}

interface Entry extends Counted {
  perBin: Float64Array;
}

/** Counts arrivals by referrer and class. The most frequent referrers are kept, exactly where there are no more than 256. */
export class SourceTally {
  #binS = 1;
  readonly #referrers = new TopCounts<Entry>(NAMES_MAX, () => this.#entry());
  readonly #clients = new TopCounts<Entry>(NAMES_MAX, () => this.#entry());
  readonly #entries = new Set<Entry>();

  add(dueUs: number, row: Row): void {
    const second = Math.floor(dueUs / 1e6);
    while (second >= BINS_MAX * this.#binS) this.#halve();
    const bin = Math.floor(second / this.#binS);
    count(this.#clients.of(row.clientClass), bin);
    const referrer = referrerOf(row);
    if (referrer !== undefined) count(this.#referrers.of(referrer), bin);
  }

  result(): RecordedSources {
    const read = (counts: TopCounts<Entry>): Binned[] =>
      counts.top(NAMES_MAX).list.map(([name, { perBin }]) => ({ name, perBin }));
    return { binS: this.#binS, referrers: read(this.#referrers), clients: read(this.#clients) };
  }

  #entry(): Entry {
    if (this.#entries.size > 2 * NAMES_MAX)
      for (const entry of this.#entries) if (entry.dropped) this.#entries.delete(entry);
    const entry = { count: 0, dropped: false, perBin: new Float64Array(BINS_MAX) };
    this.#entries.add(entry);
    return entry;
  }

  /** Two bins become one. */
  #halve(): void {
    this.#binS *= 2;
    for (const { perBin } of this.#entries) {
      for (let bin = 0; bin < BINS_MAX; bin++)
        perBin[bin] = (perBin[2 * bin] ?? 0) + (perBin[2 * bin + 1] ?? 0);
    }
  }
}

function count(entry: Entry, bin: number): void {
  entry.count++;
  entry.perBin[bin] = (entry.perBin[bin] as number) + 1;
}

/** The sources of all recordings of a plan, by its phases; undefined where there is no recording. */
export function sourcesByPhase(
  forecasts: readonly (RecordedForecast | undefined)[],
  phases: readonly Phase[],
): LoadSources | undefined {
  const recorded = forecasts.flatMap((forecast) => (forecast === undefined ? [] : [forecast.sources]));
  if (recorded.length === 0) return undefined;
  return {
    referrers: together(recorded, ({ referrers }) => referrers, phases),
    clients: together(recorded, ({ clients }) => clients, phases),
  };
}

function together(
  recorded: readonly RecordedSources[],
  read: (sources: RecordedSources) => readonly Binned[],
  phases: readonly Phase[],
): LoadSource[] {
  const sums = new Map<string, number[]>();
  for (const sources of recorded) {
    for (const { name, perBin } of read(sources)) {
      const own = sums.get(name) ?? phases.map(() => 0);
      sums.set(name, own);
      for (const [bin, n] of perBin.entries()) {
        const phase = phaseAt(phases, (bin + 0.5) * sources.binS);
        own[phase] = (own[phase] ?? 0) + n;
      }
    }
  }
  const total = (planned: readonly number[]) => planned.reduce((sum, n) => sum + n, 0);
  // By their largest part in any phase: what was rare at normal times and in the spike only must not be left out.
  const most = (planned: readonly number[]) => Math.max(...planned);
  const sorted = [...sums]
    .map(([name, planned]) => ({ name, planned }))
    .sort((a, b) => most(b.planned) - most(a.planned) || (a.name < b.name ? -1 : 1));
  const rest = sorted.slice(NAMES_TOLD);
  const planned = phases.map((_, i) => rest.reduce((sum, source) => sum + (source.planned[i] ?? 0), 0));
  return total(planned) === 0
    ? sorted.slice(0, NAMES_TOLD)
    : [...sorted.slice(0, NAMES_TOLD), { name: REST, planned }];
}

function phaseAt(phases: readonly Phase[], atS: number): number {
  const phase = phases.findIndex(({ endS }) => atS < endS);
  return phase === -1 ? phases.length - 1 : phase;
}
