// The requests of a probe: of every route and tenant the first arrival, and of visits with an order one whole visit.
import type { Plan, PlanStream, RateStream } from '../scenario/plan.js';
import { type Arrivals, emptyRequest, type PlannedRequest } from './arrivals.js';
import { Visits } from './visits.js';

/** Requests that one visitor sends one after the other. */
export interface ProbeVisit {
  /** Index of its stream in the plan. */
  readonly stream: number;
  readonly visitor: number;
  readonly requests: readonly ProbeRequest[];
}

export interface ProbeRequest {
  /** Its number in the plan. */
  readonly seq: number;
  readonly request: PlannedRequest;
}

export interface ChosenProbes {
  readonly visits: readonly ProbeVisit[];
  /** Pairs of route and tenant that were seen in the plan and have no request here. */
  readonly leftOut: number;
  /** Routes, by index, of which no arrival was met. */
  readonly unmet: readonly number[];
}

/** Arrivals of a stream that are looked at; this many more while a visit that was begun has not ended. */
const WALK_MAX = 200_000;
const WALK_ON_MAX = 800_000;
/** Errors of the night that was recorded: a later row that went well says more of what is expected. */
const RECORDED_ERROR = 400;

interface Draft {
  readonly stream: number;
  readonly visitor: number;
  /** Fixed steps of a login or flow, in order, and what comes behind a login. */
  readonly steps: ProbeRequest[];
  readonly behind: ProbeRequest[];
  readonly keys: string[];
  /** Positions of the visit that have been met; of a visit that is walked whole. */
  met: number;
  bringsRoute: boolean;
}

/** What the streams of a plan have found together. */
export class Probes {
  readonly #drafts: Draft[] = [];
  readonly #keys = new Set<string>();
  readonly #routes = new Set<number>();
  readonly #failing = new Map<string, Draft>();

  /** @param max requests that a probe may send */
  constructor(
    private readonly plan: Plan,
    private readonly max: number,
  ) {}

  /** Streams by index, those with an order first: their visits need all of their steps, whatever others send. */
  get order(): readonly number[] {
    const streams = this.plan.streams.map((stream, i) => ({ i, first: hasOrder(stream) ? 0 : 1 }));
    return streams.sort((a, b) => a.first - b.first || a.i - b.i).map(({ i }) => i);
  }

  walk(streamIndex: number): ProbeWalk {
    const stream = this.plan.streams[streamIndex] as PlanStream;
    return hasOrder(stream)
      ? new OrderedWalk(this, stream, streamIndex, this.plan)
      : new ProbeWalk(this, streamIndex);
  }

  /** Whether a request is the first of its route and tenant; it counts as seen from then on. */
  see(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }

  /** Begins a visit, unless there are enough already; a route that is met late is not crowded out by tenants. */
  begin(stream: number, visitor: number, route: number): Draft | null {
    if (this.#drafts.length >= this.max && this.#routes.has(route)) return null;
    const draft: Draft = { stream, visitor, steps: [], behind: [], keys: [], met: 0, bringsRoute: false };
    this.#drafts.push(draft);
    return draft;
  }

  /** Notes a request as part of a visit. */
  add(draft: Draft, to: ProbeRequest[], seq: number, request: PlannedRequest): void {
    to.push({ seq, request: { ...request } });
    const key = keyOf(request);
    draft.keys.push(key);
    if (!this.#routes.has(request.route)) {
      this.#routes.add(request.route);
      draft.bringsRoute = true;
    }
    if (request.recordedStatus >= RECORDED_ERROR) this.#failing.set(key, draft);
  }

  /** Puts a row that was recorded as a success in the place of one that was not. */
  improve(seq: number, request: PlannedRequest): void {
    if (this.#failing.size === 0 || request.recordedStatus >= RECORDED_ERROR) return;
    const draft = this.#failing.get(keyOf(request));
    if (draft === undefined) return;
    this.#failing.delete(keyOf(request));
    draft.steps[0] = { seq, request: { ...request } };
  }

  /** What is sent: one visit of every route first, then tenants as they come, no more than `max` requests. */
  choose(): ChosenProbes {
    const ranked = [...this.#drafts].sort((a, b) => Number(b.bringsRoute) - Number(a.bringsRoute));
    const sent = new Set<string>();
    const visits: ProbeVisit[] = [];
    let left = this.max;
    for (const { stream, visitor, steps, behind, keys } of ranked) {
      const requests = [...steps, ...behind];
      if (requests.length === 0 || requests.length > left) continue;
      left -= requests.length;
      visits.push({ stream, visitor, requests });
      for (const key of keys) sent.add(key);
    }
    const unmet = this.plan.routes.flatMap((_, i) => (this.#routes.has(i) ? [] : [i]));
    return { visits, leftOut: this.#keys.size - sent.size, unmet };
  }
}

/** Looks at the arrivals of one stream. */
export class ProbeWalk {
  protected readonly request = emptyRequest();
  protected walked = 0;

  constructor(
    protected readonly probes: Probes,
    protected readonly stream: number,
  ) {}

  /** Whether enough has been looked at. */
  get isOver(): boolean {
    return this.walked >= WALK_MAX;
  }

  /** Takes the current arrival in; the caller moves on. */
  meet(arrivals: Arrivals): void {
    this.walked++;
    arrivals.request(this.request);
    if (this.probes.see(keyOf(this.request))) this.alone(arrivals);
    else this.probes.improve(arrivals.seq, this.request);
  }

  /** A visit of this one request. */
  protected alone({ visitor, seq }: Arrivals): void {
    const draft = this.probes.begin(this.stream, visitor, this.request.route);
    if (draft !== null) this.probes.add(draft, draft.steps, seq, this.request);
  }
}

/** The same where visits have an order: of every tenant one visit is taken whole, one that logs in where some do. */
class OrderedWalk extends ProbeWalk {
  readonly #visits: Visits;
  readonly #hasFlow: boolean;
  readonly #byTenant = new Map<string | null, Draft | null>();
  /** Visits that have not ended, by visitor. */
  readonly #open = new Map<number, Draft>();

  constructor(probes: Probes, stream: RateStream, streamIndex: number, plan: Plan) {
    super(probes, streamIndex);
    this.#visits = new Visits(stream, streamIndex, plan.seed, plan.lanes);
    this.#hasFlow = stream.flow !== undefined;
  }

  override get isOver(): boolean {
    return this.walked >= WALK_MAX + (this.#open.size > 0 ? WALK_ON_MAX : 0);
  }

  override meet(arrivals: Arrivals): void {
    this.walked++;
    const { visitor, seq } = arrivals;
    arrivals.request(this.request);
    const open = this.#open.get(visitor);
    const logsIn = this.#visits.logsIn(visitor);
    const mayBegin = open === undefined && (logsIn || this.#visits.loginSteps === 0);
    const draft = open ?? (mayBegin ? this.#begin(visitor) : undefined);
    const isFixed = this.#hasFlow || (draft !== undefined && draft.met < this.#visits.loginSteps);
    if (draft !== undefined && isFixed) {
      this.probes.see(keyOf(this.request));
      this.probes.add(draft, draft.steps, seq, this.request);
    } else if (!this.#hasFlow && this.probes.see(keyOf(this.request))) {
      const own = logsIn ? this.#byTenant.get(this.request.tenant) : undefined;
      // Who is logged in gets other answers: it is asked in the visit that has logged in.
      if (own === undefined) this.alone(arrivals);
      else if (own !== null) this.probes.add(own, own.behind, seq, this.request);
    } else if (this.#hasFlow) {
      this.probes.see(keyOf(this.request));
    }
    if (draft === undefined) return;
    draft.met++;
    if (arrivals.endsVisit) this.#open.delete(visitor);
  }

  #begin(visitor: number): Draft | undefined {
    const { tenant, route } = this.request;
    if (this.#byTenant.has(tenant)) return undefined;
    const draft = this.probes.begin(this.stream, visitor, route);
    this.#byTenant.set(tenant, draft);
    if (draft === null) return undefined;
    this.#open.set(visitor, draft);
    return draft;
  }
}

function hasOrder(stream: PlanStream): stream is RateStream {
  return stream.kind === 'rate' && (stream.flow !== undefined || stream.login !== undefined);
}

function keyOf({ route, tenant }: PlannedRequest): string {
  return tenant === null ? `${route}` : `${route} ${tenant}`;
}
