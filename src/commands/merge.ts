// `flashcrowd merge`: results of the shards of one run become one result file, window by window.
import { renameSync, rmSync } from 'node:fs';
import { ExitCode } from '../exit-codes.js';
import { addCells, type Cell } from '../measure/cell.js';
import { MergeError, mergeHeads } from '../measure/merge.js';
import type { ResultLine } from '../measure/result-file.js';
import type { Head } from '../measure/snapshot.js';
import { UserError } from '../problem.js';
import { openResult } from './results/result-lines.js';
import { cannotBeWritten, ResultWriter } from './results/result-writer.js';
import { readResults } from './results/results.js';
import { refuseBroken } from './results/sound.js';
import { type Terminal, warn } from './terminal.js';

/**
 * Merges result files into one, after looking at each whether its counts add up, and so at the sum afterwards. Files
 * hold their windows in ascending order, so they are read side by side and at most one window of each is in memory.
 * @throws UserError if they are not disjoint shards of one run or one of them is not sound; nothing is written then
 */
export async function mergeCommand(
  files: readonly string[],
  out: string,
  terminal: Terminal,
): Promise<ExitCode> {
  const warnings: string[] = [];
  const sources: Source[] = [];
  for (const file of files) sources.push(await openSource(file, warnings));
  const head = headOfAll(sources);
  for (const file of files) refuseBroken(file, (await readResults([file])).snapshot);
  const unfinished = `${out}.${process.pid}.tmp`;
  const writer = new ResultWriter(unfinished);
  try {
    writer.write({ kind: 'head', head });
    await writeWindows(sources, writer);
    writer.close();
    if (writer.lost !== null) throw cannotBeWritten(out, writer.lost.code);
    refuseBroken(out, (await readResults([unfinished])).snapshot);
    renameSync(unfinished, out);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  for (const warning of warnings) warn(terminal, warning);
  terminal.err(`merged ${files.length} results into ${out}\n`);
  return ExitCode.passed;
}

/** Writes each window's cells, and after them all other lines that were read on the way there. */
async function writeWindows(sources: readonly Source[], writer: ResultWriter): Promise<void> {
  let others: ResultLine[] = [];
  const hold = (line: ResultLine) => others.push(line);
  const flush = () => {
    for (const line of others) writer.write(line);
    others = [];
  };
  for (;;) {
    for (const source of sources) await source.passTo(hold);
    flush();
    const windowS = Math.min(...sources.map(({ cell }) => cell?.windowS ?? Number.POSITIVE_INFINITY));
    if (windowS === Number.POSITIVE_INFINITY) break;
    for (const cell of await takeWindow(sources, windowS, hold)) writer.write({ kind: 'cell', cell });
    flush();
  }
}

/** A result file being read: the next cell, with all other lines passed on at once. */
interface Source {
  readonly file: string;
  readonly head: Head;
  cell: Cell | undefined;
  /** Reads on to the next cell, if there is none at hand. */
  passTo(take: (line: ResultLine) => void): Promise<void>;
}

async function openSource(file: string, warnings: string[]): Promise<Source> {
  const { head, lines } = await openResult(file, warnings);
  let ended = false;
  const source: Source = {
    file,
    head,
    cell: undefined,
    async passTo(take) {
      while (source.cell === undefined && !ended) {
        const next = await lines.next();
        if (next.done === true) ended = true;
        else if (next.value.kind === 'cell') source.cell = next.value.cell;
        else take(next.value);
      }
    },
  };
  return source;
}

function headOfAll(sources: readonly Source[]): Head {
  const [first, ...rest] = sources;
  if (first === undefined)
    throw new UserError([{ place: 'command line', path: '', message: 'no result files to merge' }]);
  return rest.reduce((head, source) => {
    try {
      return mergeHeads(head, source.head);
    } catch (error) {
      if (!(error instanceof MergeError)) throw error;
      throw new UserError([{ place: source.file, path: '', message: error.message }]);
    }
  }, first.head);
}

/** Every source's cells of a window, added up by stream and route. */
async function takeWindow(
  sources: readonly Source[],
  windowS: number,
  take: (line: ResultLine) => void,
): Promise<Iterable<Cell>> {
  const cells = new Map<string, Cell>();
  for (const source of sources) {
    while (source.cell?.windowS === windowS) {
      const cell = source.cell;
      const key = `${cell.stream}/${cell.route}`;
      const known = cells.get(key);
      if (known === undefined) cells.set(key, cell);
      else addCells(known, cell);
      source.cell = undefined;
      await source.passTo(take);
    }
  }
  return cells.values();
}
