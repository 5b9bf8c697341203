// A recording stream: its files surveyed, its cut as instants, its filter and its hosts.

import { resolve } from 'node:path';
import { UserError } from '../problem.js';
import type { ClientClass } from '../recording/row.js';
import type { RecordingSurvey, SurveyOptions, surveyRecording } from '../recording/survey.js';
import type { Where } from '../recording/where.js';
import type { InputFiles } from './inputs.js';
import { didYouMean } from './nearest.js';
import { CLONE_SHIFT_MAX_US, type RecordingInput, type RecordingStream } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { RouteTable } from './routes.js';
import type { TypedStream, TypedWhere } from './schema.js';
import { isInstant, readCut } from './sources.js';
import type { Target } from './target.js';

/** Reads recording files once, keeping no rows. */
export type SurveyFiles = typeof surveyRecording;

export interface ResolvedRecording {
  readonly stream: Omit<RecordingStream, 'name' | 'amplify' | 'writes' | 'ids' | 'pace'>;
  readonly input: RecordingInput;
  readonly survey: RecordingSurvey;
}

const CLIENTS: readonly ClientClass[] = ['person', 'bot', 'unknown'];

/** Resolves one recording stream; undefined if it is a problem. */
export async function readRecording(
  path: Path,
  typed: TypedStream,
  target: Target | undefined,
  seed: number,
  files: InputFiles,
  survey: SurveyFiles,
): Promise<ResolvedRecording | undefined> {
  const { problems } = files;
  const where = typed.where === undefined ? null : readWhere([...path, 'where'], typed.where, problems);
  const shown = await findAll(path, typed.recording, files);
  if (shown === undefined) return undefined;
  // A worker thread or a later command may run elsewhere.
  const paths = shown.map((file) => resolve(file));
  // With a pace, from and to cut the source of the times, and all rows are there to be taken.
  const cut = isPaced(typed)
    ? { fromUs: null, toUs: null }
    : await readCuts(path, typed, paths, seed, survey, problems);
  const found = cut && (await surveyed(paths, { seed, clientKey: String(seed), ...cut }, survey, problems));
  if (found === undefined || cut === undefined) return undefined;
  const digests: string[] = [];
  for (const [i, file] of shown.entries()) digests.push(await files.digest(file, found.digests[i]));
  for (const { file, why } of found.cuts)
    problems.warnings.push(`${file} could not be read to its end: ${why}`);
  const hosts = target?.hosts ?? (target?.loopback === false ? {} : 'as-recorded');
  if (target?.loopback === false && target.hosts === null && found.hosts.length > 0) {
    problems.warnings.push(
      `${shown.join(', ')}: rows name hosts and target.hosts maps none: these rows are dropped`,
    );
  }
  if (!found.timed) checkTimes(path, typed, problems);
  const { originUs, lastUs, lines, rows, unread, stampModel, resolutionUs, timed } = found;
  const span = { originUs, lastUs, lines, rows, unread, stampModel, resolutionUs, timed };
  return {
    stream: { kind: 'recording', digests, ...cut, where, hosts, fold: typed.fold ?? false },
    input: {
      kind: 'recording',
      files: paths,
      ...span,
      curve: null,
      ids: [],
      cloneShiftUs: CLONE_SHIFT_MAX_US,
    },
    survey: found,
  };
}

/** Whether a recording takes its times from a curve, stages or a spike. */
export function isPaced(typed: TypedStream): boolean {
  return typed.curve !== undefined || typed.stages !== undefined || typed.spike !== undefined;
}

/** What cannot be done with a recording that has no times. */
function checkTimes(path: Path, typed: TypedStream, problems: ProblemList): void {
  if (!isPaced(typed)) {
    const hint = 'say when: add stages, a curve or a spike to the stream';
    problems.add([...path, 'recording'], 'the recording has no times', hint);
  } else if (typed.fold === true) {
    const message = 'what is a retry cannot be told, as the recording has no times';
    problems.add([...path, 'fold'], message, 'leave it out', 'key');
  }
}

async function findAll(
  path: Path,
  typed: TypedStream['recording'],
  files: InputFiles,
): Promise<string[] | undefined> {
  const references = Array.isArray(typed) ? typed : [typed ?? ''];
  const found: string[] = [];
  for (const [i, reference] of references.entries()) {
    const at = Array.isArray(typed) ? [...path, 'recording', i] : [...path, 'recording'];
    const file = await files.find(reference, at);
    if (file === undefined) continue;
    if (found.includes(file)) files.problems.add(at, `${quote(reference)} is here twice`, 'keep one');
    else found.push(file);
  }
  return found.length === references.length ? found : undefined;
}

interface Cut {
  readonly fromUs: number | null;
  readonly toUs: number | null;
}

/** The cut as instants; offsets are from the first row, which takes a reading of its own to find. */
async function readCuts(
  path: Path,
  typed: TypedStream,
  files: readonly string[],
  seed: number,
  survey: SurveyFiles,
  problems: ProblemList,
): Promise<Cut | undefined> {
  const before = problems.count;
  const offsets = [typed.from, typed.to].some((text) => text !== undefined && !isInstant(text));
  const whole = offsets
    ? await surveyed(files, { seed, clientKey: String(seed) }, survey, problems)
    : undefined;
  if (offsets && whole === undefined) return undefined;
  const originUs = whole?.originUs ?? 0;
  const from = readCut([...path, 'from'], typed.from, originUs, problems);
  const to = readCut([...path, 'to'], typed.to, originUs, problems);
  const cut = { fromUs: from === null ? null : originUs + from, toUs: to === null ? null : originUs + to };
  if (cut.fromUs !== null && cut.toUs !== null && cut.fromUs >= cut.toUs) {
    problems.add(
      [...path, 'to'],
      'nothing is left between from and to',
      'to is from the start of the recording too',
    );
  }
  return problems.count > before ? undefined : cut;
}

/** Reports the names of routes in a filter that are none. */
export function checkWhereRoutes(path: Path, where: Where | null, routes: RouteTable): void {
  if (where === null) return;
  for (const name of where.route ?? []) if (!name.includes('*')) routes.check(name, [...path, 'route']);
  checkWhereRoutes([...path, 'not'], where.not ?? null, routes);
}

/** True if a filter looks at tenants. */
export function looksAtTenant(where: TypedWhere | undefined): boolean {
  return where?.tenant !== undefined || where?.not?.tenant !== undefined;
}

/** The survey; its own problems name the files. */
async function surveyed(
  files: readonly string[],
  options: SurveyOptions,
  survey: SurveyFiles,
  problems: ProblemList,
): Promise<RecordingSurvey | undefined> {
  try {
    return await survey(files, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const { place, message, hint } of error.problems) problems.addElsewhere(place, message, hint);
    return undefined;
  }
}

type TypedFilter = Omit<TypedWhere, 'not'>;

function readWhere(path: Path, typed: TypedWhere, problems: ProblemList): Where {
  const filter = readFilter(path, typed, problems);
  return typed.not === undefined
    ? filter
    : { ...filter, not: readFilter([...path, 'not'], typed.not, problems) };
}

function readFilter(path: Path, typed: TypedFilter, problems: ProblemList): Where {
  if (Object.values(typed).every((value) => value === undefined)) {
    problems.add(
      path,
      'is an empty filter',
      'name at least one of tenant, route, host, path, method, client',
    );
  }
  const { tenant, route, host, path: paths, method, client } = typed;
  for (const name of listOf(client)) {
    if (CLIENTS.some((known) => known === name)) continue;
    problems.add([...path, 'client'], `${quote(name)} is no kind of client`, didYouMean(name, CLIENTS));
  }
  return {
    ...(tenant !== undefined && { tenant: listOf(tenant) }),
    ...(route !== undefined && { route: listOf(route) }),
    ...(host !== undefined && { host: listOf(host) }),
    ...(paths !== undefined && { path: listOf(paths) }),
    ...(method !== undefined && { method: listOf(method).map((name) => name.toUpperCase()) }),
    ...(client !== undefined && { client: CLIENTS.filter((known) => listOf(client).includes(known)) }),
  };
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
