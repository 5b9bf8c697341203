// Laws of curves: areas of stages, spikes, bins and breakpoints; cutting, fast-forward and amplification.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  amplifyCurve,
  areaOf,
  curveOfBins,
  curveOfBreakpoints,
  curveOfStages,
  cutCurve,
  fastForward,
  peakOfSum,
  stagesOfSpike,
} from '../../src/scenario/curve.js';
import type { Stage } from '../../src/scenario/plan.js';

const rate = fc.double({ min: 0, max: 1e4, noNaN: true });
const lengthUs = fc.integer({ min: 1, max: 3_600_000_000 });
const stages = fc.array(fc.record<Stage>({ from: rate, to: rate, forUs: lengthUs }), {
  minLength: 1,
  maxLength: 20,
});

function close(actual: number, expected: number, message?: string) {
  assert.ok(
    Math.abs(actual - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
    message ?? `${actual} ≈ ${expected}`,
  );
}

test('the area of stages is the sum of their trapezoids', () => {
  fc.assert(
    fc.property(stages, (list) => {
      const expected = list.reduce((sum, { from, to, forUs }) => sum + ((from + to) / 2) * (forUs / 1e6), 0);
      close(areaOf(curveOfStages(list)), expected);
    }),
  );
});

test('the areas of the parts of a cut sum to the whole', () => {
  fc.assert(
    fc.property(stages, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const curve = curveOfStages(list);
      const atUs = Math.round(curve.endUs * share);
      const parts = areaOf(cutCurve(curve, 0, atUs)) + areaOf(cutCurve(curve, atUs, null));
      close(parts, areaOf(curve));
    }),
  );
});

test('amplification multiplies the area and the peak, fast-forward divides area and length and keeps the peak', () => {
  fc.assert(
    fc.property(stages, fc.double({ min: 0.01, max: 100, noNaN: true }), (list, k) => {
      const curve = curveOfStages(list);
      const louder = amplifyCurve(curve, k);
      const faster = fastForward(curve, k);
      close(areaOf(louder), areaOf(curve) * k);
      close(peakOfSum([louder]), peakOfSum([curve]) * k);
      close(areaOf(faster), areaOf(curve) / k);
      close(faster.endUs, curve.endUs / k);
      close(peakOfSum([faster]), peakOfSum([curve]));
    }),
  );
});

test('the peak of a sum is at least each peak, and at most their sum', () => {
  fc.assert(
    fc.property(stages, stages, (a, b) => {
      const curves = [curveOfStages(a), curveOfStages(b)];
      const peaks = curves.map((curve) => peakOfSum([curve]));
      const peak = peakOfSum(curves);
      assert.ok(peak >= Math.max(...peaks) - 1e-6);
      assert.ok(peak <= peaks.reduce((sum, one) => sum + one, 0) + 1e-6);
    }),
  );
});

test('peaks at different times do not add up', () => {
  const early = curveOfStages([
    { from: 100, to: 100, forUs: 1e6 },
    { from: 0, to: 0, forUs: 9e6 },
  ]);
  const late = curveOfStages([
    { from: 0, to: 0, forUs: 9e6 },
    { from: 70, to: 70, forUs: 1e6 },
  ]);
  assert.equal(peakOfSum([early, late]), 100);
});

test('a spike is base, rise, hold, fall and base again, and a rise of 0 is a step', () => {
  const spike = { kind: 'spike', base: 20, peak: 100, atUs: 600e6, holdUs: 1800e6, fallUs: 3600e6 } as const;
  const list = stagesOfSpike({ ...spike, riseUs: 90e6, totalUs: 7200e6 });
  assert.deepEqual(
    list.map(({ from, to, forUs }) => [from, to, forUs / 1e6]),
    [
      [20, 20, 600],
      [20, 100, 90],
      [100, 100, 1800],
      [100, 20, 3600],
      [20, 20, 1110],
    ],
  );
  assert.equal(stagesOfSpike({ ...spike, riseUs: 0, totalUs: 7200e6 }).length, 4);
});

test('bins are constant and silent where none is; breakpoints are linear and silent before the first', () => {
  const bins = curveOfBins([
    { startUs: 10e6, endUs: 20e6, requests: 50 },
    { startUs: 30e6, endUs: 40e6, requests: 100 },
  ]);
  assert.deepEqual([...bins.startUs], [0, 10e6, 20e6, 30e6]);
  assert.deepEqual([...bins.rate], [0, 5, 0, 10]);
  assert.equal(areaOf(bins), 150);
  const points = curveOfBreakpoints([
    { atUs: 10e6, rate: 0 },
    { atUs: 20e6, rate: 10 },
  ]);
  assert.deepEqual([...points.slope], [0, 1]);
  assert.equal(areaOf(points), 50);
});

test('a cut in the middle of a ramp starts at the rate it has there', () => {
  const ramp = curveOfStages([{ from: 0, to: 100, forUs: 100e6 }]);
  const cut = cutCurve(ramp, 25e6, 75e6);
  assert.deepEqual([cut.rate[0], cut.slope[0], cut.endUs], [25, 1, 50e6]);
});
