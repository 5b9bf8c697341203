// Finds the places in a log where the clock that stamped it was set back.

/** A place where stamps go back and stay back. */
export interface ClockJump {
  /** Counted from 1. */
  readonly line: number;
  /** How far back, seconds, below 0. */
  readonly seconds: number;
}

/** Lines are out of order by less than this; see also the window in which rows are put in order. */
const BACK_US = 300e6;
/** So many lines have to go on from there: one stray line is no clock. */
const CONFIRMED_BY = 16;
const LISTED_MAX = 50;

/** Fed with the stamps of one log in the order of its lines. */
export class ClockJumps {
  readonly list: ClockJump[] = [];
  /** The highest stamp so far, of this side of the last jump. */
  #highUs = Number.NEGATIVE_INFINITY;
  /** A jump that is not certain yet: where, from when to when, and how many lines went on from there. */
  #line = 0;
  #backUs = 0;
  #lowUs = Number.NaN;
  #lines = 0;

  add(stampUs: number, line: number): void {
    if (stampUs > this.#highUs - BACK_US) {
      if (stampUs > this.#highUs) this.#highUs = stampUs;
      this.#lines = 0;
      return;
    }
    if (this.#lines === 0 || Math.abs(stampUs - this.#lowUs) > BACK_US) {
      this.#line = line;
      this.#backUs = stampUs - this.#highUs;
      this.#lines = 0;
    }
    this.#lowUs = stampUs;
    if (++this.#lines < CONFIRMED_BY) return;
    if (this.list.length < LISTED_MAX)
      this.list.push({ line: this.#line, seconds: Math.round(this.#backUs / 1e6) });
    this.#highUs = stampUs;
    this.#lines = 0;
  }
}
