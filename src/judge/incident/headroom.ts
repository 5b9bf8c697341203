// Headroom from the planned rate alone: what an autoscaler must have running already, by how late its instances come.

/** Lags that are told of: seconds, in the time of the traffic and not of a run in fast-forward. */
export const LAGS_S: readonly number[] = [15, 60, 180, 300];
/** A rate under this share of normal is no load to scale from. */
const TINY = 0.5;
/** Operations that a mean of counts holds, so that its chance (3 %) does not pass for growth. */
const MEAN_OF = 1_000;
const MEAN_MIN_S = 5;
const MEAN_SHARE = 1 / 20;

export interface Headroom {
  readonly lagS: number;
  /** ρ = max λ(t + lag) / λ(t), at least 1: capacity has to be ρ × the load. Null where the plan is no longer than it. */
  readonly factor: number | null;
}

export interface HeadroomOptions {
  /** Requests a second at normal times. */
  readonly normalPerSec: number;
  /** Fast-forward: so many seconds of the traffic pass in one of the run. */
  readonly speed: number;
  /** Whether the rates are counts, whose chance must be taken out first; a mean then hides the sharpest edges. */
  readonly counted: boolean;
}

/**
 * ρ(T) = max over t of λ(t + T) / λ(t): what is ordered at t serves at t + T.
 * @param perSec planned requests in each second of due time
 */
export function headroomOf(
  perSec: ArrayLike<number>,
  { normalPerSec, speed, counted }: HeadroomOptions,
): Headroom[] {
  const rate = counted ? means(perSec, meanLengthS(normalPerSec, perSec.length)) : perSec;
  const least = Math.max(TINY * normalPerSec, Number.MIN_VALUE);
  return LAGS_S.map((lagS) => {
    const aheadS = Math.round(lagS / speed);
    if (aheadS < 1 || aheadS >= rate.length) return { lagS, factor: null };
    let factor: number | null = null;
    for (let t = 0; t + aheadS < rate.length; t++) {
      const now = rate[t] as number;
      if (now >= least) factor = Math.max(factor ?? 1, (rate[t + aheadS] as number) / now);
    }
    return { lagS, factor };
  });
}

function meanLengthS(normalPerSec: number, lengthS: number): number {
  const wantedS = Math.max(MEAN_MIN_S, Math.ceil(MEAN_OF / Math.max(normalPerSec, 1e-9)));
  return Math.max(1, Math.min(wantedS, Math.floor(lengthS * MEAN_SHARE)));
}

/** Means of so many seconds from each on. */
function means(perSec: ArrayLike<number>, widthS: number): Float64Array {
  const out = new Float64Array(Math.max(0, perSec.length - widthS + 1));
  let sum = 0;
  for (let t = 0; t < perSec.length; t++) {
    sum += perSec[t] as number;
    if (t >= widthS) sum -= perSec[t - widthS] as number;
    if (t >= widthS - 1) out[t - widthS + 1] = sum / widthS;
  }
  return out;
}
