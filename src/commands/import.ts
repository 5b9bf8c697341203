// `flashcrowd import`: logs, HARs and captures become one recording, with an audit of what it holds and lacks.
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../problem.js';
import { readInstant } from '../recording/fields/instants.js';
import { Interrupted, importRecording } from '../recording/import.js';
import { IMPORT_SEED } from '../recording/library.js';
import { beginsAsParquet } from '../recording/parquet/parquet.js';
import { compileRules, type ReadRules } from '../recording/read/rules.js';
import { findFiles, STANDARD_INPUT } from '../recording/read/sources.js';
import type { Zone } from '../recording/read/zone.js';
import { parseWhere } from '../recording/where.js';
import { auditJson, auditText } from '../report/audit.js';
import { paintFor } from '../report/paint.js';
import { formatBytes, formatCount } from '../units.js';
import type { Terminal } from './terminal.js';

export interface ImportOptions {
  readonly rules: ReadRules;
  /** The recording to write; not needed where the audit is all that is asked for. */
  readonly out?: string;
  /** Print the audit and write nothing. */
  readonly audit: boolean;
  readonly json: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly where: readonly string[];
  /** A file whose content decides the clients' names; made if it is not there. */
  readonly keyFile?: string;
}

/**
 * Imports.
 * @throws UserError for bad input; nothing is written then
 */
export async function importCommand(
  names: readonly string[],
  options: ImportOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (options.out === undefined && !options.audit) {
    throw wrong('--out', 'the recording has no name', 'name it: -o night.parquet; or look only: --audit');
  }
  const rules = compileRules(options.rules);
  const where = parseWhere(options.where);
  if (typeof where === 'string') throw wrong('--where', where);
  const zone = rules.options.zone;
  const fromUs = readCut('--from', options.from, zone);
  const toUs = readCut('--to', options.to, zone);
  const files = await findFiles(names);
  const out = options.audit ? null : (options.out ?? null);
  if (out !== null) await refuseToReplace(out, files);
  const clientKey = await readKey(options.keyFile);

  const stop = new AbortController();
  let code: ExitCode = ExitCode.interrupted;
  const onInt = () => {
    stop.abort();
    // A pipe may be silent for good: nothing more is waited for.
    if (files.includes(STANDARD_INPUT)) process.stdin.destroy();
  };
  const onTerm = () => {
    code = ExitCode.terminated;
    onInt();
  };
  process.once('SIGINT', onInt).once('SIGTERM', onTerm);
  const progress = showLines(terminal);
  try {
    const audit = await importRecording(
      { files, rules, seed: IMPORT_SEED, clientKey, fromUs, toUs, where },
      out,
      { signal: stop.signal, progress: progress.show },
    );
    progress.end();
    terminal.out(
      options.json ? auditJson(audit) : auditText(audit, terminal.columns(), paintFor(terminal.colour)),
    );
    if (out !== null) {
      const { size } = await stat(out);
      terminal.err(`recording: ${out} (${formatCount(audit.rows)} requests, ${formatBytes(size)})\n`);
    }
    return ExitCode.passed;
  } catch (error) {
    progress.end();
    if (!(error instanceof Interrupted)) throw error;
    terminal.err('interrupted: no recording was written\n');
    return code;
  } finally {
    process.off('SIGINT', onInt).off('SIGTERM', onTerm);
  }
}

/**
 * A recording that is there is made anew. What is not one, or is itself imported, is not replaced: `-o *.log` would
 * take the first log for the name of the recording.
 */
async function refuseToReplace(out: string, files: readonly string[]): Promise<void> {
  const there = await stat(out).catch(() => null);
  if (there === null) return;
  const hint = 'give the recording a name of its own: -o night.parquet';
  for (const file of files) {
    const { dev, ino } = (await stat(file).catch(() => null)) ?? { dev: -1, ino: -1 };
    if (dev === there.dev && ino === there.ino)
      throw wrong('--out', `${out} is one of the files to import`, hint);
  }
  if (there.isDirectory()) throw wrong('--out', `${out} is a directory`, hint);
  if (there.isFile() && (there.size === 0 || (await beginsAsParquet(out)))) return;
  throw wrong('--out', `${out} is there already and is no recording`, hint);
}

/** An instant; in the log's zone where it names none. */
function readCut(option: string, text: string | undefined, zone: Zone): number | null {
  if (text === undefined) return null;
  const us = readInstant(text.length === 10 ? `${text}T00:00:00` : text, zone.fresh());
  if (!Number.isNaN(us)) return us;
  throw wrong(
    option,
    `"${text}" is not an instant`,
    'write 2025-11-28T17:26:00Z, or without the Z for --zone',
  );
}

/** A key of this import alone, unless a file holds one: then clients have the same names in all imports with it. */
async function readKey(file: string | undefined): Promise<string> {
  if (file === undefined) return randomBytes(32).toString('hex');
  try {
    await writeFile(file, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw wrong('--key-file', `${file} cannot be written (${code})`);
  }
  try {
    const key = await readFile(file);
    if (key.length < 16)
      throw wrong('--key-file', `${file} holds fewer than 16 bytes`, 'openssl rand -hex 32');
    return createHash('sha256').update(key).digest('hex');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw wrong('--key-file', `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** How far reading has come, drawn over on a terminal; nothing elsewhere. */
function showLines(terminal: Terminal) {
  let nextMs = 0;
  let shown = false;
  return {
    show: (lines: number, atUs: number | null) => {
      const now = performance.now();
      if (!terminal.interactive || now < nextMs) return;
      nextMs = now + 250;
      shown = true;
      const at = atUs === null ? '' : `, at ${new Date(atUs / 1e3).toISOString().slice(0, 19)}Z`;
      terminal.draw(`\r\x1b[K${formatCount(lines)} lines read${at}`);
    },
    end: () => {
      if (shown) terminal.draw('\r\x1b[K');
      shown = false;
    },
  };
}

function wrong(path: string, message: string, hint?: string): UserError {
  return new UserError([{ place: 'command line', path, message, ...(hint !== undefined && { hint }) }]);
}
