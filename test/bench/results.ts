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

/** One side's values of one metric under one load, a value a round. */
export interface Figure {
  readonly section: string;
  /** What was asked of it, such as `10,000/s`. */
  readonly load: string;
  readonly side: string;
  readonly metric: Metric;
  readonly values: number[];
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

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  const median = (at(0.5) + (sorted[Math.ceil(0.5 * (sorted.length - 1))] ?? Number.NaN)) / 2;
  return { median, min: at(0), max: at(1) };
}

export function valuesOf(
  { figures }: Results,
  key: Pick<Figure, 'section' | 'load' | 'side' | 'metric'>,
): readonly number[] {
  const found = figures.find(
    ({ section, load, side, metric }) =>
      section === key.section && load === key.load && side === key.side && metric === key.metric,
  );
  return found?.values ?? [];
}

/** Rounds are compared within themselves: between them a shared machine changes more than the sides differ. */
export function ratiosOf(ours: readonly number[], peers: readonly number[]): number[] {
  return ours.slice(0, peers.length).map((value, round) => value / (peers[round] as number));
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
  return {
    target,
    ours: spreadOf(ours),
    peer: peers === undefined ? undefined : spreadOf(peers),
    reached,
    met: median >= (target.atLeast ?? Number.NEGATIVE_INFINITY) && median <= (target.atMost ?? Infinity),
    worse: peers !== undefined && (METRICS[target.metric].better === 'more' ? median < 1 : median > 1),
  };
}

/** Adds a round's value to its figure. */
export class FigureBook {
  readonly #figures = new Map<string, Figure>();

  add(section: string, load: string, side: string, metric: Metric, value: number): void {
    const key = `${section}\n${load}\n${side}\n${metric}`;
    const known = this.#figures.get(key);
    if (known !== undefined) known.values.push(rounded(value));
    else this.#figures.set(key, { section, load, side, metric, values: [rounded(value)] });
  }

  get figures(): Figure[] {
    return [...this.#figures.values()];
  }
}

/** Four digits are more than these figures hold. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
