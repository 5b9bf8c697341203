// The visits of a rate stream: a mix or a flow, and a login before it.
import { readFlow, readLogin, type Scope, usersOf } from './flows.js';
import type { RateStream, Users } from './plan.js';
import type { ProblemList } from './problems.js';
import { readRequests } from './requests.js';
import { checkWrites } from './safety.js';
import { readVisits } from './settings.js';
import type { Draft, Shared } from './streams.js';
import { Placeholders } from './templates.js';

/** What a stream's visitors send: a mix or a flow, and a login before it. */
export interface ReadVisit {
  readonly parts: Pick<RateStream, 'requests' | 'visits' | 'flow' | 'login'>;
  readonly users: Users | undefined;
  readonly used: ReadonlySet<string>;
  /** False if the login is missing for a problem that was reported. */
  readonly complete: boolean;
}

/** Resolves what a stream's visitors send. */
export async function readVisit(
  draft: Draft,
  scope: Scope,
  data: readonly string[],
  shared: Shared,
): Promise<ReadVisit> {
  const { path, typed } = draft;
  const { routes, secrets, writes } = shared;
  const { problems } = secrets;
  const context = { ...shared, data };
  const at = [...path, 'login'];
  const login = typed.login === undefined ? undefined : await readLogin(at, typed.login, scope, context);
  const behind: Scope = {
    known: [...scope.known, ...(login?.scope.known ?? [])],
    missing: { ...scope.missing, ...login?.scope.missing },
  };
  const used = new Set(login?.used);
  const complete = typed.login === undefined || login !== undefined;
  let parts: ReadVisit['parts'];
  if (typed.flow === undefined) {
    if (typed.dependent !== undefined)
      problems.add([...path, 'dependent'], 'only the steps of a flow depend on each other', undefined, 'key');
    const placeholders = new Placeholders(behind.known, behind.missing);
    const requests = readRequests([...path, 'requests'], typed.requests, routes, placeholders, secrets);
    checkWrites([...path, 'requests'], requests, routes.names, writes, problems);
    for (const name of placeholders.used) used.add(name);
    parts = { requests, visits: readVisits([...path, 'visits'], typed.visits, shared.visits, problems) };
  } else {
    refuseBesideFlow(draft, problems);
    const read = readFlow([...path, 'flow'], typed.flow, typed.dependent ?? true, behind, context);
    for (const name of read.used) used.add(name);
    parts = { requests: [], visits: { requests: read.flow.steps.length, thinkUs: 0 }, flow: read.flow };
  }
  warnOfUnusedCaptures(draft, used, problems);
  if (login === undefined) return { parts, users: undefined, used, complete };
  const users = usersOf([...at, 'users'], login.file, used, problems);
  return { parts: { ...parts, login: login.login }, users, used, complete };
}

function refuseBesideFlow({ path, typed }: Draft, problems: ProblemList): void {
  if (typed.requests !== undefined)
    problems.add([...path, 'requests'], 'requests and flow are both here', 'keep one of them', 'key');
  if (typed.visits !== undefined) {
    const hint = 'write think: in its steps; visits at the top of the file says the default';
    problems.add([...path, 'visits'], 'the flow says how many requests a visit has', hint, 'key');
  }
}

function warnOfUnusedCaptures(
  { name, typed }: Draft,
  used: ReadonlySet<string>,
  problems: ProblemList,
): void {
  for (const { capture } of [...(typed.login?.steps ?? []), ...(typed.flow ?? [])]) {
    for (const captured of Object.keys(capture ?? {})) {
      if (!used.has(captured)) problems.warnings.push(`stream ${name}: no request uses {${captured}}`);
    }
  }
}
