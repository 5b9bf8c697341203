// The head of a result: the facts of a run that are known before its first request.
import { hostname } from 'node:os';
import type { PacingChoice } from '../drive/pacing/calibrate.js';
import { type Head, RESULT_FORMAT } from '../measure/snapshot.js';
import { sourcesByPhase } from '../schedule/load-sources.js';
import { VERSION } from '../version.js';
import { amplifiedOf, coverageOf } from './coverage.js';
import { isOwnAddress } from './preflight/own-addresses.js';
import type { Ready } from './preflight/preflight.js';
import type { Prepared } from './prepare.js';

/** @param startUs due time 0 on the process's monotonic clock, which is also an instant */
export function headOf(
  prepared: Prepared,
  { resources, reached, ceiling }: Ready,
  plannedTotal: number,
  startUs: number,
  { pacing, lateness }: PacingChoice,
): Head {
  const { loaded, rate, shard } = prepared;
  const { addresses, proxy } = reached.target;
  const amplified = amplifiedOf(prepared);
  const sources = sourcesByPhase(prepared.recorded, rate.phases);
  const recordedFrom = recordedFromOf(prepared);
  return {
    format: RESULT_FORMAT,
    version: VERSION,
    node: process.version,
    plan: loaded.plan,
    planId: loaded.planId,
    scenario: loaded.name,
    label: loaded.label ?? null,
    target: loaded.target.url,
    // Behind a proxy only its own addresses are known.
    targetIsLocal: loaded.target.loopback || (proxy === undefined && isOwnAddress(addresses)),
    shards: [shard],
    hosts: [hostname()],
    workers: resources.workers,
    startedAt: new Date(startUs / 1e3).toISOString(),
    durationS: rate.durationS,
    phases: rate.phases,
    normalPerSec: rate.normalPerSec,
    peakPerSec: rate.peakPerSec,
    plannedTotal,
    gates: loaded.gates,
    capDeclared: loaded.maxInFlight !== null,
    coverage: coverageOf(prepared),
    pacing: { by: pacing, ...lateness },
    ...(ceiling.use && { calibration: ceiling.use }),
    ...(amplified.length > 0 && { amplified }),
    ...(sources && { sources }),
    ...(recordedFrom !== undefined && { recordedFrom }),
  };
}

/** The recorded instant of due time 0, where all recordings that keep their times agree on it. */
function recordedFromOf({ loaded }: Prepared): string | undefined {
  const origins = new Set(
    loaded.inputs.streams.flatMap((input) =>
      input.kind === 'recording' && input.timed && input.curve === null ? [input.originUs] : [],
    ),
  );
  const [originUs] = origins;
  return origins.size === 1 && originUs !== undefined ? new Date(originUs / 1e3).toISOString() : undefined;
}
