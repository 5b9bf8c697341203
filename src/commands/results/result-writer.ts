// Writes a run's result as it goes: a line at a time, so that whatever ends the process leaves a valid prefix.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { JournalWriter } from '../../measure/journal.js';
import { absorbLine, type ResultLine } from '../../measure/result-file.js';
import type { End, Snapshot } from '../../measure/snapshot.js';
import { UserError } from '../../problem.js';

/** The file functions of a writer; a write may take less than it was given. */
export interface ResultFiles {
  readonly open: (file: string) => number;
  readonly write: (descriptor: number, bytes: Uint8Array) => number;
  readonly close: (descriptor: number) => void;
}

const DISK: ResultFiles = {
  open: (file) => {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'w');
  },
  write: writeSync,
  close: closeSync,
};

/** Why and where a result file ends before its run does. */
export interface Lost {
  /** As the system calls it: ENOSPC for a full disk. */
  readonly code: string;
  /** Every window before this second is in the file. */
  readonly closedS: number;
}

/** An open result file. */
export class ResultWriter {
  readonly #files: ResultFiles;
  readonly #descriptor: number;
  readonly #journal = new JournalWriter();
  #closedS = 0;
  #lost: Lost | null = null;

  /** @throws UserError if the file cannot be opened */
  constructor(file: string, files: ResultFiles = DISK) {
    this.#files = files;
    try {
      this.#descriptor = files.open(file);
    } catch (error) {
      throw cannotBeWritten(file, codeOf(error));
    }
  }

  /** Set once something could not be written: from then on nothing more is, as lines after a gap say nothing. */
  get lost(): Lost | null {
    return this.#lost;
  }

  write(line: ResultLine): void {
    if (this.#lost !== null) return;
    const bytes = Buffer.from(this.#journal.next(line));
    try {
      for (let from = 0; from < bytes.length; ) {
        const written = this.#files.write(this.#descriptor, bytes.subarray(from));
        if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
        from += written;
      }
    } catch (error) {
      this.#lost = { code: codeOf(error), closedS: this.#closedS };
      return;
    }
    if (line.kind === 'closed') this.#closedS = line.closed.closedS;
  }

  /** Some file systems tell only now that they had no room. */
  close(): void {
    try {
      this.#files.close(this.#descriptor);
    } catch (error) {
      this.#lost ??= { code: codeOf(error), closedS: this.#closedS };
    }
  }
}

/**
 * Ends a result, in its file and in memory; where the file ends before, the run in memory ends as `result_lost`.
 * @returns why and where the file ends, if before its end
 */
export function endResult(writer: ResultWriter, snapshot: Snapshot, end: End): Lost | null {
  writer.write({ kind: 'end', end });
  writer.close();
  const { lost } = writer;
  const isLost = lost !== null && end.reason !== 'worker_failed';
  absorbLine(snapshot, { kind: 'end', end: isLost ? { ...end, reason: 'result_lost' } : end });
  return lost;
}

/** `out/SCENARIO-TIME.ndjson` */
export function defaultOut(name: string, now: Date): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `out/${slug || 'run'}-${stamp}.ndjson`;
}

export function cannotBeWritten(out: string, code: string): UserError {
  return new UserError([
    {
      place: 'command line',
      path: '--out',
      message: `the result cannot be written to ${out} (${code})`,
      hint: 'name another file with --out',
    },
  ]);
}

/** @throws whatever is no failure of the file system: that is a defect of ours */
function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code;
}
