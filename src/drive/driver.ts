// The driver: fires a shard's arrivals on time, whatever the target does, and settles each of them exactly once.

import type { Outcome } from '../measure/outcome.js';
import { Recorder } from '../measure/recorder.js';
import { TENANTS_MAX } from '../measure/tenants.js';
import { type Arrivals, recordedOutcomeOf } from '../schedule/arrivals.js';
import { type Connections, type ExchangeListener, makeConnections } from './connections/connections.js';
import type { DriverOptions } from './driver-options.js';
import { Exchange } from './exchange.js';
import { Ledger } from './ledger.js';
import type { Clock } from './pacing/clock.js';
import { TimerWheel } from './pacing/timer-wheel.js';
import type { Opening } from './sockets/socket-opener.js';
import { StallCauses } from './stall-causes.js';
import { Crowd } from './visits/crowd.js';
import { Held } from './visits/held.js';
import { Visitors } from './visits/visitors.js';
import { Vitals } from './vitals.js';

/** While exchanges are under way the loop comes round at least this often, so that a stall is seen and dated. */
const HEARTBEAT_US = 2_000;
/** Without any, this often. */
const IDLE_HEARTBEAT_US = 50_000;
/** How often closed windows are handed over. */
const PUBLISH_US = 250_000;
/** They are handed over while no arrival is due for this long, */
const PUBLISH_ROOM_US = 1_000;
/** or when they have waited for such a moment this long. */
const PUBLISH_WAIT_US = 100_000;
/** A turn fires no longer than this before it lets answers in, so that a burst does not become a stall. */
const FIRE_US = 2_000;
/** What is sent again this much later than it should be is late by a stall of ours. */
const RETRY_LATE_US = 1_000;
/** A start later than this counts what it missed as unsent; less is lag. */
const LATE_START_US = 500_000;

/** What gives up exchanges when their time has come, or any one; null where none is to be sent. */
interface Waiting {
  take(nowUs: number): Exchange | null;
  takeAny(): Exchange | null;
}

/** Drives one shard of a plan. All effects come in through the options, so that whole runs can be simulated. */
export class Driver implements ExchangeListener {
  readonly #options: DriverOptions;
  readonly #arrivals: Arrivals;
  readonly #clock: Clock;
  readonly #connections: Connections;
  readonly #visitors = new Visitors();
  readonly #recorder: Recorder;
  readonly #causes: StallCauses;
  readonly #ledger: Ledger;
  readonly #vitals: Vitals;
  /** Exchanges under way, by their deadlines. */
  readonly #underWay = new TimerWheel<Exchange>();
  /** Due arrivals that wait for an answer of their visitor's. */
  readonly #held = new Held();
  /** Who sends again what failed, or leaves. */
  readonly #crowd: Crowd;
  readonly #spare: Exchange[] = [];
  readonly #turn = () => this.turn();
  readonly #timeOut = (exchange: Exchange) => this.#cut(exchange, 'timeout');
  readonly #stopOne = (exchange: Exchange) => this.#cut(exchange, 'stopped');
  readonly #fireHeld = (exchange: Exchange, beforeUs: number) => this.#fire(exchange, beforeUs);
  readonly #retry = (exchange: Exchange) => this.#fireAgain(exchange);
  #startUs = 0;
  #missedUs = 0;
  #stopUs = Number.POSITIVE_INFINITY;
  #cutUs = Number.POSITIVE_INFINITY;
  #nextPublishUs = 0;
  #wakeUs = 0;
  /** When the turn before began. */
  #lastDueUs = 0;
  #due = 0;
  #ok = 0;
  #settled = 0;
  /** Attempts that have ended. */
  #ended = 0;
  #finished = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#arrivals = options.arrivals;
    this.#clock = options.clock;
    this.#crowd = new Crowd(options.plan, () => this.#clock.nowUs());
    this.#causes = new StallCauses(options.stalls, () => options.conversation.hookUs);
    this.#ledger = new Ledger((startUs, endUs) => this.#causes.gap(startUs, endUs));
    this.#recorder = new Recorder(
      options.plan.routes.length,
      options.plan.timeoutUs,
      options.phases,
      TENANTS_MAX,
    );
    this.#connections = makeConnections(
      options.plan.connections,
      options.transport,
      this,
      options.connectionsMax,
    );
    this.#vitals = new Vitals(options.shard, this.#causes, this.#connections, options.loopUtilisation, () =>
      options.conversation.takeHookCost(),
    );
  }

  /** Starts: due time 0 is this instant of the clock. What a late start has missed is settled as unsent. */
  start(startUs: number): void {
    this.#startUs = startUs;
    const nowUs = this.#nowUs();
    this.#missedUs = nowUs > LATE_START_US ? nowUs : 0;
    this.#nextPublishUs = nowUs + PUBLISH_US;
    this.turn();
  }

  /**
   * Stops: nothing due from now on is sent or counted; what is under way may take until `drainUs` from now and is
   * then cut.
   */
  stop(drainUs: number): void {
    const nowUs = this.#nowUs();
    this.#stopUs = Math.min(this.#stopUs, nowUs);
    this.#cutUs = Math.min(this.#cutUs, nowUs + drainUs);
    this.#clock.wakeAt(this.#clock.nowUs(), this.#turn);
  }

  /** One turn of the loop: fire what is due, cut what is overdue, hand over what has closed, ask to be woken. */
  turn(): void {
    if (this.#finished) return;
    const nowUs = this.#nowUs();
    this.#ledger.stamp(nowUs);
    this.#ledger.turn(nowUs);
    this.#causes.turn(nowUs);
    if (this.#held.size > 0) this.#fireWaiting(this.#held, nowUs, this.#fireHeld);
    if (this.#crowd.waiting.size > 0) this.#fireWaiting(this.#crowd.waiting, nowUs, this.#retry);
    this.#fireDue(nowUs);
    // After a stall the answers that are already here must be read before anything is called overdue.
    this.#cutOverdue(this.#ledger.readThroughUs(nowUs));
    this.#connections.sweep(nowUs);
    this.#vitals.seen(this.#underWay.size);
    if (this.#isOver()) {
      this.#finish();
      return;
    }
    if (nowUs >= this.#nextPublishUs && this.#hasTime(nowUs)) {
      this.#publish(Math.min(this.#horizonUs(), nowUs));
      this.#nextPublishUs = nowUs + PUBLISH_US;
    }
    const endUs = this.#nowUs();
    this.#ledger.ended(nowUs, endUs);
    this.#sleep(endUs);
  }

  opened(opening: Opening): void {
    this.#vitals.connected(opening);
  }

  settled(exchange: Exchange): void {
    // Transports have just read the clock; once more for each answer would cost as much as recording it.
    if (Number.isNaN(exchange.endUs)) exchange.endUs = this.#nowUs();
    this.#ended++;
    this.#ledger.stamp(exchange.endUs);
    if (exchange.endUs < exchange.firedUs) exchange.endUs = exchange.firedUs;
    const outcome = this.#outcomeOf(exchange);
    if (exchange.answer.stop === this.#options.run) this.#options.stopRequested();
    if (outcome === 'again') {
      exchange.again();
      this.#connections.send(exchange);
      return;
    }
    this.#underWay.cancel(exchange);
    exchange.stallUs += this.#stallOf(exchange);
    // After a stop nothing is sent again.
    if (exchange.endUs < this.#stopUs && this.#crowd.keeps(exchange, outcome)) {
      this.#wakeBy(this.#crowd.waiting.atUs);
      return;
    }
    exchange.outcome = outcome;
    this.#settle(exchange);
  }

  /** How much of the attempt that has ended may be our own stalls. */
  #stallOf(exchange: Exchange): number {
    exchange.sumUp();
    const { tries, sentUs, endUs } = exchange;
    return this.#ledger.overlapUs(tries === null ? exchange : { firedUs: tries.firedUs, sentUs, endUs });
  }

  #fireDue(nowUs: number): void {
    const arrivals = this.#arrivals;
    const limitUs = nowUs + FIRE_US;
    let firedUs = nowUs;
    while (arrivals.dueUs <= firedUs && arrivals.dueUs < this.#stopUs) {
      const exchange = this.#spare.pop() ?? new Exchange();
      exchange.reset();
      arrivals.request(exchange.request);
      exchange.seq = arrivals.seq;
      exchange.stream = arrivals.stream;
      exchange.visitor = arrivals.visitor;
      exchange.endsVisit = arrivals.endsVisit;
      exchange.dueUs = exchange.readyUs = this.#lastDueUs = arrivals.dueUs;
      exchange.who = this.#visitors.due(exchange.stream, exchange.visitor, exchange.endsVisit);
      this.#due++;
      exchange.recordedOutcome = recordedOutcomeOf(this.#options.plan, exchange.request);
      this.#recorder.due(exchange);
      // Moving on before firing keeps the work of the next arrival out of this one's way to the wire.
      arrivals.advance();
      firedUs = this.#mustWait(exchange, firedUs) ? this.#nowUs() : this.#fire(exchange, firedUs);
      if (firedUs > limitUs) return;
    }
  }

  /** Fires what has waited long enough; after a stop nothing more of it is sent. */
  #fireWaiting(
    waiting: Waiting,
    nowUs: number,
    fire: (exchange: Exchange, beforeUs: number) => number,
  ): void {
    const limitUs = nowUs + FIRE_US;
    let firedUs = nowUs;
    while (firedUs <= limitUs) {
      const stopped = firedUs >= this.#stopUs;
      const exchange = stopped ? waiting.takeAny() : waiting.take(firedUs);
      if (exchange === null) return;
      if (stopped) this.#refuse(exchange, 'stopped');
      firedUs = stopped ? this.#nowUs() : fire(exchange, firedUs);
    }
  }

  /** @returns the time after it */
  #fireAgain(exchange: Exchange): number {
    const { tries } = exchange;
    exchange.retry();
    const isLetGo = this.#options.conversation.again(exchange);
    const nowUs = this.#nowUs();
    if (!isLetGo || tries === null) {
      this.#refuse(exchange, 'hook');
      return nowUs;
    }
    if (nowUs >= tries.atUs + RETRY_LATE_US) exchange.stallUs += nowUs - tries.atUs;
    tries.fired(nowUs);
    this.#recorder.again(nowUs);
    this.#send(exchange, nowUs);
    return nowUs;
  }

  /** Holds an arrival back that must wait for an answer, or sheds it if too many do. */
  #mustWait(exchange: Exchange, nowUs: number): boolean {
    const { who } = exchange;
    if (who === null || exchange.dueUs < this.#missedUs) return false;
    if (!this.#held.mustWait(exchange, who, nowUs)) return false;
    if (this.#held.size < this.#options.inFlightMax) this.#held.add(exchange, who);
    else this.#refuse(exchange, 'shed');
    return true;
  }

  /** Settles an arrival that is not sent. */
  #refuse(exchange: Exchange, outcome: Outcome): void {
    exchange.endUs = this.#nowUs();
    exchange.outcome = outcome;
    this.#settle(exchange);
  }

  /**
   * Fires an arrival, or settles it if it may not be: one that we could not fire within its own timeout is never
   * fired, as nobody would still be waiting.
   * @param beforeUs a time not long ago
   * @returns the time after it
   */
  #fire(exchange: Exchange, beforeUs: number): number {
    const refusal = this.#mayNotFire(exchange, beforeUs) ?? this.#options.conversation.prepare(exchange);
    const nowUs = this.#nowUs();
    if (refusal !== null) {
      this.#refuse(exchange, refusal);
    } else {
      exchange.firedUs = nowUs;
      this.#send(exchange, nowUs);
    }
    return nowUs;
  }

  #send(exchange: Exchange, nowUs: number): void {
    this.#underWay.schedule(exchange, this.#crowd.fired(exchange, nowUs));
    this.#connections.send(exchange);
  }

  #mayNotFire(exchange: Exchange, nowUs: number): Outcome | null {
    const { readyUs } = exchange;
    if (readyUs < this.#missedUs) return 'unsent';
    if (this.#crowd.hasLeft(exchange)) return 'abandoned';
    if (nowUs > readyUs + this.#options.plan.timeoutUs) return 'unsent';
    return this.#underWay.size + this.#crowd.waiting.size >= this.#options.inFlightMax ? 'shed' : null;
  }

  #cutOverdue(readThroughUs: number): void {
    if (readThroughUs >= this.#cutUs) this.#underWay.drain(this.#stopOne);
    else this.#underWay.advance(readThroughUs, this.#timeOut);
  }

  #cut(exchange: Exchange, failure: 'timeout' | 'stopped'): void {
    const ended = this.#ended;
    this.#connections.abort(exchange, failure);
    if (this.#ended === ended) throw new Error('an aborted exchange did not settle');
  }

  /** Whether publishing now makes nothing late; what has waited long enough is published all the same. */
  #hasTime(nowUs: number): boolean {
    const restUs = Math.min(this.#arrivals.dueUs, this.#held.readyUs, this.#crowd.waiting.atUs) - nowUs;
    return !(restUs < PUBLISH_ROOM_US) || nowUs >= this.#nextPublishUs + PUBLISH_WAIT_US;
  }

  #outcomeOf(exchange: Exchange): Outcome | 'again' {
    if (exchange.failure === null) return this.#options.conversation.heard(exchange);
    return exchange.isRace ? 'again' : exchange.failure;
  }

  #settle(exchange: Exchange): void {
    this.#settled++;
    if (exchange.outcome === 'ok') this.#ok++;
    this.#crowd.settled(exchange);
    this.#recorder.settle(exchange);
    const { who } = exchange;
    if (who !== null) {
      if (exchange.request.step !== null) {
        who.answeredUs = Math.max(who.answeredUs, exchange.endUs);
        this.#options.conversation.settled(exchange);
      }
      this.#visitors.settled(who);
      if (who.held.length > 0) {
        this.#held.release(who);
        this.#wakeBy(this.#held.readyUs);
      }
    }
    this.#spare.push(exchange);
  }

  #isOver(): boolean {
    if (this.#underWay.size > 0 || this.#held.size > 0 || this.#crowd.waiting.size > 0) return false;
    return this.#arrivals.dueUs === Number.POSITIVE_INFINITY || this.#nowUs() >= this.#stopUs;
  }

  /** Windows before this may close: nothing due in them is still to come. */
  #horizonUs(): number {
    const dueUs = this.#arrivals.dueUs;
    return Number.isNaN(dueUs) ? this.#lastDueUs : dueUs;
  }

  #finish(): void {
    this.#finished = true;
    this.#connections.close();
    this.#publish(Number.POSITIVE_INFINITY);
    this.#options.done(this.#stopUs === Number.POSITIVE_INFINITY ? 'completed' : 'stopped');
  }

  #publish(horizonUs: number): void {
    const over = horizonUs === Number.POSITIVE_INFINITY;
    this.#options.publish(this.#recorder.takeClosed(horizonUs), this.#vitals.take(this.#nowUs(), over), {
      due: this.#due,
      ok: this.#ok,
      failed: this.#settled - this.#ok,
      inFlight: this.#underWay.size,
    });
  }

  /** Something was added that is to be fired at this time. */
  #wakeBy(atUs: number): void {
    if (atUs < this.#wakeUs) this.#sleep(this.#nowUs());
  }

  #sleep(nowUs: number): void {
    const heartbeatUs = this.#underWay.size === 0 ? IDLE_HEARTBEAT_US : HEARTBEAT_US;
    const nextPublishUs = this.#nextPublishUs > nowUs ? this.#nextPublishUs : Number.POSITIVE_INFINITY;
    const cutUs = this.#cutUs > nowUs ? this.#cutUs : Number.POSITIVE_INFINITY;
    const { dueUs } = this.#arrivals;
    const nextDueUs = dueUs < this.#stopUs ? dueUs : Number.POSITIVE_INFINITY;
    const exactUs = Math.min(nextDueUs, this.#held.readyUs, this.#crowd.waiting.atUs);
    const wakeUs = Math.min(nowUs + heartbeatUs, nextPublishUs, cutUs, exactUs);
    this.#wakeUs = wakeUs;
    this.#ledger.expect(Math.max(nowUs, wakeUs));
    this.#clock.wakeAt(this.#startUs + wakeUs, this.#turn, this.#startUs + exactUs);
  }

  #nowUs(): number {
    return this.#clock.nowUs() - this.#startUs;
  }
}
