// What a typed scenario means: settings, streams, routes and gates brought together in a plan, and checked as a whole.
import { peakOfSum } from './curve.js';
import { readData } from './data.js';
import { readGates } from './gates.js';
import { readHeaders } from './headers.js';
import { readHooks } from './hooks.js';
import { type ResolvedIds, readIds } from './ids.js';
import type { InputFiles } from './inputs.js';
import type { LoadedScenario, Overrides } from './load.js';
import type { Curve, Pace, Plan, PlanStream, StreamInput } from './plan.js';
import type { ProblemList, Spot } from './problems.js';
import {
  checkWhereRoutes,
  isPaced,
  looksAtTenant,
  type OpenRecordings,
  readRecording,
} from './recordings.js';
import { readRetrying } from './retries.js';
import { attemptsMax } from './retry-plan.js';
import { type RouteCount, RouteTable } from './routes.js';
import { checkCeiling, checkTarget, checkTenantHosts, readAllowFile } from './safety.js';
import type { TypedIds, TypedScenario } from './schema.js';
import {
  readAnswering,
  readConnections,
  readFactor,
  readLanes,
  readTenants,
  readTimeout,
  readVisits,
  readWhole,
  VISITS,
} from './settings.js';
import { readSource } from './sources.js';
import { type Draft, draftStreams, readRateStream, type Shared } from './streams.js';
import { readTarget, type Target } from './target.js';
import { Placeholders, type SecretStore } from './templates.js';

const SPEED_MAX = 10_000;
type Resolved = Omit<
  LoadedScenario,
  'name' | 'label' | 'file' | 'planId' | 'inputFiles' | 'secrets' | 'warnings'
>;

/** Resolves everything; undefined if the target or a stream is missing for a problem that was reported. */
export async function resolveScenario(
  typed: TypedScenario,
  overrides: Overrides,
  files: InputFiles,
  secrets: SecretStore,
  open: OpenRecordings,
): Promise<Resolved | undefined> {
  const { problems } = files;
  const target = await readTarget(typed.target, overrides, files, secrets);
  const drafts = draftStreams(typed.streams, overrides.amplify ?? [], problems);
  const speed = readFactor(spot('speed', overrides), overrides.speed ?? typed.speed, SPEED_MAX, problems);
  const typedSeed = overrides.seed ?? typed.seed;
  const seed = readWhole(spot('seed', overrides), typedSeed, [0, Number.MAX_SAFE_INTEGER], 1, problems);
  const usesTenants = typed.streams.some(
    (stream) => stream.tenant !== undefined || looksAtTenant(stream.where),
  );
  const tenants = readTenants(typed.tenants, target?.hosts ?? null, usesTenants, problems);
  const routes = new RouteTable(typed.routes, problems);
  const writes = [...new Set(typed.writes ?? [])].sort();
  const shared: Shared = {
    speed,
    visits: readVisits(['visits'], typed.visits, VISITS, problems),
    data: await readData(['data'], typed.data, files),
    routes,
    files,
    secrets,
    usedData: new Set(),
    writes,
  };
  const resolved = await resolveStreams(drafts, shared, target, open);
  const streams = { ...resolved, found: await withIds(resolved.found, typed.ids, shared) };
  warnOfUnused(shared, problems);

  for (const [i, name] of (typed.writes ?? []).entries()) {
    if (!problems.isSpoiled(['streams'])) routes.check(name, ['writes', i]);
  }
  for (const { draft, stream } of streams.found) {
    if (stream.kind === 'recording') checkWhereRoutes([...draft.path, 'where'], stream.where, routes);
  }
  checkTenants(drafts, tenants !== null, problems);
  warnOfRecordedRetries(typed, drafts, problems);
  const hooks = await readHooks(typed.hooks, files);
  const curves = streams.found.flatMap(({ input }) => input.curve ?? []);
  const ratePeakPerSec = peakOfSum(curves);
  const timeoutUs = readTimeout(spot('timeout', overrides), overrides.timeout ?? typed.timeout, problems);
  const plan: Plan = {
    format: 1,
    seed,
    lanes: readLanes(typed.lanes, problems) ?? lanesFor(ratePeakPerSec + streams.recordedPerSec * speed),
    speed,
    timeoutUs,
    connections: readConnections(typed.connections, overrides.connections, problems),
    ...readAnswering(typed, problems),
    ...readRetrying(typed, timeoutUs, problems),
    headers: readHeaders(['headers'], typed.headers, headerPlaceholders(), secrets),
    tenants,
    ...(hooks !== undefined && { hooks: { digest: hooks.digest } }),
    routes: routes.list,
    streams: streams.found.map(({ stream }) =>
      stream.kind === 'recording' ? { ...stream, writes } : stream,
    ),
  };
  const hurried = drafts.flatMap(({ kind, name, typed }) =>
    kind === 'recording' && !isPaced(typed) && speed !== 1 ? [name] : [],
  );
  const known = streams.complete && !problems.isSpoiled(['streams']) && !problems.isSpoiled(['routes']);
  const names = {
    streams: drafts.map(({ name }) => name),
    routes: known ? routes.names : undefined,
    hurried,
    recordings: drafts.flatMap(({ kind, name }) => (kind === 'recording' ? [name] : [])),
  };
  const gates = readGates(['gates'], typed.gates, names, problems);
  const maxInFlight = readWhole(['maxInFlight'], typed.maxInFlight, [1, 1e6], null, problems);
  if (target === undefined) return undefined;
  await checkSafety(target, plan, overrides, ratePeakPerSec, problems);
  if (!streams.complete) return undefined;
  const inputs = { streams: streams.found.map(({ input }) => input) };
  return {
    target,
    plan,
    inputs,
    gates,
    hooksFile: hooks?.file ?? null,
    maxInFlight,
    ratePeakPerSec,
  };
}

interface Found {
  readonly draft: Draft;
  readonly stream: PlanStream;
  readonly input: StreamInput;
}

async function resolveStreams(
  drafts: readonly Draft[],
  shared: Shared,
  target: Target | undefined,
  open: OpenRecordings,
): Promise<{ found: Found[]; complete: boolean; recordedPerSec: number }> {
  const found: Found[] = [];
  const templates: RouteCount[] = [];
  let recordedPerSec = 0;
  for (const draft of drafts) {
    if (draft.kind === 'rate') {
      const resolved = await readRateStream(draft, shared);
      if (resolved !== undefined) found.push({ draft, ...resolved });
    } else if (draft.kind === 'recording') {
      const { path, typed, name, amplify } = draft;
      const resolved = await readRecording(path, typed, target, shared.files, open);
      const pace = isPaced(typed) ? await readPace(draft, shared) : null;
      if (resolved === undefined || pace === undefined) continue;
      const stream = { ...resolved.stream, name, amplify, writes: [], ids: [], pace: pace?.pace ?? null };
      found.push({ draft, stream, input: { ...resolved.input, curve: pace?.curve ?? null } });
      templates.push(...resolved.audit.routes);
      if (pace === null) recordedPerSec += (resolved.audit.peakSecond?.requests ?? 0) * amplify;
    }
  }
  if (drafts.some(({ kind }) => kind === 'recording')) shared.routes.addSeen(templates);
  return { found, complete: found.length === drafts.length, recordedPerSec };
}

/** The times of a recording that takes them from elsewhere; undefined if they are a problem. */
async function readPace(
  { path, typed, amplify }: Draft,
  { speed, files }: Shared,
): Promise<{ pace: Pace; curve: Curve } | undefined> {
  const resolved = await readSource(path, typed, { speed, amplify }, files);
  if (resolved === undefined) return undefined;
  const { source, fromUs, toUs, curve } = resolved;
  return { pace: { source, arrivals: typed.arrivals ?? 'poisson', fromUs, toUs }, curve };
}

/** The streams with the ids that their recordings are to be sent with. */
async function withIds(
  streams: readonly Found[],
  typed: TypedIds | undefined,
  { routes, files }: Shared,
): Promise<Found[]> {
  const shared = await readIds(['ids'], typed, routes, files);
  const found: Found[] = [];
  for (const one of streams) {
    const { draft, stream, input } = one;
    if (stream.kind !== 'recording' || input.kind !== 'recording') {
      found.push(one);
      continue;
    }
    const own = await readIds([...draft.path, 'ids'], draft.typed.ids, routes, files);
    const ids: ResolvedIds[] = [...new Map([...shared, ...own]).values()].sort((a, b) =>
      a.mapping.name < b.mapping.name ? -1 : 1,
    );
    found.push({
      draft,
      stream: { ...stream, ids: ids.map(({ mapping }) => mapping) },
      input: { ...input, ids: ids.map(({ lists }) => lists) },
    });
  }
  if (shared.size > 0 && !found.some(({ stream }) => stream.kind === 'recording'))
    files.problems.warnings.push('ids: no stream has a recording');
  return found;
}

async function checkSafety(
  target: Target,
  plan: Plan,
  overrides: Overrides,
  ratePeakPerSec: number,
  problems: ProblemList,
): Promise<void> {
  const listed = overrides.allowFile === undefined ? [] : await readAllowFile(overrides.allowFile);
  checkTarget(target, [...(overrides.allowHosts ?? []), ...listed], problems);
  checkTenantHosts(target, plan.tenants, problems);
  if (plan.redirects !== undefined && target.ceilingPerSec !== null)
    problems.warnings.push(
      'redirects: each one that is followed is sent beside the planned rate, which is what the ceiling bounds',
    );
  const more = attemptsMax(plan);
  if (more > 1 && target.ceilingPerSec !== null)
    problems.warnings.push(
      `retries: while requests fail up to ${more} times the planned rate is sent; the ceiling bounds the planned rate alone`,
    );
  // What a window leaves of the peak is known once the plan is forecast.
  const over = overrides.window === undefined ? checkCeiling(target, ratePeakPerSec) : undefined;
  if (over !== undefined) problems.add(['target', 'ceiling'], over.message, over.hint);
}

/** A tenant that shows in no request, or a filter that cannot know tenants. */
function checkTenants(drafts: readonly Draft[], shown: boolean, problems: ProblemList): void {
  if (shown || problems.isSpoiled(['tenants'])) return;
  for (const { path, name, typed, kind } of drafts) {
    if (kind === 'recording' && looksAtTenant(typed.where)) {
      const hint = 'say it: tenants: { host: "{tenant}.shop.example" } or { path: "/s/{tenant}" }';
      problems.add([...path, 'where'], 'nothing says how a tenant shows in a request', hint);
    } else if (kind === 'rate' && typed.tenant !== undefined) {
      if (JSON.stringify([typed.requests, typed.flow, typed.login]).includes('{tenant}')) continue;
      problems.warnings.push(`stream ${name}: its tenant shows in no request; tenants: says how it would`);
    }
  }
}

/** Those that were recorded would be sent as arrivals, beside those that failures make now. */
function warnOfRecordedRetries(
  { retries, reloads }: TypedScenario,
  drafts: readonly Draft[],
  problems: ProblemList,
): void {
  if (retries === undefined && reloads === undefined) return;
  for (const { kind, name, typed } of drafts) {
    if (kind !== 'recording' || typed.fold === true) continue;
    problems.warnings.push(
      `stream ${name}: its recording may hold retries of its own; fold: true leaves those out`,
    );
  }
}

function warnOfUnused({ data, usedData }: Shared, problems: ProblemList): void {
  for (const name of data.keys()) {
    if (!usedData.has(name)) problems.warnings.push(`data: no stream uses {${name}}`);
  }
}

/** Headers of every request may be those of recordings, which have no data. */
function headerPlaceholders(): Placeholders {
  return new Placeholders(['seq', 'visitor'], {
    tenant: 'not every stream has a tenant; write it in its requests',
  });
}

function lanesFor(peakPerSec: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, peakPerSec / 4)));
  return Math.min(1024, Math.max(8, wanted));
}

function spot(key: 'seed' | 'speed' | 'timeout', overrides: Overrides): Spot {
  return overrides[key] === undefined ? [key] : { option: `--${key}` };
}
