// The emission recorder: counts, as operations settle, when each could be fired and when it was.
import { SLICE_S } from './cell.js';
import { BIN_US, countAgain, type Emission, emptyEmission } from './emission.js';
import type { Settled } from './operation.js';

const SLICE_US = SLICE_S * 1e6;

export class EmissionRecorder {
  /** Open slices by their first second. */
  readonly #open = new Map<number, Emission>();
  /** The slice counted in last: nearly always the one counted in next. */
  #current: Emission = emptyEmission(Number.NEGATIVE_INFINITY);
  #currentUs = Number.NEGATIVE_INFINITY;

  /**
   * An operation has settled. It counts as due when it could be sent, which for a step of a flow is when the answer was
   * there that it waited for: that it comes later than the plan had it is the target's doing, and kept as slip.
   */
  settle({ readyUs, firedUs, outcome }: Settled): void {
    if (!Number.isNaN(firedUs)) {
      this.#count(readyUs, true);
      this.#count(firedUs, false);
    } else if (outcome === 'unsent' || outcome === 'shed') {
      this.#count(readyUs, true);
    }
  }

  /** Something is sent again. The operation has not settled, so what is due at this time has not closed either. */
  again(atUs: number): void {
    let intoUs = atUs - this.#currentUs;
    if (!(intoUs >= 0 && intoUs < SLICE_US)) intoUs = this.#moveTo(atUs);
    countAgain(this.#current, Math.floor(intoUs / 1e6), 1);
  }

  /**
   * Gives up the slices that end at or before a second. Whatever is due from there on is ready and fired later still,
   * so nothing is added to them. In order, so that a file that was cut has nothing fired without having been due.
   */
  take(endS: number, into: Emission[]): void {
    const over = [...this.#open.keys()].filter((sliceS) => sliceS + SLICE_S <= endS).sort((a, b) => a - b);
    for (const sliceS of over) {
      const emission = this.#open.get(sliceS);
      if (emission === undefined) continue;
      this.#open.delete(sliceS);
      into.push(emission);
    }
  }

  #count(atUs: number, isDue: boolean): void {
    let intoUs = atUs - this.#currentUs;
    if (!(intoUs >= 0 && intoUs < SLICE_US)) intoUs = this.#moveTo(atUs);
    const counts = isDue ? this.#current.due : this.#current.fired;
    const bin = Math.floor(intoUs / BIN_US);
    counts[bin] = (counts[bin] as number) + 1;
  }

  /** @returns how far into its slice, now the current one, an instant is */
  #moveTo(atUs: number): number {
    const sliceS = Math.floor(atUs / SLICE_US) * SLICE_S;
    let emission = this.#open.get(sliceS);
    if (emission === undefined) this.#open.set(sliceS, (emission = emptyEmission(sliceS)));
    this.#current = emission;
    this.#currentUs = sliceS * 1e6;
    return atUs - this.#currentUs;
  }
}
