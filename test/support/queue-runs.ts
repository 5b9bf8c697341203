// Runs of a queue: Poisson arrivals at one server whose service times are log-normal, so that responses of neighbours go
// together. Built by the production recorder's parts; the arrivals are the pair's, the service times each run's own.

import { BLOCK_S, figuresOf, type RunFigures } from '../../src/judge/comparison/figures.js';
import { normalQuantile } from '../../src/judge/statistics/distributions.js';
import { FINE } from '../../src/measure/buckets.js';
import { emptyCounts } from '../../src/measure/cell.js';
import { emptyDistribution } from '../../src/measure/distribution.js';
import { DistributionBuilder } from '../../src/measure/distribution-builder.js';
import { absorbCell, emptySnapshot, type Snapshot } from '../../src/measure/snapshot.js';
import { drawKey } from '../../src/random.js';
import { completed, headOf } from './snapshots.js';

export interface QueueRun {
  readonly name: string;
  /** Of the arrivals, which runs of a pair share. */
  readonly arrivals: number;
  /** Of the service times. */
  readonly seed: number;
  readonly seconds: number;
  readonly ratePerSec: number;
  /** Share of its time that the server is busy, before it is slowed. */
  readonly load?: number;
  /** Multiplies every service time: what differs from run to run. */
  readonly slowed?: number;
  /** Multiplies the slowest responses: by all of it from about the p98 on, by less and less of it down to the p90. */
  readonly tail?: number;
}

const SIGMA = 0.5;
/** Mean service times from which a response has a part of the tail's factor, and all of it: about its p90 and p98. */
const TAIL_FROM = 3.5;
const TAIL_ALL = 5;
const QUANTILES = 8192;
const LOG_NORMAL = Float64Array.from({ length: QUANTILES }, (_, i) =>
  Math.exp(SIGMA * normalQuantile((i + 0.5) / QUANTILES) - (SIGMA * SIGMA) / 2),
);

/**
 * The snapshot of a run in which every request is ok. Ten seconds are kept as one, the first of them: nothing that is
 * compared is finer, and it is a tenth of the work.
 * @param run of a multiple of ten seconds
 */
export function queueSnapshot(run: QueueRun): Snapshot {
  const { arrivals, seed, seconds, ratePerSec, load = 0.5, slowed = 1, tail = 1 } = run;
  const phases = [{ name: 'steady', startS: 0, endS: seconds }] as const;
  const planId = String(arrivals).padStart(64, '0');
  const snapshot = emptySnapshot(
    headOf({ durationS: seconds, phases, planId, planChanges: { seed: arrivals } }),
  );
  const gap = xorshift(arrivals, 'gap');
  const service = xorshift(seed, 'service');
  const meanUs = (1e6 * load) / ratePerSec;
  const responses = new DistributionBuilder(FINE);
  let atUs = 0;
  let freeUs = 0;
  let due = 0;
  for (let windowS = 0; windowS < seconds; ) {
    atUs -= (1e6 * Math.log((gap() + 1) / 2 ** 32)) / ratePerSec;
    for (; atUs >= (windowS + BLOCK_S) * 1e6 && windowS < seconds; windowS += BLOCK_S) {
      absorb(snapshot, windowS, due, responses);
      due = 0;
    }
    const tookUs = meanUs * slowed * (LOG_NORMAL[service() % QUANTILES] as number);
    freeUs = Math.max(freeUs, atUs) + tookUs;
    const responseUs = freeUs - atUs;
    const part = Math.min(1, Math.max(0, (responseUs / meanUs - TAIL_FROM) / (TAIL_ALL - TAIL_FROM)));
    responses.record(Math.round(responseUs * (1 + (tail - 1) * part)), false);
    due++;
  }
  return completed(snapshot);
}

export function queueRun(run: QueueRun): RunFigures {
  return figuresOf(queueSnapshot(run), run.name, null);
}

function absorb(snapshot: Snapshot, windowS: number, planned: number, responses: DistributionBuilder): void {
  const counts = emptyCounts();
  counts.planned = counts.sent = counts.attempts = counts.outcomes[0] = planned;
  const empty = emptyDistribution(FINE);
  const response = responses.take();
  absorbCell(snapshot, { stream: 0, route: 0, windowS, ...counts, response, recordedDuration: empty });
}

/** Marsaglia's 32 bits in turn: some hundred million requests are drawn, where a hash of each is too slow. */
function xorshift(seed: number, purpose: string): () => number {
  let x = drawKey(seed, purpose).a | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}
