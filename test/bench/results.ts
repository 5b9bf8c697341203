// The bench's figures: what a round measures, medians, ratios taken round by round, and what is said of them.

/** What can be measured of a side, and how it reads. */
export const METRICS = {
  perCpuSec: { name: 'per CPU second', better: 'more' },
  perSec: { name: 'per second', better: 'more' },
  cpuUs: { name: 'CPU µs a request', better: 'less' },
  p50Us: { name: 'arrival error p50 µs', better: 'less' },
  p99Us: { name: 'arrival error p99 µs', better: 'less' },
  wrong: { name: 'lost, twice or stray', better: 'less' },
  rssMb: { name: 'memory MB', better: 'less' },
  kbPerConnection: { name: 'KB a connection', better: 'less' },
  serverBusy: { name: 'server’s core busy', better: 'less' },
} as const;

export type Metric = keyof typeof METRICS;

/** One side's values of one metric under one load, a value a round; null where a round failed. */
export interface Figure {
  readonly section: string;
  /** What was asked of it, such as `10,000/s`. */
  readonly load: string;
  readonly side: string;
  readonly metric: Metric;
  readonly values: (number | null)[];
}

/** Machine and programs that the figures hold for. */
export interface Setting {
  /** ISO date. */
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  /** Whether generator and receiver had a core each. */
  readonly pinned: boolean;
  readonly node: string;
  /** What answered the closed loops. */
  readonly server: string;
  readonly rounds: number;
  /** Sides that could not be measured, and why, a sentence each. */
  readonly notes: readonly string[];
}

export interface Results {
  readonly setting: Setting;
  readonly figures: readonly Figure[];
}

/** What is asked of us; `beside` names a peer where it is a ratio, taken round by round. */
export interface Target {
  readonly what: string;
  readonly section: string;
  readonly load: string;
  readonly side: string;
  readonly metric: Metric;
  readonly beside?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Assessment {
  readonly target: Target;
  readonly ours: Spread;
  /** The peer's own, where there is one. */
  readonly peer: Spread | undefined;
  /** What is compared with the bound: the ratio where there is a peer, else our own median. */
  readonly reached: Spread;
  readonly met: boolean;
  /** Whether we are the worse of the two; never without a peer. */
  readonly worse: boolean;
}

/** The middle of some values, and their ends. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly (number | null)[]): Spread {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  const median = (at(0.5) + (sorted[Math.ceil(0.5 * (sorted.length - 1))] ?? Number.NaN)) / 2;
  return { median, min: at(0), max: at(1) };
}

export function valuesOf(
  { figures }: Results,
  key: Pick<Figure, 'section' | 'load' | 'side' | 'metric'>,
): readonly (number | null)[] {
  const found = figures.find(
    ({ section, load, side, metric }) =>
      section === key.section && load === key.load && side === key.side && metric === key.metric,
  );
  return found?.values ?? [];
}

/** Rounds are compared within themselves: between them a shared machine changes more than the sides differ. */
export function ratiosOf(
  ours: readonly (number | null)[],
  peers: readonly (number | null)[],
): (number | null)[] {
  return ours.map((value, round) => {
    const peer = peers[round] ?? null;
    return value === null || peer === null ? null : value / peer;
  });
}

/** How a target stands; undefined where it, or its peer, was not measured. */
export function assess(results: Results, target: Target): Assessment | undefined {
  const ours = valuesOf(results, target);
  if (ours.length === 0) return undefined;
  const { beside } = target;
  const peers = beside === undefined ? undefined : valuesOf(results, { ...target, side: beside });
  if (peers?.length === 0) return undefined;
  const reached = spreadOf(peers === undefined ? ours : ratiosOf(ours, peers));
  const { median } = reached;
  if (Number.isNaN(median)) return undefined;
  return {
    target,
    ours: spreadOf(ours),
    peer: peers === undefined ? undefined : spreadOf(peers),
    reached,
    met: median >= (target.atLeast ?? Number.NEGATIVE_INFINITY) && median <= (target.atMost ?? Infinity),
    worse: peers !== undefined && (METRICS[target.metric].better === 'more' ? median < 1 : median > 1),
  };
}

/** Takes the figures of a run as they come. */
export class FigureBook {
  readonly #figures = new Map<string, Figure>();

  /** @param round from 0; rounds of the same figure come in order, and those that failed do not come */
  add(of: Omit<Figure, 'values'>, round: number, value: number): void {
    const { section, load, side, metric } = of;
    const key = [section, load, side, metric].join('\n');
    let figure = this.#figures.get(key);
    if (figure === undefined) this.#figures.set(key, (figure = { section, load, side, metric, values: [] }));
    while (figure.values.length < round) figure.values.push(null);
    figure.values.push(rounded(value));
  }

  get figures(): Figure[] {
    return [...this.#figures.values()];
  }
}

/** Four digits are more than these figures hold. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
