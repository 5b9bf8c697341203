// Plans of one stream whose visits are a flow, with or without a login, for laws and simulations.
import type { Capture, FlowStep, Login, Plan, PlanInputs, RateStream } from '../../src/scenario/plan.js';
import { curveOf, planOf, streamOf } from './plans.js';

export interface FlowOptions {
  readonly steps: readonly FlowStep[];
  readonly dependent?: boolean;
  readonly login?: Login;
  readonly users?: readonly string[];
  readonly ratePerSec?: number;
  readonly seconds?: number;
  readonly more?: Partial<Plan>;
  readonly stream?: Partial<RateStream>;
}

/** A step that gets a path; its think time is in seconds. */
export function stepOf(path: string, thinkS: number, more: Partial<FlowStep> = {}): FlowStep {
  return {
    route: 0,
    method: 'GET',
    path,
    headers: {},
    body: null,
    thinkUs: thinkS * 1e6,
    captures: [],
    ...more,
  };
}

/** A capture of a JSON body's member. */
export function captureOf(name: string): Capture {
  return { name, from: 'json', key: `$.${name}`, pattern: null };
}

/** A plan of one stream with a flow, at a constant rate. */
export function flowPlan(options: FlowOptions): { plan: Plan; inputs: PlanInputs } {
  const { steps, dependent = true, login, users } = options;
  const stream = streamOf('flow', {
    requests: [],
    visits: { requests: steps.length, thinkUs: 0 },
    flow: { steps, dependent },
    ...(login !== undefined && { login }),
    ...options.stream,
  });
  const rate = options.ratePerSec ?? 20;
  const { plan, inputs } = planOf([stream], [curveOf([[options.seconds ?? 20, rate, rate]])], options.more);
  if (users === undefined) return { plan, inputs };
  const streams = inputs.streams.map((input) =>
    input.kind === 'rate' ? { ...input, users: { count: users.length, columns: { name: users } } } : input,
  );
  return { plan, inputs: { streams } };
}
