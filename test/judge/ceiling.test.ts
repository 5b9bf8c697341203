// The ceiling: which step of a calibration it is, and what a plan is told that comes near it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ageDays, ceilingOf, halfOf, held, judgeCeiling, useOf } from '../../src/judge/ceiling.js';
import { calibrationOf, stepOf } from '../support/calibrations.js';

const NOW = Date.parse('2026-11-24T12:00:00Z');

/** Steps of a machine that keeps its times up to a rate; those of `stalled` are late all the same. */
const machine = (capacityPerSec: number, rates: readonly number[], stalled: readonly number[] = []) =>
  rates.map((rate, i) =>
    stepOf(rate, rate <= capacityPerSec && !stalled.includes(i) ? { lagP99Us: 900 } : { lagP99Us: 80_000 }),
  );

describe('the ceiling of a machine', () => {
  it('is its highest step that kept its times, for any machine and any stairs', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 120_000 }),
        (unordered, capacity) => {
          const rates = unordered.sort((a, b) => a - b);
          const steps = machine(capacity, rates);
          assert.equal(ceilingOf(steps), rates.filter((rate) => rate <= capacity).length - 1);
        },
      ),
    );
  });

  it('is not lowered by a single stall, and ends at two late steps in a row', () => {
    const rates = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => n * 1000);
    assert.equal(ceilingOf(machine(6_500, rates, [2])), 5);
    assert.equal(ceilingOf(machine(6_500, rates, [0])), 5);
    assert.equal(ceilingOf(machine(9_000, rates, [3, 4])), 2);
    assert.equal(ceilingOf(machine(9_000, rates, [0, 1])), -1);
    assert.equal(ceilingOf([]), -1);
  });

  it('counts a step as late for its lag or for what is missing, and for nothing else', () => {
    const table: [string, Parameters<typeof stepOf>[1], boolean][] = [
      ['on time', { lagP99Us: 10_000 }, true],
      ['late', { lagP99Us: 10_001 }, false],
      ['one of a thousand is missing', { planned: 1_000, ok: 999 }, true],
      ['two of a thousand are missing', { planned: 1_000, ok: 998 }, false],
      ['nothing was sent', { planned: 0, ok: 0 }, false],
      ['a slow server alone', { responseP99Us: 900_000 }, true],
    ];
    for (const [name, parts, expected] of table) assert.equal(held(stepOf(1_000, parts)), expected, name);
  });

  it('has its noise floor at the kept step nearest to half of it', () => {
    const steps = machine(4_000, [1_000, 2_000, 3_000, 4_000, 5_000], [1]);
    const [first, , third, fourth] = steps;
    assert.ok(fourth !== undefined);
    // 2,000 was late: 1,000 and 3,000 are as near, and the lower one counts.
    assert.equal(halfOf(steps, fourth), first);
    assert.equal(halfOf(machine(4_000, [4_000]), fourth).ratePerSec, 4_000);
    assert.ok(third !== undefined && halfOf(steps, stepOf(6_000)) === third);
  });
});

describe('a plan beside the ceiling', () => {
  const command = 'flashcrowd calibrate';

  it('is measured by the workers that it has, up to the cores that there are', () => {
    const table: [calibrated: number, cores: number, workers: number, ceiling: number][] = [
      [1, 2, 1, 10_000],
      [1, 2, 4, 10_000],
      [1, 8, 4, 40_000],
      [1, 8, 16, 70_000],
      [4, 8, 1, 2_500],
      [4, 2, 4, 10_000],
    ];
    for (const [calibrated, cores, workers, ceiling] of table) {
      const use = useOf(calibrationOf({ workers: calibrated, cores }), 5_000, workers);
      assert.equal(use.ceilingPerSec, ceiling);
      assert.equal(use.share, Number((5_000 / ceiling).toFixed(4)));
    }
  });

  it('is refused above 70 %, warned above 50 %, and well below', () => {
    const at = (peak: number) => {
      const { refused, warnings } = judgeCeiling(useOf(calibrationOf(), peak, 1), peak, command, NOW);
      return refused !== null ? 'refused' : warnings.length > 0 ? 'warned' : 'well';
    };
    assert.deepEqual([0, 4_999, 5_000].map(at), ['well', 'well', 'well']);
    assert.deepEqual([5_001, 6_000, 7_000].map(at), ['warned', 'warned', 'warned']);
    assert.deepEqual([7_001, 12_000, 1e9].map(at), ['refused', 'refused', 'refused']);
    const { refused } = judgeCeiling(useOf(calibrationOf(), 8_000, 1), 8_000, command, NOW);
    assert.match(refused ?? '', /8,000\/s is 80\.0 % of .* 10,000\/s; above 70\.0 %/);
  });

  it('without a calibration is told so in one line that names the command, unless it is too small to matter', () => {
    assert.deepEqual(judgeCeiling(null, 200, command, NOW), { refused: null, warnings: [] });
    const { refused, warnings } = judgeCeiling(null, 201, 'flashcrowd calibrate --tls', NOW);
    assert.equal(refused, null);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /flashcrowd calibrate --tls/);
  });

  it('is told the age of a calibration of more than thirty days', () => {
    const old = (measuredAt: string) =>
      judgeCeiling(useOf(calibrationOf({ measuredAt }), 100, 1), 100, command, NOW).warnings;
    assert.deepEqual(old('2026-10-25T12:00:00Z'), []);
    assert.match(old('2026-10-24T12:00:00Z')[0] ?? '', /31 days old/);
    assert.deepEqual(old('2027-01-01T00:00:00Z'), []);
    assert.equal(ageDays('2026-11-23T11:59:59Z', NOW), 1);
  });
});
