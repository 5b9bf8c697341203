// The simulated platform: slots, the line before them, the autoscaler and the counts, driven by instants given to it.
import { type Autoscaler, act, booting, createAutoscaler, lose, nextActUs, setStuck } from './autoscaler.js';
import { Script } from './conditions.js';
import { Heap } from './heap.js';
import { createTenant, firstOf, Line, type Tenant, type Waiter } from './line.js';
import type { RouteName } from './routes.js';
import { ServiceTimes } from './service-time.js';
import type { StorefrontSettings } from './settings.js';
import { type Ending, Tallies, type Tally } from './tally.js';
import { StoreTimeline, Timeline } from './timeline.js';

/** A request inside the platform. */
export interface Ticket<R> extends Waiter<Ticket<R>> {
  readonly route: RouteName;
  readonly store: Tally;
  readonly arrivedAtUs: number;
  readonly serviceUs: number;
  /** Whatever the caller needs to answer it. */
  readonly reply: R;
  /** Settled requests may still hold a slot, or a place in line: their client left, the work goes on. */
  state: 'waiting' | 'serving' | 'settled';
}

const SECOND_US = 1e6;

/** The tenant of all stores that are not isolated; no store has this name. */
const SHARED = '';

/**
 * Instants are microseconds since the start and never go back. Whoever drives it calls `advance` at the latest
 * at `nextUs`; being late changes no outcome, only when `answer` is called: each event happens at its own instant.
 */
export class Platform<R> {
  readonly tallies: Tallies;
  readonly timeline: Timeline;
  readonly storeTimeline = new StoreTimeline();
  readonly scaler: Autoscaler;
  readonly script: Script;
  readonly #service: ServiceTimes;
  readonly #inService = new Heap<Ticket<R>>();
  readonly #line = new Line<Ticket<R>>();
  /** Those with a request inside: bounded by slots and queue, however many names arrive. */
  readonly #tenants = new Map<string, Tenant<Ticket<R>>>();
  readonly #load = { busyUs: 0, slotUs: 0 };
  readonly #sampled = {
    busyUs: 0,
    slotUs: 0,
    arrivals: 0,
    ok: 0,
    rejected: 0,
    shed503: 0,
    late504: 0,
    aborted: 0,
  };
  /** Requests inside whose client has left. */
  #inVain = 0;
  #integratedToUs = 0;
  #nextSecondUs = SECOND_US;
  #seq = 0;

  /** @param answer called once for each ticket that gets an answer, never during `abort` of that ticket */
  constructor(
    readonly settings: StorefrontSettings,
    readonly answer: (ticket: Ticket<R>, status: 200 | 503 | 504) => void,
  ) {
    this.tallies = new Tallies(settings.stores);
    this.timeline = new Timeline(settings.timelineS);
    this.scaler = createAutoscaler(settings.autoscaler, settings.seed, settings.speed);
    this.script = new Script(settings.script, settings.speed, {
      stuck: false,
      metricsLateUs: 0,
      instancesDown: 0,
      priority: settings.priority,
      isolation: settings.isolation,
      isolated: new Map(),
    });
    this.#service = new ServiceTimes(settings.service, settings.seed);
  }

  get slots(): number {
    const serving = this.scaler.serving - this.script.conditions.instancesDown;
    return Math.max(0, serving) * this.settings.concurrency;
  }

  /** Slots taken, also by requests whose client has left; more than `slots` while an instance is going. */
  get busy(): number {
    return this.#inService.size;
  }

  get queued(): number {
    return this.#line.size;
  }

  /** When something happens next by itself. */
  get nextUs(): number {
    return Math.min(
      this.#inService.nextUs,
      this.#deadlineUs(),
      nextActUs(this.scaler),
      this.script.nextUs,
      this.#nextSecondUs,
    );
  }

  /** Lets everything happen that is due by now. */
  advance(nowUs: number): void {
    for (let atUs = this.nextUs; atUs <= nowUs; atUs = this.nextUs) {
      this.#integrate(atUs);
      if (this.#nextSecondUs <= atUs) this.#sample();
      else if (this.script.nextUs <= atUs) this.#turn(atUs);
      else if (this.#inService.nextUs <= atUs) this.#finish();
      else if (this.#deadlineUs() <= atUs) this.#drop(this.#line.oldest() as Ticket<R>, '504');
      else act(this.scaler, atUs, this.#load);
      this.#fillSlots(atUs);
    }
    this.#integrate(nowUs);
  }

  /** A request comes in: it is served, waits, or is answered 503 before this returns. */
  arrive(store: string, route: RouteName, nowUs: number, reply: R): Ticket<R> {
    this.advance(nowUs);
    if (this.#seq === 0) {
      this.script.begin(nowUs);
      this.advance(nowUs);
    }
    const seq = this.#seq++;
    const ticket: Ticket<R> = {
      seq,
      rank: this.script.conditions.priority && route === 'admin' ? 1 : 0,
      tenant: this.#tenant(store),
      route,
      store: this.tallies.store(store),
      arrivedAtUs: nowUs,
      serviceUs: this.#service.drawUs(route, seq),
      reply,
      state: 'waiting',
    };
    this.tallies.arrive(route, ticket.store);
    // Nobody who could be served waits while a slot is free, so a newcomer overtakes nobody here.
    if (this.busy < this.slots && ticket.tenant.busy < this.#slotsOf(ticket.tenant))
      this.#serve(ticket, nowUs);
    else this.#queue(ticket);
    return ticket;
  }

  /** Counts a request that was answered at the door, without costing anything. */
  reject(store: string, route: RouteName, status: '404' | '405', nowUs: number): void {
    this.advance(nowUs);
    const tally = this.tallies.store(store);
    this.tallies.arrive(route, tally);
    this.tallies.end(route, tally, status);
  }

  /**
   * The client left: out of the line at once, unless the shop serves the abandoned; out of a slot only when the work
   * is done.
   */
  abort(ticket: Ticket<R>, nowUs: number): void {
    this.advance(nowUs);
    if (ticket.state === 'settled') return;
    if (ticket.state === 'serving' || this.settings.servesAbandoned) this.#inVain++;
    else this.#line.remove(ticket);
    this.#settle(ticket, 'aborted');
  }

  #turn(atUs: number): void {
    const lost = this.script.step();
    const { stuck, metricsLateUs } = this.script.conditions;
    lose(this.scaler, lost);
    setStuck(this.scaler, stuck, atUs);
    this.scaler.metricsLateUs = metricsLateUs;
  }

  #deadlineUs(): number {
    const oldest = this.#line.oldest();
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.arrivedAtUs + this.settings.waitLimitUs;
  }

  /** The share of slots and of the queue that a tenant may take; who shares with all others may take all. */
  #shareOf(name: string): number {
    const { isolation, isolated } = this.script.conditions;
    return name === SHARED ? 1 : (isolated.get(name) ?? isolation);
  }

  readonly #slotsOf = ({ name }: Tenant<Ticket<R>>): number => {
    const share = this.#shareOf(name);
    return share === 1 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(share * this.slots));
  };

  /** Lets the ticket wait; where there is no room, it is shed, or a dashboard request for a page's sake. */
  #queue(ticket: Ticket<R>): void {
    const { queueLimit } = this.settings;
    const share = this.#shareOf(ticket.tenant.name);
    const [pages, dashboards] = ticket.tenant.waiting;
    const tenantFull = share < 1 && pages.size + dashboards.size >= Math.ceil(share * queueLimit);
    let shed: Ticket<R> | undefined;
    if (tenantFull || this.#line.size >= queueLimit) {
      const second = tenantFull ? firstOf(dashboards) : this.#line.oldestOfSecondRank();
      shed = ticket.rank === 0 && second !== undefined ? second : ticket;
    }
    if (shed !== ticket) this.#line.add(ticket);
    if (shed !== undefined) this.#drop(shed, '503');
  }

  #tenant(store: string): Tenant<Ticket<R>> {
    const { isolation, isolated } = this.script.conditions;
    const name = isolation < 1 || isolated.has(store) ? store : SHARED;
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) this.#tenants.set(name, (tenant = createTenant(name)));
    return tenant;
  }

  #fillSlots(atUs: number): void {
    while (this.busy < this.slots) {
      const ticket = this.#line.next(this.#tenants.values(), this.#slotsOf);
      if (ticket === undefined) return;
      this.#line.remove(ticket);
      this.#serve(ticket, atUs);
    }
  }

  #serve(ticket: Ticket<R>, atUs: number): void {
    if (ticket.state === 'waiting') ticket.state = 'serving';
    ticket.tenant.busy++;
    this.#inService.push(atUs + ticket.serviceUs, ticket);
  }

  #finish(): void {
    const ticket = this.#inService.pop() as Ticket<R>;
    ticket.tenant.busy--;
    if (ticket.state === 'serving') this.#settle(ticket, '200');
    else this.#leave(ticket);
  }

  /** Out of the line, with an answer where somebody still waits for it. */
  #drop(ticket: Ticket<R>, ending: '503' | '504'): void {
    this.#line.remove(ticket);
    if (ticket.state === 'settled') this.#leave(ticket);
    else this.#settle(ticket, ending);
  }

  /** Whose client had left is gone. */
  #leave({ tenant }: Ticket<R>): void {
    this.#inVain--;
    this.#forgetIdle(tenant);
  }

  #settle(ticket: Ticket<R>, ending: Ending & ('200' | '503' | '504' | 'aborted')): void {
    ticket.state = 'settled';
    this.tallies.end(ticket.route, ticket.store, ending);
    this.#forgetIdle(ticket.tenant);
    if (ending !== 'aborted') this.answer(ticket, Number(ending) as 200 | 503 | 504);
  }

  #forgetIdle(tenant: Tenant<Ticket<R>>): void {
    if (tenant.busy === 0 && tenant.waiting[0].size + tenant.waiting[1].size === 0)
      this.#tenants.delete(tenant.name);
  }

  #integrate(atUs: number): void {
    const forUs = atUs - this.#integratedToUs;
    if (forUs <= 0) return;
    this.#load.busyUs += this.busy * forUs;
    this.#load.slotUs += this.slots * forUs;
    this.#integratedToUs = atUs;
  }

  #sample(): void {
    const last = this.#sampled;
    const { arrivals, endings } = this.tallies.total;
    const now = {
      ...this.#load,
      arrivals,
      ok: endings['200'],
      rejected: endings['404'] + endings['405'],
      shed503: endings['503'],
      late504: endings['504'],
      aborted: endings.aborted,
    };
    const share = (now.busyUs - last.busyUs) / Math.max(1, now.slotUs - last.slotUs);
    this.storeTimeline.push(this.timeline.seconds, this.tallies.stores);
    this.timeline.push({
      instancesServing: this.scaler.serving,
      instancesBooting: booting(this.scaler),
      instancesDesired: this.scaler.desired,
      slots: this.slots,
      busy: this.busy,
      queued: this.queued,
      inVain: this.#inVain,
      utilisationPermille: Math.round(1000 * Math.min(1, share)),
      arrivals: now.arrivals - last.arrivals,
      ok: now.ok - last.ok,
      rejected: now.rejected - last.rejected,
      shed503: now.shed503 - last.shed503,
      late504: now.late504 - last.late504,
      aborted: now.aborted - last.aborted,
    });
    Object.assign(last, now);
    this.#nextSecondUs += SECOND_US;
  }
}
