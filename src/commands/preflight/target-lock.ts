// One run at a target from one machine: each running process says in a small file whom it loads, and reads the others'.
//
// A file is written whole under another name and then renamed, first as `asking`, then as `running`. Two that ask at the
// same time: each has written before it reads, so at least one sees the other; the one that asked later gives way, and
// the one that asked first waits for what becomes of the other. So never do both run, and one of them does.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { overlap, type Shard } from '../../schedule/lanes.js';
import { isAlive, startOf } from './process-identity.js';

/** Whom a run loads, and which part of which plan it is. */
export interface Claim {
  /** Scheme, host and port. */
  readonly target: string;
  readonly scenario: string;
  readonly planId: string;
  readonly shard: Shard;
}

/** A run that is under way, or about to be. */
export interface Holder extends Claim {
  readonly pid: number;
  /** Which process of that number; null where that is not known. */
  readonly started: string | null;
  /** ISO instant. */
  readonly since: string;
  readonly state: 'asking' | 'running';
}

/** What came of asking: the lock, or who has it. */
export type Locking =
  | { readonly kind: 'held'; readonly lock: TargetLock }
  | { readonly kind: 'taken'; readonly by: Holder }
  /** No lock can be had here, and nothing is known of others. */
  | { readonly kind: 'unable'; readonly reason: string };

const FILE_BYTES_MAX = 4_096;
/** A folder with more is not of our making. */
const FILES_MAX = 1_000;
const SUFFIX = '.run';
const ASKED_AGAIN_MS = 20;
/** One that still asks after this long is taken as running. */
const ASKING_MAX_MS = 2_000;
/** A file that was never renamed after this long was left behind by a kill. */
const KILLED_MS = 60_000;

const holder = z.object({
  pid: z.int().positive(),
  started: z.string().nullable(),
  since: z.string().max(40),
  state: z.enum(['asking', 'running']),
  target: z.string().max(1_000),
  scenario: z.string().max(1_000),
  planId: z.string().max(100),
  shard: z.object({ i: z.int().min(0), n: z.int().positive() }),
});

/** Whether two runs may not go on at the same time: one target, unless they are disjoint shards of one plan. */
export function conflict(a: Claim, b: Claim): boolean {
  return a.target === b.target && (a.planId !== b.planId || overlap(a.shard, b.shard));
}

/** A folder of this user's own: `$XDG_RUNTIME_DIR/flashcrowd`, else one beside temporary files. */
export function lockFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_RUNTIME_DIR: runtime } = env;
  const user = process.getuid?.() ?? 'user';
  return runtime === undefined || runtime === ''
    ? join(tmpdir(), `flashcrowd-${user}`, 'runs')
    : join(runtime, 'flashcrowd', 'runs');
}

/** A lock that is held until it is released or its process ends. */
export class TargetLock {
  readonly #release = () => rmSync(this.file, { force: true });

  constructor(private readonly file: string) {
    process.once('exit', this.#release);
  }

  /** Lets others have the target; more than once does nothing. */
  release(): void {
    process.off('exit', this.#release);
    this.#release();
  }
}

/** What asking needs of the system; tests put their own. */
export interface Processes {
  readonly pid: number;
  readonly started: string | null;
  readonly isAlive: (pid: number, started: string | null) => boolean;
  readonly now: () => Date;
}

export function thisProcess(): Processes {
  return { pid: process.pid, started: startOf(process.pid), isAlive, now: () => new Date() };
}

/**
 * Asks for a target.
 * @param force takes it although others have it
 */
export async function lockTarget(
  folder: string,
  claim: Claim,
  force: boolean,
  processes: Processes,
): Promise<Locking> {
  const { pid, started } = processes;
  const asking: Holder = {
    pid,
    started,
    since: processes.now().toISOString(),
    state: 'asking',
    ...shortened(claim),
  };
  const file = join(folder, `${pid}${SUFFIX}`);
  try {
    ownFolder(folder);
    write(file, asking);
    const by = force ? undefined : await whoHas(folder, asking, processes);
    if (by !== undefined) {
      rmSync(file, { force: true });
      return { kind: 'taken', by };
    }
    write(file, { ...asking, state: 'running' });
    return { kind: 'held', lock: new TargetLock(file) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined && !(error instanceof FolderError)) throw error;
    return { kind: 'unable', reason: `${folder}: ${error instanceof FolderError ? message : code}` };
  }
}

/** Who has the target already; undefined if nobody has. */
async function whoHas(folder: string, asking: Holder, processes: Processes): Promise<Holder | undefined> {
  for (let waitedMs = 0; ; waitedMs += ASKED_AGAIN_MS) {
    const others = othersIn(folder, processes).filter((other) => conflict(other, asking));
    const winner = others.find((other) => other.state === 'running' || isBefore(other, asking));
    const [undecided] = others;
    if (winner !== undefined || undecided === undefined) return winner;
    if (waitedMs >= ASKING_MAX_MS) return undecided;
    await sleep(ASKED_AGAIN_MS);
  }
}

function isBefore(a: Holder, b: Holder): boolean {
  return a.since === b.since ? a.pid < b.pid : a.since < b.since;
}

/** The other runs of this user; files of processes that are gone are removed. */
function othersIn(folder: string, processes: Processes): Holder[] {
  return readdirSync(folder)
    .slice(0, FILES_MAX)
    .flatMap((name): Holder[] => {
      const file = join(folder, name);
      if (!name.endsWith(SUFFIX)) {
        const stat = lstatSync(file, { throwIfNoEntry: false });
        if (stat !== undefined && processes.now().getTime() - stat.mtimeMs > KILLED_MS)
          rmSync(file, { force: true });
        return [];
      }
      const other = read(file);
      if (other === undefined || other.pid === processes.pid) return [];
      if (processes.isAlive(other.pid, other.started)) return [other];
      rmSync(file, { force: true });
      return [];
    });
}

/** The folder cannot be trusted; `message` says why. */
class FolderError extends Error {}

/** Makes the folder, and sees that nobody else could have put files there. */
function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const uid = process.getuid?.();
  if (uid === undefined) return;
  for (const each of [join(folder, '..'), folder]) {
    const stat = lstatSync(each);
    if (!stat.isDirectory()) throw new FolderError('not a folder');
    if (stat.uid !== uid) throw new FolderError('belongs to another user');
    if ((stat.mode & 0o022) !== 0) throw new FolderError('others may write there');
  }
}

function write(file: string, content: Holder): void {
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  writeFileSync(partial, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
  renameSync(partial, file);
}

/** What a file says; undefined for what is no file of ours. */
function read(file: string): Holder | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return undefined;
    const buffer = Buffer.alloc(FILE_BYTES_MAX + 1);
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    if (length > FILE_BYTES_MAX) return undefined;
    return holder.parse(JSON.parse(buffer.toString('utf8', 0, length)));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Names as long as a file may hold. */
function shortened({ target, scenario, planId, shard }: Claim): Claim {
  return { target: target.slice(0, 1_000), scenario: scenario.slice(0, 200), planId, shard };
}
