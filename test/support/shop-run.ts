// Whole runs against the simulated storefront on a fake clock: the result that a run would have left, beside what the
// shop itself knows of it. Settings and loads are drawn from ranges by seed, so that no analysis can be fitted to a list.
import type { Due, Settled } from '../../src/measure/operation.js';
import { Recorder } from '../../src/measure/recorder.js';
import {
  absorbCell,
  absorbClosed,
  absorbEmission,
  absorbSlice,
  absorbTenant,
  emptySnapshot,
  type Snapshot,
} from '../../src/measure/snapshot.js';
import { draw, drawKey } from '../../src/random.js';
import type { Gate } from '../../src/scenario/gate.js';
import { shapeOf } from '../../src/schedule/phases.js';
import { Heap } from '../../src/storefront/heap.js';
import { Platform, type Ticket } from '../../src/storefront/platform.js';
import { ROUTES, type RouteName } from '../../src/storefront/routes.js';
import { DEFAULTS, resolveSettings, type StorefrontOptions } from '../../src/storefront/settings.js';
import { type Arrival, poisson } from '../storefront/simulate.js';
import { completed, headOf, TIMEOUT_US } from './snapshots.js';

/** Requests a second over time, and to which store each goes. */
export interface ShopLoad {
  readonly seed: number;
  readonly forS: number;
  /** No rate is higher. */
  readonly mostPerSec: number;
  readonly ratePerSec: (atS: number) => number;
  /** The store of a uniform draw at a time; one shop unless given. */
  readonly store?: (u: number, atS: number) => string;
}

export interface ShopRun {
  readonly snapshot: Snapshot;
  /** The shop, with its timeline and its stores' timeline. */
  readonly platform: Platform<Arrival>;
}

/** What a request spends on the way to the shop and back. */
const NETWORK_US = 800;

/** Sends a load to a shop, open loop, with clients that leave at the timeout, and records it as a driver would. */
export function runShop(load: ShopLoad, options: StorefrontOptions, gates: readonly Gate[] = []): ShopRun {
  const { seed, forS, mostPerSec, ratePerSec, store } = load;
  const stores = drawKey(seed, 'store');
  const arrivals = poisson(seed, forS, mostPerSec, ratePerSec).map((arrival, i) =>
    store === undefined ? arrival : { ...arrival, store: store(draw(stores, i), arrival.atUs / 1e6) },
  );
  const shape = shapeOf(
    Float64Array.from({ length: forS }, (_, s) => ratePerSec(s + 0.5)),
    1,
  );
  const head = headOf({
    durationS: forS,
    phases: shape.phases,
    normalPerSec: shape.normalPerSec,
    peakPerSec: shape.peakPerSec,
    plannedTotal: arrivals.length,
    gates,
    planChanges: { routes: ROUTES.map((name) => ({ name, expect: [[200, 399]], match: null })) },
  });
  const snapshot = emptySnapshot(head);
  const recorder = new Recorder(ROUTES.length, TIMEOUT_US, head.phases, 10_000);
  const [shard = { i: 0, n: 1 }] = head.shards;
  let nowUs = 0;
  const platform = new Platform<Arrival>(resolveSettings(options), (ticket, status) => {
    recorder.settle(settledOf(ticket, status, Math.max(nowUs, ticket.arrivedAtUs)));
  });
  const inside = new Heap<Ticket<Arrival>>();
  const advance = (toUs: number) => {
    for (;;) {
      const nextUs = Math.min(platform.nextUs, inside.nextUs);
      if (nextUs > toUs) break;
      nowUs = nextUs;
      platform.advance(nowUs);
      const late = inside.nextUs <= nowUs ? inside.pop() : undefined;
      if (late === undefined || late.state === 'settled') continue;
      platform.abort(late, nowUs);
      recorder.settle(settledOf(late, 0, nowUs));
    }
    nowUs = toUs;
  };
  const publish = (nextDueUs: number) => {
    const closed = recorder.takeClosed(nextDueUs);
    for (const cell of closed.cells) absorbCell(snapshot, cell);
    for (const slice of closed.slices) absorbSlice(snapshot, slice);
    for (const tenant of closed.tenants) absorbTenant(snapshot, tenant);
    for (const emission of closed.emissions) absorbEmission(snapshot, emission);
    absorbClosed(snapshot, { shard, closedS: closed.closedS });
  };
  let publishedS = 0;
  for (const arrival of arrivals) {
    advance(arrival.atUs);
    recorder.due(dueOf(arrival));
    const ticket = platform.arrive(arrival.store, arrival.route, arrival.atUs, arrival);
    if (ticket.state !== 'settled') inside.push(arrival.atUs + TIMEOUT_US, ticket);
    if (arrival.atUs < (publishedS + 10) * 1e6) continue;
    publishedS = Math.floor(arrival.atUs / 1e6);
    publish(arrival.atUs);
  }
  advance(nowUs + 120e6);
  publish(Number.POSITIVE_INFINITY);
  return { snapshot: completed(snapshot), platform };
}

function dueOf({ atUs, route }: Arrival): Due {
  return {
    stream: 0,
    route: ROUTES.indexOf(route),
    dueUs: atUs,
    recordedOutcome: null,
    recordedStatus: 0,
    recordedDurationUs: Number.NaN,
  };
}

/** @param status 0 where the client left */
function settledOf({ reply }: Ticket<Arrival>, status: number, atUs: number): Settled {
  return {
    ...dueOf(reply),
    tenant: reply.store,
    outcome: status === 200 ? 'ok' : status === 0 ? 'timeout' : 'bad_status',
    readyUs: reply.atUs,
    firedUs: reply.atUs + 50,
    sentUs: reply.atUs + 50 + NETWORK_US / 2,
    endUs: status === 0 ? atUs : atUs + 50 + NETWORK_US,
    stallUs: 0,
    status,
    bytes: status === 200 ? 20_000 : status === 0 ? 0 : 300,
    attempts: 1,
    cache: null,
    tries: null,
    leaves: false,
  };
}

/** Mean service time of the shop's mix, microseconds: of a log-normal law it is median · exp(sigma² / 2). */
export function meanServiceUs(options: StorefrontOptions): number {
  const { service } = resolveSettings(options);
  return MIX.reduce((sum, [route, weight]) => {
    const { medianUs, sigma } = service[route];
    return sum + (weight / 100) * medianUs * Math.exp(sigma ** 2 / 2);
  }, 0);
}

/** The weights of `test/storefront/simulate.ts`. */
const MIX: readonly (readonly [RouteName, number])[] = [
  ['home', 12],
  ['product', 42],
  ['search', 12],
  ['cart', 8],
  ['checkout', 2],
  ['admin', 4],
  ['asset', 20],
];

/** A spike: base until onset, up in riseS, held for holdS, down in fallS, base for afterS. */
export interface Spike {
  readonly basePerSec: number;
  readonly height: number;
  readonly onsetS: number;
  readonly riseS: number;
  readonly holdS: number;
  readonly fallS: number;
  readonly afterS: number;
}

/** The rate of a spike at a time, requests a second. */
export function spikeRate(spike: Spike, atS: number): number {
  const { basePerSec, height, onsetS, riseS, holdS, fallS } = spike;
  const intoRise = (atS - onsetS) / riseS;
  const intoFall = (atS - onsetS - riseS - holdS) / fallS;
  const lifted = Math.max(0, Math.min(1, intoRise, 1 - intoFall));
  return basePerSec * (1 + (height - 1) * lifted);
}

export function spikeLengthS({ onsetS, riseS, holdS, fallS, afterS }: Spike): number {
  return onsetS + riseS + holdS + fallS + afterS;
}

/** A shop and a spike for it, drawn from ranges: at its base the shop is 35 to 60 % busy. */
export interface DrawnShop {
  readonly options: StorefrontOptions;
  readonly spike: Spike;
}

export function drawShop(seed: number): DrawnShop {
  const between = (what: string, low: number, high: number) =>
    low + draw(drawKey(seed, what), 0) * (high - low);
  const whole = (what: string, low: number, high: number) => Math.floor(between(what, low, high + 1));
  const slower = between('slower', 1, 2.5);
  const minInstances = whole('instances', 3, 6);
  const concurrency = whole('concurrency', 2, 5);
  const service = Object.fromEntries(
    Object.entries(DEFAULTS.service).map(([route, law]) => [
      route,
      { medianUs: law.medianUs * slower, sigma: law.sigma },
    ]),
  );
  const options: StorefrontOptions = {
    seed,
    concurrency,
    queueLimit: whole('queue', 1, 4) * concurrency * minInstances,
    waitLimitUs: between('wait', 0.2e6, 1e6),
    service,
    autoscaler: {
      minInstances,
      maxInstances: minInstances * 8,
      metricLagUs: between('lag', 10e6, 60e6),
      metricPeriodUs: between('period', 20e6, 60e6),
      evaluateEveryUs: between('every', 10e6, 30e6),
      stepInstances: whole('step', 1, 4),
      bootUs: between('boot', 30e6, 120e6),
      bootSpreadUs: between('spread', 0, 20e6),
      cooldownUs: between('cooldown', 20e6, 90e6),
      stabilisationUs: 900e6,
    },
  };
  const capacityPerSec = (minInstances * concurrency * 1e6) / meanServiceUs(options);
  const spike: Spike = {
    basePerSec: capacityPerSec * between('busy', 0.35, 0.6),
    height: between('height', 2.5, 6),
    onsetS: whole('onset', 60, 120),
    riseS: whole('rise', 20, 150),
    holdS: whole('hold', 200, 500),
    fallS: whole('fall', 60, 200),
    afterS: whole('after', 120, 240),
  };
  return { options, spike };
}

/** The run of a drawn shop under its spike. */
export function runDrawnShop(
  seed: number,
  { options, spike }: DrawnShop = drawShop(seed),
  store?: ShopLoad['store'],
): ShopRun {
  const load: ShopLoad = {
    seed,
    forS: spikeLengthS(spike),
    mostPerSec: spike.basePerSec * spike.height,
    ratePerSec: (atS) => spikeRate(spike, atS),
    ...(store !== undefined && { store }),
  };
  return runShop(load, options);
}
