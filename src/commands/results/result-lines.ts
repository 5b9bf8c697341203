// Reads the lines of a result file, bounded and in order; what is wrong with one is told with file and line.
import { createReadStream } from 'node:fs';
import { Committed } from '../../measure/committed.js';
import { isTorn, JournalReader } from '../../measure/journal.js';
import { ResultFormatError } from '../../measure/line-codec.js';
import type { ResultLine } from '../../measure/result-file.js';
import type { Head } from '../../measure/snapshot.js';
import { UserError } from '../../problem.js';
import { planId } from '../../scenario/plan-id.js';
import { formatCount } from '../../units.js';
import { VERSION } from '../../version.js';

/** Bytes of a line at most: a plan with its routes is the longest by far. */
const LINE_MAX = 64 * 1024 * 1024;
const HINT = 'is this a result of flashcrowd run, as it was written?';

/** A result being read: its head, and the lines after it that count (`committed.ts`). */
export interface OpenedResult {
  readonly head: Head;
  readonly lines: AsyncGenerator<ResultLine, void>;
}

/**
 * Opens a result file and reads its head.
 * @param warnings takes what was left out: what a run was writing when it was killed
 * @throws UserError naming file and line; also from `lines`
 */
export async function openResult(file: string, warnings: string[]): Promise<OpenedResult> {
  const lines = journalLines(file, warnings);
  const first = await lines.next();
  if (first.done === true || first.value.kind !== 'head') throw wrong(file, 'the file is empty', HINT);
  const { head } = first.value;
  refuseStranger(file, head);
  return { head, lines: committedLines(file, lines, warnings) };
}

async function* committedLines(
  file: string,
  lines: AsyncIterable<ResultLine>,
  warnings: string[],
): AsyncGenerator<ResultLine, void> {
  const committed = new Committed();
  try {
    for await (const line of lines) yield* committed.take(line);
  } catch (error) {
    throw error instanceof ResultFormatError ? wrong(file, error.message, HINT) : error;
  }
  if (committed.waiting > 0)
    warnings.push(
      `${file}: ends within a second, which is left out (${formatCount(committed.waiting)} lines)`,
    );
}

/** Every line, in order and found whole; a last one that was cut short, as a killed run leaves it, is left out. */
async function* journalLines(file: string, warnings: string[]): AsyncGenerator<ResultLine, void> {
  const reader = new JournalReader();
  let number = 0;
  for await (const { bytes, ended } of rawLines(file)) {
    number++;
    try {
      yield reader.next(bytes);
    } catch (error) {
      if (!(error instanceof ResultFormatError)) throw error;
      if (ended || number === 1 || !isTorn(bytes))
        throw wrong(`${file}:${number}`, error.message, error.hint ?? HINT);
      warnings.push(`${file}: the last line is cut off and left out`);
    }
  }
}

/** Lines of bytes, without their newlines; only the last may have had none. */
async function* rawLines(file: string): AsyncGenerator<{ bytes: Buffer; ended: boolean }, void> {
  let parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
        yield { bytes: Buffer.concat([...parts, chunk.subarray(from, at)]), ended: true };
        parts = [];
        length = 0;
        from = at + 1;
      }
      parts.push(chunk.subarray(from));
      length += chunk.length - from;
      if (length > LINE_MAX) throw wrong(file, `a line of more than ${formatCount(LINE_MAX)} bytes`, HINT);
    }
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw wrong(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (length > 0) yield { bytes: Buffer.concat(parts), ended: false };
}

/** Refuses a head that a newer version wrote, or whose plan is not the one that it names. */
function refuseStranger(file: string, head: Head): void {
  if (isNewer(head.version, VERSION))
    throw wrong(
      `${file}:1`,
      `written by flashcrowd ${head.version}, which is newer than this one (${VERSION})`,
      `update flashcrowd to ${head.version}`,
    );
  if (planId(head.plan) !== head.planId)
    throw wrong(
      `${file}:1`,
      'the plan in it is not the one that its planId names',
      'the head was changed: run again',
    );
}

/** Whether a version is above another, by its three numbers. */
function isNewer(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(/[-+]/)[0]?.split('.').map(Number) ?? []);
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function wrong(place: string, message: string, hint?: string): UserError {
  return new UserError([{ place, path: '', message, ...(hint !== undefined && { hint }) }]);
}
