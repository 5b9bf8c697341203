// Long runs of a wide plan, 64 routes and 10,000 tenants: hours of it in simulation, and as a scenario for real ones.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { writeLine } from '../../src/measure/result-file.js';
import type { Plan, PlanInputs } from '../../src/scenario/plan.js';
import { curveOf, planOf, streamOf } from './plans.js';
import { type Answer, simulate, type TargetModel } from './simulation.js';

export const ROUTES = 64;
export const TENANTS = 10_000;
const HOUR_S = 3_600;

export interface LongRun {
  /** What the process holds after each hour, garbage aside: V8's heap and all buffers outside of it. */
  readonly heapMbByHour: readonly number[];
  readonly requests: number;
  readonly tenants: number;
  readonly resultBytes: number;
}

export interface LongRunOptions {
  /** Requests a second on average; the first of every two hours has four thirds of it, the second two thirds. */
  readonly ratePerSec?: number;
  /** Takes the lines of the result file, newlines included; they are counted and forgotten unless given. */
  readonly write?: (line: string) => void;
}

/**
 * Runs the production driver, recorder, collector and snapshot for hours of simulated time against a target that fails
 * in every way a simulated one can.
 */
export async function simulateHours(hours: number, options: LongRunOptions = {}): Promise<LongRun> {
  const collectGarbage = garbageCollector();
  const { plan, inputs } = widePlan(hours * HOUR_S, options.ratePerSec ?? 30);
  const heapMbByHour: number[] = [];
  let requests = 0;
  let resultBytes = 0;
  const run = simulate({
    plan,
    inputs,
    target,
    arrange: (world) => {
      for (let hour = 1; hour <= hours; hour++)
        world.at(hour * HOUR_S * 1e6 - 1, () => {
          collectGarbage();
          const { heapUsed, external } = process.memoryUsage();
          heapMbByHour.push(Math.round((heapUsed + external) / 1e4) / 100);
        });
    },
    emit: (line) => {
      const text = `${writeLine(line)}\n`;
      resultBytes += Buffer.byteLength(text);
      options.write?.(text);
      if (line.kind === 'cell') requests += line.cell.planned;
    },
  });
  if (requests !== run.plannedTotal)
    throw new Error(`${run.plannedTotal} requests planned, ${requests} counted`);
  return { heapMbByHour, requests, tenants: run.snapshot.tenants.size, resultBytes };
}

/** A scenario of the same kind, for real runs: tenants by path, ids out of each one's own range. */
export function wideScenario(targetUrl: string, ratePerSec: number, duration: string): string {
  const requests = Array.from(
    { length: ROUTES },
    (_, i) => `      - { route: r${i}, weight: ${weightOf(i)}, get: "/r${i}/{item}" }`,
  );
  return `name: wide
target: ${targetUrl}
tenants: { path: "/s/{tenant}" }
streams:
  - name: all
    stages: [ { from: ${ratePerSec}, to: ${ratePerSec}, for: ${duration} } ]
    tenant: "shop-{shop}"
    visits: { requests: 4, think: 1s }
    data:
      shop: { range: [1, ${TENANTS}] }
      item: { range: [1, 100000], zipf: 1.1 }
    requests:
${requests.join('\n')}
`;
}

function widePlan(seconds: number, ratePerSec: number): { plan: Plan; inputs: PlanInputs } {
  const pieces: [number, number, number][] = [];
  for (let at = 0; at < seconds; at += HOUR_S) {
    const rate = ratePerSec * ((at / HOUR_S) % 2 === 0 ? 4 / 3 : 2 / 3);
    pieces.push([Math.min(HOUR_S, seconds - at), rate, rate]);
  }
  const stream = streamOf('all', {
    requests: Array.from({ length: ROUTES }, (_, route) => ({
      route,
      weight: weightOf(route),
      method: 'GET',
      path: `/r${route}/{item}`,
      headers: {},
      body: null,
    })),
    data: {
      shop: { kind: 'range', from: 1, to: TENANTS, zipf: null },
      item: { kind: 'range', from: 1, to: 100_000, zipf: 1.1 },
    },
    tenant: 'shop-{shop}',
    visits: { requests: 2, thinkUs: 5e6 },
  });
  return planOf([stream], [curveOf(pieces)], {
    timeoutUs: 5e6,
    tenants: { by: 'path', pattern: '/s/{tenant}' },
    routes: Array.from({ length: ROUTES }, (_, i) => ({
      name: `r${i}`,
      expect: [[200, 399] as const],
      match: null,
    })),
  });
}

/** A few routes have most of the traffic. */
function weightOf(route: number): number {
  return Math.ceil(64 / (route + 1));
}

/** Mostly ok within milliseconds; any status, resets, answers that never come, a cookie for every visitor. */
const target: TargetModel = (seq, _atUs, uniform): Answer => {
  const serviceUs = Math.round(-3_000 * Math.log(1 - uniform('service'))) + 500;
  const fate = uniform('fate');
  if (fate < 0.0002) return { serviceUs: Number.POSITIVE_INFINITY, status: 0 };
  if (fate < 0.001) return { serviceUs, status: 0, failure: 'reset' };
  const status = fate < 0.01 ? 100 + Math.floor(uniform('status') * 900) : 200;
  return { serviceUs, status, headers: ['set-cookie', `session=${seq}; path=/`] };
};

/** Collects all garbage, some of which is found at the second time only. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    for (let i = 0; i < 3; i++) collect();
  };
}
