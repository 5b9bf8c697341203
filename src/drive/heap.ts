// A binary heap: whatever comes first by an order of the caller's, at the cost of a few comparisons.

export class Heap<T> {
  readonly #items: T[] = [];

  /** @param isBefore a strict order */
  constructor(private readonly isBefore: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.#items.length;
  }

  /** The first one, which stays; undefined if there is none. */
  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let hole = items.length;
    items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.isBefore(item, items[parent] as T)) break;
      items[hole] = items[parent] as T;
      hole = parent;
    }
    items[hole] = item;
  }

  /** Takes the first one out; undefined if there is none. */
  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.isBefore(items[child + 1] as T, items[child] as T)) child++;
      if (!this.isBefore(items[child] as T, last)) break;
      items[hole] = items[child] as T;
      hole = child;
    }
    items[hole] = last;
    return first;
  }

  clear(): void {
    this.#items.length = 0;
  }
}
