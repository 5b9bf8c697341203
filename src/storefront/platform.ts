// The simulated platform: slots, the line before them, the autoscaler and the counts, driven by instants given to it.
import { type Autoscaler, act, createAutoscaler, nextActUs } from './autoscaler.js';
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
  /** Settled requests may still hold a slot: their client left, the work goes on. */
  state: 'waiting' | 'serving' | 'settled';
}

const SECOND_US = 1e6;

/**
 * Instants are microseconds since the start and never go back. Whoever drives it calls `advance` at the latest
 * at `nextUs`; being late changes no outcome, only when `answer` is called: each event happens at its own instant.
 */
export class Platform<R> {
  readonly tallies: Tallies;
  readonly timeline: Timeline;
  readonly storeTimeline = new StoreTimeline();
  readonly scaler: Autoscaler;
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
    this.#service = new ServiceTimes(settings.service, settings.seed);
  }

  get slots(): number {
    return this.scaler.serving * this.settings.concurrency;
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
    return Math.min(this.#inService.nextUs, this.#deadlineUs(), nextActUs(this.scaler), this.#nextSecondUs);
  }

  /** Lets everything happen that is due by now. */
  advance(nowUs: number): void {
    for (let atUs = this.nextUs; atUs <= nowUs; atUs = this.nextUs) {
      this.#integrate(atUs);
      if (this.#nextSecondUs <= atUs) this.#sample();
      else if (this.#inService.nextUs <= atUs) this.#finish();
      else if (this.#deadlineUs() <= atUs) this.#settle(this.#line.oldest() as Ticket<R>, '504');
      else act(this.scaler, atUs, this.#load);
      this.#fillSlots(atUs);
    }
    this.#integrate(nowUs);
  }

  /** A request comes in: it is served, waits, or is answered 503 before this returns. */
  arrive(store: string, route: RouteName, nowUs: number, reply: R): Ticket<R> {
    this.advance(nowUs);
    const seq = this.#seq++;
    const ticket: Ticket<R> = {
      seq,
      rank: this.settings.priority && route === 'admin' ? 1 : 0,
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
    if (this.busy < this.slots && ticket.tenant.busy < this.#slotsEach()) this.#serve(ticket, nowUs);
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

  /** The client left: out of the line at once; out of a slot only when the work is done. */
  abort(ticket: Ticket<R>, nowUs: number): void {
    this.advance(nowUs);
    if (ticket.state !== 'settled') this.#settle(ticket, 'aborted');
  }

  #deadlineUs(): number {
    const oldest = this.#line.oldest();
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.arrivedAtUs + this.settings.waitLimitUs;
  }

  /** Slots that one tenant may take: all of them where there is no isolation. */
  #slotsEach(): number {
    const { isolation } = this.settings;
    return isolation === 1 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(isolation * this.slots));
  }

  /** Lets the ticket wait; where there is no room, it is shed, or a dashboard request for a page's sake. */
  #queue(ticket: Ticket<R>): void {
    const { isolation, queueLimit } = this.settings;
    const [pages, dashboards] = ticket.tenant.waiting;
    const tenantFull = isolation < 1 && pages.size + dashboards.size >= Math.ceil(isolation * queueLimit);
    let shed: Ticket<R> | undefined;
    if (tenantFull || this.#line.size >= queueLimit) {
      const second = tenantFull ? firstOf(dashboards) : this.#line.oldestOfSecondRank();
      shed = ticket.rank === 0 && second !== undefined ? second : ticket;
    }
    if (shed !== ticket) this.#line.add(ticket);
    if (shed !== undefined) this.#settle(shed, '503');
  }

  #tenant(store: string): Tenant<Ticket<R>> {
    const name = this.settings.isolation === 1 ? '' : store;
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) this.#tenants.set(name, (tenant = createTenant(name)));
    return tenant;
  }

  #fillSlots(atUs: number): void {
    while (this.busy < this.slots) {
      const ticket = this.#line.next(this.#tenants.values(), this.#slotsEach());
      if (ticket === undefined) return;
      this.#line.remove(ticket);
      this.#serve(ticket, atUs);
    }
  }

  #serve(ticket: Ticket<R>, atUs: number): void {
    ticket.state = 'serving';
    ticket.tenant.busy++;
    this.#inService.push(atUs + ticket.serviceUs, ticket);
  }

  #finish(): void {
    const ticket = this.#inService.pop() as Ticket<R>;
    ticket.tenant.busy--;
    if (ticket.state === 'serving') this.#settle(ticket, '200');
    else this.#forgetIdle(ticket.tenant);
  }

  #settle(ticket: Ticket<R>, ending: Ending & ('200' | '503' | '504' | 'aborted')): void {
    this.#line.remove(ticket);
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
    const share = (now.busyUs - last.busyUs) / (now.slotUs - last.slotUs);
    this.storeTimeline.push(this.timeline.seconds, this.tallies.stores);
    this.timeline.push({
      instancesServing: this.scaler.serving,
      instancesBooting: this.scaler.bootsUs.length,
      instancesDesired: this.scaler.desired,
      slots: this.slots,
      busy: this.busy,
      queued: this.queued,
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
