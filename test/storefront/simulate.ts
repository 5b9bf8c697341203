// Runs the platform on a fake clock: seeded Poisson arrivals of a mixed shop, and what became of each by second.

import { draw, drawKey } from '../../src/random.js';
import { Platform } from '../../src/storefront/platform.js';
import type { RouteName } from '../../src/storefront/routes.js';
import { resolveSettings, type StorefrontOptions } from '../../src/storefront/settings.js';

/** Weights of a shop's traffic, of 100. */
export const MIX: readonly (readonly [RouteName, number])[] = [
  ['home', 12],
  ['product', 42],
  ['search', 12],
  ['cart', 8],
  ['checkout', 2],
  ['admin', 4],
  ['asset', 20],
];

export interface Arrival {
  readonly atUs: number;
  readonly store: string;
  readonly route: RouteName;
}

/** What became of the requests that arrived in one second. */
export interface Felt {
  planned: number;
  ok: number;
  shed: number;
  late: number;
  responseUs: number[];
}

/** Poisson arrivals by thinning; `ratePerSec` may not exceed `most`. */
export function poisson(
  seed: number,
  forS: number,
  most: number,
  ratePerSec: (atS: number) => number,
  store: (u: number) => string = () => 'shop',
): Arrival[] {
  const gaps = drawKey(seed, 'gap');
  const others = drawKey(seed, 'other');
  const arrivals: Arrival[] = [];
  let atS = 0;
  for (let n = 0; ; n++) {
    atS -= Math.log(1 - draw(gaps, n)) / most;
    if (atS >= forS) return arrivals;
    if (draw(others, 3 * n) * most >= ratePerSec(atS)) continue;
    arrivals.push({
      atUs: Math.round(atS * 1e6),
      store: store(draw(others, 3 * n + 1)),
      route: route(draw(others, 3 * n + 2)),
    });
  }
}

function route(u: number): RouteName {
  let left = u * 100;
  for (const [name, weight] of MIX) if ((left -= weight) < 0) return name;
  return 'home';
}

/** Sends the arrivals and waits until all are answered. */
export function simulate(
  arrivals: readonly Arrival[],
  options: StorefrontOptions,
  keep = (_: Arrival) => true,
) {
  const felt: Felt[] = [];
  let nowUs = 0;
  const platform = new Platform<Arrival>(resolveSettings(options), (ticket, status) => {
    if (!keep(ticket.reply)) return;
    const second = feltAt(felt, ticket.reply.atUs);
    if (status === 200) {
      second.ok++;
      second.responseUs.push(nowUs - ticket.arrivedAtUs);
    } else if (status === 503) second.shed++;
    else second.late++;
  });
  const advance = (toUs: number) => {
    while (platform.nextUs <= toUs) platform.advance((nowUs = platform.nextUs));
    nowUs = toUs;
  };
  for (const arrival of arrivals) {
    advance(arrival.atUs);
    if (keep(arrival)) feltAt(felt, arrival.atUs).planned++;
    platform.arrive(arrival.store, arrival.route, arrival.atUs, arrival);
  }
  advance(nowUs + 120e6);
  return { platform, felt };
}

function feltAt(felt: Felt[], atUs: number): Felt {
  const s = Math.floor(atUs / 1e6);
  while (felt.length <= s) felt.push({ planned: 0, ok: 0, shed: 0, late: 0, responseUs: [] });
  return felt[s] as Felt;
}

/** Seconds that a promo of five times normal takes at 200 times its pace. */
export const PROMO_S = 42;

/** Load as a multiple of normal: onset at 7 s, a rise of 3 s, a hold of 6 s, a decay of 25 s. */
export function promo(atS: number): number {
  if (atS < 7) return 1;
  if (atS < 10) return 1 + (4 * (atS - 7)) / 3;
  if (atS < 16) return 5;
  return Math.max(1, 5 - (4 * (atS - 16)) / 25);
}

export function failedShare(felt: readonly Felt[]): number {
  const planned = felt.reduce((sum, second) => sum + second.planned, 0);
  const ok = felt.reduce((sum, second) => sum + second.ok, 0);
  return planned === 0 ? 0 : (planned - ok) / planned;
}

export function quantileUs(felt: readonly Felt[], q: number): number {
  const sorted = felt.flatMap((second) => second.responseUs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
