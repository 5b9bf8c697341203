// Opens what a scenario names as its recording: a recording as it is, anything else imported once into a cache.
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../problem.js';
import type { Audit } from './audit/audit.js';
import { userCacheFolder } from './cache-folder.js';
import { importRecording, type RecordingFacts } from './import.js';
import { isRecording, openRecording } from './parquet/recording-file.js';
import { compileRules, type ReadRules } from './read/rules.js';
import { digestOf } from './read/sources.js';

/** A recording that can be replayed. */
export interface OpenedRecording {
  /** The Parquet file. */
  readonly file: string;
  /** SHA-256 of each file that was named, hex, in their order. */
  readonly digests: readonly string[];
  readonly audit: Audit;
  /** Of the Parquet file, as long as it is what was opened here. */
  readonly fingerprint: string;
  readonly firstUs: number;
  readonly lastUs: number;
}

/** Changes when the same logs become other rows than before; a cache made before is then not used. */
const IMPORT_VERSION = 2;
/** Recordings kept in the cache; the ones not used for longest go first. */
const KEPT_MAX = 24;
/** A file that is still unfinished after a day was left behind by a kill. */
const KILLED_MS = 86_400e3;
/** Offsets inside coarse stamps are facts of a recording, not draws of a plan: one seed for all. */
export const IMPORT_SEED = 1;

/**
 * Opens the recording of some files.
 * @param cache the folder of recordings made before; it need not exist
 * @throws UserError for what cannot be read, and when no row comes of it
 */
export async function openRecordings(
  files: readonly string[],
  rules: ReadRules,
  cache: string,
): Promise<OpenedRecording> {
  const compiled = compileRules(rules);
  const before = await Promise.all(files.map(stateOf));
  const digests: string[] = [];
  for (const file of files) digests.push(await digestOf(file));
  const [only] = files;
  const isOne = files.length === 1 && only !== undefined && (await isRecording(only));
  const recording = isOne
    ? await opened(only, digests)
    : await imported(files, rules, compiled, digests, cache);
  await refuseChanged(files, before);
  return recording;
}

/** A recording of logs, out of the cache or made for it. */
async function imported(
  files: readonly string[],
  rules: ReadRules,
  compiled: ReturnType<typeof compileRules>,
  digests: readonly string[],
  cache: string,
): Promise<OpenedRecording> {
  const made = createHash('sha256')
    .update(JSON.stringify({ version: IMPORT_VERSION, digests, rules: canonical(rules) }))
    .digest('hex');
  const folder = await usable(cache);
  const file = join(folder, `${made.slice(0, 32)}.parquet`);
  const kept = (await exists(file)) ? await stillSound(file, digests) : undefined;
  if (kept !== undefined) return kept;
  // Clients are named by what only the logs' holder knows, so that every machine that has them names them alike.
  const clientKey = createHash('sha256')
    .update(`clients\0${digests.join('\0')}`)
    .digest('hex');
  await importRecording({ files, rules: compiled, seed: IMPORT_SEED, clientKey }, file);
  await prune(folder);
  return opened(file, digests);
}

/** Where recordings are kept: the user's cache folder. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(userCacheFolder(env), 'recordings');
}

async function opened(file: string, digests: readonly string[]): Promise<OpenedRecording> {
  const recording = await openRecording(file);
  await recording.close();
  const { metadata, fingerprint, firstUs, lastUs } = recording;
  const { audit } = JSON.parse(metadata) as RecordingFacts;
  if (firstUs === null || lastUs === null)
    throw new UserError([{ place: file, path: '', message: 'holds no row' }]);
  return { file, digests, audit, fingerprint, firstUs, lastUs };
}

/** What was made before, unless it has been damaged since: then it is made anew. */
async function stillSound(file: string, digests: readonly string[]): Promise<OpenedRecording | undefined> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
  try {
    return await opened(file, digests);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return undefined;
  }
}

/** What changes when somebody writes to a file; empty where nothing can be told. */
async function stateOf(file: string): Promise<string> {
  return stat(file).then(
    ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
    () => '',
  );
}

/** A log that grows under its reader has rows that its digest does not know of. */
async function refuseChanged(files: readonly string[], before: readonly string[]): Promise<void> {
  const after = await Promise.all(files.map(stateOf));
  const problems = files.flatMap((place, i) =>
    after[i] === before[i]
      ? []
      : [
          {
            place,
            path: '',
            message: 'changed while it was read',
            hint: 'Copy it first, and name the copy.',
          },
        ],
  );
  if (problems.length > 0) throw new UserError(problems);
}

/** The cache folder, private to the user; a temporary one where it cannot be written. */
async function usable(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, 2);
    return folder;
  } catch {
    const other = join(tmpdir(), `flashcrowd-${process.getuid?.() ?? 'user'}`);
    await mkdir(other, { recursive: true, mode: 0o700 });
    return other;
  }
}

/** Keeps the recordings used last, and no unfinished file of an import that was killed long ago. */
async function prune(folder: string): Promise<void> {
  const used = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const at = await stat(join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { name, at };
    }),
  );
  used.sort((a, b) => b.at - a.at);
  const whole = used.filter(({ name }) => name.endsWith('.parquet'));
  const killed = used.filter(({ name, at }) => name.endsWith('.partial') && at < Date.now() - KILLED_MS);
  for (const { name } of [...whole.slice(KEPT_MAX), ...killed]) await rm(join(folder, name), { force: true });
}

/** The rules with their keys in order. */
function canonical(rules: ReadRules): ReadRules {
  return Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
