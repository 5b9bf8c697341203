// A simulated connection that carries several exchanges at once, as HTTP/2 does, and may be told to go away.
import type { Exchange } from '../../src/drive/exchange.js';
import type { Connection, ConnectionListener } from '../../src/drive/transports/transport.js';
import type { Outcome } from '../../src/measure/outcome.js';
import { type Answer, openingOf, type SimulatedTransport, seenOf, tell } from './simulation.js';

export class SimulatedSession implements Connection {
  /** What it carries, in the order in which it was sent; the values tell one sending of an exchange from the next. */
  readonly #carried = new Map<Exchange, number>();
  #sendings = 0;
  #state: 'new' | 'opening' | 'open' | 'gone' = 'new';
  #leaving = false;
  #number = -1;

  constructor(
    private readonly transport: SimulatedTransport,
    private readonly listener: ConnectionListener,
  ) {}

  get streamsMax(): number {
    return this.#leaving ? 0 : this.transport.streamsMax;
  }

  send(exchange: Exchange): void {
    if (this.#leaving || this.#carried.size >= this.streamsMax) throw new Error('there is no room');
    this.#carried.set(exchange, ++this.#sendings);
    if (this.#state === 'open') this.#write(exchange);
    if (this.#state !== 'new') return;
    this.#state = 'opening';
    const { world, connectUs, log } = this.transport;
    world.at(world.nowUs() + connectUs, () => {
      if (this.#state !== 'opening') return;
      this.#state = 'open';
      this.#number = log.opened++;
      log.openMax = Math.max(log.openMax, ++log.open);
      this.listener.opened({ ...openingOf(connectUs), protocol: 'h2' });
      for (const waiting of [...this.#carried.keys()]) this.#write(waiting);
    });
  }

  abort(exchange: Exchange, failure: Outcome): void {
    if (this.#state === 'opening') this.#leaving = true;
    this.#end(exchange, failure, null);
  }

  close(): void {
    if (this.#carried.size > 0) throw new Error('a connection was closed that carries something');
    this.#disconnect();
  }

  #disconnect(): void {
    const { log, world } = this.transport;
    if (this.#state === 'open') {
      log.open--;
      log.closed.set(this.#number, world.nowUs());
    }
    this.#state = 'gone';
    this.#leaving = true;
  }

  #write(exchange: Exchange): void {
    const { world, model, log } = this.transport;
    const atUs = world.nowUs();
    exchange.sentUs = atUs;
    exchange.attempts++;
    const { seq, stream, visitor, endsVisit } = exchange;
    log.arrived.set(seq, (log.arrived.get(seq) ?? 0) + 1);
    log.requests.push({ seq, atUs, stream, visitor, endsVisit, connection: this.#number });
    const answer = model(seq, atUs, this.transport.uniform(seq), seenOf(exchange));
    if (answer.serviceUs === Number.POSITIVE_INFINITY) return;
    const sending = this.#carried.get(exchange) ?? 0;
    if (answer.goesAway) world.at(atUs + answer.serviceUs / 2, () => this.#goAway(sending));
    world.at(atUs + answer.serviceUs, () => {
      if (this.#carried.get(exchange) === sending) this.#end(exchange, answer.failure ?? null, answer);
    });
  }

  /** Takes no more; what was sent after that sending was not looked at. */
  #goAway(last: number): void {
    if (this.#state !== 'open') return;
    const carriedNothing = this.#carried.size === 0;
    this.#leaving = true;
    for (const [exchange, sending] of [...this.#carried]) {
      if (sending <= last) continue;
      exchange.unprocessed = true;
      this.#end(exchange, 'reset', null);
    }
    if (!carriedNothing) return;
    this.#disconnect();
    this.listener.closed(this);
  }

  #end(exchange: Exchange, failure: Outcome | null, answer: Answer | null): void {
    if (!this.#carried.delete(exchange)) return;
    exchange.endUs = this.transport.world.nowUs();
    exchange.failure = failure;
    if (failure === null) {
      exchange.firstByteUs = exchange.endUs;
      if (answer !== null) tell(exchange, answer);
    }
    const usable = !this.#leaving;
    if (!usable && this.#carried.size === 0) this.#disconnect();
    this.listener.settled(this, exchange, usable);
  }
}
