// The loads of a calibration: doubling rates to see where they break off, then even stairs up to there. Pure.

import { COARSE } from '../../measure/buckets.js';
import type { Step } from '../../measure/calibration.js';
import { addDistributions, emptyDistribution, quantile } from '../../measure/distribution.js';
import type { Snapshot } from '../../measure/snapshot.js';
import { sumGroups } from '../../measure/snapshot.js';
import { curveOfStages } from '../../scenario/curve.js';
import type { ConnectionPolicy, Phase, Plan, PlanInputs, Stage } from '../../scenario/plan.js';

/** A load at the null server: a plan of one stream, and phases by which it is counted. */
export interface Load {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  readonly phases: readonly Phase[];
  readonly stages: readonly Stage[];
  readonly durationS: number;
}

/** Kept connections for each worker: some fifty, as an edge in front of a shop keeps them. */
const CONNECTIONS_PER_WORKER = 50;
/** What is later than this has broken off; it need not be sent. */
const TIMEOUT_US = 2_000_000;
const LANES = 1_024;
/** The top of the stairs, of the rate that was found to break off: a process that is warm does more. */
const TOP = 1.2;
const STEPS_MAX = 8;
/** Before the stairs, at this share of their top, for as long as one step: for the compiler, and counted by nobody. */
const WARMUP_SHARE = 0.3;

/** How the time of a calibration is spent, in seconds. */
export interface Schedule {
  readonly scoutS: number;
  readonly steps: number;
  readonly stepS: number;
  readonly connectionsS: number;
}

/** Divides a whole time; steps last whole seconds, as phases do. */
export function divide(totalS: number): Schedule {
  const scoutS = totalS / 6;
  const connectionsS = totalS / 8;
  const rest = totalS - scoutS - connectionsS;
  const steps = Math.max(1, Math.min(STEPS_MAX, Math.floor(rest) - 1));
  return { scoutS, connectionsS, steps, stepS: Math.max(1, Math.floor(rest / (steps + 1))) };
}

/** Rates that double from `from` to `to`, as stages of equal length. */
export function doubling(from: number, to: number, totalS: number): Stage[] {
  const count = Math.max(1, Math.ceil(Math.log2(to / from)));
  const forUs = Math.round((totalS * 1e6) / count);
  return Array.from({ length: count }, (_, i) => ({ from: from * 2 ** i, to: from * 2 ** (i + 1), forUs }));
}

/** A warm-up, then steps of equal height up to a little above the rate that was found. */
export function stairs(foundPerSec: number, { steps, stepS }: Schedule): Stage[] {
  const top = Math.max(1, foundPerSec * TOP);
  const flat = (rate: number): Stage => ({ from: rate, to: rate, forUs: stepS * 1e6 });
  return [
    flat(top * WARMUP_SHARE),
    ...Array.from({ length: steps }, (_, i) => flat((top * (i + 1)) / steps)),
  ];
}

/** Makes a load of stages; each that lasts whole seconds is a phase of its own, so that it is counted apart. */
export function loadOf(stages: readonly Stage[], workers: number, fresh: boolean): Load {
  const connections: ConnectionPolicy = fresh
    ? { kind: 'fresh' }
    : { kind: 'pool', size: CONNECTIONS_PER_WORKER * workers };
  const curve = curveOfStages(stages);
  const durationS = Math.ceil(curve.endUs / 1e6);
  const whole = stages.every(({ forUs }) => forUs % 1e6 === 0);
  let atS = 0;
  const phases = whole
    ? stages.map(({ forUs }): Phase => {
        const startS = atS;
        return { name: 'steady', startS, endS: (atS += forUs / 1e6) };
      })
    : [{ name: 'steady' as const, startS: 0, endS: durationS }];
  const plan: Plan = {
    format: 1,
    seed: 1,
    lanes: LANES,
    speed: 1,
    timeoutUs: TIMEOUT_US,
    connections,
    headers: {},
    tenants: null,
    routes: [{ name: 'null', expect: [[200, 200]], match: null }],
    streams: [
      {
        kind: 'rate',
        name: 'stairs',
        amplify: 1,
        source: { kind: 'stages', stages },
        arrivals: 'poisson',
        fromUs: 0,
        toUs: null,
        requests: [{ route: 0, weight: 1, method: 'GET', path: '/?id={seq}', headers: {}, body: null }],
        data: {},
        tenant: null,
        visits: { requests: 10, thinkUs: 1e6 },
      },
    ],
  };
  return { plan, inputs: { streams: [{ kind: 'rate', curve, values: {} }] }, phases, stages, durationS };
}

/** The rate that stages have at a time; that of the last one after it, and 0 before the first. */
export function rateAt(stages: readonly Stage[], atUs: number): number {
  let startUs = 0;
  let last = 0;
  if (atUs < 0) return 0;
  for (const { from, to, forUs } of stages) {
    if (atUs < startUs + forUs) return from + ((to - from) * (atUs - startUs)) / forUs;
    startUs += forUs;
    last = to;
  }
  return last;
}

/** The highest rate at which a count was seen to grow. It changes now and then only: what has not changed tells nothing. */
export class RateWatch {
  readonly #seen: { readonly atUs: number; readonly count: number }[] = [];
  highestPerSec = 0;

  /** @param overUs the least time between two counts that a rate is made of */
  constructor(private readonly overUs: number) {}

  see(atUs: number, count: number): void {
    if (count === (this.#seen.at(-1)?.count ?? 0)) return;
    while ((this.#seen[1]?.atUs ?? atUs) <= atUs - this.overUs) this.#seen.shift();
    const [first] = this.#seen;
    if (first !== undefined && first.atUs <= atUs - this.overUs)
      this.highestPerSec = Math.max(this.highestPerSec, ((count - first.count) * 1e6) / (atUs - first.atUs));
    this.#seen.push({ atUs, count });
  }
}

/** What was taken of processors up to an instant of due time. */
export interface CpuSample {
  readonly atUs: number;
  readonly cpuUs: number;
  readonly serverUs: number;
}

/**
 * The steps of the stairs as they were measured; the warm-up is left out, and so is what was cut off before its end.
 * @param samples one at each border of phases, the start among them
 */
export function stepsOf(snapshot: Snapshot, stages: readonly Stage[], samples: readonly CpuSample[]): Step[] {
  return stages.slice(1).flatMap((stage, n): Step[] => {
    const phase = n + 1;
    const [from, to] = [samples[phase], samples[phase + 1]];
    if (from === undefined || to === undefined || to.atUs <= from.atUs) return [];
    const { counts, response } = sumGroups(snapshot, (group) => group.phase === phase);
    let lag = emptyDistribution(COARSE);
    for (const slice of snapshot.slices.values())
      if (slice.phase === phase) lag = addDistributions(lag, slice.lag);
    const wallUs = to.atUs - from.atUs;
    return [
      {
        ratePerSec: Math.round(stage.to),
        planned: counts.planned,
        ok: counts.outcomes[0] ?? 0,
        lagP50Us: Math.round(quantile(lag, 0.5)?.us ?? 0),
        lagP99Us: Math.round(quantile(lag, 0.99)?.us ?? 0),
        responseP50Us: Math.round(response.quantile(0.5)?.us ?? 0),
        responseP99Us: Math.round(response.quantile(0.99)?.us ?? 0),
        cpuCores: round((to.cpuUs - from.cpuUs) / wallUs),
        serverCores: round((to.serverUs - from.serverUs) / wallUs),
      },
    ];
  });
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
