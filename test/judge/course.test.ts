// The figures of an incident, each by itself: course, levels, knee, collapse, drain, headroom.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { courseOf } from '../../src/judge/incident/course.js';
import { drainOf } from '../../src/judge/incident/drain.js';
import { goodputOf } from '../../src/judge/incident/goodput.js';
import { headroomOf } from '../../src/judge/incident/headroom.js';
import { kneeOf } from '../../src/judge/incident/knee.js';
import { levelsOf } from '../../src/judge/incident/levels.js';
import { outages, patienceFor } from '../../src/judge/incident/outages.js';
import { exceededAt } from '../../src/judge/incident/rise.js';
import { scalerOf } from '../../src/judge/incident/scaler.js';
import { stretchesOf } from '../../src/judge/incident/stretches.js';
import { draw, drawKey } from '../../src/random.js';
import { shapeOf } from '../../src/schedule/phases.js';
import { headOf } from '../support/snapshots.js';

/** A run by rates: what is planned in each second, and how much of it is served. */
function runOf(lengthS: number, plannedAt: (s: number) => number, servedAt: (s: number) => number) {
  const seconds = Array.from({ length: lengthS }, (_, s) => {
    const planned = Math.round(plannedAt(s));
    return { planned, ok: Math.min(planned, Math.round(servedAt(s))) };
  });
  const shape = shapeOf(
    Float64Array.from(seconds, ({ planned }) => planned),
    1,
  );
  const { phases, normalPerSec, peakPerSec } = shape;
  const head = headOf({ durationS: lengthS, phases, normalPerSec, peakPerSec });
  const spans = outages(seconds, patienceFor(lengthS));
  const stretch = stretchesOf(seconds);
  const course = courseOf(head, seconds, spans, 0);
  const first = spans[0];
  const knee = first === undefined ? null : kneeOf(seconds, stretch, first, 0, 1);
  const goodput = goodputOf(head, stretch, 0, lengthS, knee);
  const scaler = first && knee && scalerOf(seconds, stretch, first, knee, 0);
  const drain = first === undefined ? null : drainOf(stretch, first, course, lengthS, 10);
  return { head, seconds, spans, course, knee, goodput, scaler, drain };
}

/** 100/s; up to 500/s from 100 s to 140 s; down from 300 s to 340 s; 100/s to the end. */
const spike = (s: number): number =>
  s < 100 ? 100 : s < 140 ? 100 + 10 * (s - 100) : s < 300 ? 500 : s < 340 ? 500 - 10 * (s - 300) : 100;
const ALL = Number.POSITIVE_INFINITY;

describe('the course of an incident', () => {
  it('counts from the onset, and to normal load', () => {
    const { course } = runOf(700, spike, (s) => (s < 240 ? 250 : ALL));
    assert.equal(course.onsetS, 103);
    assert.equal(course.timeToDegradeS, 14);
    assert.equal(course.normalAtS, 339);
    assert.equal(course.recoveryS, 240 - 339);
    assert.equal(course.outageS, 240 - 117);
    assert.equal(course.worstSecond?.share, 0.5);
    assert.equal(course.worstTenSeconds?.share, 0.5);
    assert.ok(course.lost > 24_000 && course.lost < 30_000);
  });

  it('knows no onset of a steady plan, and no recovery where it did not end', () => {
    const steady = runOf(
      200,
      () => 100,
      (s) => (s < 60 ? ALL : 50),
    ).course;
    assert.deepEqual(
      [steady.onsetS, steady.timeToDegradeS, steady.normalAtS, steady.recoveryS],
      [null, null, null, null],
    );
    assert.equal(steady.outageS, 140);
    assert.equal(runOf(500, spike, (s) => (s < 120 ? ALL : 50)).course.recoveryS, null);
  });

  it('says 0 where it was well again and the load not yet normal by the end', () => {
    const { course } = runOf(
      300,
      (s) => (s < 180 ? 100 : 500),
      (s) => (s < 240 ? 250 : ALL),
    );
    assert.deepEqual([course.normalAtS, course.recoveryS], [null, 0]);
  });

  it('has no worst second where nothing was planned', () => {
    const { course } = runOf(0, spike, () => ALL);
    assert.deepEqual([course.worstSecond, course.worstTenSeconds], [null, null]);
  });
});

describe('levels of a series', () => {
  const noise = (seed: number) => {
    const key = drawKey(seed, 'noise');
    return (i: number) => (draw(key, 3 * i) + draw(key, 3 * i + 1) + draw(key, 3 * i + 2) - 1.5) * 20;
  };

  it('cover it without a gap, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 1500 }), (values) => {
        const levels = levelsOf(values);
        let at = 0;
        for (const { from, to } of levels) {
          assert.equal(from, at);
          assert.ok(to > from);
          at = to;
        }
        assert.equal(at, values.length);
      }),
      { numRuns: 30 },
    );
  });

  it('find steps where they are, and none in noise', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const jitter = noise(seed);
      const flat = levelsOf(Array.from({ length: 200 }, (_, i) => 100 + jitter(i)));
      assert.equal(flat.length, 1, `seed ${seed}`);
      const stepped = levelsOf(
        Array.from({ length: 200 }, (_, i) => (i < 80 ? 100 : i < 150 ? 125 : 150) + jitter(i)),
      );
      assert.equal(stepped.length, 3, `seed ${seed}`);
      assert.ok(Math.abs((stepped[1]?.from ?? 0) - 80) <= 3 && Math.abs((stepped[2]?.from ?? 0) - 150) <= 3);
    }
  });
});

describe('when demand passed a level', () => {
  const planned = (rate: (s: number) => number) =>
    Array.from({ length: 200 }, (_, s) => ({ planned: rate(s), ok: 0 }));
  it('is exact of a cliff and of a slope', () => {
    assert.equal(
      exceededAt(
        planned((s) => (s < 77 ? 50 : 300)),
        120,
        0,
        200,
      ),
      77,
    );
    const slope = exceededAt(
      planned((s) => 2 * s),
      121,
      0,
      200,
    );
    assert.ok(slope !== null && Math.abs(slope - 61) <= 0.5);
    assert.equal(
      exceededAt(
        planned(() => 50),
        120,
        0,
        200,
      ),
      null,
    );
  });
});

describe('the knee and the curve', () => {
  it('are what was served when it broke; the step after it is the first capacity', () => {
    const { knee, scaler, goodput } = runOf(700, spike, (s) => (s < 180 ? 200 : s < 240 ? 300 : ALL));
    assert.equal(knee?.ratePerSec, 200);
    assert.equal(knee?.steppedUpS, 180);
    assert.deepEqual([scaler?.reactedAtS, scaler?.enoughAtS], [180, 240]);
    assert.ok(Math.abs((scaler?.exceededAtS ?? 0) - 110) <= 1);
    assert.equal(goodput?.collapse?.share, 1);
    assert.ok((goodput?.hysteresis?.difference ?? 0) > 0.1, 'more was served on the way down');
  });

  it('show a collapse, against what was held before it', () => {
    const { knee, goodput } = runOf(700, spike, (s) => (s < 112 ? ALL : s < 400 ? 60 : ALL));
    assert.ok((knee?.ratePerSec ?? 0) > 150 && (knee?.ratePerSec ?? 0) < 220);
    assert.equal(goodput?.collapse?.collapsed, true);
    assert.ok((goodput?.hysteresis?.difference ?? 0) < 0, 'less was served on the way down');
  });

  it('do not reach beyond what was offered', () => {
    const { goodput } = runOf(700, spike, (s) => (s < 240 ? 300 : ALL));
    assert.equal(goodput?.collapse, null, '500/s is not twice 300/s');
  });

  it('know no knee where no load broke it', () => {
    const { spans, knee } = runOf(700, spike, (s) => (s >= 450 && s < 480 ? 0 : ALL));
    assert.equal(spans.length, 1);
    assert.equal(knee, null);
  });

  it('are not drawn of a steady plan', () => {
    assert.equal(
      runOf(
        200,
        () => 100,
        () => 50,
      ).goodput,
      null,
    );
  });
});

describe('the drain benchmark', () => {
  it('is the backlog over what is spare afterwards', () => {
    // Beyond 300/s over 100 s: 20,000; spare afterwards 200/s.
    const step = (s: number): number => (s >= 100 && s < 200 ? 500 : 100);
    const { drain } = runOf(900, step, (s) => (s < 200 ? 300 : s < 260 ? 90 : ALL));
    assert.ok(drain !== null && drain.drainS !== null && Math.abs(drain.drainS - 100) < 1);
    assert.deepEqual([drain.unwellS, drain.suspicious], [60, false]);
  });

  it('is suspicious of what stays unwell for three times as long, or at a goodput under normal', () => {
    const step = (s: number): number => (s >= 100 && s < 200 ? 500 : 100);
    const long = runOf(900, step, (s) => (s < 200 ? 300 : s < 600 ? 50 : ALL)).drain;
    assert.ok(long?.suspicious && (long.ratio ?? 0) > 3);
    const stuck = runOf(900, step, (s) => (s < 110 ? ALL : 50)).drain;
    assert.deepEqual([stuck?.drainS, stuck?.ratio, stuck?.suspicious], [null, null, true]);
    const late = runOf(700, spike, (s) => (s < 240 ? 250 : ALL)).drain;
    assert.ok(late !== null && late.unwellS < 0 && !late.suspicious);
  });
});

describe('headroom from the planned rate', () => {
  const plain = { normalPerSec: 100, speed: 1, counted: false };
  it('is the growth of a lag', () => {
    const growing = Array.from({ length: 400 }, (_, s) => 100 * 1.01 ** s);
    for (const { lagS, factor } of headroomOf(growing, plain))
      assert.ok(factor !== null && Math.abs(factor / 1.01 ** lagS - 1) < 1e-9);
    const fast = headroomOf(growing, { ...plain, speed: 15 });
    assert.deepEqual(
      fast.map(({ factor }) => factor?.toFixed(4)),
      [1, 4, 12, 20].map((s) => (1.01 ** s).toFixed(4)),
    );
  });

  it('is 1 where load falls, null where the plan is shorter, and looks at no tiny rate', () => {
    assert.deepEqual(
      headroomOf([100, ...Array.from({ length: 99 }, () => 50)], plain).map(({ factor }) => factor),
      [1, 1, null, null],
    );
    const start = Array.from({ length: 100 }, (_, s) => (s === 0 ? 0 : s === 1 ? 1 : 100));
    assert.equal(headroomOf(start, plain)[0]?.factor, 1);
  });

  it('grows with the lag while the load does, and is never under 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500), { minLength: 1, maxLength: 400 }),
        fc.boolean(),
        (perSec, counted) => {
          for (const { factor } of headroomOf(perSec, { ...plain, counted }))
            assert.ok(factor === null || factor >= 1);
        },
      ),
    );
  });
});
