// Area under a rate curve, and back: how many arrivals are due by a time, and when the n-th is due.
//
// With rate r(t) the expected number of arrivals by time t is A(t) = ∫ r. Inside a segment that starts at rate a
// with slope k, A grows by n = a·t + k·t²/2 in t seconds, so t = (−a + √(a² + 2kn)) / k. Written that way it cancels
// when k is nearly 0; multiplied by its conjugate it is
//
//     t(n) = 2n / (a + √(a² + 2kn))
//
// which has no subtraction, needs no case for k = 0 (t = n / a), and serves constant, ramp and step alike. The
// radicand is clamped at 0, where rounding would take it below at the end of a ramp to zero.
import type { Curve } from '../scenario/plan.js';

/** A curve with the area before each segment. */
export interface AreaCurve extends Curve {
  /** Area (arrivals) before segment i starts; one more entry than segments, the last is the total. */
  readonly areaBefore: Float64Array;
}

/** Sums the areas of a curve's segments. */
export function withArea(curve: Curve): AreaCurve {
  const segments = curve.startUs.length;
  const areaBefore = new Float64Array(segments + 1);
  for (let i = 0; i < segments; i++) {
    const seconds = (segmentEndUs(curve, i) - at(curve.startUs, i)) / 1e6;
    const grown = seconds * (at(curve.rate, i) + (at(curve.slope, i) * seconds) / 2);
    areaBefore[i + 1] = at(areaBefore, i) + Math.max(0, grown);
  }
  return { ...curve, areaBefore };
}

/** All arrivals of the curve, as an expectation. */
export function totalArea(curve: AreaCurve): number {
  return at(curve.areaBefore, curve.areaBefore.length - 1);
}

/** A(t): the expected arrivals by a time in microseconds. */
export function areaAt(curve: AreaCurve, timeUs: number): number {
  if (timeUs >= curve.endUs) return totalArea(curve);
  const i = segmentAt(curve.startUs, timeUs);
  if (i < 0) return 0;
  const seconds = (timeUs - at(curve.startUs, i)) / 1e6;
  return at(curve.areaBefore, i) + seconds * (at(curve.rate, i) + (at(curve.slope, i) * seconds) / 2);
}

/** The rate at a time in microseconds; 0 outside the curve. */
export function rateAt(curve: Curve, timeUs: number): number {
  if (timeUs >= curve.endUs) return 0;
  const i = segmentAt(curve.startUs, timeUs);
  return i < 0 ? 0 : at(curve.rate, i) + (at(curve.slope, i) * (timeUs - at(curve.startUs, i))) / 1e6;
}

/** The highest rate the curve reaches, and when, microseconds. */
export function peakOf(curve: Curve): { ratePerSec: number; atUs: number } {
  let peak = { ratePerSec: 0, atUs: 0 };
  for (let i = 0; i < curve.startUs.length; i++) {
    const startUs = at(curve.startUs, i);
    const endUs = segmentEndUs(curve, i);
    const first = at(curve.rate, i);
    const last = first + (at(curve.slope, i) * (endUs - startUs)) / 1e6;
    if (first > peak.ratePerSec) peak = { ratePerSec: first, atUs: startUs };
    if (last > peak.ratePerSec) peak = { ratePerSec: last, atUs: endUs };
  }
  return peak;
}

/**
 * The time at which the area reaches a value, in microseconds.
 * @param segment the segment that holds that area: `areaBefore[segment] <= area < areaBefore[segment + 1]`
 */
export function timeOfAreaUs(curve: AreaCurve, segment: number, area: number): number {
  const n = area - at(curve.areaBefore, segment);
  const a = at(curve.rate, segment);
  const divisor = a + Math.sqrt(Math.max(0, a * a + 2 * at(curve.slope, segment) * n));
  return at(curve.startUs, segment) + (divisor === 0 ? 0 : (2e6 * n) / divisor);
}

function segmentEndUs(curve: Curve, i: number): number {
  return curve.startUs[i + 1] ?? curve.endUs;
}

/** The last segment that starts at or before a time; −1 before the first. */
function segmentAt(startUs: Float64Array, timeUs: number): number {
  let low = 0;
  let high = startUs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(startUs, middle) <= timeUs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** An element that the caller knows to exist. */
function at(values: Float64Array, i: number): number {
  return values[i] as number;
}
