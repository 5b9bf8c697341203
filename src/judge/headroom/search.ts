// The search for headroom: which multiple of the plan's load to try next, as a pure function of the trials so far.

/**
 * What a trial says of its multiple. `inconclusive`: the gates could not be decided; `invalid`: the trial cannot be
 * believed, which says nothing of the target.
 */
export type TrialOutcome = 'held' | 'failed' | 'inconclusive' | 'invalid';

export interface Trial {
  /** The multiple of the plan's load. */
  readonly k: number;
  readonly outcome: TrialOutcome;
}

export interface SearchSettings {
  /** The first multiple; between `min` and `max`. */
  readonly from: number;
  /** Nothing below and nothing above these is tried. */
  readonly min: number;
  readonly max: number;
  /** The width to reach: the upper end of the bracket over the lower one, less 1. */
  readonly within: number;
  /** No more trials than these. */
  readonly trialsMax: number;
}

/** What the trials of one multiple come to; `unshown`: inconclusive, none failed; `unsendable`: invalid again. */
export type Standing = 'held' | 'failed' | 'unshown' | 'unsendable' | 'open';

/** One end of the bracket. */
export interface End {
  readonly k: number;
  readonly standing: Exclude<Standing, 'open'>;
  /** Whether further trials could not change it: see `TRIALS_OF_A_BOUND`. */
  readonly settled: boolean;
  /** Whether a trial there said the opposite: then the limit is near. */
  readonly split: boolean;
  /** Trials that say so, of all trials there. */
  readonly agreeing: number;
  readonly trials: number;
}

export interface Bracket {
  /** The highest multiple under the upper end that held; null where none did. */
  readonly low: End | null;
  /** The lowest multiple that did not hold; null where all did. */
  readonly high: End | null;
  /** The lowest one that failed: `high`, or one above it where what lies between could not be decided; null: none. */
  readonly fails: End | null;
}

/** `found`: both ends as near as was wanted, or no end where `min` or `max` left no room for one. */
export type Next =
  | { readonly kind: 'try'; readonly k: number }
  | { readonly kind: 'end'; readonly why: 'found' | 'trials_used' };

/**
 * An end of the bracket rests on a majority of three trials, and on no more of them than it takes: a lower bound stands
 * when at most half would be bad even if all that are left were, an upper bound when more than half would be bad even
 * if all that are left were good (RFC 9971, with goal duration sum of 3 trials and exceed ratio 0.5).
 */
export const TRIALS_OF_A_BOUND = 3;
const SETTLED_AT = Math.ceil(TRIALS_OF_A_BOUND / 2);
/** A trial that cannot be believed is repeated once; then its multiple is left alone. */
const INVALID_MAX = 2;

/**
 * The next trial. Doubles or halves from `from` until something held and something did not, then halves the bracket on
 * a log scale, one trial each: noise matters only near the limit. What the bracket's ends rest on is then repeated,
 * and where an end does not stand the search goes on from the ends that are left. Where trials of one multiple
 * disagree, the limit is near: the next step from there is as short as the width that is wanted.
 */
export function nextTrial(trials: readonly Trial[], settings: SearchSettings): Next {
  const k = nextMultiple(levelsOf(trials), settings);
  if (k === null) return { kind: 'end', why: 'found' };
  return trials.length >= settings.trialsMax ? { kind: 'end', why: 'trials_used' } : { kind: 'try', k };
}

/** Between which multiples the limit is, as far as the trials say. */
export function bracketOf(trials: readonly Trial[]): Bracket {
  return ends(levelsOf(trials));
}

/** A trial that failed though one at the same or a higher multiple held; null where none did. */
export function inversionOf(trials: readonly Trial[]): { failedAt: number; heldAt: number } | null {
  const failed = trials.filter(({ outcome }) => outcome === 'failed').map(({ k }) => k);
  const held = trials.filter(({ outcome }) => outcome === 'held').map(({ k }) => k);
  const failedAt = Math.min(...failed);
  const heldAt = Math.max(...held);
  return failedAt <= heldAt ? { failedAt, heldAt } : null;
}

/** Trials that a search may take: `most` unless trials disagree, `expected` for a limit within a factor of 4. */
export function trialsOf({ from, min, max, within }: Omit<SearchSettings, 'trialsMax'>): {
  readonly expected: number;
  readonly most: number;
} {
  const doublings = Math.ceil(Math.log2(max / from) - 1e-9);
  const halvings = Math.ceil(Math.log2(from / min) - 1e-9);
  const steps = Math.max(doublings, halvings);
  const narrowing = Math.max(0, Math.ceil(Math.log2(Math.LN2 / Math.log1p(within)) - 1e-9));
  // The plan as it is, where the search does not come by it.
  const plan = from === 1 ? 0 : TRIALS_OF_A_BOUND;
  const most = 1 + steps + narrowing + 2 * (TRIALS_OF_A_BOUND - 1) + plan;
  return { expected: Math.min(most, 1 + Math.min(2, steps) + narrowing + 2 * (SETTLED_AT - 1)), most };
}

/** All trials of one multiple. */
interface Level {
  readonly k: number;
  readonly held: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly invalid: number;
}

/** In ascending order of multiples. */
function levelsOf(trials: readonly Trial[]): Level[] {
  const ks = [...new Set(trials.map(({ k }) => k))].sort((a, b) => a - b);
  return ks.map((k) => {
    const count = (wanted: TrialOutcome) =>
      trials.filter((trial) => trial.k === k && trial.outcome === wanted).length;
    return {
      k,
      held: count('held'),
      failed: count('failed'),
      inconclusive: count('inconclusive'),
      invalid: count('invalid'),
    };
  });
}

/**
 * What is inconclusive counts against a multiple as what failed does, as it is not a pass. It mostly means that the limit
 * is near, and like any end of the bracket it is repeated before the search ends.
 */
function standingOf({ held, failed, inconclusive, invalid }: Level): Standing {
  const against = failed + inconclusive;
  if (held >= SETTLED_AT) return 'held';
  if (against >= SETTLED_AT) return failed > 0 ? 'failed' : 'unshown';
  if (held === 1 && against === 0) return 'held';
  if (against === 1 && held === 0) return failed > 0 ? 'failed' : 'unshown';
  return invalid >= INVALID_MAX ? 'unsendable' : 'open';
}

function endOf(level: Level): End | null {
  const standing = standingOf(level);
  if (standing === 'open') return null;
  const { k, held, failed, inconclusive, invalid } = level;
  const against = failed + inconclusive;
  const agreeing = standing === 'held' ? held : standing === 'unsendable' ? invalid : against;
  return {
    k,
    standing,
    settled: invalid >= INVALID_MAX || agreeing >= SETTLED_AT,
    split: held > 0 && against > 0,
    agreeing,
    trials: held + against + invalid,
  };
}

function ends(levels: readonly Level[]): Bracket {
  let low: End | null = null;
  let high: End | null = null;
  for (const level of levels) {
    const end = endOf(level);
    if (end === null) continue;
    if (end.standing === 'failed') return { low, high: high ?? end, fails: end };
    if (end.standing !== 'held') high ??= end;
    else if (high === null) low = end;
  }
  return { low, high, fails: null };
}

/** Null where nothing is left to try. */
function nextMultiple(levels: readonly Level[], { from, min, max, within }: SearchSettings): number | null {
  if (levels.length === 0) return from;
  const { low, high } = ends(levels);
  const open = levels.find(
    (level) =>
      standingOf(level) === 'open' &&
      level.k > (low?.k ?? 0) &&
      level.k < (high?.k ?? Number.POSITIVE_INFINITY),
  );
  if (open !== undefined) return open.k;
  // Short of the width, so that rounding does not make it wider.
  const near = 1 + 0.95 * within;
  if (high === null && low !== null && low.k < max)
    return rounded(Math.min(low.k * (low.split ? near : 2), max));
  if (low === null && high !== null && high.k > min)
    return rounded(Math.max(high.k / (high.split ? near : 2), min));
  if (low !== null && high !== null && high.k / low.k > 1 + within) {
    const inside = low.split ? low.k * near : high.split ? high.k / near : Math.sqrt(low.k * high.k);
    const next = rounded(inside);
    if (next > low.k && next < high.k) return next;
  }
  const doubtful = [low, high].find((end) => end !== null && !end.settled);
  if (doubtful !== undefined && doubtful !== null) return doubtful.k;
  // Whether the plan itself holds is not left open.
  return low !== null && high !== null && low.k < 1 && high.k > 1 ? 1 : null;
}

/** To four digits, as people read multiples and files are named by them. */
function rounded(k: number): number {
  return Number(k.toPrecision(4));
}
