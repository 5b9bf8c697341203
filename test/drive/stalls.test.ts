// What held a loop up: tables, laws of the ledger's attribution, and whole simulated runs by cause and seed.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { Ledger } from '../../src/drive/ledger.js';
import {
  type Collection,
  type GapFacts,
  NO_STALL_SOURCE,
  StallCauses,
  type StallSource,
  splitGap,
} from '../../src/drive/stall-causes.js';
import { judgeValidity } from '../../src/judge/validity/validity.js';
import { OUTCOME_INDEX } from '../../src/measure/outcome.js';
import { emptyStallTimes, STALL_CAUSES, type StallCause, type StallTimes } from '../../src/measure/vitals.js';
import { draw, drawKey } from '../../src/random.js';
import { parseSchedstat } from '../../src/workers/thread-watch.js';
import { type Answer, simulate } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const total = (times: StallTimes) => STALL_CAUSES.reduce((sum, cause) => sum + times[cause], 0);

const GAPS: [string, Partial<GapFacts>, Partial<StallTimes>][] = [
  ['all of it ran', { ranUs: 100 }, { busy: 100 }],
  ['all of it waited', { waitedUs: 100 }, { preempted: 100 }],
  ['neither', {}, { halted: 100 }],
  ['half ran and half waited', { ranUs: 50, waitedUs: 50 }, { busy: 50, preempted: 50 }],
  ['a collection that ran', { ranUs: 100, gcUs: 100 }, { gc: 100 }],
  ['a collection that waited for its helpers', { ranUs: 20, gcUs: 100 }, { gc: 100 }],
  ['a hook that ran', { ranUs: 100, hookUs: 100 }, { hook: 100 }],
  ['a hook that slept', { hookUs: 100 }, { hook: 100 }],
  ['a hook that made garbage', { ranUs: 100, hookUs: 100, gcUs: 60 }, { hook: 40, gc: 60 }],
  [
    'a short hook that lost its processor',
    { ranUs: 25, waitedUs: 75, hookUs: 100 },
    { preempted: 75, hook: 25 },
  ],
  ['a hook on a busy machine', { ranUs: 50, waitedUs: 50, hookUs: 100 }, { preempted: 50, hook: 50 }],
  ['a reading that came late', { ranUs: 85 }, { busy: 100 }],
  ['ran and was stopped', { ranUs: 30 }, { busy: 30, halted: 70 }],
  ['a system that does not tell', { ranUs: Number.NaN, waitedUs: Number.NaN }, { unknown: 100 }],
  ['it tells of hooks at least', { ranUs: Number.NaN, waitedUs: Number.NaN, hookUs: 90 }, { hook: 100 }],
];

for (const [name, facts, expected] of GAPS) {
  test(`a gap: ${name}`, () => {
    const of = { lengthUs: 100, ranUs: 0, waitedUs: 0, hookUs: 0, gcUs: 0, ...facts };
    assert.deepEqual(splitGap(of), { ...emptyStallTimes(), ...expected });
  });
}

test('the parts of a gap add up to it', () => {
  const us = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(us, us, us, us, us, fc.boolean(), (length, ran, waited, hook, gc, known) => {
      const lengthUs = length + 1_000;
      const within = (value: number) => Math.min(lengthUs, value);
      const parts = splitGap({
        lengthUs,
        ranUs: known ? within(ran) : Number.NaN,
        waitedUs: known ? within(waited) : Number.NaN,
        hookUs: within(hook),
        gcUs: within(gc),
      });
      assert.ok(Math.abs(total(parts) - lengthUs) < 1e-3, `${total(parts)} of ${lengthUs}`);
      for (const cause of STALL_CAUSES) assert.ok(parts[cause] >= 0, cause);
    }),
  );
});

test('the stalls of all lines are the gaps of the ledger, whatever the thread tells', () => {
  const step = fc.record({
    stallUs: fc.integer({ min: 0, max: 400_000 }),
    ran: fc.double({ min: 0, max: 1, noNaN: true }),
    waited: fc.double({ min: 0, max: 1, noNaN: true }),
    hookUs: fc.nat(300_000),
    gcUs: fc.nat(300_000),
    take: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, tells) => {
      let nowUs = 0;
      let hookUs = 0;
      const times = { ranUs: 1, waitedUs: 0 };
      const collections: Collection[] = [];
      const source: StallSource = {
        readTimes: (into) => {
          Object.assign(into, times);
          return tells;
        },
        takeCollections: () => collections.splice(0),
      };
      const causes = new StallCauses(source, () => hookUs);
      const gaps: number[] = [];
      const ledger = new Ledger((fromUs, toUs) => {
        gaps.push(toUs - fromUs);
        causes.gap(fromUs, toUs);
      });
      const told = emptyStallTimes();
      let gapUs = 0;
      let counted = 0;
      const take = (over: boolean) => {
        const line = causes.take(nowUs, over);
        assert.equal(line.gapUs, total(line.stalls));
        for (const cause of STALL_CAUSES) told[cause] += line.stalls[cause];
        gapUs += line.gapUs;
        counted += line.gaps;
      };
      for (const { stallUs, ran, waited, hookUs: inHooks, gcUs, take: taken } of steps) {
        ledger.expect(nowUs + 2_000);
        const fromUs = nowUs;
        nowUs += 2_000 + stallUs;
        hookUs += inHooks;
        times.ranUs += ran * stallUs;
        times.waitedUs += waited * stallUs;
        collections.push({ startUs: fromUs, endUs: fromUs + Math.min(gcUs, nowUs - fromUs) });
        ledger.stamp(nowUs);
        ledger.turn(nowUs);
        causes.turn(nowUs);
        if (taken) take(false);
      }
      take(true);
      const allUs = gaps.reduce((sum, us) => sum + us, 0);
      assert.equal(counted, gaps.length);
      assert.ok(Math.abs(gapUs - allUs) <= 8 * (steps.length + 1), `${gapUs} of ${allUs}`);
      assert.equal(total(told), gapUs);
      if (!tells) assert.equal(told.busy + told.preempted + told.halted, 0);
    }),
    { numRuns: 200 },
  );
});

test('collections that are told of after the gap still explain it', () => {
  const late: Collection[] = [];
  const causes = new StallCauses({ ...NO_STALL_SOURCE, takeCollections: () => late.splice(0) }, () => 0);
  causes.gap(1_000_000, 1_040_000);
  assert.equal(causes.take(1_050_000, false).gaps, 0, 'decided before its collections can be known');
  late.push({ startUs: 1_000_500, endUs: 1_039_000 });
  const { gaps, stalls, gcs, gcMaxUs } = causes.take(1_200_000, false);
  assert.deepEqual([gaps, stalls.gc, gcs, gcMaxUs], [1, 40_000, 1, 38_500]);
});

test('what a thread always does is not what a stall did', () => {
  const times = { ranUs: 0, waitedUs: 0 };
  const source: StallSource = {
    ...NO_STALL_SOURCE,
    readTimes: (into) => Object.assign(into, times) !== null,
  };
  const causes = new StallCauses(source, () => 0);
  // A thread that polls all the time, and is then stopped for 30 ms in the middle of two readings.
  for (let us = 0; us <= 1_000_000; us += 20_000) {
    times.ranUs = us;
    causes.turn(us);
  }
  times.ranUs += 15_000;
  causes.gap(1_015_000, 1_045_000);
  assert.deepEqual(causes.take(2e6, true).stalls, { ...emptyStallTimes(), halted: 30_000 });
});

test('a long turn is a gap, a short one is not, and none counts twice', () => {
  const gaps: [number, number][] = [];
  const ledger = new Ledger((fromUs, toUs) => gaps.push([fromUs, toUs]));
  ledger.ended(0, 4_000);
  assert.deepEqual(gaps, []);
  ledger.ended(10_000, 20_000);
  assert.equal(ledger.readThroughUs(21_000), 0);
  ledger.expect(25_000);
  ledger.stamp(40_000);
  ledger.ended(30_000, 50_000);
  assert.deepEqual(gaps, [
    [10_000, 20_000],
    [26_000, 40_000],
    [40_000, 50_000],
  ]);
});

test("a thread's counters are read from the system's text", () => {
  const read = (text: string, length = text.length) => {
    const into = { ranUs: -1, waitedUs: -1 };
    const told = parseSchedstat(Buffer.from(text, 'latin1'), length, into);
    return [told, into.ranUs, into.waitedUs];
  };
  assert.deepEqual(read('230715445 65249897 135\n'), [true, 230_715.445, 65_249.897]);
  assert.deepEqual(read('1000 0 1\n'), [true, 1, 0]);
  // Counting switched off, nothing there, something else there, and one number only.
  for (const text of ['0 0 0\n', '', 'n/a\n', '12345']) assert.deepEqual(read(text), [false, -1, -1]);
  assert.deepEqual(read('1000 2000 1\n', 4), [false, -1, -1]);
});

const IDS: Readonly<Record<StallCause, string>> = {
  gc: 'gc',
  hook: 'hook_blocked',
  busy: 'loop_blocked',
  preempted: 'preempted',
  halted: 'halted',
  unknown: 'loop_stalls',
};
const NORMAL: Answer = { serviceUs: 5_000, status: 200 };

/** When a stall begins, and 100 ms to 1 s of it. */
function stallOf(seed: number): { readonly fromUs: number; readonly toUs: number } {
  const key = drawKey(seed, 'stall');
  const fromUs = 2e6 + Math.floor(draw(key, 0) * 5e6);
  return { fromUs, toUs: fromUs + 100_000 + Math.floor(draw(key, 1) * 0.9e6) };
}

const stallIds = new Set(Object.values(IDS));

describe('a run whose generator stalled', () => {
  for (const cause of STALL_CAUSES) {
    it(`is invalid, and its cause is named: ${cause}, with 20 seeds`, () => {
      for (const seed of SEEDS) {
        const { fromUs, toUs } = stallOf(seed);
        const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 8, seed });
        let spent = false;
        const { snapshot } = simulate({
          plan,
          inputs,
          seed,
          target: () => NORMAL,
          ...(cause === 'hook' && {
            hooks: (world) => ({
              beforeRequest: () => {
                if (spent || world.nowUs() < fromUs) return;
                spent = true;
                world.spend(toUs - fromUs);
              },
            }),
          }),
          arrange: (world) => {
            if (cause !== 'hook') world.stallGenerator(fromUs, toUs, cause);
          },
        });
        const { verdict, findings } = judgeValidity(snapshot, []);
        const named = findings.map(({ id }) => id).filter((id) => stallIds.has(id));
        assert.equal(verdict, 'invalid', `seed ${seed}`);
        assert.deepEqual(named, [IDS[cause]], `seed ${seed}`);
      }
    });
  }
});

test('a generator that stalls in every turn still ends what is overdue', () => {
  const { plan, inputs } = steadyPlan({ ratePerSec: 50, seconds: 4, timeoutUs: 1e6 });
  const { snapshot, plannedTotal } = simulate({
    plan,
    inputs,
    // Nothing is ever answered, and every request costs a hook ten milliseconds of a loop that has twenty.
    target: () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 }),
    hooks: (world) => ({ beforeRequest: () => world.spend(10_000) }),
    arrange: (world) => {
      for (let us = 0; us < 20e6; us += 8_000) world.stallGenerator(us, us + 7_900);
    },
  });
  const { health } = snapshot;
  const counts = [...snapshot.groups.values()].map((group) => group.counts);
  const timeouts = counts.reduce((sum, { outcomes }) => sum + (outcomes[OUTCOME_INDEX.timeout] as number), 0);
  assert.equal(timeouts, plannedTotal);
  assert.ok(Math.max(...[...health].map(({ inFlightMax }) => inFlightMax)) < 120);
});

describe('a run whose generator was well', () => {
  it('is valid though its target stood still, with 20 seeds', () => {
    for (const seed of SEEDS) {
      const { fromUs, toUs } = stallOf(seed);
      const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 8, seed });
      const stalled = (atUs: number) => atUs >= fromUs && atUs < toUs;
      const { snapshot } = simulate({
        plan,
        inputs,
        seed,
        target: (_seq, atUs) => (stalled(atUs) ? { serviceUs: toUs - atUs + 5_000, status: 200 } : NORMAL),
      });
      assert.deepEqual(judgeValidity(snapshot, []), { verdict: 'valid', findings: [] }, `seed ${seed}`);
    }
  });

  it('is valid though others took its processor, where no answer was waiting: 20 seeds', () => {
    for (const seed of SEEDS) {
      const { plan, inputs } = steadyPlan({ ratePerSec: 20, seconds: 12, seed });
      const key = drawKey(seed, 'competition');
      const { snapshot } = simulate({
        plan,
        inputs,
        seed,
        target: () => ({ serviceUs: 2e6, status: 200 }),
        arrange: (world) => {
          // Some milliseconds are lost forty times, of answers that take two seconds.
          for (let i = 0; i < 40; i++) {
            const fromUs = 1e6 + i * 250_000 + Math.floor(draw(key, i) * 200_000);
            world.stallGenerator(fromUs, fromUs + 6_000, 'preempted');
          }
        },
      });
      assert.ok([...snapshot.health].some(({ stalls }) => stalls.preempted > 0));
      assert.deepEqual(judgeValidity(snapshot, []), { verdict: 'valid', findings: [] }, `seed ${seed}`);
    }
  });

  it('does not blame its target for answers that came while a hook blocked', () => {
    const { plan, inputs } = steadyPlan({ ratePerSec: 100, seconds: 4 });
    let spent = false;
    const { snapshot } = simulate({
      plan,
      inputs,
      target: () => ({ serviceUs: 200_000, status: 200 }),
      hooks: (world) => ({
        beforeRequest: () => {
          if (spent || world.nowUs() < 2e6) return;
          spent = true;
          world.spend(400_000);
        },
      }),
    });
    // Requests under way when the hook began were answered while it ran, and were read after it.
    const slices = [...snapshot.slices.values()];
    assert.ok(slices.reduce((sum, { tainted }) => sum + tainted, 0) > 0);
  });
});
