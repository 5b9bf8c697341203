// Gates over a sliding window: they must hold in every window, so what is read is the worst one.
//
// Counts of a window are exact, and a gate is about these windows, not about a chance behind them. Where a window holds
// few operations its share says little all the same, so three rules keep a gate from failing or passing on noise:
// - a window with fewer than FEW operations on the rarer side of the bound fails the gate only where its share is surely
//   beyond the bound, by Clopper and Pearson's exact limit; beyond it but not surely, it leaves the gate open;
// - a window that, had none failed, would not show less than the bound (under SAYS_LITTLE / bound operations: the rule
//   of three) neither passes the gate nor leaves it open;
// - where no window counts, nothing is known.
import type { SeriesSecond } from '../../measure/series.js';
import type { Head, Snapshot } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { formatCount, formatOffset, formatShare } from '../../units.js';
import { closedThroughS } from '../facts.js';
import { betaQuantile } from '../statistics/distributions.js';
import { because, type GateResult, holds, isBelow, noData } from './result.js';
import { phasesLookedAt, type Stretch, secondsOf, seriesFor, sumOver } from './selection.js';
import { withStopped } from './shares.js';

const FEW = 20;
/** One-sided, of a single window: a run has hundreds of them. */
const SURELY = 0.999;
const SAYS_LITTLE = 3;

/** What a second adds: operations, and those of them that are counted. */
export interface Parts {
  readonly n: number;
  readonly hits: number;
}

/** Sums over the seconds of a window. */
export interface WindowSums extends Parts {
  readonly startS: number;
}

/** What one window says of its gate. `silent`: it holds too few operations to say anything. */
export type WindowWord = 'holds' | 'open' | 'breaks' | 'silent';

/** Reads the worst window of those that lie within what the gate selects and are measured whole. */
export function worstWindow(snapshot: Snapshot, gate: Gate, overS: number, bound: number): GateResult {
  const strict = worst(snapshot, gate, overS, bound, (second) => partsOf(gate, second, true));
  const kind = gate.metric.kind;
  if (kind !== 'errors' && kind !== 'throughput') return strict;
  const lenient = () => worst(snapshot, gate, overS, bound, (second) => partsOf(gate, second, false));
  return withStopped(
    strict,
    lenient,
    sumOver(secondsOf(snapshot, gate), ({ stopped }) => stopped),
  );
}

/** What a second adds to its windows; a stop is an error where `strict`, else as if it had been ok. */
export function partsOf(
  gate: Gate,
  { planned, ok, shed, stopped, ranked, slower }: SeriesSecond,
  strict: boolean,
): Parts {
  const forgiven = strict ? 0 : stopped;
  switch (gate.metric.kind) {
    case 'shed':
      return { n: planned, hits: shed };
    case 'slower':
      return { n: ranked, hits: slower };
    case 'throughput':
      return { n: planned, hits: ok + forgiven };
    default:
      return { n: planned, hits: planned - ok - forgiven };
  }
}

/** What a window says. */
export function wordOf(gate: Gate, overS: number, bound: number, { n, hits }: WindowSums): WindowWord {
  if (gate.metric.kind === 'throughput') return holds(gate, hits / overS, bound) ? 'holds' : 'breaks';
  if (n === 0) return 'silent';
  const within = holds(gate, hits / n, bound);
  const rarer = Math.min(bound, 1 - bound);
  if (rarer <= 0) return within ? 'holds' : 'breaks';
  if (within) return n * rarer < SAYS_LITTLE ? 'silent' : 'holds';
  if (n * rarer >= FEW) return 'breaks';
  const limit = isBelow(gate)
    ? betaQuantile(1 - SURELY, hits, n - hits + 1)
    : betaQuantile(SURELY, hits + 1, n - hits);
  if (!holds(gate, limit, bound)) return 'breaks';
  return n * rarer < SAYS_LITTLE ? 'silent' : 'open';
}

/** The seconds that windows of a gate may lie in: phases that follow each other are one stretch. */
export function stretchesOf(head: Head, gate: Gate, untilS: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const phase of phasesLookedAt(head, gate.selector, untilS)) {
    const last = stretches.at(-1);
    if (last?.endS === phase.startS) stretches[stretches.length - 1] = { ...last, endS: phase.endS };
    else stretches.push(phase);
  }
  return stretches;
}

/** Running sums over the last seconds of a stretch: each second is read as it enters and as it leaves. */
export class Sliding {
  #n = 0;
  #hits = 0;
  #seconds = 0;

  constructor(
    private readonly overS: number,
    private readonly at: (windowS: number) => Parts,
  ) {}

  /** Takes the next second; gives the window that ends with it, null where it is not whole yet. */
  next(windowS: number): WindowSums | null {
    const enters = this.at(windowS);
    this.#n += enters.n;
    this.#hits += enters.hits;
    if (this.#seconds < this.overS) this.#seconds++;
    else {
      const leaves = this.at(windowS - this.overS);
      this.#n -= leaves.n;
      this.#hits -= leaves.hits;
    }
    if (this.#seconds < this.overS) return null;
    return { startS: windowS + 1 - this.overS, n: this.#n, hits: this.#hits };
  }

  /** Forgets what it has: another stretch begins. */
  clear(): void {
    this.#n = 0;
    this.#hits = 0;
    this.#seconds = 0;
  }
}

/** Reads seconds of a gate's series. */
export function reader(
  snapshot: Snapshot,
  gate: Gate,
  read: (second: SeriesSecond) => Parts,
): (windowS: number) => Parts {
  const { seconds } = seriesFor(snapshot, gate);
  return (windowS) => {
    const second = seconds.get(windowS);
    return second === undefined ? { n: 0, hits: 0 } : read(second);
  };
}

const RANK: Readonly<Record<WindowWord, number>> = { silent: 0, holds: 1, open: 2, breaks: 3 };

function worst(
  snapshot: Snapshot,
  gate: Gate,
  overS: number,
  bound: number,
  read: (second: SeriesSecond) => Parts,
): GateResult {
  let found: WindowSums | undefined;
  let word: WindowWord = 'silent';
  for (const window of windows(snapshot, gate, overS, read)) {
    const says = wordOf(gate, overS, bound, window);
    if (
      found === undefined ||
      RANK[says] > RANK[word] ||
      (says === word && isWorse(gate, overS, window, found))
    ) {
      found = window;
      word = says;
    }
  }
  if (found === undefined) return noData(gate, `no whole window of ${overS} s of it has passed`);
  const { startS, n } = found;
  const at = (s: number): string => formatOffset(s * 1e6);
  const result = {
    gate,
    actual: figureOf(gate, overS, found),
    bound,
    limits: null,
    n,
    needed: null,
    reason: `the worst window was ${at(startS)} to ${at(startS + overS)}`,
  };
  if (word === 'holds') return { ...result, result: 'pass' };
  if (word === 'breaks') return { ...result, result: 'fail' };
  const few =
    word === 'open'
      ? `its ${formatCount(n)} requests are too few to be sure`
      : `no window held the ${formatCount(Math.ceil(SAYS_LITTLE / Math.min(bound, 1 - bound)))} requests that it takes to show ${formatShare(bound)}`;
  return because({ ...result, result: 'inconclusive' }, few);
}

function* windows(
  snapshot: Snapshot,
  gate: Gate,
  overS: number,
  read: (second: SeriesSecond) => Parts,
): Generator<WindowSums> {
  const sliding = new Sliding(overS, reader(snapshot, gate, read));
  for (const { startS, endS } of stretchesOf(snapshot.head, gate, closedThroughS(snapshot))) {
    sliding.clear();
    for (let t = startS; t < endS; t++) {
      const window = sliding.next(t);
      if (window !== null) yield window;
    }
  }
}

function isWorse(gate: Gate, overS: number, a: WindowSums, b: WindowSums): boolean {
  const [x, y] = [figureOf(gate, overS, a), figureOf(gate, overS, b)];
  return isBelow(gate) ? x > y : x < y;
}

function figureOf(gate: Gate, overS: number, { n, hits }: WindowSums): number {
  if (gate.metric.kind === 'throughput') return hits / overS;
  return n === 0 ? 0 : hits / n;
}
