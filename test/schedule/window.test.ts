// A window of a plan: what is due in it is sent, at the same times from its start; nothing else is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Row } from '../../src/recording/row.js';
import type {
  Plan,
  PlanInputs,
  PlanWindow,
  RateInput,
  RateStream,
  RecordingInput,
  RecordingStream,
} from '../../src/scenario/plan.js';
import { planId } from '../../src/scenario/plan-id.js';
import { readWindow } from '../../src/scenario/window.js';
import { emptyRequest, MergedArrivals } from '../../src/schedule/arrivals.js';
import { countArrivals, countStream, forecastRate } from '../../src/schedule/forecast.js';
import { forecastRecording } from '../../src/schedule/forecast-recording.js';
import { type Shard, WHOLE } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import type { RecordedArrival } from '../../src/schedule/recorded.js';
import { withinWindow } from '../../src/schedule/window.js';
import { curveOf, curves, planOf as planOfRates, plans, streamOf } from '../support/plans.js';
import { INPUT, planOf, row, scheduled, someRows, union } from '../support/recordings.js';

interface Listed {
  readonly seq: number;
  readonly dueUs: number;
  readonly path: string;
}

interface Listing {
  readonly arrivals: Listed[];
  /** Arrivals of each visitor, by stream and number. */
  readonly visits: Map<string, number>;
}

function list(plan: Plan, inputs: PlanInputs, shard: Shard = WHOLE): Listing {
  const merged = new MergedArrivals(
    plan.streams.map(
      (stream, i) =>
        new RateArrivals(plan, stream as RateStream, i, inputs.streams[i] as RateInput, shard, {}),
    ),
  );
  const arrivals: Listed[] = [];
  const visits = new Map<string, number>();
  const request = emptyRequest();
  for (; merged.dueUs !== Number.POSITIVE_INFINITY; merged.advance()) {
    merged.request(request);
    arrivals.push({ seq: merged.seq, dueUs: merged.dueUs, path: request.path });
    const visitor = `${merged.stream}/${merged.visitor}`;
    visits.set(visitor, (visits.get(visitor) ?? 0) + 1);
  }
  return { arrivals, visits };
}

/** What of some arrivals is due in a window, from its start. */
function filtered<T extends { readonly dueUs: number }>(arrivals: readonly T[], window: PlanWindow): T[] {
  return arrivals
    .filter(({ dueUs }) => dueUs >= window.fromUs && dueUs < window.toUs)
    .map((arrival) => ({ ...arrival, dueUs: arrival.dueUs - window.fromUs }));
}

/** Of at most this many seconds. */
const windows = (maxS: number) =>
  fc
    .tuple(fc.nat(maxS), fc.integer({ min: 1, max: maxS }))
    .map(([fromS, lengthS]): PlanWindow => ({ fromUs: fromS * 1e6, toUs: (fromS + lengthS) * 1e6 }));

describe('a window of rates', () => {
  it('is the schedule, filtered and moved to start at 0: times, numbers and requests', () => {
    fc.assert(
      fc.property(plans, windows(40), ({ plan, inputs }, window) => {
        const cut = { ...plan, window };
        const { arrivals } = list(cut, inputs);
        assert.deepEqual(arrivals, filtered(list(plan, inputs).arrivals, window));
        assert.equal(countArrivals(cut, inputs, [], WHOLE), arrivals.length);
      }),
      { numRuns: 60 },
    );
  });

  it('unites of its shards, and is counted and forecast as it comes', () => {
    fc.assert(
      fc.property(plans, windows(40), fc.integer({ min: 1, max: 8 }), ({ plan, inputs }, window, n) => {
        const cut = { ...plan, window };
        const whole = list(cut, inputs).arrivals;
        const parts = Array.from({ length: n }, (_, i) => list(cut, inputs, { i, n }).arrivals).flat();
        const bySeq = (a: Listed, b: Listed) => a.seq - b.seq;
        assert.deepEqual(parts.sort(bySeq), whole.toSorted(bySeq));
        const counted = plan.streams.map((stream, i) =>
          countStream(cut, stream as RateStream, i, inputs.streams[i] as RateInput, WHOLE),
        );
        assert.equal(
          counted.reduce((sum, { arrivals }) => sum + arrivals, 0),
          whole.length,
        );
        const [full, part] = [forecastRate(plan, inputs, []), forecastRate(cut, inputs, [])];
        const [fromS, toS] = [window.fromUs / 1e6, window.toUs / 1e6];
        assert.equal(part.durationS, toS - fromS);
        part.perSec.forEach((rate, s) => {
          assert.ok(Math.abs(rate - (full.perSec[fromS + s] ?? 0)) < 1e-6);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('has whole visits: nobody comes in the middle of one, and no more often than a visit is long', () => {
    const stream = streamOf('s', { visits: { requests: 4, thinkUs: 500_000 } });
    const { plan, inputs } = planOfRates([stream], [curveOf([[60, 40, 40]])]);
    const { arrivals, visits } = list({ ...plan, window: { fromUs: 20e6, toUs: 50e6 } }, inputs);
    const full = [...visits.values()].filter((n) => n === 4).length;
    assert.ok(arrivals.length > 900 && Math.max(...visits.values()) === 4);
    // Those that the end of the window cuts are the ones who come within a few seconds of it.
    assert.ok(full > 0.8 * visits.size, `${full} of ${visits.size}`);
  });

  it('is a plan of its own, and none leaves the plan the one that it was', () => {
    const { plan } = planOfRates([streamOf('s')], [curveOf([[60, 40, 40]])]);
    assert.notEqual(planId({ ...plan, window: { fromUs: 0, toUs: 1e6 } }), planId(plan));
    assert.equal(JSON.stringify(plan).includes('window'), false);
  });
});

/** What an arrival of a recording is, but for its number: a lane counts from the window's first. */
const withoutSeq = ({ seq: _, ...rest }: RecordedArrival) => rest;

function rowsInSpan({ span }: RecordingInput, rows: readonly Row[]): Row[] {
  const { fromUs, toUs } = span;
  return rows.filter(
    ({ startUs }) =>
      startUs >= (fromUs ?? Number.NEGATIVE_INFINITY) && startUs < (toUs ?? Number.POSITIVE_INFINITY),
  );
}

describe('a window of a recording', () => {
  const all = fc.record({
    rows: someRows,
    amplify: fc.constantFrom(0.3, 1, 1.5, 3),
    n: fc.integer({ min: 1, max: 8 }),
    speed: fc.constantFrom(1, 2.5),
    batch: fc.integer({ min: 1, max: 50 }),
    fold: fc.boolean(),
    window: windows(4),
  });

  it('is the schedule, filtered and moved, clones and folded retries too, from no more rows than it needs', async () => {
    await fc.assert(
      fc.asyncProperty(all, async ({ rows, amplify, speed, batch, fold, window }) => {
        const plan = planOf({ amplify, fold, writes: ['cart'] }, { speed });
        const cut = { ...plan, window };
        const input = withinWindow(cut, cut.streams[1] as RecordingStream, INPUT);
        const whole = await scheduled(plan, INPUT, rows);
        const part = await scheduled(cut, input, rowsInSpan(input, rows), undefined, batch);
        assert.deepEqual(part.arrivals.map(withoutSeq), filtered(whole.arrivals, window).map(withoutSeq));
        assert.equal(new Set(part.arrivals.map(({ seq }) => seq)).size, part.arrivals.length);
      }),
    );
  });

  it('unites of its shards, what is left out of it counted once', async () => {
    await fc.assert(
      fc.asyncProperty(all, async ({ rows, amplify, n, speed, batch, fold, window }) => {
        const plan = { ...planOf({ amplify, fold, writes: ['cart'] }, { speed }), window };
        const { arrivals, dropped, remapped } = await scheduled(plan, INPUT, rows);
        const whole = { arrivals: arrivals.toSorted((a, b) => a.seq - b.seq), dropped, remapped };
        assert.deepEqual(await union(plan, INPUT, rows, n, batch), whole);
      }),
      { numRuns: 50 },
    );
  });

  it('is read no further than to its end, and counts only rows of its own', async () => {
    const plan = { ...planOf({}), window: { fromUs: 2e6, toUs: 4e6 } };
    const rows = Array.from({ length: 100 }, (_, i) => row(i * 100_000, { method: i % 2 ? 'GET' : 'POST' }));
    let read = 0;
    async function* open() {
      for (const one of rows) {
        read++;
        yield [one];
      }
    }
    const forecast = await forecastRecording(plan, 1, INPUT, open);
    assert.equal(
      forecast.perLane.reduce((sum, n) => sum + n, 0),
      10,
    );
    assert.equal(forecast.replayable, 10);
    assert.equal(
      Object.values(forecast.dropped).reduce((sum, n) => sum + n, 0),
      10,
    );
    assert.deepEqual([...forecast.perSecond], [5, 5]);
    assert.equal(read, 41);
  });

  it('of another source’s times takes the rows that it would have taken', async () => {
    const pace = {
      source: { kind: 'stages', stages: [] },
      arrivals: 'poisson',
      fromUs: 0,
      toUs: null,
    } as const;
    await fc.assert(
      fc.asyncProperty(someRows, curves, windows(40), async (rows, curve, window) => {
        const plan = planOf({ pace });
        const input = { ...INPUT, curve };
        const whole = await scheduled(plan, input, rows);
        const part = await scheduled({ ...plan, window }, input, rows);
        assert.deepEqual(part.arrivals.map(withoutSeq), filtered(whole.arrivals, window).map(withoutSeq));
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is written as a window', () => {
  const plan = {
    durationS: 600,
    phases: [
      { name: 'before', startS: 0, endS: 100 },
      { name: 'onset', startS: 100, endS: 130 },
      { name: 'peak', startS: 130, endS: 400 },
      { name: 'after', startS: 400, endS: 600 },
    ],
  } as const;

  it('is offsets, phases, or one of each; a side that is left out is open', () => {
    const table: [string, number, number][] = [
      ['1m..2m', 60, 120],
      ['90..100', 90, 100],
      ['onset..peak', 100, 400],
      ['peak', 130, 400],
      ['before..2m', 0, 120],
      ['peak..', 130, 600],
      ['..onset', 0, 130],
      ['5m..2h', 300, 600],
    ];
    for (const [text, fromS, toS] of table)
      assert.deepEqual(readWindow(text, plan), { fromUs: fromS * 1e6, toUs: toS * 1e6 }, text);
  });

  it('is refused with what to write where it is none', () => {
    const table: [string, RegExp][] = [
      ['', /is no window/],
      ['1m..2m..3m', /is no window/],
      ['decay..', /no phase "decay"/],
      ['20m..30m', /nothing of the plan is in/],
      ['2m..1m', /nothing of the plan is in/],
      ['1500ms..3s', /whole seconds/],
      ['1x..2m', /not a duration/],
    ];
    for (const [text, message] of table) assert.throws(() => readWindow(text, plan), message, text);
  });
});
