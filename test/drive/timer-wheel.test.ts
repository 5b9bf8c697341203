// The timer wheel against a model that is a sorted list: exact, complete, and safe while it fires.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Timed, TimerWheel } from '../../src/drive/pacing/timer-wheel.js';

class Entry implements Timed<Entry> {
  timerUs = 0;
  timerSlot = -1;
  previous: Entry | null = null;
  next: Entry | null = null;
  constructor(readonly name: number) {}
}

type Step =
  | { readonly kind: 'schedule'; readonly afterUs: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'advance'; readonly byUs: number };

/** Deadlines within a slot, within a round of the wheel, and rounds away. */
const span = fc.oneof(
  fc.integer({ min: -2_000, max: 3_000 }),
  fc.integer({ min: 0, max: 12_000_000 }),
  fc.integer({ min: 16_000_000, max: 120_000_000 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: span.map((afterUs): Step => ({ kind: 'schedule', afterUs })) },
  { weight: 2, arbitrary: fc.nat(50).map((which): Step => ({ kind: 'cancel', which })) },
  { weight: 3, arbitrary: span.map((us): Step => ({ kind: 'advance', byUs: Math.max(0, us) })) },
);

describe('the timer wheel', () => {
  it('fires what a sorted list would, at every advance, whatever is scheduled and cancelled between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const wheel = new TimerWheel<Entry>();
        const model = new Map<Entry, number>();
        const all: Entry[] = [];
        let nowUs = 0;
        for (const one of steps) {
          if (one.kind === 'schedule') {
            const entry = new Entry(all.length);
            all.push(entry);
            model.set(entry, nowUs + one.afterUs);
            wheel.schedule(entry, nowUs + one.afterUs);
          } else if (one.kind === 'cancel') {
            const entry = all[one.which];
            if (entry === undefined) continue;
            wheel.cancel(entry);
            model.delete(entry);
          } else {
            nowUs += one.byUs;
            const fired: number[] = [];
            wheel.advance(nowUs, ({ name }) => fired.push(name));
            const due = [...model].filter(([, atUs]) => atUs <= nowUs).map(([entry]) => entry);
            for (const entry of due) model.delete(entry);
            assert.deepEqual(
              fired.sort((a, b) => a - b),
              due.map(({ name }) => name),
            );
          }
          assert.equal(wheel.size, model.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('fires a round of it in order of time', () => {
    const wheel = new TimerWheel<Entry>();
    for (const name of [3, 1, 2]) wheel.schedule(new Entry(name), name * 1_000_000);
    const fired: number[] = [];
    wheel.advance(10e6, ({ name }) => fired.push(name));
    assert.deepEqual(fired, [1, 2, 3]);
  });

  it('lets an entry that fires cancel the others of its moment, and schedule itself again', () => {
    const wheel = new TimerWheel<Entry>();
    const [first, second, third] = [new Entry(1), new Entry(2), new Entry(3)];
    for (const entry of [first, second, third]) wheel.schedule(entry, 1_500);
    const fired: number[] = [];
    wheel.advance(2_000, (entry) => {
      fired.push(entry.name);
      wheel.cancel(second);
      if (entry === third) wheel.schedule(entry, 2_500);
    });
    assert.deepEqual(fired, [1, 3]);
    assert.equal(wheel.size, 1);
    wheel.advance(2_499, () => assert.fail('too early'));
    wheel.advance(2_500, (entry) => fired.push(entry.name));
    assert.deepEqual(fired, [1, 3, 3]);
  });

  it('drains all of it, whatever the time', () => {
    const wheel = new TimerWheel<Entry>();
    for (let i = 0; i < 1_000; i++) wheel.schedule(new Entry(i), i * 97_003);
    let drained = 0;
    wheel.drain(() => drained++);
    assert.equal(drained, 1_000);
    assert.equal(wheel.size, 0);
  });

  it('refuses an entry that is in it already', () => {
    const wheel = new TimerWheel<Entry>();
    const entry = new Entry(1);
    wheel.schedule(entry, 5);
    assert.throws(() => wheel.schedule(entry, 6), /scheduled twice/);
  });
});
