// What happens next: a binary heap of things by their instant, the earliest on top.

/** Things to come, by instant; those of one instant come out in no particular order. */
export class Heap<T> {
  // Two arrays instead of one of pairs: no object is made for a push.
  readonly #atUs: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the earliest is due, in microseconds; Infinity when there is none. */
  get nextUs(): number {
    return this.#atUs[0] ?? Number.POSITIVE_INFINITY;
  }

  push(atUs: number, item: T): void {
    let i = this.#items.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.#at(parent) <= atUs) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#atUs[i] = atUs;
    this.#items[i] = item;
  }

  /** Takes the earliest out; undefined when there is none. */
  pop(): T | undefined {
    const top = this.#items[0];
    const atUs = this.#atUs.pop();
    const item = this.#items.pop();
    const size = this.#items.length;
    if (size === 0 || atUs === undefined) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#at(child + 1) < this.#at(child)) child++;
      if (this.#at(child) >= atUs) break;
      this.#move(child, i);
      i = child;
    }
    this.#atUs[i] = atUs;
    this.#items[i] = item as T;
    return top;
  }

  #at(i: number): number {
    return this.#atUs[i] as number;
  }

  #move(from: number, to: number): void {
    this.#atUs[to] = this.#at(from);
    this.#items[to] = this.#items[from] as T;
  }
}
