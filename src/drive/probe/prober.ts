// The prober: sends the requests of a probe one at a time, over the parts that a run uses, and keeps what came back.
import type { Outcome } from '../../measure/outcome.js';
import type { Probed, ProbedConnection, ProbedRequest } from '../../measure/probed.js';
import type { Plan } from '../../scenario/plan.js';
import type { ProbeRequest, ProbeVisit } from '../../schedule/probes.js';
import { CACHE_HEADERS, cacheResultOf } from '../cache-headers.js';
import { type Connections, type ExchangeListener, makeConnections } from '../connections/connections.js';
import { Exchange } from '../exchange.js';
import type { Clock } from '../pacing/clock.js';
import type { Schedule } from '../sockets/resolver.js';
import type { Opening } from '../sockets/socket-opener.js';
import { nameToAsk, type ResolvedTarget } from '../sockets/target.js';
import type { Transport } from '../transports/transport.js';
import { decodeBody } from '../visits/body.js';
import { failedChecks } from '../visits/checks.js';
import type { Conversation } from '../visits/conversation.js';
import { Visitors } from '../visits/visitors.js';

/** Bytes of a body that are kept for a look at what it says. */
const BODY_MAX = 65_536;
/** Characters that are kept of a decoded body, of a header's value, and of a path. */
const TEXT_MAX = 16_384;
const VALUE_MAX = 1_024;
/** Headers of an answer that are kept. */
const HEADERS_MAX = 128;

export interface ProberOptions {
  readonly plan: Plan;
  readonly target: ResolvedTarget;
  readonly transport: Transport;
  readonly conversation: Conversation;
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** How long one operation may take. */
  readonly timeoutUs: number;
  /** Name of this run, which a target may send back as `x-flashcrowd-stop`. */
  readonly run: string;
}

/** What was noted of the operation under way. */
interface Notes {
  readonly request: ProbedRequest;
  opening: Opening | null;
  readonly followed: { status: number; location: string }[];
  readonly done: (outcome: Outcome) => void;
}

/** Sends one request after the other, each over a connection of its own: none is sent a second time. */
export class Prober implements ExchangeListener {
  readonly #options: ProberOptions;
  readonly #connections: Connections;
  #notes: Notes | null = null;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#connections = makeConnections({ kind: 'fresh' }, options.transport, this, 1);
  }

  /** Whether the target has asked that nothing more be sent. */
  get stopRequested(): boolean {
    return this.#stopped;
  }

  /**
   * Sends the requests of one visit in order, without its pauses: what one answer gives, the next request has.
   * @param hide takes secrets out of what is kept
   */
  async visit({ stream, visitor, requests }: ProbeVisit, hide: (text: string) => string): Promise<Probed[]> {
    const visitors = new Visitors();
    // Held as if a request were under way all the time, so that the visitor is not forgotten in between.
    const who = visitors.due(stream, visitor, false);
    const probed: Probed[] = [];
    for (const request of requests) {
      if (this.#stopped) break;
      const exchange = new Exchange();
      exchange.reset();
      exchange.stream = stream;
      exchange.visitor = visitor;
      exchange.who = who;
      probed.push(await this.#send(exchange, request, hide));
    }
    visitors.settled(who);
    return probed;
  }

  close(): void {
    this.#connections.close();
  }

  opened(opening: Opening): void {
    if (this.#notes !== null) this.#notes.opening = opening;
  }

  settled(exchange: Exchange): void {
    const notes = this.#notes;
    if (notes === null) throw new Error('an exchange settled that was not under way');
    if (Number.isNaN(exchange.endUs)) exchange.endUs = this.#options.clock.nowUs();
    const { answer } = exchange;
    if (answer.stop === this.#options.run) this.#stopped = true;
    if (exchange.failure !== null) {
      notes.done(exchange.failure);
      return;
    }
    const { status, location } = answer;
    const outcome = this.#options.conversation.heard(exchange);
    if (outcome !== 'again') {
      notes.done(outcome);
      return;
    }
    notes.followed.push({ status, location: (location ?? '').slice(0, VALUE_MAX) });
    exchange.again();
    this.#connections.send(exchange);
  }

  async #send(exchange: Exchange, { seq, request }: ProbeRequest, hide: (text: string) => string) {
    const { conversation, clock, schedule, timeoutUs } = this.#options;
    exchange.seq = seq;
    Object.assign(exchange.request, request);
    exchange.dueUs = exchange.readyUs = clock.nowUs();
    const refusal = conversation.prepare(exchange);
    exchange.answer.keepsHeaders = true;
    exchange.answer.bodyMax = Math.max(exchange.answer.bodyMax, BODY_MAX);
    exchange.firedUs = clock.nowUs();
    const cancel =
      refusal === null ? schedule(timeoutUs, () => this.#connections.abort(exchange, 'timeout')) : () => {};
    exchange.outcome = await new Promise<Outcome>((done) => {
      this.#notes = { request: this.#requestOf(exchange), opening: null, followed: [], done };
      if (refusal === null) this.#connections.send(exchange);
      else done(refusal);
    });
    cancel();
    const probed = this.#probed(exchange, this.#notes as Notes, hide);
    this.#notes = null;
    conversation.settled(exchange);
    return probed;
  }

  #requestOf({ request: { method, path, host } }: Exchange): ProbedRequest {
    const { target } = this.#options;
    return { method, path, host: host ?? target.host, serverName: nameToAsk(host, target) };
  }

  #probed(exchange: Exchange, notes: Notes, hide: (text: string) => string): Probed {
    const { plan } = this.#options;
    const { answer, request, outcome } = exchange;
    const { name, expect, checks } = plan.routes[request.route] as Plan['routes'][number];
    const text = (value: string, max = VALUE_MAX) => hide(value.slice(0, 2 * max)).slice(0, max);
    const headers = answer.headers.slice(0, 2 * HEADERS_MAX).map((value) => text(value));
    const since = (us: number) => (Number.isNaN(us) ? null : Math.round(us - exchange.firedUs));
    return {
      stream: plan.streams[exchange.stream]?.name ?? '',
      route: name,
      tenant: request.tenant,
      request: { ...notes.request, path: text(notes.request.path) },
      expect,
      recordedStatus: request.recordedStatus,
      outcome,
      status: answer.status,
      connection: notes.opening === null ? null : connectionOf(notes.opening),
      firstByteUs: since(exchange.firstByteUs),
      totalUs: since(exchange.endUs),
      bytes: answer.bytes,
      attempts: exchange.attempts,
      cache: answer.cache === null ? null : { result: answer.cache, header: cacheHeader(headers) },
      followed: notes.followed.map(({ status, location }) => ({ status, location: text(location) })),
      location: isRedirect(answer.status) && answer.location !== null ? text(answer.location) : null,
      failedChecks: outcome === 'bad_body' ? failedChecks(checks, exchange) : [],
      headers,
      body: text(decodeBody(answer)?.slice(0, 2 * TEXT_MAX) ?? '', TEXT_MAX),
    };
  }
}

/** How a connection was opened, for a report. */
export function connectionOf({ protocol, address, tcpUs, tlsUs }: Opening): ProbedConnection {
  return { protocol, address, tcpUs: Math.round(tcpUs), tlsUs: tlsUs === null ? null : Math.round(tlsUs) };
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/** The first header in which a cache spoke. */
function cacheHeader(headers: readonly string[]): string | null {
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = [headers[i], headers[i + 1]];
    if (name === 'age' || (CACHE_HEADERS.includes(name) && cacheResultOf(name, value) !== null))
      return `${name}: ${value}`;
  }
  return null;
}
