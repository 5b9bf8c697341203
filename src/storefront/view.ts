// What the platform says about itself, as served at /__storefront/timeline.
import type { EventView } from './conditions.js';
import type { Platform } from './platform.js';
import { ROUTES, type RouteName } from './routes.js';
import type { StorefrontSettings } from './settings.js';
import { type TallyView, viewTally } from './tally.js';
import type { Second, StoreSecond } from './timeline.js';

export interface StorefrontView {
  readonly format: 1;
  /** ISO instant of second 0. */
  readonly startedAt: string;
  readonly uptimeS: number;
  readonly settings: StorefrontSettings;
  /** What is done to the shop by its script, in the script's order. */
  readonly events: readonly EventView[];
  /** The most instances that served at once. */
  readonly instancesMax: number;
  /** All requests since the start; those to /__storefront/ are in no count. */
  readonly totals: TallyView & { readonly routes: Readonly<Record<RouteName, TallyView>> };
  /** By arrivals, most first; `(other)` holds the stores beyond the limit. */
  readonly stores: readonly (TallyView & { readonly store: string })[];
  /** Stores by the second, oldest first; where nothing happened to a store there is no row. */
  readonly storeSeconds: readonly StoreSecond[];
  /** Whole seconds that have passed, oldest first. */
  readonly seconds: readonly (Omit<Second, 'utilisationPermille'> & { readonly utilisation: number })[];
}

/**
 * Everything up to now; call `advance` first.
 * @param sinceS the first second wanted of the timeline
 */
export function viewOf<R>(platform: Platform<R>, startedAt: Date, nowUs: number, sinceS = 0): StorefrontView {
  const { tallies, timeline, storeTimeline, scaler, settings, script } = platform;
  const routes = Object.fromEntries(ROUTES.map((route) => [route, viewTally(tallies.routes[route])]));
  return {
    format: 1,
    startedAt: startedAt.toISOString(),
    uptimeS: Math.floor(nowUs / 1e6),
    settings,
    events: script.view(),
    instancesMax: scaler.servingMax,
    totals: { ...viewTally(tallies.total), routes: routes as Record<RouteName, TallyView> },
    stores: [...tallies.stores]
      .map(([store, tally]) => ({ store, ...viewTally(tally) }))
      .sort((a, b) => b.arrivals - a.arrivals),
    storeSeconds: storeTimeline.read(sinceS),
    seconds: timeline.read(sinceS).map(({ utilisationPermille, ...second }) => ({
      ...second,
      utilisation: utilisationPermille / 1000,
    })),
  };
}
