// Whole results of simulated runs of several workers: what each hands over, through the production collector.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReadResult, readResults } from '../../src/commands/results/results.js';
import { JournalWriter } from '../../src/measure/journal.js';
import type { Closed } from '../../src/measure/recorder.js';
import type { ResultLine } from '../../src/measure/result-file.js';
import type { End, Head } from '../../src/measure/snapshot.js';
import type { Health } from '../../src/measure/vitals.js';
import type { Plan, PlanInputs } from '../../src/scenario/plan.js';
import { WHOLE, workerShard } from '../../src/schedule/lanes.js';
import { RateArrivals } from '../../src/schedule/rate-arrivals.js';
import { Collector } from '../../src/workers/collector.js';
import { countLost } from '../../src/workers/lost.js';
import { curveOf, planOf, streamOf } from './plans.js';
import { simulate } from './simulation.js';

const WORKERS = 3;

/** Two streams, one of a tenant's, with idle seconds, over three slices. */
export function journalPlan(): { plan: Plan; inputs: PlanInputs } {
  const pieces = [
    [8, 6, 10],
    [5, 0, 0],
    [9, 12, 4],
  ] as const;
  return planOf(
    [streamOf('everyday'), streamOf('promo', { arrivals: 'even', tenant: 'hot-shop' })],
    [curveOf(pieces), curveOf([[22, 2, 5]])],
    { timeoutUs: 2e6, tenants: { by: 'path', pattern: '/s/{tenant}' } },
  );
}

export interface SimulatedJournal {
  readonly plan: Plan;
  readonly head: Head;
  readonly lines: readonly ResultLine[];
  /** Due times of the whole plan, ascending. */
  readonly dueUs: readonly number[];
}

/**
 * A run of three workers at a target of which some requests fail and some are never answered.
 * @param dies worker 1 is gone from then on, and the run stopped
 */
export async function simulateJournal(dies?: { readonly atUs: number }): Promise<SimulatedJournal> {
  const { plan, inputs } = journalPlan();
  const said: { worker: number; atUs: number; closed: Closed; health: readonly Health[] }[] = [];
  let head: Head | undefined;
  let plannedTotal = 0;
  for (let worker = 0; worker < WORKERS; worker++) {
    const run = simulate({
      plan,
      inputs,
      shard: workerShard(WHOLE, worker, WORKERS),
      target: (seq, _atUs, uniform) => ({
        serviceUs: seq % 17 === 0 ? Number.POSITIVE_INFINITY : 1_000 + 200_000 * uniform('service'),
        status: seq % 5 === 0 ? 503 : 200,
      }),
      published: (closed, health, atUs) => said.push({ worker, atUs, closed, health }),
      arrange: (world, driver) => dies && world.at(dies.atUs, () => driver.stop(0)),
    });
    head ??= run.snapshot.head;
    plannedTotal += run.plannedTotal;
  }
  if (head === undefined) throw new Error('no worker ran');
  head = { ...head, shards: [WHOLE], workers: WORKERS, plannedTotal };
  const lines: ResultLine[] = [{ kind: 'head', head }];
  const collector = new Collector(WORKERS, WHOLE, (line) => lines.push(line));
  for (const { worker, atUs, closed, health } of said.sort((a, b) => a.atUs - b.atUs)) {
    if (dies === undefined || worker !== 1 || atUs < dies.atUs) collector.add(worker, closed, health);
  }
  if (dies !== undefined) {
    const shard = workerShard(WHOLE, 1, WORKERS);
    const open = () => () => {
      throw new Error('no recording here');
    };
    const [fromS, untilUs] = [collector.closedByS(1), dies.atUs];
    const share = { plan, inputs, phases: head.phases, secrets: {}, open, shard, fromS, untilUs };
    collector.add(1, await countLost(share), []);
  }
  for (let worker = 0; worker < WORKERS; worker++) collector.finish(worker);
  const closedS = dies === undefined ? head.durationS : collector.closedS;
  const reason: End['reason'] = dies === undefined ? 'completed' : 'worker_failed';
  lines.push({ kind: 'end', end: { shard: WHOLE, reason, closedS, wallUs: 25e6 } });
  return { plan, head, lines, dueUs: dueTimes(plan, inputs) };
}

/** The text of a result, as it is written. */
export function journalText(lines: Iterable<ResultLine>): string {
  const writer = new JournalWriter();
  return [...lines].map((line) => writer.next(line)).join('');
}

/** A folder of result files for one test file. */
export class ResultFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'flashcrowd-journal-'));

  /** Writes a result and reads it back as `flashcrowd report` does. */
  read(bytes: string | Uint8Array): Promise<ReadResult> {
    return readResults([this.write('result', bytes)]);
  }

  write(name: string, bytes: string | Uint8Array): string {
    const file = join(this.path, `${name}.ndjson`);
    writeFileSync(file, bytes);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function dueTimes(plan: Plan, inputs: PlanInputs): number[] {
  const dueUs: number[] = [];
  plan.streams.forEach((stream, i) => {
    const input = inputs.streams[i];
    if (stream.kind !== 'rate' || input?.kind !== 'rate') return;
    const arrivals = new RateArrivals(plan, stream, i, input, WHOLE, {});
    for (; arrivals.dueUs < Number.POSITIVE_INFINITY; arrivals.advance()) dueUs.push(arrivals.dueUs);
  });
  return dueUs.sort((a, b) => a - b);
}
