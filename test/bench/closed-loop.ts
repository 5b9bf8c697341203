// A closed loop around the production driver: an arrival is due whenever fewer than so many are under way.
import type { Driver } from '../../src/drive/driver.js';
import type { Exchange } from '../../src/drive/exchange.js';
import type { Clock } from '../../src/drive/pacing/clock.js';
import type { Opening, TlsSessions } from '../../src/drive/sockets/socket-opener.js';
import type { Connection, ConnectionListener, Transport } from '../../src/drive/transports/transport.js';
import type { Arrivals, PlannedRequest } from '../../src/schedule/arrivals.js';

/** A schedule's arrivals at other times than its own: its requests, visitors and numbers cost what they always do. */
export class ClosedLoop implements Arrivals, Transport {
  dueUs = 0;
  #driver: Driver | undefined;
  #startUs = 0;
  #nowUs = 0;
  #underWay = 0;
  #turnWanted = false;
  #over = false;
  readonly #onTurn = () => {
    this.#turnWanted = false;
    this.#nowUs = Math.floor(this.clock.nowUs() - this.#startUs);
    this.#look();
    this.#driver?.turn();
  };

  /** @param underWayMax how many are under way at any time */
  constructor(
    private readonly planned: Arrivals,
    private readonly transport: Transport,
    private readonly clock: Clock,
    private readonly underWayMax: number,
  ) {}

  start(driver: Driver, startUs: number): void {
    this.#driver = driver;
    this.#startUs = startUs;
    driver.start(startUs);
  }

  /** Nothing more is due; what is under way settles. */
  end(): void {
    this.#over = true;
    this.#want();
  }

  get seq(): number {
    return this.planned.seq;
  }

  get visitor(): number {
    return this.planned.visitor;
  }

  get stream(): number {
    return this.planned.stream;
  }

  get endsVisit(): boolean {
    return this.planned.endsVisit;
  }

  request(into: PlannedRequest): void {
    this.planned.request(into);
  }

  advance(): void {
    this.planned.advance();
    if (this.planned.dueUs === Number.POSITIVE_INFINITY) throw new Error('the schedule is too short');
    this.#underWay++;
    this.#look();
  }

  connection(host: string | null, sessions: TlsSessions | null, listener: ConnectionListener): Connection {
    return this.transport.connection(host, sessions, new Listening(listener, this));
  }

  close(): void {
    this.transport.close();
  }

  /** One has settled: the next turn, once all answers of this one are read, fires another. */
  settled(): void {
    this.#underWay--;
    this.#want();
  }

  #want(): void {
    if (this.#turnWanted) return;
    this.#turnWanted = true;
    setImmediate(this.#onTurn);
  }

  #look(): void {
    if (this.#over) this.dueUs = Number.POSITIVE_INFINITY;
    else this.dueUs = this.#underWay < this.underWayMax ? this.#nowUs : Number.NaN;
  }
}

class Listening implements ConnectionListener {
  constructor(
    private readonly listener: ConnectionListener,
    private readonly loop: ClosedLoop,
  ) {}

  opened(opening: Opening): void {
    this.listener.opened(opening);
  }

  settled(connection: Connection, exchange: Exchange, usable: boolean): void {
    this.listener.settled(connection, exchange, usable);
    this.loop.settled();
  }

  closed(connection: Connection): void {
    this.listener.closed(connection);
  }
}
