// Up to which multiple a search may go: what the scenario's ceiling and this machine's calibration allow.
import { peakOfSum } from '../../scenario/curve.js';
import type { Curve } from '../../scenario/plan.js';
import { lanesOf } from '../../schedule/lanes.js';
import { formatRate } from '../../units.js';
import { askCeiling } from '../preflight/ceiling.js';
import { readMachine } from '../preflight/machine.js';
import { planResources } from '../preflight/plan-resources.js';
import type { Prepared } from '../prepare.js';
import type { Terminal } from '../terminal.js';

/** The planned peak as a function of the multiple. */
export class Peaks {
  private readonly varied: readonly boolean[];

  /** @param vary the stream that alone is multiplied; null: all of them */
  constructor(
    private readonly prepared: Prepared,
    vary: string | null,
  ) {
    this.varied = prepared.loaded.plan.streams.map(({ name }) => vary === null || name === vary);
  }

  /** The highest planned rate of a whole second, as reports say it. */
  perSec(k: number): number {
    const { streams, durationS } = this.prepared.rate;
    let peak = 0;
    for (let s = 0; s < durationS; s++) {
      let rate = 0;
      streams.forEach((perSec, i) => {
        rate += (perSec[s] ?? 0) * (this.varied[i] ? k : 1);
      });
      peak = Math.max(peak, rate);
    }
    return peak;
  }

  /** The same or the highest rate of an instant, whichever is more: what a ceiling is held against. */
  most(k: number): number {
    return Math.max(this.perSec(k), this.isCut ? 0 : peakOfSum(this.curves(k)));
  }

  /** Whether amplified rows are among it, whose peak is a matter of chance. */
  get isDrawn(): boolean {
    return this.prepared.loaded.plan.streams.some(
      (stream, i) => this.varied[i] && stream.kind === 'recording' && stream.pace === null,
    );
  }

  /** A window leaves only whole seconds of the curves. */
  private get isCut(): boolean {
    return this.prepared.loaded.plan.window !== undefined;
  }

  private curves(k: number): Curve[] {
    return this.prepared.loaded.inputs.streams.flatMap(({ curve }, i) => {
      if (curve === null) return [];
      const times = this.varied[i] ? k : 1;
      return [{ ...curve, rate: curve.rate.map((r) => r * times), slope: curve.slope.map((s) => s * times) }];
    });
  }
}

/** A bound on the multiple, and what bounds it; null: nothing but what was asked for. */
export interface Cap {
  readonly max: number;
  readonly reason: string | null;
}

/** What amplified rows may come out above the mean. */
const CHANCE = 1.05;
/** Halvings of the range to find a bound by: to a ten-thousandth. */
const STEPS = 24;

/**
 * The highest multiple from `from` to `wanted` that may be sent.
 * @param force goes above what this machine can send, as a run does
 */
export function capOf(
  { prepared, peaks, workers, force }: CapQuestion,
  from: number,
  wanted: number,
  env: Terminal['env'],
): Cap {
  const { ceilingPerSec } = prepared.loaded.target;
  let cap: Cap = { max: wanted, reason: null };
  if (ceilingPerSec !== null) {
    const chance = peaks.isDrawn ? CHANCE : 1;
    const max = highest(from, cap.max, (k) => peaks.most(k) * chance <= ceilingPerSec * (1 + 1e-9));
    if (max < cap.max) cap = { max, reason: `the target's ceiling of ${formatRate(ceilingPerSec)}` };
  }
  if (force) return cap;
  const allowed = machineAllows(prepared, peaks, workers, env);
  const max = highest(from, cap.max, allowed);
  return max < cap.max ? { max, reason: 'what this machine was calibrated to' } : cap;
}

export interface CapQuestion {
  readonly prepared: Prepared;
  readonly peaks: Peaks;
  readonly workers: number | undefined;
  readonly force: boolean;
}

/** Nothing is asked of the target yet: HTTP/1.1, unless the scenario says otherwise. */
function machineAllows(
  { loaded, shard }: Prepared,
  peaks: Peaks,
  wanted: number | undefined,
  env: Terminal['env'],
): (k: number) => boolean {
  const machine = readMachine();
  const lanes = lanesOf(shard, loaded.plan.lanes).length;
  const transport = loaded.target.http === '2' ? 'http2' : 'wire';
  return (k) => {
    const peakPerSec = peaks.perSec(k);
    const { workers } = planResources(loaded, peakPerSec, lanes, wanted, machine);
    const { secure } = loaded.target;
    return askCeiling({ peakPerSec, workers, transport, secure }, env, Date.now()).refused === null;
  };
}

/** The highest of a range that is allowed, to four digits, rounded down; `from` where none above it is. */
function highest(from: number, to: number, allowed: (k: number) => boolean): number {
  if (allowed(to)) return to;
  let low = from;
  let high = to;
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (allowed(middle)) low = middle;
    else high = middle;
  }
  const step = 10 ** (Math.floor(Math.log10(low)) - 3);
  return Math.max(from, Number((Math.floor(low / step + 1e-6) * step).toPrecision(4)));
}
