// A recording stream: its files opened as one recording, its cut as instants, its filter and its hosts.

import { resolve } from 'node:path';
import { UserError } from '../problem.js';
import type { Audit } from '../recording/audit/audit.js';
import type { OpenedRecording } from '../recording/library.js';
import type { ReadRules } from '../recording/read/rules.js';
import type { ClientClass } from '../recording/row.js';
import type { Where } from '../recording/where.js';
import type { InputFiles } from './inputs.js';
import { didYouMean } from './nearest.js';
import { CLONE_SHIFT_MAX_US, type RecordingInput, type RecordingStream } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { RouteTable } from './routes.js';
import type { TypedStream, TypedWhere } from './schema.js';
import { readCut } from './sources.js';
import type { Target } from './target.js';

/** Opens the recording of some files, importing them if need be. */
export type OpenRecordings = (files: readonly string[], rules: ReadRules) => Promise<OpenedRecording>;

export interface ResolvedRecording {
  readonly stream: Omit<RecordingStream, 'name' | 'amplify' | 'writes' | 'ids' | 'pace'>;
  readonly input: RecordingInput;
  readonly audit: Audit;
}

const CLIENTS: readonly ClientClass[] = ['person', 'bot', 'unknown'];

/** Resolves one recording stream; undefined if it is a problem. */
export async function readRecording(
  path: Path,
  typed: TypedStream,
  target: Target | undefined,
  files: InputFiles,
  open: OpenRecordings,
): Promise<ResolvedRecording | undefined> {
  const { problems } = files;
  const where = typed.where === undefined ? null : readWhere([...path, 'where'], typed.where, problems);
  const { references, rules } = readTyped(typed.recording);
  const shown = await findAll([...path, 'recording'], references, files);
  if (shown === undefined) return undefined;
  // A worker thread or a later command may run elsewhere.
  const found = await opened(
    shown.map((file) => resolve(file)),
    rules,
    open,
    problems,
  );
  if (found === undefined) return undefined;
  // With a pace, from and to cut the source of the times, and all rows are there to be taken.
  const cut = isPaced(typed) ? { fromUs: null, toUs: null } : readCuts(path, typed, found, problems);
  if (cut === undefined) return undefined;
  for (const [i, file] of shown.entries()) await files.digest(file, found.digests[i]);
  const { audit, digests } = found;
  for (const { file, cut: why } of audit.files) {
    if (why !== null) problems.warnings.push(`${file} could not be read to its end: ${why}`);
  }
  const hosts = target?.hosts ?? (target?.loopback === false ? {} : 'as-recorded');
  if (target?.loopback === false && target.hosts === null && Object.keys(audit.hosts).length > 0) {
    problems.warnings.push(
      `${shown.join(', ')}: rows name hosts and target.hosts maps none: these rows are dropped`,
    );
  }
  if (!audit.timed) checkTimes(path, typed, problems);
  return {
    stream: { kind: 'recording', digests, read: rules, ...cut, where, hosts, fold: typed.fold ?? false },
    input: {
      kind: 'recording',
      file: found.file,
      fingerprint: found.fingerprint,
      span: cut,
      originUs: cut.fromUs ?? found.firstUs,
      lines: audit.lines,
      rows: audit.rows,
      unread: { ...audit.dropped, ...audit.setApart },
      stampModel: `${audit.stamp.model}; ${audit.stamp.uncertainty}`,
      resolutionUs: audit.stamp.resolutionUs,
      timed: audit.timed,
      curve: null,
      ids: [],
      cloneShiftUs: CLONE_SHIFT_MAX_US,
    },
    audit,
  };
}

/** What a stream names as its recording: files, and how to understand them. */
function readTyped(typed: TypedStream['recording']): { references: string[]; rules: ReadRules } {
  if (typed === undefined || typeof typed === 'string') return { references: [typed ?? ''], rules: {} };
  if (Array.isArray(typed)) return { references: typed, rules: {} };
  const { files, fields, ...rest } = typed;
  const named = Object.entries(fields ?? {}).map(([of, name]) => `${of}=${name}`);
  const rules = { ...rest, ...(named.length > 0 && { fields: named.sort() }) };
  return {
    references: listOf(files),
    rules: Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined)),
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
  references: readonly string[],
  files: InputFiles,
): Promise<string[] | undefined> {
  const found: string[] = [];
  let complete = true;
  for (const [i, reference] of references.entries()) {
    const at = references.length > 1 ? [...path, i] : path;
    const matches = await files.findMatching(reference, at);
    complete &&= matches.length > 0;
    for (const file of matches) {
      if (found.includes(file)) files.problems.add(at, `${quote(reference)} is here twice`, 'keep one');
      else found.push(file);
    }
  }
  return complete ? found : undefined;
}

interface Cut {
  readonly fromUs: number | null;
  readonly toUs: number | null;
}

/** The cut as instants; offsets are from the first row. */
function readCuts(
  path: Path,
  typed: TypedStream,
  { firstUs, lastUs, audit }: OpenedRecording,
  problems: ProblemList,
): Cut | undefined {
  const before = problems.count;
  const from = readCut([...path, 'from'], typed.from, firstUs, problems);
  const to = readCut([...path, 'to'], typed.to, firstUs, problems);
  const cut = { fromUs: from === null ? null : firstUs + from, toUs: to === null ? null : firstUs + to };
  if (problems.count > before) return undefined;
  if (cut.fromUs !== null && cut.toUs !== null && cut.fromUs >= cut.toUs) {
    problems.add(
      [...path, 'to'],
      'nothing is left between from and to',
      'to is from the start of the recording too',
    );
  } else if ((cut.fromUs ?? firstUs) > lastUs || (cut.toUs ?? lastUs + 1) <= firstUs) {
    const key = cut.toUs !== null && cut.toUs <= firstUs ? 'to' : 'from';
    const span = `they start from ${instant(firstUs)} to ${instant(lastUs)}`;
    problems.add([...path, key], `none of its ${audit.rows} requests is between from and to`, span);
  }
  return problems.count > before ? undefined : cut;
}

function instant(us: number): string {
  return new Date(us / 1e3).toISOString();
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

/** The recording; its own problems name the files. */
async function opened(
  files: readonly string[],
  rules: ReadRules,
  open: OpenRecordings,
  problems: ProblemList,
): Promise<OpenedRecording | undefined> {
  try {
    return await open(files, rules);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const { place, path, message, hint } of error.problems) {
      problems.addElsewhere(place, path === '' ? message : `${path}: ${message}`, hint);
    }
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
