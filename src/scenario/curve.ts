// Rate over time: stages, spikes and CSV bins as one kind of Curve, and the laws of cutting and scaling it.
import type { Curve, RateSource, Stage } from './plan.js';

/** A count of requests, spread evenly over the time it was counted in. */
export interface Bin {
  readonly startUs: number;
  readonly endUs: number;
  readonly requests: number;
}

/** A rate (requests a second) at a time; between two of them it is linear. */
export interface Breakpoint {
  readonly atUs: number;
  readonly rate: number;
}

type Spike = Extract<RateSource, { kind: 'spike' }>;

/** Stages one after the other, from time 0. */
export function curveOfStages(stages: readonly Stage[]): Curve {
  const builder = new CurveBuilder();
  for (const { from, to, forUs } of stages) builder.ramp(from, to, forUs);
  return builder.build();
}

/** A spike as stages: base, a rise to the peak, a hold, a fall back, base until the total. */
export function stagesOfSpike(spike: Spike): Stage[] {
  const { base, peak } = spike;
  const restUs = spike.totalUs - spike.atUs - spike.riseUs - spike.holdUs - spike.fallUs;
  return [
    { from: base, to: base, forUs: spike.atUs },
    { from: base, to: peak, forUs: spike.riseUs },
    { from: peak, to: peak, forUs: spike.holdUs },
    { from: peak, to: base, forUs: spike.fallUs },
    { from: base, to: base, forUs: restUs },
  ].filter(({ forUs }) => forUs > 0);
}

/** Counts per bin, constant inside it; nothing is sent where no bin is. Bins are in order and do not overlap. */
export function curveOfBins(bins: Iterable<Bin>): Curve {
  const builder = new CurveBuilder();
  for (const { startUs, endUs, requests } of bins) {
    builder.ramp(0, 0, startUs - builder.endUs);
    const rate = (requests * 1e6) / (endUs - startUs);
    builder.ramp(rate, rate, endUs - startUs);
  }
  return builder.build();
}

/** Rates at points in time, linear between them; nothing is sent before the first. Points are in order. */
export function curveOfBreakpoints(points: Iterable<Breakpoint>): Curve {
  const builder = new CurveBuilder();
  let last: Breakpoint | undefined;
  for (const point of points) {
    if (last === undefined) builder.ramp(0, 0, point.atUs);
    else builder.ramp(last.rate, point.rate, point.atUs - last.atUs);
    last = point;
  }
  return builder.build();
}

/** The part from `fromUs` (included) to `toUs` (not; null: to the end), moved to time 0. */
export function cutCurve(curve: Curve, fromUs: number, toUs: number | null): Curve {
  const stopUs = Math.min(toUs ?? curve.endUs, curve.endUs);
  if (fromUs <= 0 && stopUs === curve.endUs) return curve;
  const builder = new CurveBuilder();
  for (let i = 0; i < curve.startUs.length; i++) {
    const segment = segmentOf(curve, i);
    const startUs = Math.max(segment.startUs, fromUs);
    const endUs = Math.min(segment.endUs, stopUs);
    if (endUs <= startUs) continue;
    const rate = segment.rate + (segment.slope * (startUs - segment.startUs)) / 1e6;
    builder.add(Math.max(0, rate), segment.slope, endUs - startUs);
  }
  return builder.build();
}

/** Fast-forward: the same rates in 1/speed of the time. */
export function fastForward(curve: Curve, speed: number): Curve {
  return {
    startUs: curve.startUs.map((us) => us / speed),
    rate: curve.rate,
    slope: curve.slope.map((slope) => slope * speed),
    endUs: curve.endUs / speed,
  };
}

/** k times the rate at every time. */
export function amplifyCurve(curve: Curve, k: number): Curve {
  return { ...curve, rate: curve.rate.map((rate) => rate * k), slope: curve.slope.map((slope) => slope * k) };
}

/** ∫ rate: the requests that the whole curve stands for. */
export function areaOf(curve: Curve): number {
  let area = 0;
  for (let i = 0; i < curve.startUs.length; i++) {
    const { rate, slope, startUs, endUs } = segmentOf(curve, i);
    const seconds = (endUs - startUs) / 1e6;
    area += seconds * (rate + (slope * seconds) / 2);
  }
  return area;
}

/** The highest value that the sum of the curves ever has, requests a second. */
export function peakOfSum(curves: readonly Curve[]): number {
  const starts = curves.flatMap((curve) => [...boundsOf(curve)]);
  const bounds = Float64Array.from(starts).sort();
  const cursors = curves.map(() => 0);
  let peak = 0;
  for (let b = 0; b + 1 < bounds.length; b++) {
    const startUs = bounds[b] as number;
    const endUs = bounds[b + 1] as number;
    if (endUs <= startUs) continue;
    let first = 0;
    let last = 0;
    for (const [c, curve] of curves.entries()) {
      if (startUs >= curve.endUs) continue;
      let i = cursors[c] as number;
      while (i + 1 < curve.startUs.length && (curve.startUs[i + 1] as number) <= startUs) i++;
      cursors[c] = i;
      const segment = segmentOf(curve, i);
      first += segment.rate + (segment.slope * (startUs - segment.startUs)) / 1e6;
      last += segment.rate + (segment.slope * (endUs - segment.startUs)) / 1e6;
    }
    peak = Math.max(peak, first, last);
  }
  return peak;
}

function* boundsOf(curve: Curve): Generator<number> {
  yield* curve.startUs;
  yield curve.endUs;
}

function segmentOf(curve: Curve, i: number) {
  return {
    startUs: curve.startUs[i] as number,
    endUs: curve.startUs[i + 1] ?? curve.endUs,
    rate: curve.rate[i] as number,
    slope: curve.slope[i] as number,
  };
}

/** Appends segments; what has no length is left out. */
class CurveBuilder {
  readonly #startUs: number[] = [];
  readonly #rate: number[] = [];
  readonly #slope: number[] = [];
  endUs = 0;

  ramp(from: number, to: number, forUs: number): void {
    if (forUs > 0) this.add(from, ((to - from) * 1e6) / forUs, forUs);
  }

  add(rate: number, slope: number, forUs: number): void {
    this.#startUs.push(this.endUs);
    this.#rate.push(rate);
    this.#slope.push(slope);
    this.endUs += forUs;
  }

  build(): Curve {
    return {
      startUs: Float64Array.from(this.#startUs),
      rate: Float64Array.from(this.#rate),
      slope: Float64Array.from(this.#slope),
      endUs: this.endUs,
    };
  }
}
