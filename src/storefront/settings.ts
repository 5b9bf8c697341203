// What the platform is made of: its settings, their defaults and their limits.

import { formatDuration } from '../units.js';
import type { RouteName } from './routes.js';
import { EVENTS_MAX, type ScriptedEvent } from './script.js';
import type { ServiceTime } from './service-time.js';

/** The autoscaler's rules, in the platform's own time: `speed` divides every duration of these. */
export interface AutoscalerSettings {
  /** Instances at the start, and never fewer. */
  readonly minInstances: number;
  readonly maxInstances: number;
  /** The share of busy slots that it aims at, 0 to 1. */
  readonly targetUtilisation: number;
  /** Utilisation within this share of the target changes nothing. */
  readonly tolerance: number;
  /** How old the newest utilisation is that it can see. */
  readonly metricLagUs: number;
  /** Over how long that utilisation is averaged. */
  readonly metricPeriodUs: number;
  readonly evaluateEveryUs: number;
  /** Instances added in one evaluation, at most. */
  readonly stepInstances: number;
  /** From the order of an instance to its first request: bootUs to bootUs + bootSpreadUs, drawn. */
  readonly bootUs: number;
  readonly bootSpreadUs: number;
  /** No further order for so long after one. */
  readonly cooldownUs: number;
  /** An instance goes only when none of this long past wanted it; one an evaluation. */
  readonly stabilisationUs: number;
}

export interface StorefrontSettings {
  readonly seed: number;
  /** Divides the autoscaler's durations; requests take what they take. */
  readonly speed: number;
  /** Requests that one instance serves at once. */
  readonly concurrency: number;
  /** Requests that may wait for a slot; one more is answered 503. */
  readonly queueLimit: number;
  /** Who has waited so long is answered 504, and costs no service. */
  readonly waitLimitUs: number;
  /**
   * Clients that have left keep their place in line and are served in vain, as behind servers that notice too late.
   * With a line longer than clients wait, overload then costs capacity: all that is served is stale.
   */
  readonly servesAbandoned: boolean;
  /** The Retry-After of a 503. */
  readonly retryAfterS: number;
  /** The share of slots and of the queue that one store may take, above 0 to 1; 1 is no isolation. */
  readonly isolation: number;
  /** Storefront pages before the dashboard: it is served when no page waits, and shed first. */
  readonly priority: boolean;
  /** Stores counted by name; the rest share one count. */
  readonly stores: number;
  /** Seconds of the past that the timeline keeps. */
  readonly timelineS: number;
  readonly service: Readonly<Record<RouteName, ServiceTime>>;
  readonly autoscaler: AutoscalerSettings;
  /** What is done to the shop while it runs. */
  readonly script: readonly ScriptedEvent[];
}

/** Settings that differ from the defaults. */
export type StorefrontOptions = Partial<Omit<StorefrontSettings, 'service' | 'autoscaler'>> & {
  readonly service?: Partial<StorefrontSettings['service']>;
  readonly autoscaler?: Partial<AutoscalerSettings>;
};

/**
 * A shop that is about half busy at 60 requests a second of mixed pages, and that a fivefold promo breaks: the slots
 * run out at twice normal, and instances come one by one, five minutes and more after they were needed. The line is
 * short, half a second of work: it is for bursts, and makes the shop break near where its slots run out, even when
 * a spike is fast-forwarded and passes that point within a second.
 */
export const DEFAULTS: StorefrontSettings = {
  seed: 1,
  speed: 1,
  concurrency: 3,
  queueLimit: 60,
  waitLimitUs: 300e3,
  servesAbandoned: false,
  retryAfterS: 5,
  isolation: 1,
  priority: false,
  stores: 1_000,
  timelineS: 86_400,
  service: {
    home: { medianUs: 130e3, sigma: 0.4 },
    product: { medianUs: 140e3, sigma: 0.4 },
    search: { medianUs: 180e3, sigma: 0.45 },
    cart: { medianUs: 150e3, sigma: 0.4 },
    checkout: { medianUs: 250e3, sigma: 0.4 },
    admin: { medianUs: 200e3, sigma: 0.45 },
    asset: { medianUs: 4e3, sigma: 0.5 },
    other: { medianUs: 1e3, sigma: 0 },
  },
  autoscaler: {
    minInstances: 5,
    maxInstances: 24,
    targetUtilisation: 0.65,
    tolerance: 0.1,
    metricLagUs: 60e6,
    metricPeriodUs: 300e6,
    evaluateEveryUs: 30e6,
    stepInstances: 1,
    bootUs: 210e6,
    bootSpreadUs: 60e6,
    cooldownUs: 300e6,
    stabilisationUs: 900e6,
  },
  script: [],
};

/**
 * Fills in the defaults and checks every value.
 * @throws RangeError that names all settings that are out of range, one a line
 */
export function resolveSettings(options: StorefrontOptions = {}): StorefrontSettings {
  const settings: StorefrontSettings = {
    ...DEFAULTS,
    ...options,
    service: { ...DEFAULTS.service, ...options.service },
    autoscaler: { ...DEFAULTS.autoscaler, ...options.autoscaler },
  };
  const problems = [
    ...platformProblems(settings),
    ...autoscalerProblems(settings.autoscaler),
    ...scriptProblems(settings),
  ];
  if (problems.length > 0) throw new RangeError(problems.join('\n'));
  return settings;
}

function platformProblems(settings: StorefrontSettings): string[] {
  const problems = [
    whole('seed', settings.seed, 0, Number.MAX_SAFE_INTEGER),
    within('speed', settings.speed, 0.001, 10_000),
    whole('concurrency', settings.concurrency, 1, 10_000),
    whole('queueLimit', settings.queueLimit, 0, 1_000_000),
    within('waitLimitUs', settings.waitLimitUs, 0, 3600e6),
    whole('retryAfterS', settings.retryAfterS, 0, 86_400),
    within('isolation', settings.isolation, 0.001, 1),
    whole('stores', settings.stores, 1, 100_000),
    whole('timelineS', settings.timelineS, 1, 604_800),
  ];
  for (const [route, law] of Object.entries(settings.service)) {
    problems.push(within(`service.${route}.medianUs`, law.medianUs, 1, 60e6));
    problems.push(within(`service.${route}.sigma`, law.sigma, 0, 3));
  }
  return problems.flat();
}

function autoscalerProblems(rules: AutoscalerSettings): string[] {
  const day = 86_400e6;
  // Of each window at most so many evaluations are kept, hence a shortest distance between two of them.
  const longestUs = Math.max(rules.metricLagUs + rules.metricPeriodUs, rules.stabilisationUs);
  return [
    whole('autoscaler.minInstances', rules.minInstances, 1, 10_000),
    whole('autoscaler.maxInstances', rules.maxInstances, Math.max(1, rules.minInstances), 10_000),
    within('autoscaler.targetUtilisation', rules.targetUtilisation, 0.01, 1),
    within('autoscaler.tolerance', rules.tolerance, 0, 1),
    within('autoscaler.metricLagUs', rules.metricLagUs, 0, day),
    within('autoscaler.metricPeriodUs', rules.metricPeriodUs, 0, day),
    within('autoscaler.evaluateEveryUs', rules.evaluateEveryUs, Math.max(1e3, longestUs / 1_000), day),
    whole('autoscaler.stepInstances', rules.stepInstances, 1, 10_000),
    within('autoscaler.bootUs', rules.bootUs, 0, day),
    within('autoscaler.bootSpreadUs', rules.bootSpreadUs, 0, day),
    within('autoscaler.cooldownUs', rules.cooldownUs, 0, day),
    within('autoscaler.stabilisationUs', rules.stabilisationUs, 0, day),
  ].flat();
}

function scriptProblems({ script, autoscaler }: StorefrontSettings): string[] {
  const problems = whole('events in the script', script.length, 0, EVENTS_MAX);
  // Evaluations that are not seen yet are kept, so that there may not be any number of them.
  const latestUs = 1_000 * autoscaler.evaluateEveryUs;
  for (const event of script) {
    if (event.kind !== 'metrics_late' || event.byUs <= latestUs) continue;
    problems.push(
      `"${event.text}" is too late: at most by ${formatDuration(latestUs)}, a thousand evaluations`,
    );
  }
  return problems;
}

function within(name: string, value: number, least: number, most: number): string[] {
  if (value >= least && value <= most) return [];
  return [`${name} must be a number from ${least} to ${most}, not ${value}`];
}

function whole(name: string, value: number, least: number, most: number): string[] {
  if (Number.isInteger(value)) return within(name, value, least, most);
  return [`${name} must be a whole number from ${least} to ${most}, not ${value}`];
}
