// Which names are kept where there are too many: those whose hashes are smallest, whatever order they came in.
import { drawKey, hashText } from '../random.js';

const KEY = drawKey(0, 'names that are kept');

interface Named {
  readonly hash: number;
  readonly name: string;
}

/**
 * A bounded set of names. One that is among the `max` smallest of all names is so in every part of them, so it is
 * never given up, in any order and in any shard; merging samples and sampling what was merged give the same.
 */
export class NameSample {
  /** A binary heap, the largest hash first. */
  readonly #heap: Named[] = [];

  constructor(private readonly max: number) {}

  /** Takes a name that is not in the set. @returns the name that is given up for it, maybe itself; null for none */
  add(name: string): string | null {
    const named = { hash: hashText(KEY, name), name };
    const heap = this.#heap;
    if (heap.length < this.max) {
      heap.push(named);
      this.#rise(heap.length - 1);
      return null;
    }
    const largest = heap[0];
    if (largest === undefined || !isAfter(largest, named)) return name;
    heap[0] = named;
    this.#sink();
    return largest.name;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const named = heap[from] as Named;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isAfter(named, heap[parent] as Named)) break;
      heap[hole] = heap[parent] as Named;
      hole = parent;
    }
    heap[hole] = named;
  }

  #sink(): void {
    const heap = this.#heap;
    const named = heap[0] as Named;
    let hole = 0;
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      const right = child + 1;
      if (right < heap.length && isAfter(heap[right] as Named, heap[child] as Named)) child = right;
      if (!isAfter(heap[child] as Named, named)) break;
      heap[hole] = heap[child] as Named;
      hole = child;
    }
    heap[hole] = named;
  }
}

function isAfter(a: Named, b: Named): boolean {
  return a.hash > b.hash || (a.hash === b.hash && a.name > b.name);
}
