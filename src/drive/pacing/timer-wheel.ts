// A hashed timer wheel (Varghese and Lauck, 1987): thousands of deadlines, set and dropped at no cost to speak of.
import type { Linked } from '../linked-list.js';

/** What an entry must have; links are null outside the wheel. */
export interface Timed<T> extends Linked<T> {
  /** When it fires, microseconds; the wheel sets it. */
  timerUs: number;
  /** Where in the wheel it is; -1 outside. The wheel's own. */
  timerSlot: number;
}

/** Width of a slot. It decides only how many entries are looked at, never when one fires. */
const SLOT_US = 1_000;
/** Slots: deadlines up to 16 s away share a slot with no later round's. A power of two. */
const SLOTS = 16_384;
/** Where those that are about to fire are, so that one that fires may drop the others. */
const FIRING = SLOTS;

/**
 * Entries by the time at which they fire. Nothing is allocated for an entry; schedule and cancel take constant time;
 * an entry fires at the first `advance` whose time has reached its own, in order of slots, never before.
 */
export class TimerWheel<T extends Timed<T>> {
  readonly #first: (T | null)[] = new Array<T | null>(SLOTS + 1).fill(null);
  readonly #last: (T | null)[] = new Array<T | null>(SLOTS + 1).fill(null);
  /** The number of the slot up to which everything has fired, counted on without end. */
  #cursor = 0;
  #size = 0;

  /** Entries that wait. */
  get size(): number {
    return this.#size;
  }

  /** Puts an entry in, which must not be in a wheel; one whose time has passed fires at the next `advance`. */
  schedule(entry: T, atUs: number): void {
    if (entry.timerSlot !== -1) throw new Error('scheduled twice');
    entry.timerUs = atUs;
    this.#append(entry, Math.max(this.#cursor, Math.floor(atUs / SLOT_US)) % SLOTS);
  }

  /** Takes an entry out; one that is not in is left alone. */
  cancel(entry: T): void {
    if (entry.timerSlot !== -1) this.#unlink(entry);
  }

  /** Fires every entry whose time has come. An entry is out when it fires, and may be scheduled again. */
  advance(nowUs: number, fire: (entry: T) => void): void {
    const until = Math.max(this.#cursor, Math.floor(nowUs / SLOT_US));
    const slots = Math.min(until - this.#cursor, SLOTS - 1);
    const from = this.#cursor;
    this.#cursor = until;
    if (this.#size === 0) return;
    for (let i = 0; i <= slots; i++) this.#gather((from + i) % SLOTS, nowUs);
    this.#fireGathered(fire);
  }

  /** Fires every entry, whatever its time. */
  drain(fire: (entry: T) => void): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#gather(slot, Number.POSITIVE_INFINITY);
    this.#fireGathered(fire);
  }

  #gather(slot: number, nowUs: number): void {
    let entry = this.#first[slot] ?? null;
    while (entry !== null) {
      const next: T | null = entry.next;
      if (entry.timerUs <= nowUs) {
        this.#unlink(entry);
        this.#append(entry, FIRING);
      }
      entry = next;
    }
  }

  #fireGathered(fire: (entry: T) => void): void {
    for (let entry = this.#first[FIRING]; entry; entry = this.#first[FIRING]) {
      this.#unlink(entry);
      fire(entry);
    }
  }

  #append(entry: T, slot: number): void {
    const last = this.#last[slot] ?? null;
    entry.timerSlot = slot;
    entry.previous = last;
    entry.next = null;
    if (last === null) this.#first[slot] = entry;
    else last.next = entry;
    this.#last[slot] = entry;
    this.#size++;
  }

  #unlink(entry: T): void {
    const slot = entry.timerSlot;
    if (entry.previous === null) this.#first[slot] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === null) this.#last[slot] = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = entry.next = null;
    entry.timerSlot = -1;
    this.#size--;
  }
}
