// Hash-based draws: uniform, independent, and the same for ever.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { draw, drawKey, drawUint32, hashText } from '../../src/random.js';

describe('draws', () => {
  it('are what they have always been: another value would change every plan', () => {
    const key = drawKey(7, 0, 'gap');
    assert.deepEqual(
      [draw(key, 0), draw(key, 1), draw(key, 2 ** 40 + 5)],
      [0.6217195943023943, 0.7331802378025155, 0.9683280827912206],
    );
    assert.equal(drawUint32(key, 3), 3781703527);
    assert.equal(hashText(key, '10.0.0.1'), 4193754430);
  });

  it('are uniform, for consecutive numbers as for those of one lane', () => {
    for (const step of [1, 16, 1024, 2 ** 33]) {
      const key = drawKey(1, 'uniform', step);
      const bins = new Array<number>(64).fill(0);
      const n = 64_000;
      let sum = 0;
      let product = 0;
      let last = 0.5;
      for (let i = 0; i < n; i++) {
        const u = draw(key, i * step);
        assert.ok(u >= 0 && u < 1);
        bins[Math.floor(u * 64)] = (bins[Math.floor(u * 64)] as number) + 1;
        sum += u;
        product += (u - 0.5) * (last - 0.5);
        last = u;
      }
      const chi2 = bins.reduce((total, count) => total + (count - 1000) ** 2 / 1000, 0);
      // 63 degrees of freedom: beyond 115 once in ten thousand.
      assert.ok(chi2 < 115, `step ${step}: chi² = ${chi2}`);
      assert.ok(Math.abs(sum / n - 0.5) < 0.005);
      assert.ok(Math.abs((product / n) * 12) < 0.02, 'neighbours are not correlated');
    }
  });

  it('of different purposes, streams and seeds have nothing in common', () => {
    const keys = [
      drawKey(1, 'ab', 'c'),
      drawKey(1, 'a', 'bc'),
      drawKey(2, 'ab', 'c'),
      drawKey(2 ** 32 + 1, 'ab', 'c'),
    ];
    const firsts = keys.map((key) => draw(key, 0));
    assert.equal(new Set(firsts).size, keys.length);
  });
});
