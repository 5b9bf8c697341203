// The clock on a loop that the test turns: when it sleeps, when it polls, what it learns, and what it counts as idle.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { choosePacing, latenessOf, maySpin } from '../../src/drive/pacing/calibrate.js';
import { type Loop, MonotonicClock } from '../../src/drive/pacing/clock.js';
import { busyShare, IdleMeter, napMs, Oversleep } from '../../src/drive/pacing/waiting.js';

/** A loop whose time passes only while it sleeps, and a little in each turn. */
class FakeLoop implements Loop {
  ms = 1_000;
  readonly naps: number[] = [];
  turns = 0;
  #timer: { atMs: number; run: () => void; token: NodeJS.Timeout } | undefined;
  #immediate: (() => void) | undefined;

  constructor(
    /** How late timers fire, and how long a turn takes, microseconds. */
    readonly lateUs: () => number = () => 100,
    readonly turnUs = 2,
  ) {}

  nowMs(): number {
    return this.ms;
  }

  setTimeout(run: () => void, ms: number): NodeJS.Timeout {
    const token = {} as NodeJS.Timeout;
    this.naps.push(ms);
    this.#timer = { atMs: this.ms + ms + this.lateUs() / 1e3, run, token };
    return token;
  }

  clearTimeout(timer: NodeJS.Timeout): void {
    if (this.#timer?.token === timer) this.#timer = undefined;
  }

  setImmediate(run: () => void): NodeJS.Immediate {
    assert.equal(this.#immediate, undefined, 'one turn is asked for at a time');
    this.#immediate = run;
    return {} as NodeJS.Immediate;
  }

  get pending(): boolean {
    return this.#immediate !== undefined || this.#timer !== undefined;
  }

  /** One turn of the loop; `workUs` is what answers cost in it. */
  turn(workUs = 0): void {
    this.ms += (this.turnUs + workUs) / 1e3;
    const run = this.#immediate;
    this.#immediate = undefined;
    if (run !== undefined) {
      this.turns++;
      run();
    } else if (this.#timer !== undefined) {
      const timer = this.#timer;
      this.#timer = undefined;
      this.ms = Math.max(this.ms, timer.atMs);
      timer.run();
    }
  }

  run(): void {
    for (let i = 0; this.pending; i++) {
      assert.ok(i < 1e6, 'it never ends');
      this.turn();
    }
  }
}

/** Wakes at one time after another; how late each wake was. */
function wakes(loop: FakeLoop, clock: MonotonicClock, gapsUs: readonly number[]): number[] {
  const lateUs: number[] = [];
  for (const gapUs of gapsUs) {
    const atUs = clock.nowUs() + gapUs;
    clock.wakeAt(atUs, () => lateUs.push(clock.nowUs() - atUs));
    loop.run();
  }
  return lateUs;
}

describe('the clock', () => {
  it('never wakes early, whatever the gap, the pacing and the timers', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('spin' as const, 'sleep' as const),
        fc.array(fc.integer({ min: -1_000, max: 2_500_000 }), { minLength: 1, maxLength: 20 }),
        // Timers may fire most of a millisecond early, as the loop reads the time once a turn.
        fc.integer({ min: -900, max: 5_000 }),
        (pacing, gapsUs, timerLateUs) => {
          const loop = new FakeLoop(() => timerLateUs);
          const lateUs = wakes(loop, new MonotonicClock(pacing, loop), gapsUs);
          assert.equal(lateUs.length, gapsUs.length);
          assert.ok(lateUs.every((us) => us > -0.5));
        },
      ),
    );
  });

  it('is on time to the length of a turn where it polls and timers keep within its margin', () => {
    const loop = new FakeLoop(() => 1_200);
    const lateUs = wakes(loop, new MonotonicClock('spin', loop), [500, 2_000, 30_000, 900_000, 3_100]);
    assert.ok(Math.max(...lateUs) < 5, `${lateUs}`);
  });

  it('sleeps while far, polls when near', () => {
    const loop = new FakeLoop();
    wakes(loop, new MonotonicClock('spin', loop), [50_000]);
    assert.deepEqual(loop.naps, [48]);
    assert.ok(loop.turns > 100);
  });

  it('does not poll for a wake that may be late, only before the due time that comes after it', () => {
    const loop = new FakeLoop();
    const clock = new MonotonicClock('spin', loop);
    clock.wakeAt(clock.nowUs() + 2_000, () => {}, clock.nowUs() + 1e6);
    loop.run();
    assert.deepEqual([loop.naps, loop.turns], [[2], 0]);
    clock.wakeAt(clock.nowUs() + 2_000, () => {}, clock.nowUs() + 2_100);
    loop.run();
    assert.equal(loop.naps.length, 1);
    assert.ok(loop.turns > 100);
  });

  it('polls never where it may not', () => {
    const loop = new FakeLoop();
    wakes(loop, new MonotonicClock('sleep', loop), [300, 700, 1_500, 20_400]);
    assert.equal(loop.turns, 0);
  });

  it('comes round at once for what is due already, but not within the call', () => {
    const loop = new FakeLoop();
    const clock = new MonotonicClock('sleep', loop);
    let woken = 0;
    clock.wakeAt(clock.nowUs() - 1, () => woken++);
    assert.equal(woken, 0);
    loop.turn();
    assert.equal(woken, 1);
    assert.equal(loop.pending, false);
  });

  it('keeps one wake: the last that was asked for', () => {
    const loop = new FakeLoop();
    const clock = new MonotonicClock('spin', loop);
    const woken: string[] = [];
    clock.wakeAt(clock.nowUs() + 500, () => woken.push('first'));
    clock.wakeAt(clock.nowUs() + 40_000, () => woken.push('second'));
    loop.run();
    assert.deepEqual(woken, ['second']);
    clock.wakeAt(clock.nowUs() + 40_000, () => woken.push('third'));
    clock.wakeAt(clock.nowUs() + 5_000, () => woken.push('fourth'));
    loop.run();
    assert.deepEqual(woken, ['second', 'fourth']);
  });

  it('counts polling as idle, and what answers cost in between as work', () => {
    const loop = new FakeLoop(() => 0, 2);
    const clock = new MonotonicClock('spin', loop);
    wakes(loop, clock, new Array<number>(50).fill(1_000));
    clock.takePolledUs();
    wakes(loop, clock, [1_000]);
    const idleUs = clock.takePolledUs();
    assert.ok(idleUs > 980 && idleUs <= 1_000, `${idleUs}`);
    // The same, with an answer of 40 µs in every turn.
    clock.wakeAt(clock.nowUs() + 1_000, () => {});
    while (loop.pending) loop.turn(40);
    const busyUs = clock.takePolledUs();
    assert.ok(busyUs < 350, `${busyUs} of a busy millisecond were taken for polling`);
    assert.equal(clock.takePolledUs(), 0);
  });
});

describe('what a clock learns', () => {
  it('a margin that nearly all sleeps keep, within its bounds', () => {
    const margin = new Oversleep();
    for (let i = 0; i < 5_000; i++) margin.learn((i * 7_919) % 600);
    assert.ok(margin.marginUs > 450 && margin.marginUs < 750, `${margin.marginUs}`);
    for (let i = 0; i < 5_000; i++) margin.learn(-200);
    assert.equal(margin.marginUs, 300);
    for (let i = 0; i < 5_000; i++) margin.learn(50_000);
    assert.equal(margin.marginUs, 3_000);
  });

  it('one very late sleep does not move it far', () => {
    const margin = new Oversleep();
    const beforeUs = margin.marginUs;
    margin.learn(900_000);
    assert.ok(margin.marginUs - beforeUs <= 100);
  });

  it('how long an idle turn is on this machine', () => {
    const meter = new IdleMeter();
    let nowUs = 0;
    for (let i = 0; i < 2_000; i++) {
      meter.idleFrom(nowUs);
      meter.turn((nowUs += 12));
    }
    meter.takeUs();
    meter.idleFrom(nowUs);
    meter.turn(nowUs + 12);
    assert.equal(Math.round(meter.takeUs()), 12);
    meter.idleFrom(nowUs);
    meter.turn(nowUs + 10_000);
    assert.ok(meter.takeUs() < 50);
    // A turn that was not idle before is none of its business.
    meter.turn(nowUs + 20_000);
    assert.equal(meter.takeUs(), 0);
  });

  it('naps are whole milliseconds, at most a second, and leave the margin', () => {
    assert.equal(napMs('spin', 10_000, 10_000, 1_500), 8);
    assert.equal(napMs('spin', 2_400, 2_400, 1_500), 0);
    assert.equal(napMs('spin', 1e9, 1e9, 1_500), 1_000);
    assert.equal(napMs('sleep', 400, 400, 1_500), 1);
    assert.equal(napMs('sleep', 2_900, 2_900, 1_500), 2);
    assert.equal(napMs('sleep', 0, 0, 1_500), 0);
  });

  it('polling is not work', () => {
    assert.equal(busyShare(1_000, 0, 900_000), 0.1);
    assert.equal(busyShare(500, 500, 0), 0.5);
    assert.equal(busyShare(10, 990, 20_000), 0);
    assert.equal(busyShare(0, 0, 0), 0);
  });
});

describe('the choice of pacing', () => {
  const calm = { spinP99Us: 6, sleepP99Us: 1_100 };
  const busy = { spinP99Us: 4_200, sleepP99Us: 1_900 };

  it('takes what was less late, in the worst of the threads', () => {
    assert.deepEqual(choosePacing('auto', [calm, calm]), { pacing: 'spin', lateness: calm });
    assert.deepEqual(choosePacing('auto', [calm, busy]), { pacing: 'sleep', lateness: busy });
  });

  it('sleeps where nothing was measured, unless told otherwise', () => {
    assert.deepEqual(choosePacing('auto', []), { pacing: 'sleep', lateness: null });
    assert.deepEqual(choosePacing('spin', []), { pacing: 'spin', lateness: null });
    assert.equal(choosePacing('sleep', [calm]).pacing, 'sleep');
  });

  it('polls on no core that somebody else needs', () => {
    // cores, of the machine, workers, target here
    const table: readonly [number, number, number, boolean, boolean][] = [
      [1, 1, 1, false, false],
      [1, 1, 1, true, false],
      [2, 2, 1, false, true],
      [2, 2, 1, true, true],
      [2, 2, 2, false, true],
      [2, 2, 2, true, false],
      [8, 8, 7, true, true],
      [8, 8, 8, true, false],
      // Pinned to one of two: the other is the target's.
      [1, 2, 1, true, true],
      [1, 2, 2, true, false],
      // Half a core, or one and a half, by a quota.
      [0.5, 4, 1, false, false],
      [1.5, 4, 1, false, true],
      [1.5, 4, 1, true, false],
    ];
    for (const [cores, machine, workers, local, expected] of table)
      assert.equal(
        maySpin(cores, machine, workers, local),
        expected,
        `${cores} ${machine} ${workers} ${local}`,
      );
  });

  it('rests on how late a clock was', async () => {
    const loop = new FakeLoop(() => 100);
    const late = latenessOf(new MonotonicClock('sleep', loop), 100);
    loop.run();
    assert.ok((await late) > 300);
    const exact = latenessOf(new MonotonicClock('spin', loop), 100);
    loop.run();
    assert.ok((await exact) < 5);
  });
});
