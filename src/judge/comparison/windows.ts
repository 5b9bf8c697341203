// How much worse a candidate is, from blocks of due time within few runs.
//
// Requests of one queue are no independent observations, blocks of ten seconds and more nearly are (batch means). A
// quantile's limits are read from the merged histogram at the ranks between which its own rank surely lies (Woodruff
// 1952); how sure is said by the shares of each block's requests that were slower than the quantile. Where base and
// candidate saw the same arrivals, block by block, what both share cancels: load that comes and goes, and its bursts.
import { bucketOf, COARSE } from '../../measure/buckets.js';
import { type Distribution, quantile, type Reading } from '../../measure/distribution.js';
import { DistributionSum } from '../../measure/distribution-sum.js';
import { tQuantile } from '../statistics/distributions.js';
import { wilson } from '../statistics/wilson.js';
import type { Effect } from './effect.js';
import type { Block } from './figures.js';

/** Fewer blocks on a side say nothing of how much they differ. */
export const BLOCKS_MIN = 6;
/** Blocks are made longer, up to five minutes, as long as at least so many are left. */
const BLOCKS_KEPT = 12;
/** How many blocks of ten seconds make one, by turns. */
const LENGTHS = [1, 2, 3, 6, 12, 30];

/** Blocks of both sides. */
export interface Sides {
  readonly base: readonly Block[];
  readonly candidate: readonly Block[];
  /** Whether the k-th block of either is the same stretch of due time of plans of one shape. */
  readonly aligned: boolean;
}

/** By block: how many there were, and how many of them were hit. */
export interface Tally {
  readonly n: readonly number[];
  readonly hits: readonly number[];
}

/** Joins blocks into the shortest that are nearly independent of their neighbours: by how many are slower than the p95. */
export function independentBlocks(
  sides: Sides,
  p95: { base: number; candidate: number },
): {
  readonly sides: Sides;
  readonly blocksPerBlock: number;
} {
  let best = { sides, blocksPerBlock: 1 };
  for (const length of LENGTHS) {
    const joined = {
      base: join(sides.base, length),
      candidate: join(sides.candidate, length),
      aligned: sides.aligned,
    };
    const count = Math.min(joined.base.length, joined.candidate.length);
    if (length > 1 && count < BLOCKS_KEPT) break;
    best = { sides: joined, blocksPerBlock: length };
    const [b, c] = [slowerThan(joined.base, p95.base), slowerThan(joined.candidate, p95.candidate)];
    const correlation = Math.max(
      ...seriesOf(residuals(b), residuals(c), sides.aligned).map(neighbourCorrelation),
    );
    // What of independent blocks would be exceeded once in twenty.
    if (correlation <= 1.64 / Math.sqrt(count)) break;
  }
  return best;
}

/** ln(candidate / base) of a quantile of the merged histograms. */
export function quantileEffect(
  q: number,
  sides: Sides,
  histograms: { readonly base: Distribution; readonly candidate: Distribution },
): Effect {
  const { base, candidate } = histograms;
  const [b, c] = [quantile(base, q), quantile(candidate, q)];
  if (b === undefined || c === undefined) throw new Error('a quantile of nothing');
  const spread = spreadOf(slowerThan(sides.base, b.us), slowerThan(sides.candidate, c.us), sides.aligned, q);
  const limit = (confidence: number, sign: 1 | -1): number => {
    const t = sign * tQuantile(confidence, spread.degrees);
    // A candidate that is worse than it seems beside a base that is better, or the other way.
    const cAt = at(candidate, q + t * spread.candidate);
    const bAt = at(base, q - t * spread.base);
    const [long, short] = sign === 1 ? [cAt, bAt] : [bAt, cAt];
    // Timeouts cut what is long to a lower bound, which bounds the ratio on one side only.
    if (long === null || short === null || long.atLeast) return sign * Number.POSITIVE_INFINITY;
    return ln(c) - ln(b) + sign * Math.hypot(ln(cAt as Reading) - ln(c), ln(bAt as Reading) - ln(b));
  };
  return {
    estimate: b.atLeast || c.atLeast ? null : ln(c) - ln(b),
    lower: (confidence) => limit(confidence, -1),
    upper: (confidence) => limit(confidence, 1),
  };
}

/**
 * candidate − base of failed shares: Newcombe's hybrid of Wilson's limits of either (1998, method 10), on as many
 * operations as would, independent of each other, vary as much as the blocks do.
 */
export function shareEffect(base: Tally, candidate: Tally, aligned: boolean): Effect {
  const spread = spreadOf(base, candidate, aligned);
  const b = { share: shareOf(base), sd: spread.base, n: sum(base.n) };
  const c = { share: shareOf(candidate), sd: spread.candidate, n: sum(candidate.n) };
  const estimate = c.share - b.share;
  return {
    estimate,
    lower: (confidence) => {
      const t = tQuantile(confidence, spread.degrees);
      return estimate - Math.hypot(c.share - wilsonLimit(c, -t), wilsonLimit(b, t) - b.share);
    },
    upper: (confidence) => {
      const t = tQuantile(confidence, spread.degrees);
      return estimate + Math.hypot(wilsonLimit(c, t) - c.share, b.share - wilsonLimit(b, -t));
    },
  };
}

/** ln(base / candidate) of ok operations a second, from the spread of blocks; half an operation keeps 0 from it. */
export function goodputEffect({ base, candidate, aligned }: Sides): Effect {
  const perSec = (blocks: readonly Block[]) => {
    const seconds = sum(blocks.map((block) => block.seconds));
    const mean = (sum(blocks.map(({ ok }) => ok)) + 0.5) / seconds;
    return { mean, parts: blocks.map((block) => (block.ok - mean * block.seconds) / seconds / mean) };
  };
  const [b, c] = [perSec(base), perSec(candidate)];
  const sd = Math.sqrt(sum(seriesOf(b.parts, c.parts, aligned).map(varianceOfSum)));
  const degrees = Math.min(base.length, candidate.length) - 1;
  const estimate = Math.log(b.mean) - Math.log(c.mean);
  return {
    estimate,
    lower: (confidence) => estimate - tQuantile(confidence, degrees) * sd,
    upper: (confidence) => estimate + tQuantile(confidence, degrees) * sd,
  };
}

/** Failed operations by block. */
export function failuresIn(blocks: readonly Block[]): Tally {
  return { n: blocks.map(({ planned }) => planned), hits: blocks.map(({ planned, ok }) => planned - ok) };
}

/** Neighbours of one phase are added up, `length` of them each. */
function join(blocks: readonly Block[], length: number): Block[] {
  if (length === 1) return [...blocks];
  const joined: Block[] = [];
  for (let from = 0; from < blocks.length; ) {
    let to = from;
    while (to < blocks.length && blocks[to]?.phase === blocks[from]?.phase) to++;
    const count = Math.max(1, Math.round((to - from) / length));
    for (let i = 0; i < count; i++) {
      const part = blocks.slice(
        from + Math.floor((i * (to - from)) / count),
        from + Math.floor(((i + 1) * (to - from)) / count),
      );
      joined.push(addBlocks(part));
    }
    from = to;
  }
  return joined;
}

function addBlocks(parts: readonly Block[]): Block {
  const response = new DistributionSum(COARSE);
  for (const part of parts) response.add(part.response);
  return {
    phase: (parts[0] as Block).phase,
    seconds: sum(parts.map(({ seconds }) => seconds)),
    planned: sum(parts.map(({ planned }) => planned)),
    ok: sum(parts.map(({ ok }) => ok)),
    response: response.read(),
  };
}

/** Responses in buckets above that of a value. */
function slowerThan(blocks: readonly Block[], us: number): Tally {
  const bucket = bucketOf(COARSE, us);
  const hits = blocks.map(({ response: { buckets, counts } }) => {
    let slower = 0;
    for (let i = buckets.length - 1; i >= 0 && (buckets[i] as number) > bucket; i--)
      slower += counts[i] as number;
    return slower;
  });
  return { n: blocks.map(({ response }) => response.count), hits };
}

/**
 * Standard deviations of the shares of both sides, and their degrees of freedom. Aligned blocks are taken by their
 * differences, whose variance either side has its part of. None is under that of independent operations.
 * @param share what the share truly is; as found where not given
 */
function spreadOf(
  base: Tally,
  candidate: Tally,
  aligned: boolean,
  share?: number,
): { base: number; candidate: number; degrees: number } {
  const [b, c] = [residuals(base), residuals(candidate)];
  let [vb, vc] = [varianceOfSum(b), varianceOfSum(c)];
  if (aligned && vb + vc > 0) {
    const both = varianceOfSum(c.map((own, k) => own - (b[k] as number)));
    [vb, vc] = [(both * vb) / (vb + vc), (both * vc) / (vb + vc)];
  }
  const floor = (tally: Tally) => {
    const p = share ?? shareOf(tally);
    return (p * (1 - p)) / Math.max(1, sum(tally.n));
  };
  return {
    base: Math.sqrt(Math.max(vb, floor(base))),
    candidate: Math.sqrt(Math.max(vc, floor(candidate))),
    degrees: Math.min(b.length, c.length) - 1,
  };
}

/** By how much each block moves the share of the whole: they add up to 0. */
function residuals(tally: Tally): number[] {
  const total = Math.max(1, sum(tally.n));
  const share = shareOf(tally);
  return tally.hits.map((hits, k) => (hits - share * (tally.n[k] as number)) / total);
}

/** What varies: the differences of aligned blocks, else either side by itself. */
function seriesOf(base: readonly number[], candidate: readonly number[], aligned: boolean): number[][] {
  return aligned ? [candidate.map((own, k) => own - (base[k] as number))] : [[...base], [...candidate]];
}

/** Variance of the sum of parts that add up to 0; neighbours that still go together make it larger. */
function varianceOfSum(parts: readonly number[]): number {
  const n = parts.length;
  const squares = sum(parts.map((part) => part * part));
  return ((n * squares) / (n - 1)) * (1 + 2 * Math.max(0, neighbourCorrelation(parts)));
}

/** Correlation of neighbours in a series around 0, without its bias of −1/n. */
function neighbourCorrelation(parts: readonly number[]): number {
  const squares = sum(parts.map((part) => part * part));
  if (squares === 0) return 0;
  let products = 0;
  for (let k = 1; k < parts.length; k++) products += (parts[k] as number) * (parts[k - 1] as number);
  return products / squares + 1 / parts.length;
}

/** Wilson's limit of a share that varies as that of fewer, independent operations would; the lower for a negative t. */
function wilsonLimit({ share, sd, n }: { share: number; sd: number; n: number }, t: number): number {
  const independent = sd > 0 ? Math.min(n, (share * (1 - share)) / (sd * sd)) : n;
  const { low, high } = wilson(share * independent, independent, Math.abs(t));
  return t < 0 ? low : high;
}

function at(histogram: Distribution, rank: number): Reading | null {
  return rank > 0 && rank < 1 ? (quantile(histogram, rank) ?? null) : null;
}

function shareOf({ n, hits }: Tally): number {
  return sum(hits) / Math.max(1, sum(n));
}

/** A duration of nothing counts as a microsecond. */
function ln({ us }: Reading): number {
  return Math.log(Math.max(1, us));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
