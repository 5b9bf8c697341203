// Reads result files back, one or several shards of one run, line by line.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { brokenConservation } from '../judge/conservation.js';
import { ResultFormatError } from '../measure/line-codec.js';
import { MergeError, mergeAll } from '../measure/merge.js';
import { absorbLine, type ResultLine, readLine } from '../measure/result-file.js';
import { emptySnapshot, type Snapshot } from '../measure/snapshot.js';
import { UserError } from '../problem.js';
import { formatCount } from '../units.js';

/** A run that was killed may have left half a line at the end: it is told, not refused. */
export interface ReadResult {
  readonly snapshot: Snapshot;
  readonly warnings: readonly string[];
}

/**
 * Reads result files and merges them if they are several: each must then be sound by itself, as one that is not need
 * not show in the sum.
 * @throws UserError naming file and line
 */
export async function readResults(files: readonly string[]): Promise<ReadResult> {
  const warnings: string[] = [];
  const snapshots: Snapshot[] = [];
  for (const file of files) {
    const snapshot = await readSnapshot(file, warnings);
    if (files.length > 1) refuseBroken(file, snapshot);
    snapshots.push(snapshot);
  }
  try {
    return { snapshot: mergeAll(snapshots), warnings };
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    throw new UserError([{ place: files.join(', '), path: '', message: error.message }]);
  }
}

/**
 * Refuses a result whose counts contradict each other.
 * @throws UserError naming the file and the first contradiction
 */
export function refuseBroken(file: string, snapshot: Snapshot): void {
  const [first, ...more] = brokenConservation(snapshot);
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, and ${formatCount(more.length)} more`;
  throw wrong(
    file,
    `the counts contradict each other: ${first}${others}`,
    'it was changed or cut, or this is a defect of flashcrowd: flashcrowd report tells what is left of it',
  );
}

async function readSnapshot(file: string, warnings: string[]): Promise<Snapshot> {
  let snapshot: Snapshot | undefined;
  for await (const line of resultLines(file, warnings)) {
    if (line.kind === 'head') {
      if (snapshot !== undefined)
        throw wrong(file, 'a second head line: merge results with flashcrowd merge');
      snapshot = emptySnapshot(line.head);
    } else if (snapshot === undefined) {
      throw wrong(`${file}:1`, 'the first line is not a head line', 'is this a result of flashcrowd run?');
    } else {
      absorbLine(snapshot, line);
    }
  }
  if (snapshot === undefined) throw wrong(file, 'the file is empty', 'is this a result of flashcrowd run?');
  return snapshot;
}

/** The lines of a result file; a broken last line, as a killed run leaves it, is left out and told. */
export async function* resultLines(file: string, warnings: string[]): AsyncGenerator<ResultLine> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  let broken: ResultFormatError | undefined;
  try {
    for await (const text of lines) {
      if (text === '') continue;
      if (broken !== undefined)
        throw wrong(`${file}:${number}`, broken.message, 'is this a result of flashcrowd run?');
      number++;
      try {
        yield readLine(text);
      } catch (error) {
        if (!(error instanceof ResultFormatError)) throw error;
        broken = error;
      }
    }
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw wrong(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (broken === undefined) return;
  if (number === 1) throw wrong(`${file}:1`, broken.message, 'is this a result of flashcrowd run?');
  warnings.push(`${file}: the last line is cut off and left out`);
}

function wrong(place: string, message: string, hint?: string): UserError {
  return new UserError([{ place, path: '', message, ...(hint !== undefined && { hint }) }]);
}
