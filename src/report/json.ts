// The Summary: a result and its judgement as JSON, in milliseconds and shares.
import { ageDays } from '../judge/ceiling.js';
import { closedThroughS, errorShare, isComplete, okOf } from '../judge/facts.js';
import { type BothSides, failedNow, failedThen, type NamedSides } from '../judge/recorded.js';
import type { Judgement } from '../judge/verdict.js';
import { COARSE } from '../measure/buckets.js';
import type { Counts } from '../measure/cell.js';
import { emptyDistribution } from '../measure/distribution.js';
import { OUTCOMES } from '../measure/outcome.js';
import { type Group, type Snapshot, sumGroups } from '../measure/snapshot.js';
import { connectionsOf } from './connections.js';
import { durations, ofDistribution, quantiles, sumSlices } from './durations.js';
import { generatorSummary } from './generator-summary.js';
import { inducedSummary } from './induced.js';
import { jsonText } from './json-text.js';
import { gateSummary } from './summary/gates.js';
import { incidentSummary } from './summary/incident.js';
import { TENANTS_LISTED } from './summary/listed.js';
import { round } from './summary/rounded.js';
import type { Summary } from './summary-schema.js';

/**
 * A result in names that scripts can rely on.
 * @param exitCode the code the process exits with, where it is not the judgement's (an interruption)
 */
export function summarise(
  snapshot: Snapshot,
  judgement: Judgement,
  exitCode: number = judgement.exitCode,
): Summary {
  const { head } = snapshot;
  const { counts, response } = sumGroups(snapshot);
  const connections = connectionsOf(snapshot);
  const induced = inducedSummary(snapshot);
  return {
    scenario: head.scenario,
    label: head.label,
    planId: head.planId,
    seed: head.plan.seed,
    target: head.target,
    startedAt: head.startedAt,
    durationS: head.durationS,
    closedS: closedThroughS(snapshot),
    complete: isComplete(snapshot),
    stoppedBy: snapshot.ends.find(({ stoppedBy }) => stoppedBy !== undefined)?.stoppedBy ?? null,
    speed: head.plan.speed,
    ...(head.plan.window && {
      window: { fromS: head.plan.window.fromUs / 1e6, toS: head.plan.window.toUs / 1e6 },
    }),
    shards: head.shards.map(({ i, n }) => `${i}/${n}`),
    planned: counts.planned,
    plannedTotal: head.plannedTotal,
    sent: counts.sent,
    attempts: counts.attempts,
    outcomes: Object.fromEntries(
      OUTCOMES.map((name, i) => [name, counts.outcomes[i] as number]),
    ) as Summary['outcomes'],
    statuses: statuses(counts),
    errors: errorShare({ planned: counts.planned, ok: okOf(counts) }),
    response: durations(response),
    service: durations(ofDistribution(sumSlices(snapshot, 'service'))),
    wait: durations(ofDistribution(sumSlices(snapshot, 'wait'))),
    lag: durations(ofDistribution(sumSlices(snapshot, 'lag'))),
    slip: durations(ofDistribution(sumSlices(snapshot, 'slip'))),
    hooks: hooksOf(snapshot),
    generator: generatorSummary(snapshot),
    generatorShare: judgement.generatorShare,
    fidelity: fidelity(judgement),
    streams: head.plan.streams.map(({ name }, i) => part(snapshot, name, (group) => group.stream === i)),
    routes: head.plan.routes.map(({ name }, i) => part(snapshot, name, (group) => group.route === i)),
    tenants: tenants(snapshot, judgement),
    tenantsTotal: snapshot.tenants.size,
    phases: phases(snapshot, judgement),
    windows: windows(snapshot),
    recorded: recorded(judgement),
    unknownIds: counts.recorded?.unknownIds ?? 0,
    connections: {
      opened: connections.opened,
      max: connections.max,
      openedPerSecMax: round(connections.openedPerSecMax, 3),
      http1: connections.http1,
      http2: connections.http2,
      handshakes: {
        full: connections.tlsFull,
        resumed: connections.tlsResumed,
        perSecMax: round(connections.handshakesPerSecMax, 3),
      },
      addresses: Object.fromEntries(connections.addresses),
      connect: durations(ofDistribution(connections.connect)),
      dns: durations(ofDistribution(connections.dns)),
      tcp: durations(ofDistribution(connections.tcp)),
      tls: durations(ofDistribution(connections.tls)),
    },
    coverage: {
      dropped: { ...head.coverage.dropped },
      routes: (head.coverage.routes ?? []).map((route) => ({ ...route })),
      notes: [...head.coverage.notes],
    },
    ...(head.calibration && {
      calibration: {
        ...head.calibration,
        ageDays: ageDays(head.calibration.measuredAt, Date.parse(head.startedAt)),
      },
    }),
    ...(head.amplified && {
      amplified: head.amplified.map((test) => ({ ...test, dispersion: [...test.dispersion] })),
    }),
    validity: {
      verdict: judgement.validity.verdict,
      findings: judgement.validity.findings.map((finding) => ({ ...finding })),
    },
    gates: judgement.gates.map(gateSummary),
    verdict: judgement.verdict,
    reasons: judgement.reasons.map((reason) => ({ ...reason })),
    exitCode,
    incident: incidentSummary(head, judgement),
    ...(induced && { induced }),
  };
}

/** The Summary as text; whoever prints it to a terminal is not obeyed by what stands in it. */
export function jsonReport(summary: Summary): string {
  return jsonText(summary);
}

function part(
  snapshot: Snapshot,
  name: string,
  takes: (group: Group) => boolean,
): Summary['streams'][number] {
  const { counts, response } = sumGroups(snapshot, takes);
  const ok = okOf(counts);
  return {
    name,
    planned: counts.planned,
    ok,
    sent: counts.sent,
    errors: errorShare({ planned: counts.planned, ok }),
    cache: { hits: counts.cacheHits, misses: counts.cacheMisses },
    response: quantiles(response),
  };
}

function hooksOf({ health }: Snapshot): Summary['hooks'] {
  let calls = 0;
  let us = 0;
  for (const { hookCalls, hookUs } of health) {
    calls += hookCalls;
    us += hookUs;
  }
  return calls === 0 ? null : { calls, totalMs: round(us / 1e3, 3), meanUs: round(us / calls, 3) };
}

function fidelity({ fidelity: of }: Judgement): Summary['fidelity'] {
  if (of === null) return null;
  const { score, worst, toFire, neverFired, within1Ms, within10Ms, seconds } = of;
  const figure = (index: number | null) => (index === null ? null : round(index, 6));
  return {
    score: round(score, 9),
    worst: worst && { fromS: worst.fromS, score: round(worst.score, 9) },
    toFire,
    neverFired,
    within1Ms,
    within10Ms,
    seconds: { ...seconds },
    dispersion: of.dispersion.map(({ windowS, planned, sent, ratio }) => ({
      windowS,
      planned: figure(planned),
      sent: figure(sent),
      ratio: figure(ratio),
    })),
  };
}

function tenants(snapshot: Snapshot, { incident }: Judgement): Summary['tenants'] {
  const hot = new Set(incident.hit.hot.map(({ name }) => name));
  return incident.hit.tenants.slice(0, TENANTS_LISTED).map(({ name, planned, failed }) => {
    const ok = planned - failed;
    const response = snapshot.tenants.get(name)?.response ?? emptyDistribution(COARSE);
    return {
      name,
      planned,
      ok,
      errors: errorShare({ planned, ok }),
      hot: hot.has(name),
      response: quantiles(ofDistribution(response)),
    };
  });
}

function phases(snapshot: Snapshot, judgement: Judgement): Summary['phases'] {
  const closedS = closedThroughS(snapshot);
  return snapshot.head.phases.map(({ name, startS, endS }, i) => {
    const { counts, response } = sumGroups(snapshot, (group) => group.phase === i);
    const ok = okOf(counts);
    const seconds = Math.min(endS, closedS) - startS;
    const { slowest = null, cut = false } = judgement.phases[i] ?? {};
    return {
      name,
      startS,
      endS,
      planned: counts.planned,
      ok,
      errors: errorShare({ planned: counts.planned, ok }),
      ratePerSec: seconds > 0 ? round(counts.planned / seconds, 3) : null,
      response: quantiles(response),
      slowest: slowest && {
        oursMs: round(slowest.oursUs / 1e3, 3),
        waitMs: round(slowest.waitUs / 1e3, 3),
        serviceMs: round(slowest.serviceUs / 1e3, 3),
        oursShare: slowest.oursShare,
        censored: cut,
      },
    };
  });
}

function windows(snapshot: Snapshot): Summary['windows'] {
  return [...snapshot.seconds]
    .sort(([a], [b]) => a - b)
    .map(([atS, { streams, response }]) => {
      const total = (read: (counts: Counts) => number) =>
        streams.reduce((sum, counts) => sum + read(counts), 0);
      const failed: Summary['windows'][number]['failed'] = {};
      for (const [i, name] of OUTCOMES.entries()) {
        const n = total((counts) => counts.outcomes[i] as number);
        if (name !== 'ok' && n > 0) failed[name] = n;
      }
      const { p50, p99 } = quantiles(ofDistribution(response));
      const requests = total((counts) => counts.recorded?.planned ?? 0);
      const then = { requests, failed: total((counts) => counts.recorded?.failed ?? 0) };
      return {
        atS,
        planned: total(({ planned }) => planned),
        ok: total(okOf),
        failed,
        p50,
        p99,
        ...(requests > 0 && { recorded: then }),
      };
    });
}

function recorded({ recorded: compared }: Judgement): Summary['recorded'] {
  if (compared === null) return null;
  const { whole, routes, phases } = compared;
  const named = ({ name, ...sides }: NamedSides) => ({ name, ...bothSides(sides) });
  return {
    ...bothSides(whole),
    statuses: whole.counts.recorded === null ? {} : statuses(whole.counts.recorded),
    routes: routes.map(named),
    phases: phases.map(named),
  };
}

function bothSides({
  counts,
  response,
  duration,
}: BothSides): Omit<Summary['recorded'] & object, 'statuses' | 'routes' | 'phases'> {
  return {
    requests: counts.recorded?.planned ?? 0,
    errors: failedThen(counts.recorded),
    response: quantiles(duration),
    unknownIds: counts.recorded?.unknownIds ?? 0,
    replayed: { requests: counts.planned, errors: failedNow(counts), response: quantiles(response) },
  };
}

function statuses(of: { readonly statuses: ReadonlyMap<number, number> }): Summary['statuses'] {
  return Object.fromEntries([...of.statuses].sort(([a], [b]) => a - b));
}
