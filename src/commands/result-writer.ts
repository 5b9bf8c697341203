// Writes a run's result as it goes: a line at a time, so that whatever ends the process leaves a valid prefix.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ResultLine, writeLine } from '../measure/result-file.js';
import { UserError } from '../problem.js';

/** An open result file. */
export class ResultWriter {
  readonly #descriptor: number;

  /** @throws UserError if the file cannot be written */
  constructor(file: string) {
    this.#descriptor = openResult(file);
  }

  write(line: ResultLine): void {
    writeSync(this.#descriptor, `${writeLine(line)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
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

function openResult(out: string): number {
  try {
    mkdirSync(dirname(out), { recursive: true });
    return openSync(out, 'w');
  } catch (error) {
    throw new UserError([
      {
        place: 'command line',
        path: '--out',
        message: `the result cannot be written to ${out} (${(error as NodeJS.ErrnoException).code})`,
        hint: 'name another file with --out',
      },
    ]);
  }
}
