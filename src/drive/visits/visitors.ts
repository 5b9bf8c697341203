// Visitors: who sends, for as long as they may come back; with the connections and what they remember.
import type { Slot } from '../connections/slot.js';
import type { Exchange } from '../exchange.js';
import { type Linked, LinkedList } from '../linked-list.js';
import type { TlsSessions } from '../sockets/socket-opener.js';

/** Visitors who send nothing now and may come back; the one who has been away longest is forgotten first. */
const AWAY_MAX = 262_144;
/** Server names whose TLS session a visitor keeps. */
const SESSIONS_MAX = 8;

/** One visitor of one stream. A new one has no connection, no TLS session and no cookie. */
export class Visitor implements Linked<Visitor>, TlsSessions {
  /** The visitor's own connections, where the plan gives visitors their own. */
  readonly slots: Slot[] = [];
  /** Exchanges that wait for one of them; empty unless their number is limited. */
  readonly waiting: Exchange[] = [];
  /** Exchanges that are due and have not settled. */
  underWay = 0;
  /** Those of them that are not sent yet, as they must wait (`held.ts`), in the order of the visit. */
  readonly held: Exchange[] = [];
  /** Whether it is known when the first of them may be sent. */
  isReleased = false;
  /** When the last one that waited could be sent. */
  sentUs = Number.NEGATIVE_INFINITY;
  /** When the last request of a visit with an order settled. */
  answeredUs = Number.NEGATIVE_INFINITY;
  /** What answers have given for later requests, by placeholder; made when it is first needed. */
  memory: Map<string, string> | null = null;
  /** The last request of the visit has been due. */
  leaves = false;
  previous: Visitor | null = null;
  next: Visitor | null = null;
  #sessions: Map<string, Buffer> | null = null;

  constructor(
    readonly stream: number,
    readonly number: number,
  ) {}

  session(servername: string): Buffer | undefined {
    return this.#sessions?.get(servername);
  }

  keepSession(servername: string, session: Buffer): void {
    this.#sessions ??= new Map();
    if (this.#sessions.size < SESSIONS_MAX || this.#sessions.has(servername))
      this.#sessions.set(servername, session);
  }

  /** Whether anything would be lost if the visitor were forgotten between two requests. */
  get remembers(): boolean {
    return this.slots.length > 0 || this.#sessions !== null || this.answeredUs !== Number.NEGATIVE_INFINITY;
  }
}

/** The visitors of a shard. */
export class Visitors {
  /** By stream, then by number. */
  readonly #known: Map<number, Visitor>[] = [];
  /** Those with nothing under way, the longest away first. */
  readonly #away = new LinkedList<Visitor>();

  /** The visitor of an arrival that is due; new ones are made. Each call is answered by one of `settled`. */
  due(stream: number, number: number, endsVisit: boolean): Visitor {
    const known = (this.#known[stream] ??= new Map());
    let visitor = known.get(number);
    if (visitor === undefined) {
      visitor = new Visitor(stream, number);
      known.set(number, visitor);
    } else if (visitor.underWay === 0) {
      this.#away.remove(visitor);
    }
    visitor.underWay++;
    if (endsVisit) visitor.leaves = true;
    return visitor;
  }

  /** One of the visitor's arrivals has settled, and its connection has been given back. */
  settled(visitor: Visitor): void {
    if (--visitor.underWay > 0) return;
    if (visitor.leaves || !visitor.remembers) {
      this.#known[visitor.stream]?.delete(visitor.number);
      return;
    }
    this.#away.append(visitor);
    const longest = this.#away.first;
    if (this.#away.size <= AWAY_MAX || longest === null) return;
    this.#away.remove(longest);
    this.#known[longest.stream]?.delete(longest.number);
  }
}
