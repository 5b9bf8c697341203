// A plan of one steady stream, for simulations that are about something else than its shape.
import type { ConnectionPolicy, Plan, PlanInputs } from '../../src/scenario/plan.js';

export interface SteadyOptions {
  readonly ratePerSec: number;
  readonly seconds: number;
  readonly seed?: number;
  readonly timeoutUs?: number;
  readonly lanes?: number;
  readonly connections?: ConnectionPolicy;
  readonly visits?: { readonly requests: number; readonly thinkUs: number };
}

export function steadyPlan(options: SteadyOptions): { plan: Plan; inputs: PlanInputs } {
  const { ratePerSec, seconds } = options;
  const plan: Plan = {
    format: 1,
    seed: options.seed ?? 1,
    lanes: options.lanes ?? 16,
    speed: 1,
    timeoutUs: options.timeoutUs ?? 10e6,
    connections: options.connections ?? { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
    headers: {},
    tenants: null,
    routes: [{ name: 'home', expect: [[200, 399]], match: null }],
    streams: [
      {
        kind: 'rate',
        name: 'steady',
        amplify: 1,
        source: { kind: 'stages', stages: [{ from: ratePerSec, to: ratePerSec, forUs: seconds * 1e6 }] },
        arrivals: 'poisson',
        fromUs: 0,
        toUs: null,
        requests: [{ route: 0, weight: 1, method: 'GET', path: '/?id={seq}', headers: {}, body: null }],
        data: {},
        tenant: null,
        visits: options.visits ?? { requests: 6, thinkUs: 2e6 },
      },
    ],
  };
  const curve = {
    startUs: Float64Array.of(0),
    rate: Float64Array.of(ratePerSec),
    slope: Float64Array.of(0),
    endUs: seconds * 1e6,
  };
  return { plan, inputs: { streams: [{ kind: 'rate', curve, values: {} }] } };
}
