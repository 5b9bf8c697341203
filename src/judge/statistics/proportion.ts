// Limits of a share of operations that come in clusters, and how many operations it would take to decide.
//
// The limits are Clopper and Pearson's, on as many operations as if they were independent: n over the design effect,
// lessened for an effect that was itself only estimated (Korn and Graubard, Survey Methodology 24, 1998).
//
// What is rare comes in few clusters, and a run that happens to hold few or small ones shows too low a share and too
// small an effect at once; so the limit away from the rare side is held back further. Of k clusters, counted as if of
// one size (Kish), what is more than independent grows by 3/(2k) of itself, and is known to k/2 degrees of freedom.
// Sizes that spread as an exponential's would ask for 1/(2k) and 2k/3; in queues they spread wider, and these hold the
// nominal rates in simulation. Beside them stands what another quantity of the same operations says of how they hang
// together, as three clusters would, where there is one. It can only widen.
//
// Where nothing was hit and nothing stands beside it, the effect is 1 and the limit is the rule of three: nothing that
// was seen says that what was not seen would come in clusters. That is what one expects of failures, of which none in
// 300 shows less than 1 %; it would be wrong of slow responses, as a short run of a busy queue often holds none.
import { residuals, varianceOfSum } from './clustering.js';
import { betaQuantile, normalQuantile, tQuantile } from './distributions.js';

/** One second (or slice) of due time; seconds in which nothing was due are ticks of 0. */
export interface Tick {
  /** Operations. */
  readonly n: number;
  /** How many of them are what is counted. */
  readonly hits: number;
  /**
   * Sum over the same operations of the quantity of which a hit is a large value: their responses, where hits are
   * those slower than a bound.
   */
  readonly sum?: number;
}

export interface ShareLimits {
  readonly share: number;
  /** One-sided 95 % each. */
  readonly low: number;
  readonly high: number;
  /** One-sided 99 % each. */
  readonly surelyAbove: number;
  readonly surelyBelow: number;
  /** How many times more operations are needed than if they were independent; at least 1. */
  readonly effect: number;
  readonly n: number;
}

const LIKELY = 0.95;
const SURE = 0.99;
/** What a neighbouring quantity says of clustering weighs as much as this many clusters. */
const PRIOR = 3;
/** What the clusters that were seen understate, as so many clusters more. */
const UNSEEN = 1.5;
/** Degrees of freedom of an effect, for each cluster that was seen. */
const DEGREES_A_CLUSTER = 0.5;
/** From here on t is z. */
const DEGREES_MAX = 1e5;
/** Beyond this many, no number of operations is said to decide. */
const NEEDED_MAX = 1e12;

/**
 * Limits of a share.
 * @param stretches ticks in order of time, a list for each stretch (phase) that is looked at
 * @returns null where there are no operations
 */
export function shareLimits(stretches: readonly (readonly Tick[])[]): ShareLimits | null {
  let n = 0;
  let hits = 0;
  let sum = 0;
  for (const ticks of stretches) {
    for (const tick of ticks) {
      n += tick.n;
      hits += tick.hits;
      sum += tick.sum ?? 0;
    }
  }
  if (n === 0) return null;
  const share = hits / n;
  const hitsLeft = residuals(
    stretches,
    (tick) => tick.hits,
    (tick) => tick.n,
  );
  const { effect: own, degrees } = effectOnShare(hitsLeft, n, share);
  const beside = sum > 0 ? effectBeside(stretches, hitsLeft, { n, hits, sum }) : 1;
  const clusters = (n * Math.min(share, 1 - share)) / own;
  const effect = Math.max(own, blended(clusters, own, beside));
  return { share, ...limitsAt({ share, n, own, beside, degrees }), effect, n };
}

/**
 * How many operations it would take to decide whether a share is below a bound, in about half of all runs, were the
 * share and the clustering to stay as they are. A share that is within is shown with 95 %, one beyond with 99 %.
 * @param wanted the side of the bound that the share is to be on
 * @returns more than there were; null where the share is the bound, or so near to it that no number would do
 */
export function neededFor(
  limits: ShareLimits,
  bound: number,
  wanted: 'below' | 'above' = 'below',
): number | null {
  const { share, effect, n } = limits;
  if (share === bound) return null;
  const decides = (many: number): boolean => {
    const then = limitsAt({ share, n: many, own: effect, beside: effect, degrees: Number.POSITIVE_INFINITY });
    if (share < bound) return (wanted === 'below' ? then.high : then.surelyBelow) < bound;
    return (wanted === 'below' ? then.surelyAbove : then.low) > bound;
  };
  let above = n + 1;
  if (decides(above)) return above;
  let below = above;
  while (!decides(above)) {
    below = above;
    above *= 2;
    if (above > NEEDED_MAX) return null;
  }
  // To a hundredth: what it rests on is known less well.
  while (above - below > 1 + above / 100) {
    const middle = Math.round((below + above) / 2);
    if (decides(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** What limits are made of. */
interface Basis {
  readonly share: number;
  readonly n: number;
  /** Effect of the clusters that were seen; 1 where there were none. */
  readonly own: number;
  /** Effect on a quantity that stands beside; 1 where none does. */
  readonly beside: number;
  /** Degrees of freedom of the effect that was seen, as far as batches of time give them. */
  readonly degrees: number;
}

function limitsAt(hits: Basis): Pick<ShareLimits, 'low' | 'high' | 'surelyAbove' | 'surelyBelow'> {
  const misses = { ...hits, share: 1 - hits.share };
  return {
    low: 1 - upperLimit(misses, hits, LIKELY),
    high: upperLimit(hits, misses, LIKELY),
    surelyAbove: 1 - upperLimit(misses, hits, SURE),
    surelyBelow: upperLimit(hits, misses, SURE),
  };
}

/** Shares up to a half are held against few clusters of hits; those over it, where misses are rarer, against the misses. */
function upperLimit(hits: Basis, misses: Basis, confidence: number): number {
  const rare = awayFromRare(hits, confidence);
  return rare <= 0.5 ? rare : Math.max(0.5, 1 - towardsRare(misses, confidence));
}

/** A lower limit: a run that shows too many hits shows clusters that are too large, so the effect errs on the safe side. */
function towardsRare({ share, n, own, degrees }: Basis, confidence: number): number {
  const independent = n / own / forEstimate(own, degrees, confidence);
  return betaQuantile(1 - confidence, share * independent, (1 - share) * independent + 1);
}

/** A run that shows too few shows them too small, or shows none: the effect is corrected for what may not have been seen. */
function awayFromRare({ share, n, own, beside, degrees }: Basis, confidence: number): number {
  const clusters = (n * share) / own;
  const corrected = clusters > 0 ? 1 + (own - 1) * (1 + UNSEEN / clusters) : own;
  const effect = Math.max(corrected, blended(clusters, corrected, beside));
  const known = Math.min(degrees, DEGREES_A_CLUSTER * clusters);
  const independent = n / effect / forEstimate(own, known, confidence);
  return betaQuantile(confidence, share * independent + 1, (1 - share) * independent);
}

function blended(clusters: number, own: number, beside: number): number {
  return (clusters * own + PRIOR * beside) / (clusters + PRIOR);
}

/**
 * By how much an effect that was estimated widens limits: the square of t over z, at the degrees of freedom that the
 * whole variance has when only what is more than independent is estimated (Satterthwaite).
 */
function forEstimate(effect: number, degrees: number, confidence: number): number {
  const whole = degrees * (effect / (effect - 1)) ** 2;
  if (!(whole < DEGREES_MAX)) return 1;
  return (tQuantile(confidence, Math.max(1, whole)) / normalQuantile(confidence)) ** 2;
}

/** The design effect on the share: its variance over that of as many independent operations. */
function effectOnShare(
  hitsLeft: readonly Float64Array[],
  n: number,
  share: number,
): { effect: number; degrees: number } {
  if (share === 0 || share === 1) return { effect: 1, degrees: 1 };
  const { variance, degrees } = varianceOfSum(hitsLeft);
  return { effect: Math.max(1, variance / (n * share * (1 - share))), degrees };
}

/**
 * The design effect on the mean of the quantity that stands beside, of which independent values are taken to spread as
 * an exponential's do: their variance is their mean, squared. What goes with the hits, by regression, is taken out:
 * one timeout among a thousand quick answers is most of the variance of their sum, and says nothing of the rest.
 */
function effectBeside(
  stretches: readonly (readonly Tick[])[],
  hitsLeft: readonly Float64Array[],
  { n, hits, sum }: { n: number; hits: number; sum: number },
): number {
  const sumLeft = residuals(
    stretches,
    (tick) => tick.sum ?? 0,
    (tick) => tick.n,
  );
  const ofHits = product(hitsLeft, hitsLeft);
  const aHit = ofHits > 0 ? Math.max(0, product(sumLeft, hitsLeft) / ofHits) : 0;
  const mean = (sum - aHit * hits) / n;
  if (mean <= 0) return 1;
  const rest = sumLeft.map((values, s) =>
    values.map((value, i) => value - aHit * (hitsLeft[s]?.[i] as number)),
  );
  return Math.max(1, varianceOfSum(rest).variance / (n * mean * mean));
}

function product(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  let sum = 0;
  a.forEach((values, s) => {
    const others = b[s] as Float64Array;
    for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (others[i] as number);
  });
  return sum;
}
