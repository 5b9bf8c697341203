// Whether an amplified recording is what that many visitors would be: its counts and its bursts against the recorded.
import { ResidualDispersion } from './residual-dispersion.js';

/** The acceptance test of one amplified stream; times are those of the plan. */
export interface Amplified {
  readonly stream: string;
  /** How many times as many visitors. */
  readonly k: number;
  readonly counts: {
    readonly binS: number;
    readonly bins: number;
    /**
     * The largest |A − k·R| / √(k·R) over the bins, A and R being a bin's arrivals and recorded requests; for R = 0
     * the divisor is 1. Bins after the last recorded request are left out. A Poisson process with the rate k·R would have about 1 on average.
     */
    readonly maxZ: number;
  };
  readonly dispersion: readonly DispersionCheck[];
}

/** The index of dispersion for counts in windows of one length, as `ResidualDispersion` has it. */
export type DispersionCheck =
  | {
      readonly windowS: number;
      readonly recorded: number;
      /** 1 + k·(recorded − 1): that of k times as many visitors who follow the same rate over time. */
      readonly expected: number;
      readonly actual: number;
      /** actual / expected */
      readonly ratio: number;
      /** Whether the ratio is within 20 % of 1. */
      readonly within: boolean;
    }
  | { readonly windowS: number; readonly skipped: string };

const WINDOWS_US = [100_000, 1_000_000, 5_000_000, 30_000_000] as const;
const TOLERANCE = 0.2;
const BIN_US = 10_000_000;

/** Fed with both processes, each in time order; memory is constant. */
export class AmplifyTest {
  private readonly recordedDispersion = new ResidualDispersion(WINDOWS_US);
  private readonly actualDispersion = new ResidualDispersion(WINDOWS_US);
  private readonly bins: BinTest;

  /** @param resolutionUs step of the recording's stamps in the plan's time: shorter windows show our own spreading */
  constructor(
    private readonly stream: string,
    private readonly k: number,
    private readonly resolutionUs: number,
  ) {
    this.bins = new BinTest(k);
  }

  /** A recorded request that may be replayed, at the time at which it would be due. Not after arrivals due later. */
  recorded(dueUs: number): void {
    this.recordedDispersion.add(dueUs);
    this.bins.recorded(dueUs);
  }

  /** An arrival of the amplified schedule. */
  arrival(dueUs: number): void {
    this.actualDispersion.add(dueUs);
    this.bins.arrival(dueUs);
  }

  result(): Amplified {
    const recorded = this.recordedDispersion.indexes();
    const actual = this.actualDispersion.indexes();
    return {
      stream: this.stream,
      k: this.k,
      counts: this.bins.result(),
      dispersion: WINDOWS_US.map((us, i) => this.check(us, recorded[i] ?? null, actual[i] ?? null)),
    };
  }

  private check(windowUs: number, recorded: number | null, actual: number | null): DispersionCheck {
    const windowS = windowUs / 1e6;
    if (windowUs < this.resolutionUs)
      return { windowS, skipped: "shorter than the step of the log's stamps" };
    if (recorded === null || actual === null)
      return { windowS, skipped: 'fewer than 10 windows with traffic' };
    const expected = 1 + this.k * (recorded - 1);
    // Arrivals more even than a Poisson process can have a formula without sense: nothing is below 0.
    if (!(expected > 0)) return { windowS, skipped: 'recorded arrivals are more even than visitors are' };
    const ratio = actual / expected;
    return { windowS, recorded, expected, actual, ratio, within: Math.abs(ratio - 1) <= TOLERANCE };
  }
}

/** Compares the counts of both processes bin by bin. */
class BinTest {
  /** Recorded counts by bin, of those bins that arrivals have not passed: a few, as clones are shifted by a second. */
  private readonly waiting = new Map<number, number>();
  private lastRecorded = Number.NEGATIVE_INFINITY;
  private bin = Number.NaN;
  private count = 0;
  private bins = 0;
  private maxZ = 0;

  constructor(private readonly k: number) {}

  recorded(dueUs: number): void {
    const bin = Math.floor(dueUs / BIN_US);
    this.waiting.set(bin, (this.waiting.get(bin) ?? 0) + 1);
    this.lastRecorded = bin;
  }

  arrival(dueUs: number): void {
    const bin = Math.floor(dueUs / BIN_US);
    if (bin !== this.bin) this.closeUpTo(bin);
    this.count++;
  }

  result(): Amplified['counts'] {
    this.closeUpTo(Number.POSITIVE_INFINITY);
    return { binS: BIN_US / 1e6, bins: this.bins, maxZ: this.maxZ };
  }

  /** Compares the open bin, and those between it and the next, which have recorded requests and no arrivals. */
  private closeUpTo(next: number): void {
    if (!Number.isNaN(this.bin)) this.compare(this.bin, this.count);
    // Keys come in the order of time.
    for (const bin of this.waiting.keys()) {
      if (bin >= next) break;
      this.compare(bin, 0);
    }
    this.bin = next;
    this.count = 0;
  }

  private compare(bin: number, arrivals: number): void {
    if (bin > this.lastRecorded) return;
    const expected = this.k * (this.waiting.get(bin) ?? 0);
    this.waiting.delete(bin);
    this.bins++;
    const z = Math.abs(arrivals - expected) / Math.sqrt(expected === 0 ? 1 : expected);
    this.maxZ = Math.max(this.maxZ, z);
  }
}
