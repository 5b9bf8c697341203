// Random plans of rate streams, for laws.
import fc from 'fast-check';
import type { Curve, Plan, PlanInputs, RateStream } from '../../src/scenario/plan.js';

/** A curve from (seconds, rate at start, rate at end) pieces. */
export function curveOf(pieces: readonly (readonly [number, number, number])[]): Curve {
  const startUs = new Float64Array(pieces.length);
  const rate = new Float64Array(pieces.length);
  const slope = new Float64Array(pieces.length);
  let at = 0;
  pieces.forEach(([seconds, from, to], i) => {
    startUs[i] = at;
    rate[i] = from;
    slope[i] = (to - from) / seconds;
    at += seconds * 1e6;
  });
  return { startUs, rate, slope, endUs: at };
}

export const curves: fc.Arbitrary<Curve> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 20 }),
      fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 80, noNaN: true })),
      fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 80, noNaN: true })),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map(curveOf);

export function streamOf(name: string, more: Partial<RateStream> = {}): RateStream {
  return {
    kind: 'rate',
    name,
    amplify: 1,
    source: { kind: 'stages', stages: [] },
    arrivals: 'poisson',
    fromUs: 0,
    toUs: null,
    requests: [{ route: 0, weight: 1, method: 'GET', path: '/{item}?id={seq}', headers: {}, body: null }],
    data: { item: { kind: 'range', from: 1, to: 500, zipf: 1.1 } },
    tenant: null,
    visits: { requests: 4, thinkUs: 2e6 },
    ...more,
  };
}

export function planOf(
  streams: readonly RateStream[],
  streamCurves: readonly Curve[],
  more: Partial<Plan> = {},
): { plan: Plan; inputs: PlanInputs } {
  const plan: Plan = {
    format: 1,
    seed: 1,
    lanes: 16,
    speed: 1,
    timeoutUs: 10e6,
    connections: { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
    headers: {},
    tenants: null,
    routes: [{ name: 'item', expect: [[200, 399]], match: null }],
    streams,
    ...more,
  };
  return { plan, inputs: { streams: streamCurves.map((curve) => ({ kind: 'rate', curve, values: {} })) } };
}

/** Plans of one to three streams, poisson and even, of any number of lanes. */
export const plans: fc.Arbitrary<{ plan: Plan; inputs: PlanInputs }> = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e9 }),
    lanes: fc.constantFrom(8, 16, 32),
    streams: fc.array(
      fc.record({
        curve: curves,
        arrivals: fc.constantFrom<RateStream['arrivals']>('poisson', 'even'),
        thinkUs: fc.constantFrom(0, 500_000, 8e6),
        requests: fc.integer({ min: 1, max: 8 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ seed, lanes, streams }) =>
    planOf(
      streams.map(({ arrivals, thinkUs, requests }, i) =>
        streamOf(`s${i}`, { arrivals, visits: { requests, thinkUs } }),
      ),
      streams.map(({ curve }) => curve),
      { seed, lanes },
    ),
  );
