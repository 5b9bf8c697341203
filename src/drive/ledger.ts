// The blame ledger: when our own event loop stood still, and which answers were read late because of it.
//
// Before it goes idle the driver says when it means to run again. If it runs later than that, the loop was held up
// (by garbage collection, by work in a callback, by the machine): a gap. Answers that arrived during a gap wait in
// the kernel until the loop polls again, so those read directly after a gap may look slower than the target was.

/** The length from which a gap is counted. */
const GAP_MIN_US = 1_000;
/** Timers are whole milliseconds: that much lateness is not a stall. */
const TIMER_SLACK_US = 1_000;
/** A turn may fire for two milliseconds; from this length something else has held it up. */
const TURN_MAX_US = 5_000;
/** After a gap, answers are doubted until the driver has had this many turns: then every ready socket was polled. */
const DOUBT_TURNS = 2;
/** Gaps remembered: enough for the longest exchange on a machine that stalls all the time. */
const GAPS_MAX = 512;

interface Gap {
  readonly startUs: number;
  readonly endUs: number;
  /** What was read by then may have been waiting since the gap; Infinity while that is not over. */
  doubtEndUs: number;
}

/** When an exchange was fired, sent and answered; `sentUs` is NaN if it never was. */
interface Instants {
  readonly firedUs: number;
  readonly sentUs: number;
  readonly endUs: number;
}

export class Ledger {
  /** The latest gaps, oldest first. */
  readonly #recent: Gap[] = [];
  #expectedUs = Number.POSITIVE_INFINITY;
  #doubtTurns = 0;

  /** @param noted is told of every gap when it has ended */
  constructor(private readonly noted: (startUs: number, endUs: number) => void) {}

  /** The loop will be back by this time if nothing holds it up. */
  expect(wakeUs: number): void {
    this.#expectedUs = wakeUs + TIMER_SLACK_US;
  }

  /** The loop runs: to be called wherever it comes back to us, before anything else. */
  stamp(nowUs: number): void {
    const lateUs = nowUs - this.#expectedUs;
    if (lateUs < GAP_MIN_US) return;
    this.#add(this.#expectedUs, nowUs);
    this.#expectedUs = Number.POSITIVE_INFINITY;
  }

  /** A turn that began at one instant has ended at another; a long one is a gap too, as nothing was read meanwhile. */
  ended(startUs: number, endUs: number): void {
    if (endUs - startUs < TURN_MAX_US) return;
    this.#add(Math.max(startUs, this.#recent.at(-1)?.endUs ?? startUs), endUs);
  }

  /** A turn of the driver begins. */
  turn(nowUs: number): void {
    if (this.#doubtTurns === 0 || --this.#doubtTurns > 0) return;
    const last = this.#recent.at(-1);
    if (last !== undefined) last.doubtEndUs = nowUs;
  }

  /** Whether answers may still be waiting unread since the last gap. */
  get inDoubt(): boolean {
    return this.#doubtTurns > 0;
  }

  /**
   * How much of an exchange may be our own stalls: a wait that ended directly after a gap overlaps it, and so does an
   * answer that was read directly after one. A gap in the middle of either costs nothing: nobody was kept waiting.
   */
  overlapUs({ firedUs, sentUs, endUs }: Instants): number {
    let overlapUs = 0;
    const waitEndUs = Number.isNaN(sentUs) ? endUs : sentUs;
    for (let i = this.#recent.length - 1; i >= 0; i--) {
      const gap = this.#recent[i] as Gap;
      if (gap.endUs < firedUs) break;
      if (waitEndUs >= gap.endUs && waitEndUs <= gap.doubtEndUs)
        overlapUs += overlap(gap, firedUs, waitEndUs);
      if (endUs >= gap.endUs && endUs <= gap.doubtEndUs) overlapUs += overlap(gap, waitEndUs, endUs);
    }
    return overlapUs;
  }

  #add(startUs: number, endUs: number): void {
    if (endUs - startUs < GAP_MIN_US) return;
    const before = this.#recent.at(-1);
    if (before !== undefined) before.doubtEndUs = Math.min(before.doubtEndUs, endUs);
    this.#recent.push({ startUs, endUs, doubtEndUs: Number.POSITIVE_INFINITY });
    if (this.#recent.length > GAPS_MAX) this.#recent.shift();
    this.#doubtTurns = DOUBT_TURNS;
    this.noted(startUs, endUs);
  }
}

function overlap(gap: Gap, fromUs: number, toUs: number): number {
  return Math.max(0, Math.min(gap.endUs, toUs) - Math.max(gap.startUs, fromUs));
}
