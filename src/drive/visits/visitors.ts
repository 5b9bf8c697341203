// Visitors: who sends, for as long as they may come back; with the connections and what they remember.
import type { Slot } from '../connections/slot.js';
import type { Exchange } from '../exchange.js';
import { type Linked, LinkedList } from '../linked-list.js';
import { Budget, type TlsSessions } from '../sockets/sessions.js';
import { type Jar, weightOf } from './cookies.js';

/** Visitors who send nothing now and may come back; the one who has been away longest is forgotten first. */
const AWAY_MAX = 262_144;
/** What their cookies may weigh in all. */
const AWAY_BYTES_MAX = 64 * 1024 * 1024;
/** Server names whose TLS session a visitor keeps. */
const SESSIONS_MAX = 8;
/** Sessions that the visitors of a shard keep together, some 2 KB each; beyond it a returning visitor is as a new one. */
const SESSIONS_IN_ALL_MAX = 65_536;

/** One visitor of one stream. A new one has no connection, no TLS session and no cookie. */
export class Visitor implements Linked<Visitor>, TlsSessions {
  /** The visitor's own connections, where the plan gives visitors their own. */
  readonly slots: Slot[] = [];
  /** Exchanges that wait for one of them; empty unless their number is limited. */
  readonly waiting: Exchange[] = [];
  /** Made when an answer first sets a cookie. */
  jar: Jar | null = null;
  /** Exchanges that are due and have not settled. */
  underWay = 0;
  /** Those of them that are not sent yet, as they must wait (`held.ts`), in the order of the visit. */
  readonly held: Exchange[] = [];
  /** Whether it is known when the first of them may be sent. */
  isReleased = false;
  /** When the last one that waited could be sent. */
  sentUs = Number.NEGATIVE_INFINITY;
  /** When they left for what came of a request, or would have sent another since; -Infinity for one who has not. */
  leftUs = Number.NEGATIVE_INFINITY;
  /** When the last request of a visit with an order settled. */
  answeredUs = Number.NEGATIVE_INFINITY;
  /** What answers have given for later requests, by placeholder; made when it is first needed. */
  memory: Map<string, string> | null = null;
  /** The last request of the visit has been due. */
  leaves = false;
  previous: Visitor | null = null;
  next: Visitor | null = null;
  #sessions: Map<string, Buffer> | null = null;
  #forgotten = false;

  constructor(
    readonly stream: number,
    readonly number: number,
    /** What all visitors may keep in sessions. */
    private readonly budget: Budget,
  ) {}

  session(servername: string): Buffer | undefined {
    return this.#sessions?.get(servername);
  }

  keepSession(servername: string, session: Buffer): void {
    const known = this.#sessions?.has(servername) === true;
    if (!known) {
      if (this.#forgotten || (this.#sessions?.size ?? 0) >= SESSIONS_MAX || !this.budget.take()) return;
      this.#sessions ??= new Map();
    }
    this.#sessions?.set(servername, session);
  }

  /** Nobody will ask for this visitor again; a session that still comes is not kept. */
  forget(): void {
    this.#forgotten = true;
    this.budget.giveBack(this.#sessions?.size ?? 0);
    this.#sessions = null;
  }

  /** Whether anything would be lost if the visitor were forgotten between two requests. */
  get remembers(): boolean {
    return (
      this.slots.length > 0 ||
      this.#sessions !== null ||
      this.jar !== null ||
      this.leftUs !== Number.NEGATIVE_INFINITY ||
      this.answeredUs !== Number.NEGATIVE_INFINITY
    );
  }
}

/** The visitors of a shard. */
export class Visitors {
  /** By stream, then by number. */
  readonly #known: Map<number, Visitor>[] = [];
  /** Those with nothing under way, the longest away first. */
  readonly #away = new LinkedList<Visitor>();
  readonly #sessions = new Budget(SESSIONS_IN_ALL_MAX);
  #awayBytes = 0;

  /** The visitor of an arrival that is due; new ones are made. Each call is answered by one of `settled`. */
  due(stream: number, number: number, endsVisit: boolean): Visitor {
    const known = (this.#known[stream] ??= new Map());
    let visitor = known.get(number);
    if (visitor === undefined) {
      visitor = new Visitor(stream, number, this.#sessions);
      known.set(number, visitor);
    } else if (visitor.underWay === 0) {
      this.#back(visitor);
    }
    visitor.underWay++;
    if (endsVisit) visitor.leaves = true;
    return visitor;
  }

  /** One of the visitor's arrivals has settled, and its connection has been given back. */
  settled(visitor: Visitor): void {
    if (--visitor.underWay > 0) return;
    if (visitor.leaves || !visitor.remembers) {
      this.#forget(visitor);
      return;
    }
    this.#away.append(visitor);
    this.#awayBytes += weightOf(visitor.jar);
    while (this.#away.size > AWAY_MAX || this.#awayBytes > AWAY_BYTES_MAX) {
      const longest = this.#away.first;
      if (longest === null) return;
      this.#back(longest);
      this.#forget(longest);
    }
  }

  #forget(visitor: Visitor): void {
    this.#known[visitor.stream]?.delete(visitor.number);
    visitor.forget();
  }

  #back(visitor: Visitor): void {
    this.#away.remove(visitor);
    this.#awayBytes -= weightOf(visitor.jar);
  }
}
