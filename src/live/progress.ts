// Shows a run while it happens: drawn over on a terminal, a line every ten seconds elsewhere.
import type { Paint } from '../report/paint.js';
import { type LiveSecond, type LiveState, liveLine, liveLines } from './live-view.js';

const DRAW_MS = 500;
const LINE_EVERY_S = 10;
/** Seconds kept for the picture: wider than any terminal. */
const HISTORY_MAX = 400;

export interface ProgressOptions {
  readonly write: (text: string) => void;
  readonly interactive: boolean;
  readonly columns: () => number;
  readonly paint: Paint;
  /** Operations due, ok and failed since the start. */
  readonly totals: () => { readonly due: number; readonly ok: number; readonly failed: number };
  readonly state: (seconds: readonly LiveSecond[]) => LiveState;
}

export class Progress {
  readonly #timer: NodeJS.Timeout;
  readonly #seconds: LiveSecond[] = [];
  #before = { due: 0, ok: 0, failed: 0 };
  #ticks = 0;
  #drawn = 0;

  constructor(private readonly options: ProgressOptions) {
    this.#timer = setInterval(() => this.#tick(), DRAW_MS);
  }

  /** Takes the view away. */
  stop(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #tick(): void {
    this.#ticks++;
    const second = (this.#ticks * DRAW_MS) / 1e3;
    if (Number.isInteger(second)) this.#noteSecond();
    const state = this.options.state(this.#seconds);
    if (this.options.interactive) {
      const lines = liveLines(state, this.options.columns() - 1, this.options.paint);
      this.#erase();
      this.options.write(`${lines.join('\n')}\n`);
      this.#drawn = lines.length;
    } else if (Number.isInteger(second) && second % LINE_EVERY_S === 0) {
      this.options.write(`${liveLine(state)}\n`);
    }
  }

  #noteSecond(): void {
    const now = this.options.totals();
    this.#seconds.push({
      planned: now.due - this.#before.due,
      ok: now.ok - this.#before.ok,
      failed: now.failed - this.#before.failed,
    });
    if (this.#seconds.length > HISTORY_MAX) this.#seconds.shift();
    this.#before = { ...now };
  }

  /** Moves up over what was drawn and clears to the end of the screen. */
  #erase(): void {
    if (this.#drawn > 0) this.options.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }
}
