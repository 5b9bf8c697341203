// A slow autoscaler as a small state machine: it sees utilisation late, adds a few instances, waits for them to boot.
import { type DrawKey, draw, drawKey } from '../random.js';
import type { AutoscalerSettings } from './settings.js';

/** Slots, and busy slots, each summed over all time so far: slot-microseconds. */
export interface Load {
  readonly busyUs: number;
  readonly slotUs: number;
}

export interface Autoscaler {
  /** With durations already divided by the speed. */
  readonly rules: AutoscalerSettings;
  readonly bootKey: DrawKey;
  /** Instances that take requests. */
  serving: number;
  /** When each ordered instance will be ready, earliest first. */
  readonly bootsUs: number[];
  /** Instances that the rules ask for, within minimum and maximum, whatever was ordered. */
  desired: number;
  /** The most that served at once. */
  servingMax: number;
  ordered: number;
  /** Whether the group expands: while it does not, orders are accepted and none boots. */
  stuck: boolean;
  /** Instances ordered from a group that was stuck. */
  held: number;
  /** What the metrics are late by, beside their usual lag. */
  metricsLateUs: number;
  /** The instant up to which load was seen. */
  seenToUs: number;
  nextEvaluationUs: number;
  cooldownUntilUs: number;
  /** Load at past evaluations, oldest first: as far back as lag and period reach. */
  readonly points: (Load & { readonly atUs: number })[];
  /** Desired instances at past evaluations, oldest first: as far back as the stabilisation window. */
  readonly wishes: { readonly atUs: number; readonly instances: number }[];
}

/** An autoscaler at instant 0 with the minimum of instances serving. */
export function createAutoscaler(settings: AutoscalerSettings, seed: number, speed: number): Autoscaler {
  const rules = {
    ...settings,
    metricLagUs: settings.metricLagUs / speed,
    metricPeriodUs: settings.metricPeriodUs / speed,
    evaluateEveryUs: settings.evaluateEveryUs / speed,
    bootUs: settings.bootUs / speed,
    bootSpreadUs: settings.bootSpreadUs / speed,
    cooldownUs: settings.cooldownUs / speed,
    stabilisationUs: settings.stabilisationUs / speed,
  };
  return {
    rules,
    bootKey: drawKey(seed, 'autoscaler', 'boot'),
    serving: rules.minInstances,
    bootsUs: [],
    desired: rules.minInstances,
    servingMax: rules.minInstances,
    ordered: 0,
    stuck: false,
    held: 0,
    metricsLateUs: 0,
    seenToUs: Number.NEGATIVE_INFINITY,
    nextEvaluationUs: rules.evaluateEveryUs,
    cooldownUntilUs: 0,
    points: [{ atUs: 0, busyUs: 0, slotUs: 0 }],
    wishes: [],
  };
}

/** When `act` must be called next, in microseconds. */
export function nextActUs(scaler: Autoscaler): number {
  return Math.min(scaler.nextEvaluationUs, scaler.bootsUs[0] ?? Number.POSITIVE_INFINITY);
}

/**
 * Does what is due at one instant: instances that are ready begin to serve; the rules are evaluated.
 * @param load the load summed up to this instant
 */
export function act(scaler: Autoscaler, atUs: number, load: Load): void {
  while ((scaler.bootsUs[0] ?? Number.POSITIVE_INFINITY) <= atUs) {
    scaler.bootsUs.shift();
    scaler.serving++;
    scaler.servingMax = Math.max(scaler.servingMax, scaler.serving);
  }
  if (scaler.nextEvaluationUs > atUs) return;
  scaler.nextEvaluationUs = atUs + scaler.rules.evaluateEveryUs;
  scaler.points.push({ atUs, ...load });
  const seen = visibleUtilisation(scaler, atUs);
  if (seen !== undefined) wish(scaler, atUs, seen);
  orderOrRelease(scaler, atUs, seen !== undefined);
}

/** Instances that were ordered and do not serve yet. */
export function booting({ bootsUs, held }: Autoscaler): number {
  return bootsUs.length + held;
}

/** Sets whether the group expands; those that were ordered while it did not start to boot when it does again. */
export function setStuck(scaler: Autoscaler, stuck: boolean, atUs: number): void {
  scaler.stuck = stuck;
  if (stuck || scaler.held === 0) return;
  boot(scaler, atUs, scaler.held);
  scaler.held = 0;
}

/** Takes instances away. */
export function lose(scaler: Autoscaler, instances: number): void {
  scaler.serving = Math.max(0, scaler.serving - instances);
}

/** The average utilisation over one period that ended at least one lag ago; undefined while there is none. */
function visibleUtilisation(scaler: Autoscaler, atUs: number): number | undefined {
  const { points, rules } = scaler;
  // What was seen stays seen when later figures are late.
  const untilUs = Math.max(scaler.seenToUs, atUs - rules.metricLagUs - scaler.metricsLateUs);
  scaler.seenToUs = untilUs;
  const until = points.findLast((point) => point.atUs <= untilUs);
  if (until === undefined) return undefined;
  while (points.length > 1 && (points[1]?.atUs ?? 0) <= until.atUs - rules.metricPeriodUs) points.shift();
  const from = points[0] === until ? undefined : points[0];
  if (from === undefined) return undefined;
  const slotUs = until.slotUs - from.slotUs;
  // Busy slots of instances that are going can exceed the slots; no gauge shows more than full.
  return slotUs <= 0 ? undefined : Math.min(1, (until.busyUs - from.busyUs) / slotUs);
}

/** Works out how many instances there should be. */
function wish(scaler: Autoscaler, atUs: number, utilisation: number): void {
  const { rules, wishes } = scaler;
  const ratio = utilisation / rules.targetUtilisation;
  const near = Math.abs(ratio - 1) <= rules.tolerance;
  // Full is the most a utilisation can show, so the wish falls short of a demand beyond full: the usual rule, as is.
  const wanted = near ? scaler.serving : Math.ceil(scaler.serving * ratio);
  scaler.desired = Math.min(rules.maxInstances, Math.max(rules.minInstances, wanted));
  wishes.push({ atUs, instances: scaler.desired });
  while ((wishes[0]?.atUs ?? atUs) < atUs - rules.stabilisationUs) wishes.shift();
}

/** Orders what is missing, which needs no metrics; or lets one go, which does. */
function orderOrRelease(scaler: Autoscaler, atUs: number, seen: boolean): void {
  const { rules, wishes } = scaler;
  const missing = scaler.desired - scaler.serving - booting(scaler);
  if (missing > 0 && atUs >= scaler.cooldownUntilUs) {
    const instances = Math.min(missing, rules.stepInstances);
    if (scaler.stuck) scaler.held += instances;
    else boot(scaler, atUs, instances);
    scaler.cooldownUntilUs = atUs + rules.cooldownUs;
  } else if (seen && booting(scaler) === 0 && wishes.every((past) => past.instances < scaler.serving)) {
    scaler.serving--;
  }
}

function boot(scaler: Autoscaler, atUs: number, instances: number): void {
  const { rules, bootsUs } = scaler;
  for (let i = 0; i < instances; i++) {
    bootsUs.push(atUs + rules.bootUs + draw(scaler.bootKey, scaler.ordered++) * rules.bootSpreadUs);
  }
  bootsUs.sort((a, b) => a - b);
}
