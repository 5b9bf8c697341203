// Packing: what comes back is what was put in, whatever numbers it holds, and however long ago.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { COARSE, FINE } from '../../src/measure/buckets.js';
import { emptyCounts, emptyRecordedCounts, type Slice } from '../../src/measure/cell.js';
import { addDistributions, type Distribution, emptyDistribution } from '../../src/measure/distribution.js';
import { DistributionSum } from '../../src/measure/distribution-sum.js';
import { OUTCOMES } from '../../src/measure/outcome.js';
import { EMISSION_FORM, SECOND_FORM, SLICE_FORM } from '../../src/measure/packed-forms.js';
import { PackedList, PackedMap } from '../../src/measure/packed-map.js';
import { Packer, Unpacker } from '../../src/measure/packing.js';
import { distributionOf } from '../support/snapshots.js';

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const distribution = fc
  .tuple(fc.array(fc.nat(20_000_000), { maxLength: 60 }), fc.constantFrom(1_000, 10_000_000))
  .map(([values, cutFromUs]) => distributionOf(COARSE, values, cutFromUs));
const statuses = fc.array(fc.tuple(fc.nat(999), count), { maxLength: 5 }).map((pairs) => new Map(pairs));

const counts = fc
  .record({
    planned: count,
    sent: count,
    bytes: count,
    outcomes: fc.array(count, { minLength: OUTCOMES.length, maxLength: OUTCOMES.length }),
    statuses,
    induced: fc.option(
      fc.record({ retries: count, reloads: count, overBudget: count, retryAfters: count, leavers: count }),
    ),
    recorded: fc.option(fc.record({ planned: count, failed: count, statuses, unknownIds: count })),
  })
  .map(({ recorded, induced, ...some }) => ({
    ...emptyCounts(),
    ...some,
    induced: induced && { ...induced },
    recorded: recorded === null ? null : { ...emptyRecordedCounts(), ...recorded },
  }));

const part = fc
  .tuple(fc.nat(), fc.nat(), fc.integer(), fc.nat(), fc.nat())
  .map(([n, responseUs, oursUs, waitUs, serviceUs]) => ({ count: n, responseUs, oursUs, waitUs, serviceUs }));
const slice: fc.Arbitrary<Slice> = fc.record({
  stream: fc.nat(9),
  phase: fc.nat(5),
  sliceS: fc.nat(9_000).map((n) => n * 10),
  slip: distribution,
  lag: distribution,
  wait: distribution,
  service: distribution,
  tainted: count,
  taintedFailures: count,
  tail: fc
    .array(fc.tuple(fc.nat(200), part), { maxLength: 20 })
    .map((rows) => ({ buckets: rows.map(([bucket]) => bucket), parts: rows.map(([, own]) => own) })),
});

describe('packed numbers', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(count, fc.integer(), fc.double()), { maxLength: 400 }), (numbers) => {
        const packer = new Packer();
        for (const n of numbers) packer.number(n);
        const from = new Unpacker(packer.take());
        for (const n of numbers) assert.equal(from.number(), n);
        assert.ok(from.done);
      }),
    );
  });

  it('are refused where they are cut', () => {
    const packer = new Packer();
    packer.number(300);
    const text = packer.take();
    assert.throws(() => new Unpacker(text.slice(0, 1)).number(), /too early/);
  });

  it('take a byte each where they are small', () => {
    const packer = new Packer();
    for (let n = 0; n < 128; n++) packer.number(n);
    assert.equal(packer.take().length, 128);
    packer.number(16_383);
    assert.equal(packer.take().length, 2);
  });
});

describe('packed values', () => {
  it('are seconds, slices and emissions as they were', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 3 }), distribution, slice, (streams, response, own) => {
        const second = { streams, response };
        assert.deepEqual(SECOND_FORM.unpack(SECOND_FORM.pack(second)), second);
        assert.deepEqual(SLICE_FORM.unpack(SLICE_FORM.pack(own)), { ...own });
        const emission = { sliceS: own.sliceS, due: [0, 1, own.tainted], fired: [2], again: [3] };
        assert.deepEqual(EMISSION_FORM.unpack(EMISSION_FORM.pack(emission)), emission);
      }),
      { numRuns: 200 },
    );
  });

  it('add up in a packed map as in a plain one, in the order in which keys came', () => {
    const form = {
      pack: ({ n }: { n: number }) => String(n),
      unpack: (text: string) => ({ n: Number(text) }),
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(90), fc.nat(9)), { maxLength: 400 }), (additions) => {
        const packed = new PackedMap<number, { n: number }>(form);
        const plain = new Map<number, { n: number }>();
        for (const [key, n] of additions) {
          packed.at(key, () => ({ n: 0 })).n += n;
          plain.set(key, { n: (plain.get(key)?.n ?? 0) + n });
          assert.deepEqual(packed.get(key), plain.get(key));
        }
        assert.deepEqual([...packed], [...plain]);
        assert.deepEqual([...packed.keys()], [...plain.keys()]);
        assert.deepEqual([...packed.values()], [...plain.values()]);
        assert.equal(packed.size, plain.size);
        for (const key of plain.keys()) packed.set(key, { n: key });
        for (const [key, { n }] of packed) assert.equal(n, key);
      }),
    );
  });

  it('keep few values of a long list or map as objects', () => {
    let unpacked = 0;
    const form = {
      pack: ({ n }: { n: number }) => String(n),
      unpack: (text: string) => {
        unpacked++;
        return { n: Number(text) };
      },
    };
    const list = new PackedList(form);
    const map = new PackedMap(form);
    for (let n = 0; n < 1_000; n++) {
      list.push({ n });
      map.at(n, () => ({ n }));
    }
    assert.deepEqual(
      [...list].map(({ n }) => n),
      Array.from({ length: 1_000 }, (_, n) => n),
    );
    assert.equal(list.length, 1_000);
    assert.equal(unpacked, 1_000 - 32);
    assert.equal([...map].length, 1_000);
    assert.equal(unpacked, 2 * (1_000 - 32));
  });
});

describe('a sum of distributions', () => {
  it('is the sum that adding them one by one makes', () => {
    fc.assert(
      fc.property(fc.array(distribution, { maxLength: 30 }), (parts) => {
        const sum = new DistributionSum(COARSE);
        let expected: Distribution = emptyDistribution(COARSE);
        for (const one of parts) {
          sum.add(one);
          expected = addDistributions(expected, one);
        }
        assert.deepEqual(sum.read(), expected);
      }),
    );
  });

  it('counts exactly beyond 16 and beyond 32 bits', () => {
    const sum = new DistributionSum(COARSE);
    const many = (n: number): Distribution => ({
      ...distributionOf(COARSE, [500]),
      counts: Float64Array.of(n),
      count: n,
    });
    let total = 0;
    for (const n of [1, 0xffff, 0xffff_ffff, 2 ** 40]) {
      sum.add(many(n));
      sum.add(distributionOf(COARSE, [90_000]));
      total += n;
      assert.equal(sum.read().counts[0], total);
    }
    assert.equal(sum.read().counts[1], 4);
  });

  it('is of one layout', () => {
    assert.throws(() => new DistributionSum(COARSE).add(distributionOf(FINE, [1])), /layouts differ/);
  });
});
