// Who waits for a slot: one bounded line, first come first served, with two ranks and a bound for each tenant.

/** What the line needs to know of a request. */
export interface Waiter<W> {
  /** Order of arrival. */
  readonly seq: number;
  /** 0 goes before 1. */
  readonly rank: 0 | 1;
  readonly tenant: Tenant<W>;
}

/** Who shares one bound: a store under isolation, else all stores together. */
export interface Tenant<W> {
  readonly name: string;
  /** Slots taken. */
  busy: number;
  /** Its waiting requests by rank, in order of arrival. */
  readonly waiting: readonly [Set<W>, Set<W>];
}

export function createTenant<W>(name: string): Tenant<W> {
  return { name, busy: 0, waiting: [new Set(), new Set()] };
}

/** Sets serve as queues here: they keep the order of arrival, and whoever leaves early costs no search. */
export class Line<W extends Waiter<W>> {
  readonly #all = new Set<W>();
  readonly #second = new Set<W>();

  get size(): number {
    return this.#all.size;
  }

  /** Who has waited longest; undefined when nobody waits. */
  oldest(): W | undefined {
    return firstOf(this.#all);
  }

  /** Who of rank 1 has waited longest, so is the likeliest to wait in vain. */
  oldestOfSecondRank(): W | undefined {
    return firstOf(this.#second);
  }

  add(waiter: W): void {
    this.#all.add(waiter);
    if (waiter.rank === 1) this.#second.add(waiter);
    waiter.tenant.waiting[waiter.rank].add(waiter);
  }

  remove(waiter: W): void {
    this.#all.delete(waiter);
    if (waiter.rank === 1) this.#second.delete(waiter);
    waiter.tenant.waiting[waiter.rank].delete(waiter);
  }

  /**
   * Who is to be served next: the oldest of the first rank, then of the second, of tenants below their bound.
   * @param tenants every tenant that may have somebody waiting
   * @param slotsOf the slots that a tenant may take
   */
  next(tenants: Iterable<Tenant<W>>, slotsOf: (tenant: Tenant<W>) => number): W | undefined {
    if (this.#all.size === 0) return undefined;
    let best: W | undefined;
    for (const tenant of tenants) {
      if (tenant.busy >= slotsOf(tenant)) continue;
      const head = firstOf(tenant.waiting[0]) ?? firstOf(tenant.waiting[1]);
      if (head !== undefined && (best === undefined || goesBefore(head, best))) best = head;
    }
    return best;
  }
}

function goesBefore<W>(a: Waiter<W>, b: Waiter<W>): boolean {
  return a.rank === b.rank ? a.seq < b.seq : a.rank < b.rank;
}

/** The longest in a set; undefined when it is empty. */
export function firstOf<W>(set: Set<W>): W | undefined {
  return set.size === 0 ? undefined : set.values().next().value;
}
