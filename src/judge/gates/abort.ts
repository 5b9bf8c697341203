// Gates that stop a run: their windows, looked at while it goes on.
import type { Snapshot } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { closedThroughS } from '../facts.js';
import type { Stretch } from './selection.js';
import { partsOf, reader, Sliding, stretchesOf, wordOf } from './windows.js';

/** The gate that stops a run, and the window in which it failed. */
export interface GateStop {
  readonly gate: Gate;
  readonly window: Stretch;
}

/** One gate, and how far its windows were looked at. */
class Watched {
  readonly #stretches: readonly Stretch[];
  readonly #sliding: Sliding;
  #nextS = 0;
  #stretch = 0;

  constructor(
    snapshot: Snapshot,
    private readonly gate: Gate,
    private readonly overS: number,
    private readonly bound: number,
  ) {
    this.#stretches = stretchesOf(snapshot.head, gate, snapshot.head.durationS);
    // What a stop cuts is forgiven, as it is when the whole is judged.
    this.#sliding = new Sliding(
      overS,
      reader(snapshot, gate, (second) => partsOf(gate, second, false)),
    );
  }

  lookThrough(closedS: number): GateStop | null {
    for (let at = this.#stretches[this.#stretch]; at !== undefined; at = this.#stretches[this.#stretch]) {
      for (let t = Math.max(this.#nextS, at.startS); t < Math.min(closedS, at.endS); t++) {
        this.#nextS = t + 1;
        const window = this.#sliding.next(t);
        if (window !== null && wordOf(this.gate, this.overS, this.bound, window) === 'breaks')
          return { gate: this.gate, window: { startS: window.startS, endS: t + 1 } };
      }
      if (closedS < at.endS) return null;
      this.#stretch++;
      this.#sliding.clear();
    }
    return null;
  }
}

/**
 * Looks at the gates of a run's head that stop it. Each window is looked at once, as its last second closes, so that a
 * look costs as much as the seconds that are new. A process of a fleet sees its own share of the load alone.
 */
export class AbortWatch {
  readonly #watched: readonly Watched[];

  constructor(private readonly snapshot: Snapshot) {
    this.#watched = snapshot.head.gates.flatMap((gate) => {
      const { abort, overS, bound } = gate;
      if (abort !== true || overS === undefined || typeof bound !== 'number') return [];
      return [new Watched(snapshot, gate, overS, bound)];
    });
  }

  /** The first gate that a window which has closed since the last look fails for certain; null where none does. */
  look(): GateStop | null {
    if (this.#watched.length === 0) return null;
    const closedS = closedThroughS(this.snapshot);
    for (const watched of this.#watched) {
      const stop = watched.lookThrough(closedS);
      if (stop !== null) return stop;
    }
    return null;
  }
}
