// Laws of the area under a curve, and of what is drawn from it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { draw, drawKey } from '../../src/random.js';
import { areaAt, peakOf, rateAt, timeOfAreaUs, totalArea, withArea } from '../../src/schedule/area.js';
import { shapeOf } from '../../src/schedule/phases.js';
import { Zipf } from '../../src/schedule/zipf.js';
import { curveOf, curves } from '../support/plans.js';

describe('the area under a curve', () => {
  it('A(t(n)) = n', () => {
    fc.assert(
      fc.property(curves, fc.double({ min: 0, max: 0.999999, noNaN: true }), (curve, part) => {
        const area = withArea(curve);
        const n = part * totalArea(area);
        if (n === 0) return;
        const segment = area.areaBefore.findLastIndex((before) => before <= n);
        const timeUs = timeOfAreaUs(area, segment, n);
        assert.ok(timeUs >= 0 && timeUs <= curve.endUs * (1 + 1e-12));
        assert.ok(
          Math.abs(areaAt(area, timeUs) - n) <= 1e-6 * Math.max(1, n),
          `${areaAt(area, timeUs)} for ${n}`,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('does not cancel on a ramp that is nearly flat', () => {
    const area = withArea(curveOf([[3600, 1000, 1000.0001]]));
    // To a part in 10^9 the first arrival is due at 1 ms.
    assert.ok(Math.abs(timeOfAreaUs(area, 0, 1) - 1000) < 1e-6);
  });

  it('serves ramps from and to zero', () => {
    const area = withArea(
      curveOf([
        [10, 0, 20],
        [10, 20, 0],
      ]),
    );
    assert.equal(totalArea(area), 200);
    assert.ok(Math.abs(timeOfAreaUs(area, 0, 25) - 5e6) < 1e-3);
    assert.ok(Math.abs(timeOfAreaUs(area, 1, 175) - 15e6) < 1e-3);
    assert.equal(rateAt(area, 5e6), 10);
    assert.deepEqual(peakOf(area), { ratePerSec: 20, atUs: 10e6 });
  });
});

describe('phases', () => {
  const rates = (...pieces: [number, number, number][]) => {
    const area = withArea(curveOf(pieces));
    return Float64Array.from(
      { length: area.endUs / 1e6 },
      (_, s) => areaAt(area, (s + 1) * 1e6) - areaAt(area, s * 1e6),
    );
  };

  it('cut a spike into before, onset, peak, decay and after', () => {
    const shape = shapeOf(rates([60, 20, 20], [20, 20, 100], [60, 100, 100], [40, 100, 20], [60, 20, 20]), 1);
    assert.deepEqual(
      shape.phases.map(({ name, startS, endS }) => [name, startS, endS]),
      [
        ['before', 0, 61],
        ['onset', 61, 79],
        ['peak', 79, 143],
        ['decay', 143, 178],
        ['after', 178, 240],
      ],
    );
    assert.equal(shape.normalPerSec, 20);
    assert.equal(shape.peakPerSec, 100);
  });

  it('leave a steady plan in one', () => {
    const shape = shapeOf(rates([60, 20, 25]), 1);
    assert.deepEqual(shape.phases, [{ name: 'steady', startS: 0, endS: 60 }]);
  });

  it('need no before where the plan starts at its peak', () => {
    const names = shapeOf(rates([10, 100, 100], [50, 100, 10], [60, 10, 10]), 1).phases.map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['peak', 'decay', 'after']);
  });

  it('cover the plan without gap or overlap, whatever it is', () => {
    fc.assert(
      fc.property(curves, fc.integer({ min: 1, max: 5 }), (curve, smoothingS) => {
        const area = withArea(curve);
        const perSec = Float64Array.from(
          { length: area.endUs / 1e6 },
          (_, s) => areaAt(area, (s + 1) * 1e6) - areaAt(area, s * 1e6),
        );
        const { phases } = shapeOf(perSec, smoothingS);
        let at = 0;
        for (const { startS, endS } of phases) {
          assert.equal(startS, at);
          assert.ok(endS > startS);
          at = endS;
        }
        assert.equal(at, perSec.length);
      }),
    );
  });
});

describe('zipf', () => {
  for (const exponent of [0.5, 1, 1.1, 2]) {
    it(`draws rank k in proportion to k^−${exponent}`, () => {
      const ranks = 50;
      const zipf = new Zipf(ranks, exponent);
      const weight = Array.from({ length: ranks }, (_, k) => (k + 1) ** -exponent);
      const total = weight.reduce((sum, w) => sum + w, 0);
      const seen = new Array<number>(ranks).fill(0);
      const n = 100_000;
      for (let i = 0; i < n; i++) {
        const rank = zipf.rank((attempt) => draw(drawKey(3, 'zipf', attempt), i));
        seen[rank - 1] = (seen[rank - 1] as number) + 1;
      }
      const chi2 = seen.reduce((sum, count, k) => {
        const expected = (n * (weight[k] as number)) / total;
        return sum + (count - expected) ** 2 / expected;
      }, 0);
      // 49 degrees of freedom: beyond 95 once in ten thousand.
      assert.ok(chi2 < 95, `chi² = ${chi2}`);
    });
  }
});
