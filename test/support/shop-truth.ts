// What a simulated shop knows of its own incident, by definitions of its own: no code of the analysis is used here.
import type { Second } from '../../src/storefront/timeline.js';
import { type DrawnShop, meanServiceUs, type ShopRun, spikeRate } from './shop-run.js';

export interface ShopTruth {
  readonly outages: readonly { readonly startS: number; readonly endS: number | null }[];
  /** Requests a second that the shop can serve when demand first exceeds that; null where it never does. */
  readonly capacityPerSec: number | null;
  /** From then until the next instance serves; null where none does while demand is over that capacity. */
  readonly reactionS: number | null;
}

/** Of a run of a drawn shop. */
export function truthOf({ platform }: ShopRun, { options, spike }: DrawnShop, runS: number): ShopTruth {
  const seconds = platform.timeline.read().slice(0, runS);
  const capacityAt = (s: number): number => ((seconds[s] as Second).slots * 1e6) / meanServiceUs(options);
  const demandAt = (s: number): number => spikeRate(spike, s + 0.5);
  const exceededS = seconds.findIndex((_, s) => demandAt(s) > capacityAt(s));
  return {
    outages: refusals(seconds),
    capacityPerSec: exceededS < 0 ? null : capacityAt(exceededS),
    reactionS: exceededS < 0 ? null : reaction(exceededS),
  };

  function reaction(fromS: number): number | null {
    for (let s = fromS + 1; s < seconds.length && demandAt(s) > capacityAt(fromS); s++) {
      if (capacityAt(s) > capacityAt(s - 1)) return s - fromS;
    }
    return null;
  }
}

/** Stretches ahead that are looked at: of one second up to so many. */
const AHEAD_S = 10;
/** Refusals that stop for less are one outage. */
const BREATH_S = 15;

/**
 * By what the shop answered in each second of its own: an outage begins where every stretch ahead, of one second up to
 * ten, has over 5 % refused, and ends where every one has under 1 %.
 */
function refusals(seconds: readonly Second[]): { startS: number; endS: number | null }[] {
  const sharesFrom = (s: number): number[] => {
    let arrived = 0;
    let refused = 0;
    return seconds.slice(s, s + AHEAD_S).map(({ arrivals, shed503, late504 }) => {
      arrived += arrivals;
      refused += shed503 + late504;
      return arrived === 0 ? 0 : refused / arrived;
    });
  };
  const found: { startS: number; endS: number | null }[] = [];
  for (let s = 0; s < seconds.length; s++) {
    if (!sharesFrom(s).every((share) => share > 0.05)) continue;
    const startS = s;
    while (s < seconds.length && !sharesFrom(s).every((share) => share < 0.01)) s++;
    const endS = s + AHEAD_S > seconds.length ? null : s;
    const last = found.at(-1);
    if (last !== undefined && last.endS !== null && startS - last.endS < BREATH_S) last.endS = endS;
    else found.push({ startS, endS });
  }
  return found;
}
