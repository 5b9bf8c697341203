// How bursty arrivals are in windows of several lengths, beside the slow changes of their rate.

/** Width of the counters that windows are made of; windows and half the mean's span are whole numbers of them. */
const BIN_US = 50_000;
/** Half of the moving mean's span, in bins: 30 s. */
const HALF = 600;
/** Longest window, in bins: half of the span, as a longer one would be its own mean. */
const WINDOW_MAX = HALF;
/** A power of two that holds the span and a window beyond it. */
const RING = 2_048;
/** Fewer windows than this, side by side, say nothing. */
const WINDOWS_MIN = 10;

/**
 * The index of dispersion for counts after a moving mean is divided out. N is the count of a window of w, m what it
 * would be at the mean rate of the 60 s around its middle. With both summed over the windows that begin at every 50 ms
 * (so that it does not matter how a log's whole seconds lie to them), have a whole 60 s around them, and any arrival
 * in these,
 *
 *     IDC(w) = Σ (N − m)² / Σ m / (1 − w / 60 s)
 *
 * The last factor is what a window's share in its own mean takes away, so that a Poisson process has 1 at every w.
 * Arrivals k times as many at the same rate over time have 1 + k·(IDC − 1). Fed in time order; memory is constant.
 */
export class ResidualDispersion {
  /** Arrivals before each of the latest bins. */
  private readonly before = new Float64Array(RING);
  private bin = Number.NaN;
  private firstBin = 0;
  private total = 0;
  private readonly widths: readonly number[];
  private windows = 0;
  private readonly squares: Float64Array;
  private readonly means: Float64Array;

  /** @param windowsUs multiples of 0.1 s, at most 30 s */
  constructor(windowsUs: readonly number[]) {
    this.widths = windowsUs.map((us) => us / BIN_US);
    if (this.widths.some((width) => width % 2 !== 0 || width > WINDOW_MAX))
      throw new Error('windows are multiples of 0.1 s up to 30 s');
    this.squares = new Float64Array(windowsUs.length);
    this.means = new Float64Array(windowsUs.length);
  }

  /** Counts an arrival; not before the one counted last. */
  add(atUs: number): void {
    const bin = Math.floor(atUs / BIN_US);
    if (Number.isNaN(this.bin)) this.open(bin);
    // After a long silence nothing is left in any span: the bins between say nothing.
    if (bin - this.bin > RING) {
      this.moveTo(this.bin + RING);
      this.jumpTo(bin);
    }
    this.moveTo(bin);
    this.total++;
  }

  /** The index by window; null where traffic was seen for less than ten windows. */
  indexes(): (number | null)[] {
    return this.widths.map((width, i) => {
      const means = this.means[i] as number;
      if (this.windows < WINDOWS_MIN * width || means === 0) return null;
      return (this.squares[i] as number) / means / (1 - width / (2 * HALF));
    });
  }

  private open(bin: number): void {
    this.bin = bin;
    this.firstBin = bin;
    this.before[bin & (RING - 1)] = 0;
  }

  /** To a bin far ahead of everything counted, the count so far being that before all bins from there on. */
  private jumpTo(bin: number): void {
    this.before.fill(this.total);
    this.bin = bin;
  }

  /** Opens the bins up to one, and takes in the windows whose span is then complete. */
  private moveTo(bin: number): void {
    while (this.bin < bin) {
      this.bin++;
      this.before[this.bin & (RING - 1)] = this.total;
      this.close();
    }
  }

  /** Takes in the windows whose span ends where the current bin begins. */
  private close(): void {
    if (this.bin - 2 * HALF < this.firstBin) return;
    const inSpan = this.total - this.countBefore(this.bin - 2 * HALF);
    if (inSpan === 0) return;
    this.windows++;
    const middle = this.bin - HALF;
    for (let i = 0; i < this.widths.length; i++) {
      const width = this.widths[i] as number;
      const mean = (inSpan * width) / (2 * HALF);
      const count = this.countBefore(middle + width / 2) - this.countBefore(middle - width / 2);
      this.squares[i] = (this.squares[i] as number) + (count - mean) ** 2;
      this.means[i] = (this.means[i] as number) + mean;
    }
  }

  private countBefore(bin: number): number {
    return this.before[bin & (RING - 1)] as number;
  }
}
