// Fidelity: what the score says of known departures from a plan, its parts, and what is found of it.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { dispersionsOf, secondsOff } from '../../src/judge/validity/emitted.js';
import { type Fidelity, fidelityOf } from '../../src/judge/validity/fidelity.js';
import { infidelity } from '../../src/judge/validity/infidelity.js';
import { BIN_US, type Emission, emptyEmission } from '../../src/measure/emission.js';
import { emptySnapshot, type Snapshot } from '../../src/measure/snapshot.js';
import { draw, drawKey } from '../../src/random.js';
import {
  completed,
  ERRORS_1,
  gateOf,
  gateOn,
  headOf,
  judged,
  type Op,
  snapshotOf,
} from '../support/snapshots.js';

/** A minute of operations, evenly over its seconds. */
function minute(n: number, opOf: (i: number) => Omit<Op, 'windowS'>, head = headOf()): Snapshot {
  return completed(
    snapshotOf(
      head,
      Array.from({ length: n }, (_, i) => ({ windowS: i % 60, ...opOf(i) })),
    ),
  );
}

/** Emissions of instants when operations were due and of the lags with which they were fired; NaN: never. */
function emissionsOf(dues: readonly number[], lagOf: (dueUs: number, i: number) => number): Emission[] {
  const slices = new Map<number, Emission>();
  const count = (side: 'due' | 'fired', atUs: number) => {
    const sliceS = Math.floor(atUs / 10e6) * 10;
    const slice = slices.get(sliceS) ?? emptyEmission(sliceS);
    slices.set(sliceS, slice);
    const bin = Math.floor((atUs - sliceS * 1e6) / BIN_US);
    slice[side][bin] = (slice[side][bin] as number) + 1;
  };
  for (const [i, dueUs] of dues.entries()) {
    count('due', dueUs);
    const lagUs = lagOf(dueUs, i);
    if (!Number.isNaN(lagUs)) count('fired', dueUs + lagUs);
  }
  return [...slices.values()];
}

const even = (n: number, seconds: number) => Array.from({ length: n }, (_, i) => (i * seconds * 1e6) / n);
const key = drawKey(7, 'instants');
/** Instants of a Poisson process with n in all. */
const poisson = (n: number, seconds: number) =>
  Array.from({ length: n }, (_, i) => draw(key, i) * seconds * 1e6).sort((a, b) => a - b);
/** Everything that is due in a stall is fired at its end. */
const stall = (fromS: number, toS: number) => (dueUs: number) =>
  dueUs >= fromS * 1e6 && dueUs < toS * 1e6 ? toS * 1e6 - dueUs : 100;

/** No slice and no emission. */
function nothingOf({ head }: Snapshot): Pick<Snapshot, 'slices' | 'emissions'> {
  const { slices, emissions } = emptySnapshot(head);
  return { slices, emissions };
}

describe('the score', () => {
  const scoreOf = (snapshot: Snapshot) => fidelityOf(snapshot)?.score ?? Number.NaN;

  it('is 1 where everything is fired as it is due, and over 99.9 % within a millisecond of it', () => {
    assert.equal(scoreOf(minute(6000, () => ({ lagUs: 0 }))), 1);
    assert.ok(scoreOf(minute(6000, (i) => ({ lagUs: i % 1000 }))) > 0.999);
  });

  it('loses 15 % to a stall of two seconds in ten', () => {
    const ops = even(1000, 10).map((dueUs) => ({
      windowS: Math.floor(dueUs / 1e6),
      lagUs: stall(4, 6)(dueUs),
    }));
    const score = scoreOf(snapshotOf(headOf(), ops));
    // The first of the two is lost whole, the second by half a second on average.
    assert.ok(Math.abs(score - (1 - 0.1 - 0.1 / 2)) < 0.002, `${score}`);
  });

  it('loses what was never fired whole, and nothing by what a declared bound sheds', () => {
    const never = (outcome: 'unsent' | 'shed') => (i: number) =>
      i % 10 === 0 ? { outcome, lagUs: 0 } : { lagUs: 0 };
    for (const outcome of ['unsent', 'shed'] as const)
      assert.equal(scoreOf(minute(6000, never(outcome))), 0.9, outcome);
    assert.equal(scoreOf(minute(6000, never('shed'), headOf({ capDeclared: true }))), 1);
    assert.equal(scoreOf(minute(6000, never('unsent'), headOf({ capDeclared: true }))), 0.9);
  });

  it('loses nothing to the target, whatever it does', () => {
    for (const outcome of ['timeout', 'refused', 'reset', 'bad_status', 'local', 'unfilled'] as const)
      assert.equal(
        scoreOf(minute(6000, (i) => (i % 2 === 0 ? { outcome, lagUs: 0 } : { lagUs: 0 }))),
        1,
        outcome,
      );
  });

  it('leaves a warm-up out', () => {
    const head = headOf({
      phases: [
        { name: 'warmup', startS: 0, endS: 25 },
        { name: 'steady', startS: 25, endS: 60 },
      ],
    });
    const late = minute(
      6000,
      (i) => (i % 60 < 25 ? (i % 2 === 0 ? { lagUs: 2e6 } : { outcome: 'unsent' }) : { lagUs: 0 }),
      head,
    );
    const of = fidelityOf(late);
    assert.deepEqual([of?.score, of?.toFire, of?.neverFired, of?.seconds.off], [1, 3500, 0, 0]);
  });

  it('is the mean of lags cut at a second, by any mixture', () => {
    const op = fc.record({
      windowS: fc.nat(59),
      lagUs: fc.oneof(fc.nat(2_000), fc.nat(3_000_000)),
      stream: fc.nat(1),
      outcome: fc.constantFrom<NonNullable<Op['outcome']>>('ok', 'timeout', 'unsent', 'shed'),
    });
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 300 }), (ops) => {
        const lost = ops.map(({ outcome, lagUs }) =>
          outcome === 'unsent' || outcome === 'shed' ? 1 : Math.min(1, lagUs / 1e6),
        );
        const expected = 1 - lost.reduce((a, b) => a + b, 0) / ops.length;
        const score = scoreOf(completed(snapshotOf(headOf(), ops)));
        assert.ok(Math.abs(score - expected) < 0.005, `${score} for ${expected}`);
      }),
      { numRuns: 100 },
    );
  });

  it('names the worst ten seconds, of those with enough operations', () => {
    const late = (n: number) =>
      minute(n, (i) => (i % 60 >= 30 && i % 60 < 40 ? { lagUs: 100_000 } : { lagUs: 0 }));
    const { worst } = fidelityOf(late(6000)) as Fidelity;
    assert.equal(worst?.fromS, 30);
    assert.ok(Math.abs((worst?.score ?? 0) - 0.9) < 0.001);
    assert.equal(fidelityOf(late(540))?.worst, null);
  });

  it('does not blame a run that was killed for the slices that it had not closed', () => {
    const whole = snapshotOf(
      headOf(),
      Array.from({ length: 600 }, (_, i) => ({ windowS: i % 60, outcome: 'unsent' as const })),
    );
    const killed = { ...whole, ...nothingOf(whole) };
    assert.equal(fidelityOf(killed), null);
    assert.equal(fidelityOf(completed(killed))?.score, 0);
  });

  it('is null where nothing was to be fired', () => {
    assert.equal(fidelityOf(emptySnapshot(headOf())), null);
    assert.equal(fidelityOf(minute(60, () => ({ outcome: 'unfilled' }))), null);
  });

  it('has the shares fired within 1 ms and 10 ms, of all that was to be fired', () => {
    const lags = [500, 1_000, 5_000, 10_000, 50_000];
    const of = fidelityOf(
      minute(6000, (i) => (i % 6 === 5 ? { outcome: 'unsent' } : { lagUs: lags[i % 6] as number })),
    );
    assert.deepEqual([of?.within1Ms, of?.within10Ms, of?.neverFired], [2 / 6, 4 / 6, 1000]);
  });
});

describe('seconds', () => {
  it('are as planned where requests cross their ends by a hair, however many they are', () => {
    const bunched = Array.from({ length: 60 }, (_, s) =>
      Array.from({ length: 500 }, () => s * 1e6 + 999_900),
    ).flat();
    assert.deepEqual(secondsOff(emissionsOf(bunched, () => 200)), { of: 61, off: 0 });
  });

  it('are off on both sides of a stall', () => {
    assert.deepEqual(secondsOff(emissionsOf(even(30_000, 60), stall(20, 22))), { of: 60, off: 3 });
    assert.deepEqual(secondsOff(emissionsOf(even(30_000, 60), stall(19.7, 20.3))), { of: 60, off: 2 });
    const never = emissionsOf(even(30_000, 60), (dueUs) => (dueUs < 4e6 ? Number.NaN : 0));
    assert.deepEqual(secondsOff(never), { of: 60, off: 4 });
  });

  it('with few requests are not off by one or two', () => {
    assert.equal(secondsOff(emissionsOf(even(240, 60), (_, i) => (i % 4 === 0 ? 1.5e6 : 0))).off, 0);
  });

  it('without anything do not count, nor do gaps between slices', () => {
    const { of } = secondsOff(emissionsOf([0, 1e6, 3_600e6], () => 0));
    assert.equal(of, 3);
  });
});

describe('the dispersion', () => {
  const ratios = (emissions: readonly Emission[]) =>
    dispersionsOf(emissions).map(({ ratio }) => ratio ?? Number.NaN);

  it('of a Poisson process is about 1 in every window, and the same of what is fired on time', () => {
    for (const { planned, ratio } of dispersionsOf(emissionsOf(poisson(60_000, 12_000), () => 150))) {
      assert.ok(planned !== null && Math.abs(planned - 1) < 0.06, `${planned}`);
      assert.ok(ratio !== null && Math.abs(ratio - 1) < 0.02, `${ratio}`);
    }
  });

  it('of even arrivals is not made many times as much by a hair', () => {
    for (const { planned, ratio } of dispersionsOf(
      emissionsOf(even(120_000, 1200), (_, i) => (i % 3) * 400),
    )) {
      assert.ok(planned !== null && planned < 0.05, `${planned}`);
      assert.ok(ratio !== null && Math.abs(ratio - 1) < 0.05, `${ratio}`);
    }
  });

  it('takes the end of a run for its end', () => {
    const [tenth] = dispersionsOf(emissionsOf(even(1_200, 12), () => 0));
    assert.ok((tenth?.planned ?? 1) < 0.01, `${tenth?.planned}`);
  });

  it('is not that of a ramp, which is divided out', () => {
    // Rate rising from 0: instants as the square root of even ones.
    const ramp = even(60_000, 1).map((us) => Math.sqrt(us / 1e6) * 600e6);
    for (const { planned } of dispersionsOf(emissionsOf(ramp, () => 0)))
      assert.ok((planned ?? 1) < 1, `${planned}`);
  });

  it('rises where requests are fired in bunches, and falls where they are spread', () => {
    const bunch = (dueUs: number) => 500_000 - (dueUs % 500_000) - 1;
    assert.ok((ratios(emissionsOf(poisson(60_000, 600), bunch))[0] as number) > 10);
    const bunched = poisson(60_000, 600).map((us) => Math.floor(us / 500_000) * 500_000);
    const spread = (_: number, i: number) => (i % 50) * 10_000;
    assert.ok((ratios(emissionsOf(bunched, spread))[0] as number) < 0.5);
  });

  it('says nothing of few windows, and takes gaps for what they are', () => {
    const [tenth, second, ten] = dispersionsOf(emissionsOf(poisson(600, 6), () => 0));
    assert.ok(tenth?.ratio !== null);
    assert.deepEqual([second?.ratio, ten?.ratio], [null, null]);
    assert.deepEqual(
      dispersionsOf([]).map(({ planned }) => planned),
      [null, null, null],
    );
    const far = emissionsOf([0, 1e15], () => 0);
    assert.equal(dispersionsOf(far)[2]?.planned, null);
  });
});

describe('findings of fidelity', () => {
  const found = (snapshot: Snapshot) =>
    infidelity(snapshot, fidelityOf(snapshot), []).map(({ id, level }) => `${level} ${id}`);

  test('are suspect below 99 %, invalid below 95 %, and in few requests none', () => {
    const late = (lagUs: number, n = 6000) => minute(n, () => ({ lagUs }));
    assert.deepEqual(found(late(9_000)), []);
    assert.deepEqual(found(late(12_000)), ['suspect fidelity']);
    assert.deepEqual(found(late(49_000)), ['suspect fidelity']);
    assert.deepEqual(found(late(52_000)), ['invalid fidelity']);
    assert.deepEqual(found(late(900_000, 99)), []);
  });

  test('name the worst ten seconds where these are worse than the whole', () => {
    const late = (lagUs: number) =>
      minute(12_000, (i) => (i % 60 >= 30 && i % 60 < 40 ? { lagUs } : { lagUs: 0 }));
    assert.deepEqual(found(late(20_000)), ['suspect fidelity_slice']);
    assert.deepEqual(found(late(55_000)), ['invalid fidelity_slice']);
    assert.deepEqual(found(late(90_000)), ['suspect fidelity', 'invalid fidelity_slice']);
    assert.deepEqual(found(minute(12_000, () => ({ lagUs: 60_000 }))), ['invalid fidelity']);
  });

  test('of counts by second and of bursts are said, and make nothing invalid', () => {
    const whole = minute(12_000, () => ({ lagUs: 0 }));
    const emitted = (list: readonly Emission[]) => {
      const { emissions } = emptySnapshot(whole.head);
      for (const emission of list) emissions.set(emission.sliceS, emission);
      return { ...whole, emissions };
    };
    assert.deepEqual(found(emitted(emissionsOf(poisson(12_000, 60), stall(30.5, 31.5)))), [
      'suspect seconds_off',
      'suspect dispersion',
    ]);
    assert.deepEqual(found(emitted(emissionsOf(poisson(12_000, 60), () => 300))), []);
    // Short runs: one stall would be a large part of them.
    assert.deepEqual(found(emitted(emissionsOf(poisson(4_000, 19), stall(10.8, 11.2)))), []);
  });

  test('do not count as missing what a declared bound sheds', () => {
    const shed = (capDeclared: boolean) =>
      found(
        minute(
          60_000,
          (i) => (i % 3 === 0 ? { outcome: 'shed', lagUs: 0 } : { lagUs: 0 }),
          headOf({ capDeclared }),
        ),
      );
    assert.deepEqual(shed(true), []);
    assert.ok(shed(false).includes('suspect seconds_off'));
  });
});

test('fidelity can be a gate, told with its parts', () => {
  const gate = gateOf('fidelity > 99%', { kind: 'fidelity' }, '>', 0.99);
  const good = gateOn(
    minute(6000, () => ({ lagUs: 0 })),
    gate,
  );
  assert.deepEqual([good.result, good.actual, good.bound, good.n], ['pass', 1, 0.99, 6000]);
  assert.equal(good.reason, '100.0 % fired within 1 ms, 100.0 % within 10 ms, all in the end');
  const bad = gateOn(
    minute(6000, (i) => (i % 50 === 0 ? { outcome: 'unsent' } : { lagUs: 0 })),
    gate,
  );
  assert.deepEqual([bad.result, bad.actual], ['fail', 0.98]);
  assert.match(bad.reason ?? '', /2\.0 % never/);
  assert.equal(
    gateOn(
      minute(60, () => ({ outcome: 'unfilled' })),
      gate,
    ).result,
    'no_data',
  );
  assert.equal(gateOn(emptySnapshot(headOf()), gate).result, 'no_data');
});

test('a run that misses a gate on fidelity is not to be trusted: the shop has not failed', () => {
  const late = minute(6000, () => ({ lagUs: 8_000, serviceUs: 900_000 }));
  const at = (bound: number) =>
    judged(late, [ERRORS_1, gateOf(`fidelity > ${bound * 100}%`, { kind: 'fidelity' }, '>', bound)]);
  assert.deepEqual([at(0.99).verdict, at(0.99).exitCode], ['held', 0]);
  const { verdict, exitCode, reasons } = at(0.995);
  assert.deepEqual([verdict, exitCode], ['untrustworthy', 3]);
  assert.deepEqual(
    reasons.map(({ id }) => id),
    ['fidelity_gate'],
  );
  assert.match(reasons[0]?.text ?? '', /99\.2 % was sent as planned, where the gate is fidelity > 99\.5%/);
});
