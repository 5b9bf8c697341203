// A pool's connections to one host that have room, by how much they carry: the least loaded is found at once.
import type { Slot } from './slot.js';

export class HostSlots {
  /** Connections to the host, with room or without. */
  count = 0;
  /** Those with room, by the number of exchanges that they carried when they were added. */
  readonly #levels: Slot[][] = [];

  add(slot: Slot): void {
    while (this.#levels.length <= slot.carried) this.#levels.push([]);
    const level = this.#levels[slot.carried] as Slot[];
    slot.listed = true;
    slot.level = slot.carried;
    slot.place = level.length;
    level.push(slot);
  }

  /**
   * Takes one out that was added.
   * @returns how much it carried when it was added
   */
  remove(slot: Slot): number {
    const level = this.#levels[slot.level] as Slot[];
    const last = level.pop();
    if (last !== undefined && last !== slot) {
      level[slot.place] = last;
      last.place = slot.place;
    }
    slot.listed = false;
    return slot.level;
  }

  /** The one that was added last among those that carry least. It stays. */
  leastLoaded(): Slot | undefined {
    // As many levels as a connection has streams, at most a hundred.
    for (const level of this.#levels) {
      for (let slot = level.at(-1); slot !== undefined; slot = level.at(-1)) {
        if (slot.hasRoom || slot.carried === 0) return slot;
        // Its room has gone since; it is added again when something on it settles.
        this.remove(slot);
      }
    }
    return undefined;
  }
}
