// A map whose values are packed once nothing has been added to them for a while, and unpacked to be read.

/** How a value is packed into a string, and made of it again. */
export interface Form<V> {
  pack(value: V): string;
  unpack(text: string): V;
}

/** Values that were changed last stay as they are. */
const OPEN_MAX = 32;

/**
 * Reads as a map does, in the order in which keys came. What it gives may be a copy: values are changed through `at`
 * and `set` alone.
 */
export class PackedMap<K, V extends object> {
  readonly #values = new Map<K, V | string>();
  /** Keys of values that are not packed, the one opened first in front. */
  readonly #open: K[] = [];

  constructor(private readonly form: Form<V>) {}

  get size(): number {
    return this.#values.size;
  }

  get(key: K): V | undefined {
    const value = this.#values.get(key);
    return typeof value === 'string' ? this.form.unpack(value) : value;
  }

  keys(): IterableIterator<K> {
    return this.#values.keys();
  }

  *values(): Generator<V> {
    for (const value of this.#values.values()) yield this.#read(value);
  }

  *[Symbol.iterator](): Generator<[K, V]> {
    for (const [key, value] of this.#values) yield [key, this.#read(value)];
  }

  /** The value of a key, to be changed before any other is asked for; made where there is none. */
  at(key: K, make: () => V): V {
    const known = this.#values.get(key);
    if (known !== undefined && typeof known !== 'string') return known;
    const value = known === undefined ? make() : this.form.unpack(known);
    this.#values.set(key, value);
    this.#open.push(key);
    if (this.#open.length > OPEN_MAX) this.#packFirst();
    return value;
  }

  set(key: K, value: V): void {
    if (this.at(key, () => value) !== value) this.#values.set(key, value);
  }

  #read(value: V | string): V {
    return typeof value === 'string' ? this.form.unpack(value) : value;
  }

  #packFirst(): void {
    const key = this.#open.shift() as K;
    const value = this.#values.get(key);
    if (value !== undefined && typeof value !== 'string') this.#values.set(key, this.form.pack(value));
  }
}

/** Values that come one after the other: an array is one too. */
export interface Values<V> extends Iterable<V> {
  readonly length: number;
  push(value: V): unknown;
}

/** A list whose values are packed but for the last ones. Reads as an iterable does; what it gives may be a copy. */
export class PackedList<V extends object> implements Values<V> {
  readonly #values: (V | string)[] = [];

  constructor(private readonly form: Form<V>) {}

  get length(): number {
    return this.#values.length;
  }

  push(value: V): void {
    this.#values.push(value);
    const at = this.#values.length - 1 - OPEN_MAX;
    const settled = this.#values[at];
    if (settled !== undefined && typeof settled !== 'string') this.#values[at] = this.form.pack(settled);
  }

  *[Symbol.iterator](): Generator<V> {
    for (const value of this.#values) yield typeof value === 'string' ? this.form.unpack(value) : value;
  }
}
