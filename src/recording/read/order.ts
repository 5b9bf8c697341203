// Puts rows into the order of their starts with bounded memory: logs are written in another order than requests come.
import type { Row } from '../row.js';

/** What rows may take that wait in all windows together, bytes; shared by the files that are read at the same time. */
export interface RowBudget {
  used: number;
  readonly max: number;
}

/** A row without its texts, about, in bytes. */
const ROW_BYTES = 256;

/** What a row takes in memory, about, in bytes. */
export function sizeOf({ path, headers, body }: Row): number {
  return ROW_BYTES + path.length + (headers === undefined ? 0 : headers.length) + (body?.length ?? 0);
}

/** How far a step may lie ahead before one odd stamp (a clock that jumped) is believed: as many rows as this. */
const QUORUM = 64;

interface Step {
  readonly number: number;
  readonly rows: Row[];
  bytes: number;
}

/**
 * Collects rows by step of time (a second, say), and hands over each step, in order, once rows `windowUs` later have
 * come, enough of them to believe it. A row whose step was handed over before is too late: it is dropped and counted,
 * since sending it at another time would be a lie. When the budget is used up, the oldest step goes early.
 */
export class StartOrder {
  /** Waiting steps by ascending number. */
  private steps: Step[] = [];
  private last: Step | undefined;
  /** Steps below this were handed over. */
  private floor = Number.NEGATIVE_INFINITY;
  private readonly windowSteps: number;

  /**
   * @param stepUs length of a step, microseconds
   * @param settle takes all rows of a step, in the order of their coming; `fromUs` is where the step begins
   * @param late hears of each row whose step had been handed over; it is dropped
   */
  constructor(
    private readonly stepUs: number,
    windowUs: number,
    private readonly budget: RowBudget,
    private readonly settle: (rows: Row[], fromUs: number) => void,
    private readonly late: (row: Row) => void,
  ) {
    this.windowSteps = Math.max(1, Math.ceil(windowUs / stepUs));
  }

  push(row: Row): void {
    const number = Math.floor(row.startUs / this.stepUs);
    let step = this.last;
    if (step?.number !== number) {
      if (number < this.floor) {
        this.late(row);
        return;
      }
      step = this.stepOf(number);
      this.last = step;
    }
    step!.rows.push(row);
    const bytes = sizeOf(row);
    step!.bytes += bytes;
    this.budget.used += bytes;
    if (this.budget.used > this.budget.max) this.handOver(1);
  }

  /** Hands over all that waits. */
  end(): void {
    this.handOver(this.steps.length);
  }

  private stepOf(number: number): Step {
    const steps = this.steps;
    let at = steps.length;
    while (at > 0 && steps[at - 1]!.number >= number) at--;
    const found = steps[at];
    if (found?.number === number) return found;
    const step: Step = { number, rows: [], bytes: 0 };
    steps.splice(at, 0, step);
    this.release();
    return step;
  }

  /** Hands over the steps that are a window older than the newest that can be believed. */
  private release(): void {
    let believed = this.steps.length - 1;
    for (let ahead = 0; believed >= 0; believed--) {
      ahead += this.steps[believed]!.rows.length;
      if (ahead >= QUORUM) break;
    }
    if (believed < 0) return;
    const limit = this.steps[believed]!.number - this.windowSteps;
    let n = 0;
    while (n < this.steps.length && this.steps[n]!.number <= limit) n++;
    if (n > 0) this.handOver(n);
  }

  private handOver(count: number): void {
    for (const step of this.steps.splice(0, count)) {
      this.floor = step.number + 1;
      this.budget.used -= step.bytes;
      if (step === this.last) this.last = undefined;
      this.settle(step.rows, step.number * this.stepUs);
    }
  }
}

/** Sorts rows by start; rows with the same start keep their order. */
export function sortByStart(rows: Row[]): Row[] {
  return rows.sort((a, b) => a.startUs - b.startUs);
}
