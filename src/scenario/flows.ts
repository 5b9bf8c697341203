// Visits with a memory: the steps of a flow and of a login, and which placeholders each of them can use.
import { readCaptures } from './captures.js';
import type { InputFiles, UsersFile } from './inputs.js';
import type { Flow, FlowStep, Login, Users } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import { readRequest } from './requests.js';
import type { RouteTable } from './routes.js';
import { checkWrites } from './safety.js';
import type { TypedLogin, TypedStep } from './schema-requests.js';
import { readDuration, type Visits } from './settings.js';
import { Placeholders, type SecretStore, USER } from './templates.js';

/** Steps that a flow, or a login, may have. */
export const STEPS_MAX = 100;

/** What reading steps needs of the scenario. */
export interface StepContext {
  readonly routes: RouteTable;
  readonly files: InputFiles;
  readonly secrets: SecretStore;
  readonly writes: readonly string[];
  readonly visits: Visits;
  /** Placeholders that have data. */
  readonly data: readonly string[];
}

/** The placeholders that a request may use, and why not others. */
export interface Scope {
  readonly known: readonly string[];
  readonly missing: Readonly<Record<string, string>>;
}

/** A stream's login, and what the requests behind it may use of it. */
export interface ReadLogin {
  readonly login: Login;
  /** The file's columns; those that no request uses are left out by `usersOf`. */
  readonly file: UsersFile;
  /** What requests behind the login may use beside what they can anyway. */
  readonly scope: Scope;
  readonly used: ReadonlySet<string>;
}

/** Resolves a login; undefined if it is a problem. */
export async function readLogin(
  path: Path,
  typed: TypedLogin,
  scope: Scope,
  context: StepContext,
): Promise<ReadLogin | undefined> {
  const { files } = context;
  const { problems } = files;
  const share = readShare([...path, 'share'], typed.share, problems);
  if (typed.users === undefined)
    problems.add(path, 'expected users, the CSV of those who log in', 'add users: users.csv');
  if (typed.steps === undefined)
    problems.add(path, 'expected steps, the requests that log in', 'add steps: [{ post: /login, ... }]');
  const file = typed.users === undefined ? undefined : await files.users(typed.users, [...path, 'users']);
  if (file === undefined || typed.steps === undefined || share === undefined) return undefined;
  const columns = [...file.columns.keys()].map((column) => USER + column);
  const own = { ...scope, known: [...scope.known, ...columns] };
  const read = readSteps([...path, 'steps'], typed.steps, own, context);
  const gained = [...columns, ...read.captured];
  const reason = 'not every visitor logs in; use it in login.steps, or write share: 100%';
  return {
    login: { digest: file.digest, share, steps: read.steps },
    file,
    scope:
      share === 1
        ? { known: gained, missing: {} }
        : { known: [], missing: Object.fromEntries(gained.map((name) => [name, reason])) },
    used: read.used,
  };
}

/** The columns of the users that requests use; reports empty cells in them, not what stands in others. */
export function usersOf(
  path: Path,
  { columns, count }: UsersFile,
  used: ReadonlySet<string>,
  problems: ProblemList,
): Users {
  const wanted = [...columns].filter(([column]) => used.has(USER + column));
  for (const [column, values] of wanted) {
    const empty = values.indexOf('');
    if (empty >= 0) problems.add(path, `user ${empty + 1} of the file has no ${column}`, 'fill it in');
  }
  if (wanted.length === 0) problems.warnings.push('login: no step uses a column of its users');
  return { count, columns: Object.fromEntries(wanted) };
}

/** Resolves a flow. */
export function readFlow(
  path: Path,
  typed: readonly TypedStep[],
  dependent: boolean,
  scope: Scope,
  context: StepContext,
): { flow: Flow; used: ReadonlySet<string> } {
  const { steps, used } = readSteps(path, typed, scope, context);
  return { flow: { steps, dependent }, used };
}

function readSteps(path: Path, typed: readonly TypedStep[], scope: Scope, context: StepContext) {
  const { routes, secrets, writes, data, visits } = context;
  const { problems } = secrets;
  if (typed.length > STEPS_MAX) problems.add(path, `more than ${STEPS_MAX} steps`, 'make it several streams');
  const captured = new Set<string>();
  const used = new Set<string>();
  const steps = typed.flatMap((step, i): FlowStep[] => {
    const at = [...path, i];
    const placeholders = new Placeholders([...scope.known, ...captured], {
      ...capturedLater(typed.slice(i), captured),
      ...scope.missing,
    });
    const read = readRequest(at, step, routes, placeholders, secrets);
    const captures = readCaptures([...at, 'capture'], step.capture, data, problems);
    for (const { name } of captures) captured.add(name);
    for (const name of placeholders.used) used.add(name);
    const thinkUs =
      step.think === undefined ? undefined : readDuration([...at, 'think'], step.think, problems);
    if (read === undefined) return [];
    const { weight: _, ...request } = read;
    return [{ ...request, thinkUs: thinkUs ?? visits.thinkUs, captures }];
  });
  checkWrites(path, steps, routes.names, writes, problems);
  return { steps, captured: [...captured], used };
}

/** Why a step cannot use what only it or a later one captures. */
function capturedLater(steps: readonly TypedStep[], captured: ReadonlySet<string>): Record<string, string> {
  const names = steps.flatMap(({ capture }) => Object.keys(capture ?? {}));
  const later = names.filter((name) => !captured.has(name));
  return Object.fromEntries(later.map((name) => [name, 'no step before this one captures it']));
}

function readShare(
  path: Path,
  typed: string | number | undefined,
  problems: ProblemList,
): number | undefined {
  if (typed === undefined) return 1;
  const percent = /^\s*(\d{1,3}(?:\.\d{1,6})?)\s*%\s*$/.exec(String(typed));
  const share = percent === null ? Number(typed) : Number(percent[1]) / 100;
  if (share > 0 && share <= 1 && (percent !== null || typeof typed === 'number')) return share;
  problems.add(path, `${quote(String(typed))} is not a share above 0% and at most 100%`, 'write 30%');
  return undefined;
}
