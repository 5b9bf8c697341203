// The acceptance test of amplification: dispersion as defined, the formula met by clones, and bursts kept sharp.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { draw, drawKey } from '../../src/random.js';
import type { Row } from '../../src/recording/row.js';
import { CLONE_SHIFT_MAX_US } from '../../src/scenario/plan.js';
import { type Amplified, AmplifyTest, type DispersionCheck } from '../../src/schedule/acceptance.js';
import { CloneShift } from '../../src/schedule/clone-shift.js';
import { forecastRecording } from '../../src/schedule/forecast-recording.js';
import { ResidualDispersion } from '../../src/schedule/residual-dispersion.js';
import { studyRecordings } from '../../src/schedule/study.js';
import { INPUT, ORIGIN_US, planOf, row } from '../support/recordings.js';

const WINDOWS_US = [1e5, 1e6, 5e6, 30e6];

/** Times of a process whose rate over time is given, by thinning; microseconds. */
function arrivals(
  seed: number,
  lengthS: number,
  maxPerSec: number,
  ratePerSec: (s: number) => number,
): number[] {
  const key = drawKey(seed, 'test arrivals');
  const times: number[] = [];
  let i = 0;
  for (let s = 0; ; ) {
    s += -Math.log(1 - draw(key, i++)) / maxPerSec;
    if (s >= lengthS) return times;
    if (draw(key, i++) * maxPerSec < ratePerSec(s)) times.push(Math.floor(s * 1e6));
  }
}

/** A rate that wanders about 40 a second, at time scales of 3 s and of 40 s: a Cox process like a shop's evening. */
function cox(seed: number, lengthS: number): (s: number) => number {
  const key = drawKey(seed, 'test rate');
  const fast = new Float64Array(lengthS * 10 + 1);
  const slow = new Float64Array(lengthS * 10 + 1);
  const normal = (n: number) =>
    Math.sqrt(-2 * Math.log(1 - draw(key, 2 * n))) * Math.cos(2 * Math.PI * draw(key, 2 * n + 1));
  const step = (before: number, scale: number, n: number) => {
    const kept = Math.exp(-1 / scale);
    return kept * before + Math.sqrt(1 - kept * kept) * normal(n);
  };
  for (let i = 1; i < fast.length; i++) {
    fast[i] = step(fast[i - 1] as number, 30, 2 * i);
    slow[i] = step(slow[i - 1] as number, 400, 2 * i + 1);
  }
  return (s) => {
    const i = Math.floor(s * 10);
    return Math.min(300, 40 * Math.exp(0.35 * (fast[i] as number) + 0.35 * (slow[i] as number) - 0.12));
  };
}

function indexes(times: readonly number[]): (number | null)[] {
  const dispersion = new ResidualDispersion(WINDOWS_US);
  for (const us of times) dispersion.add(us);
  return dispersion.indexes();
}

/** A row of its own client for each time. */
function rowsAt(times: readonly number[]): Row[] {
  return times.map((us, i) => row(us, { client: `client ${i}` }));
}

/** Studies and forecasts a recording amplified k times. */
async function amplify(rows: readonly Row[], k: number, seed = 7, resolutionUs = 1): Promise<Amplified> {
  const plan = planOf({ amplify: k }, { seed });
  const open = async function* () {
    for (let i = 0; i < rows.length; i += 1_024) yield rows.slice(i, i + 1_024);
  };
  const inputs = { streams: [INPUT, { ...INPUT, resolutionUs }] };
  const studied = await studyRecordings(plan, inputs, () => open);
  const input = studied.streams[1];
  assert.ok(input?.kind === 'recording');
  const { amplified } = await forecastRecording(plan, 1, input, open);
  assert.ok(amplified !== null);
  return amplified;
}

function measured(check: DispersionCheck): Extract<DispersionCheck, { ratio: number }> {
  if (!('ratio' in check)) assert.fail(`${check.windowS} s is skipped: ${check.skipped}`);
  return check;
}

function shown(checks: readonly DispersionCheck[]): string {
  return checks.map((check) => ('ratio' in check ? check.ratio.toFixed(2) : check.skipped)).join(' ');
}

describe('the residual dispersion', () => {
  it('of a Poisson process is 1 in every window', () => {
    const found = indexes(arrivals(1, 7_200, 40, () => 40));
    for (const [i, tolerance] of [0.02, 0.05, 0.1, 0.25].entries()) {
      assert.ok(Math.abs((found[i] ?? 0) - 1) < tolerance, found.join(' '));
    }
  });

  it('of a Poisson process whose rate changes slowly is 1 all the same', () => {
    const found = indexes(arrivals(2, 7_200, 100, (s) => 50 + 50 * Math.sin(s / 600)));
    for (const [i, tolerance] of [0.02, 0.05, 0.1, 0.3].entries()) {
      assert.ok(Math.abs((found[i] ?? 0) - 1) < tolerance, found.join(' '));
    }
  });

  it('of stamps that are all doubled is doubled', () => {
    const times = arrivals(3, 600, 40, () => 40);
    const doubled = indexes(times.flatMap((us) => [us, us]));
    for (const [i, index] of indexes(times).entries()) {
      assert.ok(Math.abs((doubled[i] ?? 0) - 2 * (index ?? 0)) < 1e-9);
    }
  });

  it('is that of the definition, summed up window by window', () => {
    const times = arrivals(4, 300, 30, cox(4, 300));
    const bins = new Float64Array(6_000);
    for (const us of times) bins[Math.floor(us / 50_000)]!++;
    const first = Math.floor((times[0] as number) / 50_000);
    const last = Math.floor((times.at(-1) as number) / 50_000);
    const count = (from: number, to: number) => bins.subarray(from, to).reduce((sum, n) => sum + n, 0);
    const expected = WINDOWS_US.map((windowUs) => {
      const width = windowUs / 50_000;
      let squares = 0;
      let means = 0;
      for (let middle = first + 600; middle + 600 <= last; middle++) {
        const mean = (count(middle - 600, middle + 600) * width) / 1_200;
        squares += (count(middle - width / 2, middle + width / 2) - mean) ** 2;
        means += mean;
      }
      return squares / means / (1 - windowUs / 60e6);
    });
    indexes(times).forEach((index, i) => {
      const wanted = expected[i] as number;
      if (index !== null) assert.ok(Math.abs(index - wanted) < 1e-9 * wanted, `${index} for ${wanted}`);
    });
    assert.deepEqual(
      indexes(times).map((index) => index !== null),
      [true, true, true, false],
      '300 s are too short for ten windows of 30 s',
    );
  });

  it('does not count a silence, however long, and takes no time for it', () => {
    const times = arrivals(5, 900, 40, cox(5, 900));
    const gapUs = 3e15;
    const both = indexes([...times, ...times.map((us) => us + gapUs)]);
    // The end of the first part, with its 30 s before the silence, is all that is new.
    indexes(times).forEach((index, i) => {
      const ratio = (both[i] ?? 0) / (index ?? 0);
      if (i < 3) assert.ok(Math.abs(ratio - 1) < 0.35, `${both[i]} for ${index}`);
    });
  });

  it('of too little traffic is not known', () => {
    assert.deepEqual(indexes([]), [null, null, null, null]);
    assert.deepEqual(indexes([0, 1e6, 59e6]), [null, null, null, null]);
    // 400 s, of which a minute around each of five instants has traffic.
    assert.equal(indexes([0, 100e6, 200e6, 300e6, 400e6])[3], null);
  });
});

describe('an amplified recording', () => {
  const rows = rowsAt(arrivals(11, 3_600, 300, cox(11, 3_600)));

  for (const k of [2, 5]) {
    it(`${k} times is as bursty as ${k} times the visitors at the same rates, within 20 %`, async () => {
      const { dispersion, counts } = await amplify(rows, k);
      for (const check of dispersion) assert.ok(measured(check).within, shown(dispersion));
      for (const check of dispersion) {
        const { recorded, expected } = measured(check);
        assert.ok(Math.abs(expected - (1 + k * (recorded - 1))) < 1e-9);
      }
      assert.ok(counts.bins >= 359 && counts.maxZ < 5, JSON.stringify(counts));
    });
  }

  it('by copied stamps would not be', () => {
    const test = new AmplifyTest('copied', 5, 1);
    for (const { startUs } of rows) {
      test.recorded(startUs - ORIGIN_US);
      for (let copy = 0; copy < 5; copy++) test.arrival(startUs - ORIGIN_US);
    }
    const { dispersion, counts } = test.result();
    assert.equal(measured(dispersion[0] as DispersionCheck).within, false, shown(dispersion));
    assert.equal(counts.maxZ, 0);
  });

  it('shows the missing and the added in its counts', () => {
    const test = new AmplifyTest('holes', 2, 1);
    for (const us of [0, 1, 2, 3, 10e6, 11e6, 30e6]) test.recorded(us);
    for (const us of [0, 0, 1, 1, 2, 2, 3, 3, 20e6, 30e6, 30e6, 40e6]) test.arrival(us);
    // Bins of 8 for 8, 0 for 4, 1 for 0, 2 for 2; what comes after the recording's end is a clone's.
    assert.deepEqual(test.result().counts, { binS: 10, bins: 4, maxZ: 2 });
  });

  it('below 1 is thinned as the formula says', async () => {
    const { dispersion } = await amplify(rows, 0.4);
    for (const check of dispersion) assert.ok(measured(check).within, shown(dispersion));
  });

  it('says nothing of windows shorter than the stamps, or of too little traffic', async () => {
    const { dispersion } = await amplify(rowsAt(arrivals(12, 200, 300, cox(12, 200))), 5, 7, 1e6);
    assert.deepEqual(
      dispersion.map((check) => 'skipped' in check && check.skipped),
      ["shorter than the step of the log's stamps", false, false, 'fewer than 10 windows with traffic'],
    );
  });

  it('keeps a burst of three seconds sharp: its clones are shifted by less', async () => {
    const background = arrivals(13, 900, 1, () => 0.3);
    const burst = arrivals(14, 4, 160, (s) => 160 * Math.max(0, 1 - Math.abs(s - 2) / 2)).map(
      (us) => us + 330e6,
    );
    const times = [...background, ...burst].sort((a, b) => a - b);
    for (const seed of [1, 2, 3]) {
      const { dispersion } = await amplify(rowsAt(times), 5, seed, 1e6);
      for (const check of dispersion.slice(1)) assert.ok(measured(check).within, shown(dispersion));
    }
  });
});

describe("the clones' shift", () => {
  function chosen(times: readonly number[], k = 5): number {
    const shift = new CloneShift();
    for (const us of times) shift.add(us);
    return shift.choose(k);
  }

  it('is the widest where nothing is sharper than it', () => {
    assert.equal(chosen(arrivals(21, 3_600, 40, () => 40)), CLONE_SHIFT_MAX_US);
    assert.equal(chosen(arrivals(22, 3_600, 300, cox(22, 3_600))), CLONE_SHIFT_MAX_US);
    assert.equal(chosen([]), CLONE_SHIFT_MAX_US);
    assert.equal(chosen([5]), CLONE_SHIFT_MAX_US);
  });

  it('is narrower the sharper the bursts are', () => {
    // Bursts of many visitors, one a minute, each of a given length.
    const bursts = (lengthS: number) => arrivals(23, 1_800, 400, (s) => (s % 60 < lengthS ? 400 : 0.5));
    const shifts = [8, 2, 0.4].map((lengthS) => chosen(bursts(lengthS)));
    assert.deepEqual(
      shifts,
      [...shifts].sort((a, b) => b - a),
      shifts.join(' '),
    );
    assert.ok((shifts[2] as number) <= 250_000, shifts.join(' '));
  });

  it('is the one that brings the dispersion nearest to the formula', async () => {
    const background = arrivals(25, 900, 1, () => 0.3);
    const burst = arrivals(26, 2, 200, () => 200).map((us) => us + 330e6);
    const times = [...background, ...burst].sort((a, b) => a - b);
    const rows = rowsAt(times);
    const miss = async (cloneShiftUs: number) => {
      let ratios = 0;
      for (let seed = 0; seed < 20; seed++) {
        const plan = planOf({ amplify: 5 }, { seed });
        const open = async function* () {
          yield rows;
        };
        const { amplified } = await forecastRecording(plan, 1, { ...INPUT, cloneShiftUs }, open);
        ratios += measured(amplified?.dispersion[1] as DispersionCheck).ratio / 20;
      }
      return Math.abs(ratios - 1);
    };
    const misses = new Map<number, number>();
    for (const us of [CLONE_SHIFT_MAX_US, 500_000, 250_000, 100_000, 50_000]) misses.set(us, await miss(us));
    const least = Math.min(...misses.values());
    assert.ok((misses.get(chosen(times)) ?? 1) < least + 0.005, JSON.stringify([chosen(times), ...misses]));
  });

  it('sees a burst that a long silence follows', () => {
    const burst = arrivals(27, 1, 400, () => 400);
    assert.ok(chosen(burst) < CLONE_SHIFT_MAX_US);
    assert.equal(chosen([...burst, 3e15]), chosen(burst));
  });

  it('does not depend on where the recording lies in time, nor on a silence in it', () => {
    const times = arrivals(24, 600, 400, (s) => (s % 60 < 1 ? 400 : 0.5));
    const shift = chosen(times);
    assert.equal(chosen(times.map((us) => us + 50_000 * 12_345)), shift);
    assert.equal(chosen([...times, ...times.map((us) => us + 3e15)]), shift);
  });
});
