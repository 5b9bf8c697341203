// Tenants: bounded in number and length, by what they are and not by the order in which they come.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { COARSE } from '../../src/measure/buckets.js';
import type { TenantSlice } from '../../src/measure/cell.js';
import { NameSample } from '../../src/measure/name-sample.js';
import { OpenTenants } from '../../src/measure/open-tenants.js';
import { OTHER, TENANT_SLICES_MAX, Tenants, tenantPhaseAt, tenantSliceS } from '../../src/measure/tenants.js';
import type { Phase } from '../../src/scenario/plan.js';
import { distributionOf } from '../support/snapshots.js';

const PHASES: Phase[] = [
  { name: 'warmup', startS: 0, endS: 12 },
  { name: 'before', startS: 12, endS: 5_000 },
  { name: 'peak', startS: 5_000, endS: 20_000 },
];
const FRAME = { phases: PHASES, durationS: 20_000 };
const MAX = 5;

const slices: fc.Arbitrary<TenantSlice[]> = fc.array(
  fc
    .record({
      tenant: fc.oneof(
        fc.nat(15).map((n) => `shop-${n}`),
        fc.constant(OTHER),
      ),
      sliceS: fc.nat(1_999).map((n) => 10 * n),
      values: fc.array(fc.nat(2_000_000), { minLength: 1, maxLength: 4 }),
      failed: fc.nat(2),
    })
    .map(({ tenant, sliceS, values, failed }) => ({
      tenant,
      sliceS,
      planned: values.length + failed,
      ok: values.length,
      response: distributionOf(COARSE, values),
    })),
  { maxLength: 60 },
);

function tenantsOf(parts: readonly TenantSlice[]): Tenants {
  const tenants = new Tenants(FRAME, MAX);
  for (const slice of parts) tenants.addSlice(slice);
  return tenants;
}

/** All that is kept, in an order of its own. */
function digest(tenants: Tenants): unknown {
  return [...tenants]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, totals]) => [
      name,
      totals.planned,
      totals.ok,
      totals.response,
      [...totals.slices],
      PHASES.map((_, i) => totals.inPhase(i)),
    ]);
}

describe('tenants', () => {
  it('are the same in any order and however they were shared out, beyond their bound too', () => {
    fc.assert(
      fc.property(slices, fc.infiniteStream(fc.nat(2)), fc.nat(), (parts, dealt, turn) => {
        const whole = digest(tenantsOf(parts));
        const at = parts.length === 0 ? 0 : turn % parts.length;
        assert.deepEqual(digest(tenantsOf([...parts.slice(at), ...parts.slice(0, at)].reverse())), whole);
        const hands: TenantSlice[][] = [[], [], []];
        for (const slice of parts) hands[dealt.next().value]?.push(slice);
        const [a, b, c] = hands.map(tenantsOf) as [Tenants, Tenants, Tenants];
        const left = new Tenants(FRAME, MAX);
        for (const part of [a, b, c]) left.add(part);
        assert.deepEqual(digest(left), whole);
        b.add(c);
        a.add(b);
        assert.deepEqual(digest(a), whole);
      }),
      { numRuns: 300 },
    );
  });

  it('lose nothing by being folded, nor by slices that grow', () => {
    fc.assert(
      fc.property(slices, (parts) => {
        const tenants = tenantsOf(parts);
        assert.ok(tenants.size <= MAX + 1);
        const planned = parts.reduce((sum, slice) => sum + slice.planned, 0);
        let total = 0;
        for (const [, totals] of tenants) {
          total += totals.planned;
          const inSlices = [...totals.slices.values()].reduce((sum, slice) => sum + slice.planned, 0);
          const inPhases = PHASES.reduce((sum, _, i) => sum + totals.inPhase(i).planned, 0);
          assert.deepEqual([inSlices, inPhases], [totals.planned, totals.planned]);
          assert.ok(totals.slices.size <= TENANT_SLICES_MAX);
        }
        assert.equal(total, planned);
      }),
    );
  });

  it('keep those who were there before the bound was known, whole', () => {
    const one = (tenant: string): TenantSlice => ({
      tenant,
      sliceS: 0,
      planned: 1,
      ok: 1,
      response: distributionOf(COARSE, [5]),
    });
    const names = Array.from({ length: 40 }, (_, i) => `t${i}`);
    const tenants = tenantsOf([...names, ...names].map(one));
    const kept = [...tenants].filter(([name]) => name !== OTHER);
    assert.equal(kept.length, MAX);
    for (const [, totals] of kept) assert.equal(totals.planned, 2);
    assert.equal(tenants.get(OTHER)?.planned, 2 * (names.length - MAX));
  });

  it('have time lines of ten seconds for an hour, of 160 for twelve', () => {
    assert.deepEqual([1, 3_600, 3_601, 43_200, 86_400].map(tenantSliceS), [10, 10, 20, 160, 320]);
    const tenants = tenantsOf([]);
    tenants.addSlice({
      tenant: 'a',
      sliceS: 170,
      planned: 3,
      ok: 2,
      response: distributionOf(COARSE, [1, 2]),
    });
    assert.deepEqual([...(tenants.get('a')?.slices ?? [])], [[160, { planned: 3, ok: 2 }]]);
  });

  it('count a slice in the phase of its middle, and in the warm-up where it began there', () => {
    assert.deepEqual(
      [0, 10, 20, 4_990, 5_000, 19_990, 90_000].map((sliceS) => tenantPhaseAt(PHASES, sliceS)),
      [0, 0, 1, 1, 2, 2, 2],
    );
  });

  it('count what a damaged file has beyond the end at the end', () => {
    const tenants = tenantsOf([
      {
        tenant: 'a',
        sliceS: Number.MAX_SAFE_INTEGER - 1,
        planned: 2 ** 33,
        ok: 1,
        response: distributionOf(COARSE, [1]),
      },
    ]);
    assert.deepEqual([...(tenants.get('a')?.slices.values() ?? [])], [{ planned: 2 ** 33, ok: 1 }]);
  });
});

describe('the tenants of an open slice', () => {
  it('are what is kept of them all, whatever order they come in', () => {
    const operations = fc.array(fc.tuple(fc.nat(20), fc.boolean(), fc.nat(9_000)), { maxLength: 80 });
    fc.assert(
      fc.property(operations, (ops) => {
        const taken = [ops, ops.toReversed()].map((order) => {
          const open = new OpenTenants(30, MAX);
          for (const [n, ok, us] of order) open.settle(`t${n}`, ok, ok ? us : Number.NaN, false);
          return open.take().sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
        });
        assert.deepEqual(taken[0], taken[1]);
        assert.ok((taken[0]?.length ?? 0) <= MAX + 1);
        assert.equal(
          taken[0]?.reduce((sum, { planned }) => sum + planned, 0),
          ops.length,
        );
      }),
    );
  });
});

describe('a sample of names', () => {
  it('gives up the same names in any order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { maxLength: 60 }),
        fc.integer({ min: 0, max: 8 }),
        (names, max) => {
          const keptOf = (order: readonly string[]) => {
            const kept = new Set<string>();
            const sample = new NameSample(max);
            for (const name of order) {
              kept.add(name);
              const givenUp = sample.add(name);
              if (givenUp !== null) assert.ok(kept.delete(givenUp));
            }
            return [...kept].sort();
          };
          const kept = keptOf(names);
          assert.equal(kept.length, Math.min(max, names.length));
          assert.deepEqual(keptOf(names.toReversed()), kept);
        },
      ),
    );
  });
});
