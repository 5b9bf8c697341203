// Three answers of gates on shares: what they keep to whatever the figures are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { spread } from '../../src/judge/gates/recorded.js';
import { decide } from '../../src/judge/gates/shares.js';
import { shareLimits } from '../../src/judge/statistics/proportion.js';
import { type GateNames, parseGate } from '../../src/scenario/gates.js';
import { completed, gateOn, headOf, type Op, snapshotOf } from '../support/snapshots.js';

const NAMES: GateNames = { streams: [], routes: ['product', 'cart'], hurried: [], recordings: [] };

function gate(text: string) {
  const read = parseGate(text, NAMES);
  assert.ok(!('message' in read), JSON.stringify(read));
  return read;
}

const tick = fc.nat(40).chain((n) => fc.record({ n: fc.constant(n), hits: fc.nat(n) }));
const ticks = fc.array(tick, { minLength: 1, maxLength: 40 });

describe('a gate on a share', () => {
  it('never passes on a share that is beyond its bound, nor fails on one within', () => {
    const text = fc.constantFrom('errors < 1%', 'errors <= 1%', 'errors > 1%', 'errors >= 1%');
    fc.assert(
      fc.property(ticks, text, fc.integer({ min: 0, max: 100 }), (seconds, of, percent) => {
        const limits = shareLimits([seconds]);
        if (limits === null) return;
        const bound = percent / 100;
        const { result, needed, reason } = decide(gate(of), limits, bound);
        const within = of.includes('<') ? limits.share <= bound : limits.share >= bound;
        if (result === 'pass') assert.ok(within);
        if (result === 'fail') assert.ok(limits.share !== bound ? !within : [0, 1].includes(bound));
        if (result === 'inconclusive') assert.ok(reason !== null && (needed === null || needed > limits.n));
        else assert.deepEqual([needed, reason], [null, null]);
      }),
    );
  });

  it('is decided by a bound of 0 without limits: none, or some', () => {
    const of = (hits: number) => shareLimits([[{ n: 5, hits }]]) ?? assert.fail();
    assert.equal(decide(gate('errors <= 0%'), of(0), 0).result, 'pass');
    assert.equal(decide(gate('errors <= 0%'), of(1), 0).result, 'fail');
    assert.equal(decide(gate('errors < 0%'), of(0), 0).result, 'fail');
    assert.equal(decide(gate('errors < 1%'), of(0), 0.01).result, 'inconclusive');
  });

  it('says of slower what the quantile says, in other words', () => {
    const op = fc.record({ windowS: fc.nat(59), serviceUs: fc.integer({ min: 1, max: 2_000_000 }) });
    fc.assert(
      fc.property(
        fc.array(op, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 99 }),
        (ops, q) => {
          const snapshot = completed(snapshotOf(headOf(), ops));
          const share = gateOn(snapshot, gate(`slower than 1s <= ${100 - q}%`));
          const quantile = gateOn(snapshot, gate(`p${q} <= 1s`));
          assert.deepEqual(
            [quantile.result, quantile.n, quantile.needed],
            [share.result, share.n, share.needed],
          );
          if (quantile.limits === null) return;
          const { low, high } = quantile.limits;
          if (quantile.result === 'pass') assert.ok(low <= 1e6 && high !== null && high <= 1e6);
          if (quantile.result === 'fail') assert.ok(low >= 1e6);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('counts timeouts against a bound that is longer than the timeout, as they may have met it or not', () => {
    const ops = Array.from({ length: 3000 }, (_, i): Op => {
      const windowS = Math.floor(i / 50);
      return i % 10 === 0 ? { windowS, outcome: 'timeout' } : { windowS };
    });
    const snapshot = completed(snapshotOf(headOf(), ops));
    const on = (text: string) => gateOn(snapshot, gate(text));
    assert.deepEqual([on('slower than 20s < 5%').result, on('slower than 20s < 5%').actual], ['fail', 0.1]);
    assert.equal(on('slower than 20s < 20%').result, 'pass');
    assert.equal(on('slower than 20s > 5%').result, 'fail');
  });
});

describe('hits dealt to seconds', () => {
  it('are as many in all as there are, and never more than a second has operations', () => {
    const second = fc.record({
      n: fc.nat(50),
      sum: fc.nat(1000),
      weight: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(second, { maxLength: 20 }), { maxLength: 3 }),
        fc.nat(),
        (stretches, any) => {
          const n = stretches.flat().reduce((sum, one) => sum + one.n, 0);
          const hits = n === 0 ? 0 : any % (n + 1);
          const dealt = spread(hits, stretches).flat();
          assert.ok(dealt.every((one) => one.hits >= 0 && one.hits <= one.n));
          assert.ok(Math.abs(dealt.reduce((sum, one) => sum + one.hits, 0) - hits) <= 1);
        },
      ),
    );
  });

  it('come when their weights say', () => {
    const dealt = spread(10, [
      [
        { n: 100, sum: 0, weight: 0 },
        { n: 100, sum: 0, weight: 4 },
        { n: 100, sum: 0, weight: 1 },
      ],
    ]);
    assert.deepEqual(
      dealt[0]?.map(({ hits }) => hits),
      [0, 8, 2],
    );
  });
});
