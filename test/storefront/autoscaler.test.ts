// The autoscaler keeps its own rules: steps, bounds, boot times, cooldown, and patience before it scales in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Autoscaler, act, createAutoscaler, nextActUs } from '../../src/storefront/autoscaler.js';
import { type AutoscalerSettings, DEFAULTS } from '../../src/storefront/settings.js';

const RULES: AutoscalerSettings = { ...DEFAULTS.autoscaler, minInstances: 2, maxInstances: 12 };

/** Runs it under a utilisation that is a function of time; `see` is called after each thing it does. */
function run(
  scaler: Autoscaler,
  untilUs: number,
  utilisation: (atUs: number) => number,
  see: (atUs: number) => void = () => {},
): void {
  let lastUs = 0;
  const load = { busyUs: 0, slotUs: 0 };
  for (let atUs = nextActUs(scaler); atUs <= untilUs; atUs = nextActUs(scaler)) {
    load.slotUs += scaler.serving * (atUs - lastUs);
    load.busyUs += scaler.serving * (atUs - lastUs) * utilisation(atUs);
    lastUs = atUs;
    act(scaler, atUs, load);
    see(atUs);
  }
}

test('step, bounds, boot time, cooldown and one instance at a time in, under any load', () => {
  const levels = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 });
  const steps = fc.integer({ min: 1, max: 4 });
  const cooldowns = fc.constantFrom(0, 60e6, 300e6);
  fc.assert(
    fc.property(
      levels,
      steps,
      cooldowns,
      fc.constantFrom(1, 200),
      (level, stepInstances, cooldownUs, speed) => {
        const rules = { ...RULES, stepInstances, cooldownUs };
        const scaler = createAutoscaler(rules, stepInstances, speed);
        const minuteUs = 60e6 / speed;
        let before = { serving: scaler.serving, ordered: 0, lastOrderUs: Number.NEGATIVE_INFINITY };
        const orderedAtUs: number[] = [];
        const readyAtUs: number[] = [];
        run(
          scaler,
          200 * minuteUs,
          (atUs) => level[Math.floor(atUs / (10 * minuteUs)) % 20] as number,
          (atUs) => {
            const ordered = scaler.ordered - before.ordered;
            assert.ok(ordered <= stepInstances);
            assert.ok(scaler.serving >= rules.minInstances);
            assert.ok(scaler.serving + scaler.bootsUs.length <= rules.maxInstances);
            assert.ok(scaler.serving >= before.serving - 1);
            if (ordered > 0) assert.ok(atUs - before.lastOrderUs >= rules.cooldownUs / speed - 1e-3);
            for (let i = 0; i < ordered; i++) orderedAtUs.push(atUs);
            for (let i = before.serving; i < scaler.serving; i++) readyAtUs.push(atUs);
            before = {
              serving: scaler.serving,
              ordered: scaler.ordered,
              lastOrderUs: ordered > 0 ? atUs : before.lastOrderUs,
            };
          },
        );
        // Boots are matched in order, which can only make them look shorter to the test than they were.
        readyAtUs.forEach((readyUs, i) => {
          const tookUs = readyUs - (orderedAtUs[i] as number);
          assert.ok(tookUs >= rules.bootUs / speed - 1e-3, `booted in ${tookUs} us`);
        });
      },
    ),
  );
});

test('it acts on what it sees, a lag and a boot after the load rose', () => {
  // A short average and no cooldown, so that nothing but lag and boot can hold it up.
  const scaler = createAutoscaler({ ...RULES, metricPeriodUs: RULES.evaluateEveryUs, cooldownUs: 0 }, 1, 1);
  const roseUs = 1_000e6;
  const seen: { atUs: number; serving: number; ordered: number }[] = [];
  run(
    scaler,
    7_200e6,
    (atUs) => (atUs <= roseUs ? 0.6 : 1),
    (atUs) => seen.push({ atUs, serving: scaler.serving, ordered: scaler.ordered }),
  );
  const ordered = seen.find((at) => at.ordered > 0)?.atUs ?? 0;
  const served = seen.find((at) => at.serving > 2)?.atUs ?? 0;
  assert.ok(ordered >= roseUs + RULES.metricLagUs, `ordered at ${ordered}`);
  assert.ok(served >= ordered + RULES.bootUs, `served at ${served}`);
  assert.equal(scaler.serving, RULES.maxInstances, 'full means more, up to the maximum');
});

test('near the target it does nothing', () => {
  const scaler = createAutoscaler({ ...RULES, minInstances: 4 }, 1, 1);
  run(scaler, 7_200e6, () => 0.7);
  assert.equal(scaler.ordered, 0);
  assert.equal(scaler.serving, 4);
});

test('it scales in only after the stabilisation window, one instance an evaluation, down to the minimum', () => {
  const scaler = createAutoscaler({ ...RULES, stepInstances: 10 }, 1, 1);
  const fellUs = 3_600e6;
  let firstOutUs = 0;
  let serving = scaler.serving;
  run(
    scaler,
    10_800e6,
    (atUs) => (atUs <= fellUs ? 1 : 0.01),
    (atUs) => {
      if (scaler.serving < serving && firstOutUs === 0) firstOutUs = atUs;
      serving = scaler.serving;
    },
  );
  assert.equal(scaler.servingMax, 12);
  assert.ok(firstOutUs >= fellUs + RULES.stabilisationUs, `first out at ${firstOutUs}`);
  assert.equal(scaler.serving, RULES.minInstances);
});

test('what it remembers is bounded', () => {
  const scaler = createAutoscaler(RULES, 1, 1);
  run(scaler, 86_400e6, () => 0.65);
  assert.ok(scaler.points.length <= (RULES.metricLagUs + RULES.metricPeriodUs) / RULES.evaluateEveryUs + 3);
  assert.ok(scaler.wishes.length <= RULES.stabilisationUs / RULES.evaluateEveryUs + 2);
});
