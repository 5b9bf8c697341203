// A simulated world for whole runs: a clock that only events move, and a seeded target behind the real driver.

import type { Hooks } from 'flashcrowd/hooks';
import { Driver } from '../../src/drive/driver.js';
import type { Exchange } from '../../src/drive/exchange.js';
import type { Clock } from '../../src/drive/pacing/clock.js';
import type { Opening } from '../../src/drive/sockets/socket-opener.js';
import type { Collection, StallSource, ThreadTimes } from '../../src/drive/stall-causes.js';
import type { Connection, ConnectionListener, Transport } from '../../src/drive/transports/transport.js';
import { Conversation } from '../../src/drive/visits/conversation.js';
import { HookCaller } from '../../src/drive/visits/hooks.js';
import type { Outcome } from '../../src/measure/outcome.js';
import type { Closed } from '../../src/measure/recorder.js';
import { absorbLine, type ResultLine } from '../../src/measure/result-file.js';
import { type End, emptySnapshot, type Head, type Snapshot } from '../../src/measure/snapshot.js';
import type { Health, StallCause } from '../../src/measure/vitals.js';
import { type DrawKey, draw, drawKey } from '../../src/random.js';
import type { Row } from '../../src/recording/row.js';
import type { Gate } from '../../src/scenario/gate.js';
import type { Phase, Plan, PlanInputs } from '../../src/scenario/plan.js';
import { planId } from '../../src/scenario/plan-id.js';
import { MergedArrivals } from '../../src/schedule/arrivals.js';
import { countArrivals, forecastRate } from '../../src/schedule/forecast.js';
import { type Shard, WHOLE } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { Collector } from '../../src/workers/collector.js';
import { arrivalsOf, forecastOf } from './recorded-simulation.js';
import { SimulatedSession } from './simulated-session.js';

interface Event {
  readonly atUs: number;
  readonly order: number;
  /** Null where it was taken back. */
  run: (() => void) | null;
}

/** More than any simulation takes that ends. */
const EVENTS_MAX = 500_000_000;

/** Events in time order; the clock stands at the event that runs, or later where the loop was stalled. */
export class World implements Clock, StallSource {
  #nowUs = 0;
  #order = 0;
  /** A binary heap, the next one first. */
  readonly #events: Event[] = [];
  #wake: Event | undefined;
  /** While the generator's loop stands still nothing that it would run is run; it catches up afterwards. */
  readonly #stalls: Stall[] = [];
  #toldUs = 0;

  nowUs(): number {
    return this.#nowUs;
  }

  wakeAt(atUs: number, callback: () => void): void {
    if (this.#wake !== undefined) this.#wake.run = null;
    this.#wake = this.at(Math.max(atUs, this.#nowUs), () => {
      this.#wake = undefined;
      callback();
    });
  }

  /** Runs something at a time. Things of one time run in the order they were asked for. */
  at(atUs: number, run: () => void): Event {
    const event: Event = { atUs, order: this.#order++, run };
    const events = this.#events;
    let i = events.length;
    for (; i > 0 && after(events[(i - 1) >> 1] as Event, event); i = (i - 1) >> 1)
      events[i] = events[(i - 1) >> 1] as Event;
    events[i] = event;
    return event;
  }

  /** The generator's event loop stands still from one instant to another. */
  stallGenerator(fromUs: number, toUs: number, cause: StallCause = 'busy'): void {
    this.#stalls.push({ fromUs, toUs, cause });
  }

  /** What runs now takes this long. */
  spend(us: number): void {
    this.#nowUs += us;
  }

  /** The thread runs for no time at all but in stalls; a halted one neither runs nor waits. */
  readTimes(into: ThreadTimes): boolean {
    const pastUs = (...causes: StallCause[]) =>
      this.#stalls
        .filter(({ cause, fromUs }) => causes.includes(cause) && fromUs < this.#nowUs)
        .reduce((sum, { fromUs, toUs }) => sum + Math.min(toUs, this.#nowUs) - fromUs, 0);
    into.ranUs = pastUs('busy', 'gc') + 1;
    into.waitedUs = pastUs('preempted');
    return !this.#stalls.some(({ cause }) => cause === 'unknown');
  }

  takeCollections(): readonly Collection[] {
    const fromUs = this.#toldUs;
    this.#toldUs = this.#nowUs;
    return this.#stalls
      .filter(({ cause, toUs }) => cause === 'gc' && toUs > fromUs && toUs <= this.#nowUs)
      .map((stall) => ({ startUs: stall.fromUs, endUs: stall.toUs }));
  }

  /** Runs until nothing is left to happen. */
  run(): void {
    for (let events = 0; ; events++) {
      const event = this.#next();
      if (event === undefined) return;
      if (event.run === null) continue;
      if (events > EVENTS_MAX) throw new Error('the simulation does not end');
      this.#nowUs = Math.max(this.#nowUs, event.atUs);
      for (const { fromUs, toUs } of this.#stalls) {
        if (this.#nowUs > fromUs && this.#nowUs < toUs) this.#nowUs = toUs;
      }
      event.run();
    }
  }

  #next(): Event | undefined {
    const events = this.#events;
    const next = events[0];
    const last = events.pop();
    if (last === undefined || events.length === 0) return next;
    let i = 0;
    for (let child = 1; child < events.length; child = 2 * i + 1) {
      if (child + 1 < events.length && after(events[child] as Event, events[child + 1] as Event)) child++;
      if (!after(last, events[child] as Event)) break;
      events[i] = events[child] as Event;
      i = child;
    }
    events[i] = last;
    return next;
  }
}

interface Stall {
  readonly fromUs: number;
  readonly toUs: number;
  readonly cause: StallCause;
}

function after(a: Event, b: Event): boolean {
  return a.atUs > b.atUs || (a.atUs === b.atUs && a.order > b.order);
}

/** What the simulated target does with a request. */
export interface Answer {
  /** From the request's arrival to its answer; Infinity: never. */
  readonly serviceUs: number;
  readonly status: number;
  /** Ends the connection in this way instead of answering. */
  readonly failure?: Outcome;
  /** Halfway to the answer its connection, where it carries several, takes no more: what came later is refused. */
  readonly goesAway?: boolean;
  /** Names in lower case and values by turns. */
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
}

/** A request as the target sees it, without the headers of the target's own. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  /** Null where it is the target's own. */
  readonly host: string | null;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | null;
}

/** Decides each answer; a function of the request's number and when it arrived, so that runs can be repeated. */
export type TargetModel = (
  seq: number,
  atUs: number,
  uniform: (purpose: string) => number,
  request: Seen,
) => Answer;

/** A request as the target saw it. */
export interface Arrived {
  readonly seq: number;
  readonly atUs: number;
  readonly stream: number;
  readonly visitor: number;
  readonly endsVisit: boolean;
  /** Number of its connection, in the order in which they opened. */
  readonly connection: number;
}

export interface TargetLog {
  /** Whether single requests and connections are kept; a run of hours has too many. */
  readonly keeps: boolean;
  /** Requests that arrived, by seq. */
  readonly arrived: Map<number, number>;
  /** The same in the order of arrival. */
  readonly requests: Arrived[];
  /** When connections were closed, by number; those still open are absent. */
  readonly closed: Map<number, number>;
  opened: number;
  /** Open now, and at most at once. */
  open: number;
  openMax: number;
}

export class SimulatedTransport implements Transport {
  readonly #keys = new Map<string, DrawKey>();

  constructor(
    readonly world: World,
    readonly model: TargetModel,
    readonly seed: number,
    readonly connectUs: number,
    readonly log: TargetLog,
    /** Exchanges that a connection carries at once. */
    readonly streamsMax: number,
  ) {}

  connection(_host: string | null, _sessions: unknown, listener: ConnectionListener): Connection {
    if (this.streamsMax > 1) return new SimulatedSession(this, listener);
    return new SimulatedConnection(this, listener);
  }

  close(): void {}

  uniform(seq: number): (purpose: string) => number {
    return (purpose) => {
      let key = this.#keys.get(purpose);
      if (key === undefined) this.#keys.set(purpose, (key = drawKey(this.seed, purpose)));
      return draw(key, seq);
    };
  }
}

class SimulatedConnection implements Connection {
  readonly streamsMax = 1;
  #exchange: Exchange | null = null;
  #generation = 0;
  #connected = false;
  #number = -1;

  constructor(
    private readonly transport: SimulatedTransport,
    private readonly listener: ConnectionListener,
  ) {}

  send(exchange: Exchange): void {
    this.#exchange = exchange;
    if (this.#connected) {
      this.#write(exchange);
      return;
    }
    const { world, connectUs, log } = this.transport;
    this.#later(world.nowUs() + connectUs, () => {
      this.#connected = true;
      this.#number = log.opened++;
      log.openMax = Math.max(log.openMax, ++log.open);
      this.listener.opened(openingOf(connectUs));
      this.#write(exchange);
    });
  }

  abort(exchange: Exchange, failure: Outcome): void {
    if (exchange === this.#exchange) this.#end(failure, null);
  }

  close(): void {
    this.#generation++;
    this.#disconnect();
  }

  #disconnect(): void {
    const { log, world } = this.transport;
    if (this.#connected) {
      log.open--;
      if (log.keeps) log.closed.set(this.#number, world.nowUs());
    }
    this.#connected = false;
  }

  #write(exchange: Exchange): void {
    const { world, model, log } = this.transport;
    const nowUs = world.nowUs();
    exchange.sentUs = nowUs;
    exchange.attempts++;
    const { seq, stream, visitor, endsVisit } = exchange;
    if (log.keeps) {
      log.arrived.set(seq, (log.arrived.get(seq) ?? 0) + 1);
      log.requests.push({ seq, atUs: nowUs, stream, visitor, endsVisit, connection: this.#number });
    }
    const answer = model(seq, nowUs, this.transport.uniform(seq), seenOf(exchange));
    if (answer.serviceUs === Number.POSITIVE_INFINITY) return;
    this.#later(nowUs + answer.serviceUs, () => this.#end(answer.failure ?? null, answer));
  }

  /** The generator reads this when its loop comes round; an end of before is forgotten. */
  #later(atUs: number, run: () => void): void {
    const generation = this.#generation;
    this.transport.world.at(atUs, () => {
      if (generation === this.#generation) run();
    });
  }

  #end(failure: Outcome | null, answer: Answer | null): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    this.#exchange = null;
    this.#generation++;
    exchange.endUs = this.transport.world.nowUs();
    exchange.failure = failure;
    if (failure === null) {
      exchange.firstByteUs = exchange.endUs;
      if (answer !== null) tell(exchange, answer);
    }
    if (failure !== null) this.#disconnect();
    this.listener.settled(this, exchange, failure === null);
  }
}

export function seenOf({ request, extraHeaders }: Exchange): Seen {
  const { method, path, host, headers, body } = request;
  return { method, path, host, headers: [...(extraHeaders ?? []), ...headers], body };
}

export function tell({ answer }: Exchange, { status, headers = [], body }: Answer): void {
  answer.status = status;
  for (let i = 0; i < headers.length; i += 2) answer.header(headers[i] ?? '', headers[i + 1] ?? '');
  if (body !== undefined) answer.data(Buffer.from(body));
}

export function openingOf(totalUs: number): Opening {
  return {
    protocol: 'http/1.1',
    address: 'simulated',
    totalUs,
    dnsUs: 0,
    tcpUs: totalUs,
    tlsUs: null,
    resumed: false,
  };
}

const SIMULATED_TARGET = { protocol: 'http:', host: '127.0.0.1:1' } as const;

export interface SimulationOptions {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  /** Rows of recording streams, by stream. */
  readonly rows?: readonly (readonly Row[] | undefined)[];
  readonly target: TargetModel;
  /** What it is to be judged by; none unless given. */
  readonly gates?: readonly Gate[];
  readonly seed?: number;
  readonly shard?: Shard;
  readonly inFlightMax?: number;
  readonly connectionsMax?: number;
  readonly connectUs?: number;
  /** Exchanges that a connection carries at once; 1 unless given, as HTTP/1.1 has it. */
  readonly streamsMax?: number;
  /** Called before the run starts, to plan stalls and stops. */
  readonly arrange?: (world: World, driver: Driver) => void;
  /** Hooks of the scenario, made for the world that they run in. */
  readonly hooks?: (world: World) => Hooks;
  /** Sees what is handed over, and when. */
  readonly published?: (closed: Closed, health: readonly Health[], atUs: number) => void;
  /** When the driver is started; later than 0 is a late start. */
  readonly startedAtUs?: number;
  /** Takes the lines of the result as they become certain; then single requests are not kept. */
  readonly emit?: (line: ResultLine) => void;
}

export interface Simulated {
  readonly snapshot: Snapshot;
  readonly log: TargetLog;
  readonly health: Health[];
  readonly reason: string;
  readonly plannedTotal: number;
  /** Windows in the order in which they closed. */
  readonly windows: number[];
}

/** Runs the production driver, schedule and recorder against a simulated target until everything has settled. */
export function simulate(options: SimulationOptions): Simulated {
  const { plan, inputs, rows = [], shard = WHOLE } = options;
  const world = new World();
  const recorded = rows.map((own, i) => own && forecastOf(plan, i, own));
  const rate = forecastRate(plan, inputs, recorded);
  const plannedTotal = countArrivals(plan, inputs, recorded, shard);
  const head = headOf(plan, rate.phases, shard, plannedTotal, rate.durationS);
  const snapshot = emptySnapshot({ ...head, gates: options.gates ?? [] });
  const log: TargetLog = {
    keeps: options.emit === undefined,
    arrived: new Map(),
    requests: [],
    closed: new Map(),
    opened: 0,
    open: 0,
    openMax: 0,
  };
  const windows: number[] = [];
  const collector = new Collector(1, shard, (line) => {
    if (line.kind === 'cell' && log.keeps) windows.push(line.cell.windowS);
    options.emit?.(line);
    absorbLine(snapshot, line);
  });
  let reason = '';
  const streams = plan.streams.map((stream, i) => {
    const input = inputs.streams[i];
    if (stream.kind === 'recording') return arrivalsOf(plan, i, rows[i] ?? [], shard);
    if (input?.kind !== 'rate') throw new Error(`stream ${i} has no rate`);
    return new RateArrivals(plan, stream, i, input, shard, {});
  });
  const driver = new Driver({
    plan,
    phases: rate.phases,
    arrivals: new MergedArrivals(streams),
    clock: world,
    conversation: new Conversation(plan, SIMULATED_TARGET, world, hooksOf(options, world)),
    transport: new SimulatedTransport(
      world,
      options.target,
      options.seed ?? 1,
      options.connectUs ?? 200,
      log,
      options.streamsMax ?? 1,
    ),
    shard: `${shard.i}/${shard.n}`,
    inFlightMax: options.inFlightMax ?? 1e9,
    connectionsMax: options.connectionsMax ?? 1e9,
    run: 'simulated',
    loopUtilisation: () => 0,
    stalls: world,
    publish: (closed, health) => {
      options.published?.(closed, health, world.nowUs());
      collector.add(0, closed, health);
    },
    stopRequested: () => driver.stop(0),
    done: (why) => {
      collector.finish(0);
      reason = why;
    },
  });
  options.emit?.({ kind: 'head', head: snapshot.head });
  world.at(options.startedAtUs ?? 0, () => driver.start(0));
  options.arrange?.(world, driver);
  world.run();
  const end: End = {
    shard,
    reason: reason === 'completed' ? 'completed' : 'interrupted',
    closedS: rate.durationS,
    wallUs: world.nowUs(),
  };
  options.emit?.({ kind: 'end', end });
  snapshot.ends.push(end);
  return { snapshot, log, health: [...snapshot.health], reason, plannedTotal, windows };
}

function hooksOf({ plan, hooks }: SimulationOptions, world: World): HookCaller | null {
  if (hooks === undefined) return null;
  return new HookCaller({
    plan,
    hooks: hooks(world),
    targetHost: SIMULATED_TARGET.host,
    nowUs: () => world.nowUs(),
    warn: () => {},
  });
}

/** The head of a result of a plan that was not sent to a real target. */
export function headOf(
  plan: Plan,
  phases: readonly Phase[],
  shard: Shard,
  plannedTotal: number,
  durationS: number,
): Head {
  return {
    format: 2,
    version: '0.0.0',
    node: 'v0',
    plan,
    planId: planId(plan),
    scenario: 'simulated',
    label: null,
    target: 'http://127.0.0.1:1',
    targetIsLocal: false,
    shards: [shard],
    hosts: ['simulated'],
    workers: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    durationS,
    phases,
    normalPerSec: 0,
    peakPerSec: 0,
    plannedTotal,
    gates: [],
    capDeclared: false,
    coverage: { dropped: {}, notes: [] },
  };
}
