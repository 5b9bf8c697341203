// The blame ledger: when our own event loop stood still, and which answers were read late because of it.
//
// Before it goes idle the driver says when it means to run again. If it runs later than that, the loop was held up
// (by garbage collection, by work in a callback, by the machine): a gap. Answers that arrived during a gap wait in
// the kernel until the loop polls again, so those read directly after a gap may look slower than the target was.

/** The length from which a gap is counted. */
const GAP_MIN_US = 1_000;
/** Timers are whole milliseconds: that much lateness is not a stall. */
const TIMER_SLACK_US = 1_000;
/** After a gap, answers are doubted until the driver has had this many turns: then every ready socket was polled. */
const DOUBT_TURNS = 2;

export class Ledger {
  /** Since the last `take`. */
  #gaps = 0;
  #gapUs = 0;
  #gapMaxUs = 0;
  #expectedUs = Number.POSITIVE_INFINITY;
  #gapStartUs = 0;
  #gapEndUs = 0;
  #doubtTurns = 0;

  /** The loop will be back by this time if nothing holds it up. */
  expect(wakeUs: number): void {
    this.#expectedUs = wakeUs + TIMER_SLACK_US;
  }

  /** The loop runs: to be called wherever it comes back to us, before anything else. */
  stamp(nowUs: number): void {
    const lateUs = nowUs - this.#expectedUs;
    if (lateUs < GAP_MIN_US) return;
    this.#gaps++;
    this.#gapUs += lateUs;
    if (lateUs > this.#gapMaxUs) this.#gapMaxUs = lateUs;
    this.#gapStartUs = this.#expectedUs;
    this.#gapEndUs = nowUs;
    this.#doubtTurns = DOUBT_TURNS;
    this.#expectedUs = Number.POSITIVE_INFINITY;
  }

  /** A turn of the driver begins. */
  turn(): void {
    if (this.#doubtTurns > 0) this.#doubtTurns--;
  }

  /** Whether answers may still be waiting unread since the last gap. */
  get inDoubt(): boolean {
    return this.#doubtTurns > 0;
  }

  /** How much of an exchange that is read now may be our own stall: its overlap with the gap just before. */
  overlapUs(sentUs: number, endUs: number): number {
    if (this.#doubtTurns === 0) return 0;
    return Math.max(0, Math.min(this.#gapEndUs, endUs) - Math.max(this.#gapStartUs, sentUs));
  }

  /** The gaps since the last call. */
  take(): { gaps: number; gapUs: number; gapMaxUs: number } {
    const taken = { gaps: this.#gaps, gapUs: Math.round(this.#gapUs), gapMaxUs: Math.round(this.#gapMaxUs) };
    this.#gaps = this.#gapUs = this.#gapMaxUs = 0;
    return taken;
  }
}
