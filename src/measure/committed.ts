// What of a result counts: lines do once a closed or an end line says that all before it is whole.
import { ResultFormatError } from './line-codec.js';
import type { ResultLine } from './result-file.js';

/** Lines that may wait for the next closed line: those of some minutes in which no window could close. */
const WAITING_MAX = 1_000_000;

/**
 * Holds lines back until they count. What is left when the lines end was cut off within a second, and says nothing
 * that can be relied on.
 */
export class Committed {
  #waiting: ResultLine[] = [];

  /** Lines that do not count yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Takes the next line after the head.
   * @returns what counts from now on, in order
   * @throws ResultFormatError if more wait than any run makes wait
   */
  take(line: ResultLine): readonly ResultLine[] {
    this.#waiting.push(line);
    if (line.kind === 'closed' || line.kind === 'end') {
      const counting = this.#waiting;
      this.#waiting = [];
      return counting;
    }
    if (this.#waiting.length > WAITING_MAX)
      throw new ResultFormatError(`more than ${WAITING_MAX} lines without one that says they are whole`);
    return [];
  }
}
