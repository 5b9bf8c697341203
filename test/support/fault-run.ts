// Runs at targets with faults: the production driver, clock and transports, in this process and without threads.
import { Driver } from '../../src/drive/driver.js';
import { type Clock, MonotonicClock } from '../../src/drive/pacing/clock.js';
import type { ResolvedTarget } from '../../src/drive/sockets/target.js';
import { NO_STALL_SOURCE } from '../../src/drive/stall-causes.js';
import type { TransportKind } from '../../src/drive/transports/choose.js';
import { loadTransport } from '../../src/drive/transports/load.js';
import { Conversation } from '../../src/drive/visits/conversation.js';
import type { Counts } from '../../src/measure/cell.js';
import { addCounts, emptyCounts } from '../../src/measure/cell.js';
import { OUTCOMES, type Outcome } from '../../src/measure/outcome.js';
import {
  absorbCell,
  absorbEmission,
  absorbSlice,
  absorbTenant,
  emptySnapshot,
  type Snapshot,
} from '../../src/measure/snapshot.js';
import type { ConnectionPolicy, Plan, PlanInputs, RateStream, RouteClass } from '../../src/scenario/plan.js';
import { emptyRequest, MergedArrivals } from '../../src/schedule/arrivals.js';
import { countArrivals, forecastRate } from '../../src/schedule/forecast.js';
import { WHOLE } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { REDIRECTS_MAX } from './faults-http1.js';
import { stepOf } from './flow-plan.js';
import { curveOf, planOf, streamOf } from './plans.js';
import { headOf } from './simulation.js';

/** Longer than any machine takes for what is not meant to hang; nobody waits for it, as the clock is put on. */
const TIMEOUT_US = 60e6;
/** How long arrivals come for. */
const SECONDS = 0.15;

/** The machine's clock, which can be put on, so that what hangs is overdue when nothing else is to come. */
class SkippingClock implements Clock {
  readonly #clock = new MonotonicClock('sleep');
  #aheadUs = 0;
  #callback: () => void = () => {};

  nowUs(): number {
    return this.#clock.nowUs() + this.#aheadUs;
  }

  wakeAt(atUs: number, callback: () => void, exactUs = atUs): void {
    this.#callback = callback;
    this.#clock.wakeAt(atUs - this.#aheadUs, callback, exactUs - this.#aheadUs);
  }

  skip(us: number): void {
    this.#aheadUs += us;
    this.#clock.wakeAt(this.#clock.nowUs(), this.#callback);
  }
}

/** What is asked for beside what is in order. */
export interface FaultyRoute {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly checks?: RouteClass['checks'];
  /** A request that is in order goes over the connection before it. */
  readonly kept?: boolean;
  /** The Host is a tenant's, of this name. */
  readonly tenant?: string;
}

export interface FaultPlan {
  readonly connections: ConnectionPolicy;
  /** How many requests are in order, and how many are not, about. */
  readonly healthy: number;
  readonly faulty: number;
  readonly healthyPath: string;
  readonly routes: readonly FaultyRoute[];
  /** Hosts of tenants. */
  readonly sendAs?: string;
}

/** Number of the route that is in order; those with faults follow in their order. */
export const HEALTHY_ROUTE = 0;

/**
 * A plan of two streams: in order, and not. One lane, so that a visitor sends the whole of its visit; each visitor of
 * what is not in order sends one request, or two where the first is to open the connection.
 */
export function faultPlan(of: FaultPlan): { plan: Plan; inputs: PlanInputs } {
  const { connections, healthy, faulty, healthyPath, routes, sendAs } = of;
  const ok = { name: 'ok', expect: [[200, 299]], match: null } as const;
  const healthyStream = streamOf('healthy', {
    arrivals: 'even',
    requests: [requestOf({ path: healthyPath }, HEALTHY_ROUTE)],
    data: {},
    visits: { requests: 3, thinkUs: 0 },
  });
  const [first] = routes;
  const isKept = first?.kept === true;
  const steps = [stepOf(healthyPath, 0), stepOf(first?.path ?? '', 0, requestOf(first ?? { path: '' }, 1))];
  const faultyStream: RateStream = streamOf('faulty', {
    arrivals: 'even',
    requests: isKept ? [] : routes.map((route, i) => requestOf(route, i + 1)),
    data: {},
    visits: { requests: isKept ? 2 : 1, thinkUs: 0 },
    tenant: first?.tenant ?? null,
    ...(isKept && { flow: { steps, dependent: true } }),
  });
  return planOf(
    faulty === 0 ? [healthyStream] : [healthyStream, faultyStream],
    [healthy, faulty].slice(0, faulty === 0 ? 1 : 2).map((n) => {
      const ratePerSec = n / SECONDS;
      return curveOf([[SECONDS, ratePerSec, ratePerSec]]);
    }),
    {
      lanes: 1,
      timeoutUs: TIMEOUT_US,
      connections,
      redirects: REDIRECTS_MAX,
      tenants: sendAs === undefined ? null : { by: 'host', pattern: sendAs, sendAs },
      routes: [
        ok,
        ...routes.map(({ path, checks }) => ({ ...ok, name: path, ...(checks !== undefined && { checks }) })),
      ],
    },
  );
}

function requestOf({ path, method = 'GET', body }: FaultyRoute, route: number) {
  return {
    route,
    weight: 1,
    method,
    path,
    headers: {},
    body: body === undefined ? null : ({ kind: 'text', text: body } as const),
  };
}

/** How many arrivals of a plan ask for each route. */
export function plannedByRoute(plan: Plan, inputs: PlanInputs): number[] {
  const planned = plan.routes.map(() => 0);
  const request = emptyRequest();
  for (
    const arrivals = arrivalsOf(plan, inputs);
    arrivals.dueUs < Number.POSITIVE_INFINITY;
    arrivals.advance()
  ) {
    arrivals.request(request);
    planned[request.route] = (planned[request.route] ?? 0) + 1;
  }
  return planned;
}

function arrivalsOf(plan: Plan, inputs: PlanInputs): MergedArrivals {
  return new MergedArrivals(
    plan.streams.map((stream, i) => {
      const input = inputs.streams[i];
      if (stream.kind !== 'rate' || input?.kind !== 'rate') throw new Error(`stream ${i} has no rate`);
      return new RateArrivals(plan, stream, i, input, WHOLE, {});
    }),
  );
}

export interface FaultRun {
  readonly kind: TransportKind;
  readonly target: ResolvedTarget;
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  /** Whether all that is still under way is so for good: then the clock is put on by the timeout. */
  readonly hangs: (unsettled: number) => boolean;
}

/** Runs a plan until the driver is done. */
export async function runFaults({ kind, target, plan, inputs, hangs }: FaultRun): Promise<Snapshot> {
  const clock = new SkippingClock();
  const makeTransport = await loadTransport(kind);
  const rate = forecastRate(plan, inputs, []);
  const plannedTotal = countArrivals(plan, inputs, [], WHOLE);
  const snapshot = emptySnapshot(headOf(plan, rate.phases, WHOLE, plannedTotal, rate.durationS));
  let isSkipped = false;
  await new Promise<void>((resolve) => {
    const startUs = clock.nowUs();
    const driver = new Driver({
      plan,
      phases: rate.phases,
      arrivals: arrivalsOf(plan, inputs),
      clock,
      transport: makeTransport(target, clock, startUs),
      conversation: new Conversation(plan, target, clock),
      shard: '0/1',
      inFlightMax: 10_000,
      connectionsMax: 10_000,
      run: 'faults',
      loopUtilisation: () => 0,
      stalls: NO_STALL_SOURCE,
      publish: (closed, _health, { due, ok, failed }) => {
        for (const cell of closed.cells) absorbCell(snapshot, cell);
        for (const slice of closed.slices) absorbSlice(snapshot, slice);
        for (const tenant of closed.tenants) absorbTenant(snapshot, tenant);
        for (const emission of closed.emissions) absorbEmission(snapshot, emission);
        if (isSkipped || due < plannedTotal || !hangs(plannedTotal - ok - failed)) return;
        isSkipped = true;
        clock.skip(TIMEOUT_US);
      },
      stopRequested: () => {
        throw new Error('nobody asked for a stop');
      },
      done: () => resolve(),
    });
    driver.start(startUs);
  });
  snapshot.ends.push({ shard: WHOLE, reason: 'completed', closedS: rate.durationS, wallUs: 0 });
  return snapshot;
}

/** The counts of a route. */
export function countsOf(snapshot: Snapshot, route: number): Counts {
  const counts = emptyCounts();
  for (const group of snapshot.groups.values()) if (group.route === route) addCounts(counts, group.counts);
  return counts;
}

/** What operations came to, and how many of each. */
export function outcomesOf(counts: Counts): Partial<Record<Outcome, number>> {
  return Object.fromEntries(
    OUTCOMES.map((name, i) => [name, counts.outcomes[i] as number] as const).filter(([, n]) => n > 0),
  );
}
