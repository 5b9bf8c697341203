// What became of requests, as integers: for the whole platform, for a route, for a store.
import { ROUTES, type RouteName } from './routes.js';

/** Ways in which a request can end here: an answer's status, or the client left first. */
export const ENDINGS = ['200', '404', '405', '503', '504', 'aborted'] as const;

export type Ending = (typeof ENDINGS)[number];

/** Counts of one kind of requests. arrivals = Σ endings + those still inside. */
export interface Tally {
  arrivals: number;
  readonly endings: Record<Ending, number>;
}

/** A tally as it is served: statuses that occurred, and what had no answer. */
export interface TallyView {
  readonly arrivals: number;
  readonly aborted: number;
  /** Requests that wait or are served, and whose client is still there. */
  readonly inside: number;
  readonly statuses: Readonly<Record<string, number>>;
}

/** Where stores beyond the limit are counted; no store can have this name. */
export const OTHER_STORES = '(other)';

export function emptyTally(): Tally {
  return { arrivals: 0, endings: { 200: 0, 404: 0, 405: 0, 503: 0, 504: 0, aborted: 0 } };
}

export function viewTally(tally: Tally): TallyView {
  const statuses: Record<string, number> = {};
  let inside = tally.arrivals;
  for (const ending of ENDINGS) {
    const count = tally.endings[ending];
    inside -= count;
    if (ending !== 'aborted' && count > 0) statuses[ending] = count;
  }
  return { arrivals: tally.arrivals, aborted: tally.endings.aborted, inside, statuses };
}

/** Every count that the platform keeps for its whole life. */
export class Tallies {
  readonly total = emptyTally();
  readonly routes: Readonly<Record<RouteName, Tally>> = byRoute();
  readonly stores = new Map<string, Tally>();

  /** @param storeLimit how many stores are counted by name; later ones share one tally */
  constructor(readonly storeLimit: number) {}

  /** The tally of a store; of `(other)` when there are too many. */
  store(name: string): Tally {
    let tally = this.stores.get(name);
    if (tally !== undefined) return tally;
    const key = this.stores.size < this.storeLimit ? name : OTHER_STORES;
    tally = this.stores.get(key) ?? emptyTally();
    this.stores.set(key, tally);
    return tally;
  }

  arrive(route: RouteName, store: Tally): void {
    this.total.arrivals++;
    this.routes[route].arrivals++;
    store.arrivals++;
  }

  end(route: RouteName, store: Tally, ending: Ending): void {
    this.total.endings[ending]++;
    this.routes[route].endings[ending]++;
    store.endings[ending]++;
  }
}

function byRoute(): Record<RouteName, Tally> {
  return Object.fromEntries(ROUTES.map((route) => [route, emptyTally()])) as Record<RouteName, Tally>;
}
