// `flashcrowd init`: drafts a scenario from a recording, or a spike from nothing.
import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../problem.js';
import type { Audit } from '../recording/audit/audit.js';
import { draftScenario, draftSpike } from '../scenario/draft.js';
import { UnitError } from '../units.js';
import type { Terminal } from './terminal.js';

export interface InitOptions {
  /** Recordings: logs, HARs, captures. None for a spike. */
  readonly files: readonly string[];
  /** `5x` or `300/s`; for a spike from nothing. */
  readonly spike?: string;
  readonly target?: string;
  /** The scenario file; standard output unless given. */
  readonly out?: string;
  /** Whether a file that is there is written over. */
  readonly force: boolean;
}

/** Reads recordings to their end and audits them. @throws UserError for what cannot be read */
export type AuditFiles = (files: readonly string[]) => Promise<Audit>;

/**
 * Writes the draft.
 * @throws UserError for bad usage, and for a file that is there or cannot be written
 */
export async function initCommand(
  options: InitOptions,
  auditOf: AuditFiles,
  terminal: Terminal,
): Promise<ExitCode> {
  const text = await draft(options, auditOf);
  const { out } = options;
  if (out === undefined) {
    terminal.out(text);
    return ExitCode.passed;
  }
  await write(out, text, options.force);
  terminal.err(`${out} written; see what it would send: flashcrowd plan ${out}\n`);
  return ExitCode.passed;
}

async function draft({ files, spike, target, out }: InitOptions, auditOf: AuditFiles): Promise<string> {
  const at = target === undefined ? {} : { target };
  const [first] = files;
  if (first !== undefined && spike !== undefined) {
    throw usage(
      'a recording and --spike are both here',
      'draft from one of them; streams can be added by hand',
    );
  }
  if (target !== undefined && !URL.canParse(target)) {
    throw usage(`--target: "${target}" is not a URL`, 'write such as http://127.0.0.1:8080');
  }
  if (spike !== undefined) return spiked(spike.trim(), at);
  if (first === undefined) {
    throw usage(
      'nothing to draft from',
      'name a recording, or write --spike 5x --target http://127.0.0.1:8080',
    );
  }
  const audit = await auditOf(files);
  const folder = out === undefined ? '.' : dirname(out);
  return draftScenario(audit, {
    recordings: files.map((file) => relative(resolve(folder), resolve(file))),
    ...at,
  });
}

function spiked(peak: string, at: { readonly target?: string }): string {
  try {
    return draftSpike({ peak, ...at });
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    throw usage(`--spike: ${error.message}`, 'write 5x, a multiple of normal, or a rate such as 300/s');
  }
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const there = code === 'EEXIST';
    const message = there ? 'is there already' : `cannot be written (${code})`;
    const hint = there
      ? 'name another file, or pass --force to write over it'
      : 'check the folder and its permissions';
    throw new UserError([{ place: file, path: '', message, hint }]);
  }
}

function usage(message: string, hint: string): UserError {
  return new UserError([{ place: 'command line', path: '', message, hint }]);
}
