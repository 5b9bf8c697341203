// `flashcrowd plan`: says what a scenario would send, and sends nothing.
import { once } from 'node:events';
import { ExitCode } from '../exit-codes.js';
import { headroomOf } from '../judge/incident/headroom.js';
import { csvField } from '../report/csv.js';
import { paintFor } from '../report/paint.js';
import { type PlanReport, planJson, planText } from '../report/plan.js';
import type { Overrides } from '../scenario/load.js';
import type { PlanStream, StreamInput } from '../scenario/plan.js';
import { amplificationMax, attemptsMax } from '../scenario/retry-plan.js';
import { emptyRequest, MergedArrivals } from '../schedule/arrivals.js';
import { countStream } from '../schedule/forecast.js';
import { lanesOf, type Shard, WHOLE } from '../schedule/lanes.js';
import { RateArrivals } from '../schedule/rate-arrivals.js';
import { amplifiedOf, coverageOf } from './coverage.js';
import { askCeiling } from './preflight/ceiling.js';
import { readMachine } from './preflight/machine.js';
import { planResources } from './preflight/plan-resources.js';
import { demandOf, endsOf, type Need, resourcesNeeded, shortageOf } from './preflight/resources.js';
import { extentOf, memoryOf, resultBytesOf } from './preflight/space.js';
import { type Prepared, prepare } from './prepare.js';
import { openStream } from './stream-arrivals.js';
import { type Terminal, warn } from './terminal.js';
import { routeSharesOf, visitsOf, warningsOf, withoutUsers } from './visits.js';

export interface PlanOptions extends Overrides {
  readonly shard: Shard;
  /** Write every arrival as CSV instead. */
  readonly arrivals: boolean;
  readonly json: boolean;
}

/**
 * Prints the plan's totals, or with `arrivals` its schedule.
 * @throws UserError for bad input
 */
export async function planCommand(file: string, options: PlanOptions, terminal: Terminal): Promise<ExitCode> {
  const prepared = await prepare(file, options, options.shard, terminal.env);
  terminal.hide(prepared.loaded.secrets);
  for (const warning of prepared.loaded.warnings) warn(terminal, warning);
  if (options.arrivals) {
    await writeArrivals(prepared);
    return ExitCode.passed;
  }
  const report = reportOf(prepared, terminal.env);
  terminal.out(
    options.json ? planJson(report) : planText(report, terminal.columns(), paintFor(terminal.colour)),
  );
  return ExitCode.passed;
}

function reportOf(prepared: Prepared, env: Terminal['env']): PlanReport {
  const { loaded, shard, rate, recorded } = prepared;
  const { plan, inputs } = loaded;
  const streams = plan.streams.map((stream, i) => {
    const input = inputs.streams[i] as StreamInput;
    const perSec = rate.streams[i] as Float64Array;
    const peakPerSec = perSec.reduce((max, r) => Math.max(max, r), 0);
    const { arrivals, visitors, loggedIn } = countOf(prepared, stream, input, i);
    const visits = visitsOf(stream, input, peakPerSec, loggedIn);
    return { name: stream.name, kind: sourceOf(stream), arrivals, visitors, peakPerSec, ...visits };
  });
  const sample = sampleRequests(prepared);
  const machine = readMachine();
  const demand = demandOf(prepared);
  const { target } = loaded;
  // No name is resolved here: one address unless the scenario names more.
  const needs =
    demand === null ? [] : resourcesNeeded(demand, machine, endsOf(target, target.addresses?.length ?? 1));
  const resources = planResources(
    loaded,
    rate.peakPerSec / shard.n,
    lanesOf(shard, plan.lanes).length,
    undefined,
    machine,
  );
  const peakPerSec = rate.peakPerSec / shard.n;
  // Nothing is asked of the target: HTTP/1.1, unless the scenario says otherwise.
  const transport = target.http === '2' ? 'http2' : 'wire';
  const { workers } = resources;
  const extent = extentOf(prepared, workers, resources.inFlightMax);
  const ceiling = askCeiling({ peakPerSec, workers, transport, secure: target.secure }, env, Date.now());
  const refused = ceiling.refused === null ? [] : [`${ceiling.refused}; a run would be refused`];
  return {
    scenario: loaded.name,
    planId: loaded.planId,
    target: loaded.target.url,
    shard,
    seed: plan.seed,
    lanes: plan.lanes,
    speed: plan.speed,
    window: plan.window ?? null,
    timeoutUs: plan.timeoutUs,
    ...(attemptsMax(plan) > 1 && {
      retries: { attemptsMax: attemptsMax(plan), amplificationMax: amplificationMax(plan) },
    }),
    connections: plan.connections,
    durationS: rate.durationS,
    planned: streams.reduce((sum, { arrivals }) => sum + arrivals, 0),
    visitors: streams.reduce((sum, { visitors }) => sum + visitors, 0),
    peakPerSec: rate.peakPerSec,
    peakAtS: rate.peakAtS,
    normalPerSec: rate.normalPerSec,
    perSec: rate.perSec,
    headroom: headroomOf(rate.perSec, {
      normalPerSec: rate.normalPerSec,
      speed: plan.speed,
      counted: plan.streams.some((stream) => stream.kind === 'recording' && stream.pace === null),
    }),
    phases: rate.phases,
    streams,
    routes: sample.routes,
    writes: sample.writes,
    requestBytes: sample.bytes,
    workers: resources.workers,
    inFlightMax: resources.inFlightMax,
    connectionsAtPeak: demand,
    needs: needs.map(({ what, needed, available }) => ({ what, needed, available })),
    ceiling: ceiling.use,
    space: { ...memoryOf(extent), stalledInFlight: extent.stalled, resultBytes: resultBytesOf(extent) },
    coverage: coverageOf(prepared),
    amplified: amplifiedOf(prepared),
    gates: loaded.gates.map(({ text }) => text),
    warnings: [
      ...resources.warnings,
      ...needs.flatMap(shortage),
      ...refused,
      ...ceiling.warnings,
      ...warningsOf(streams),
    ],
    visitorsKnown: recorded.every((forecast) => forecast === undefined || shard.n === 1),
  };
}

function shortage(need: Need): string[] {
  const words = shortageOf(need);
  return words === undefined ? [] : [`${words}: ${need.hint}; a run would be refused`];
}

function countOf({ loaded, shard, recorded }: Prepared, stream: PlanStream, input: StreamInput, i: number) {
  if (stream.kind === 'rate' && input.kind === 'rate')
    return countStream(loaded.plan, stream, i, input, shard);
  const forecast = recorded[i];
  const lanes = lanesOf(shard, loaded.plan.lanes);
  const arrivals = lanes.reduce((sum, lane) => sum + (forecast?.perLane[lane] ?? 0), 0);
  return { arrivals, visitors: shard.n === 1 ? (forecast?.visitors ?? 0) : 0, loggedIn: 0 };
}

function sourceOf(stream: PlanStream): string {
  if (stream.kind === 'rate') return stream.source.kind;
  return stream.pace === null ? 'recording' : `recording, ${stream.pace.source.kind}`;
}

/** What requests look like, from the first thousand of each rate stream. */
function sampleRequests({ loaded }: Prepared) {
  const { plan, inputs, secrets } = loaded;
  const request = emptyRequest();
  const perRoute = new Map<number, number>();
  const writes = new Set<string>();
  let bytes = 0;
  let seen = 0;
  plan.streams.forEach((stream, i) => {
    const input = inputs.streams[i];
    if (stream.kind !== 'rate' || input?.kind !== 'rate') return;
    const arrivals = new RateArrivals(plan, stream, i, withoutUsers(input), WHOLE, secrets);
    const shares = routeSharesOf(stream);
    for (let n = 0; n < 1000 && arrivals.dueUs !== Number.POSITIVE_INFINITY; n++, arrivals.advance()) {
      arrivals.request(request);
      seen++;
      // The first arrivals are all first steps: a visit says what the whole will be.
      for (const [route, share] of shares ?? [[request.route, 1]])
        perRoute.set(route, (perRoute.get(route) ?? 0) + share);
      const route = plan.routes[request.route]?.name ?? '';
      if (request.method !== 'GET' && request.method !== 'HEAD') writes.add(`${request.method} ${route}`);
      const headers = request.headers.reduce((sum, text) => sum + text.length + 2, 0);
      bytes += request.method.length + request.path.length + 120 + headers + (request.body?.length ?? 0);
    }
  });
  const routes = [...perRoute].sort((a, b) => b[1] - a[1]);
  return {
    bytes: seen === 0 ? null : Math.round(bytes / seen),
    writes: [...writes].sort(),
    routes: routes.map(([route, n]) => ({ name: plan.routes[route]?.name ?? '', share: n / seen })),
  };
}

const CSV_CHUNK = 64 * 1024;

/** Every arrival in due order, as fast as standard output takes it. */
async function writeArrivals({ loaded, shard }: Prepared): Promise<void> {
  const { plan } = loaded;
  const parts = plan.streams.map((_, i) => openStream(loaded, i, shard, 'hidden'));
  const arrivals = new MergedArrivals(parts.map((part) => part.arrivals));
  const request = emptyRequest();
  let text = 'seq,at_us,stream,visitor,tenant,route,method,path\n';
  while (arrivals.dueUs !== Number.POSITIVE_INFINITY) {
    if (Number.isNaN(arrivals.dueUs)) {
      for (const { read } of parts) await read();
      arrivals.refresh();
      continue;
    }
    arrivals.request(request);
    const stream = plan.streams[arrivals.stream]?.name ?? '';
    const route = plan.routes[request.route]?.name ?? '';
    const { seq, dueUs, visitor } = arrivals;
    text += `${seq},${dueUs},${csvField(stream)},${visitor},${csvField(request.tenant ?? '')},${csvField(route)},${csvField(request.method)},${csvField(request.path)}\n`;
    arrivals.advance();
    if (text.length < CSV_CHUNK) continue;
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    text = '';
  }
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}
