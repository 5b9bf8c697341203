// Reads a recording of one or several log files as rows in start order, in one pass and with bounded memory.
import { Clients } from './clients.js';
import { BATCH_ROWS, type FileSummary, LogFile, TOO_LATE, type UnreadLine } from './file.js';
import type { Row } from './row.js';

/** What to read, and how. */
export interface ReadOptions {
  /** Paths of the files, in the order of the plan; order decides ties in time. */
  readonly files: readonly string[];
  /** Decides the offsets inside coarse stamps. */
  readonly seed: number;
  /** Decides the clients' names; derive it from the seed. */
  readonly clientKey: string;
  /** How far out of time order a line may be, microseconds; 5 minutes unless given. */
  readonly windowUs?: number;
  /** Rows that may wait to be put in order, in all; half a million (some 100 MB) unless given. */
  readonly maxRows?: number;
}

/** What was read; complete when the rows have been read to their end. */
export interface ReadSummary {
  readonly lines: number;
  readonly rows: number;
  /** Lines that are no row, by reason: lines = rows + their sum. */
  readonly unread: Readonly<Record<string, number>>;
  /** The first few lines of each reason. */
  readonly examples: readonly UnreadLine[];
  /** Starts of the first and last row, UTC microseconds; null without rows. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
  /** How starts were rebuilt, in words; one sentence for each kind of file. */
  readonly stampModel: string;
  readonly files: readonly FileSummary[];
}

const WINDOW_US = 300e6;
const MAX_ROWS = 500_000;
const EXAMPLES_MAX = 3;

/** Reads log files, plain or gzip, of any size. @throws UserError while iterating, for a file that cannot be read */
export function readRecording(options: ReadOptions): RecordingReader {
  return new RecordingReader(options);
}

interface Open {
  readonly index: number;
  readonly rows: AsyncGenerator<Row[], void>;
  batch: Row[];
  at: number;
}

/** Rows in start order, in batches of at most 1,024; to be iterated once. */
export class RecordingReader implements AsyncIterable<Row[]> {
  private readonly files: LogFile[];
  private readonly windowUs: number;
  private firstUs: number | null = null;
  private lastUs: number | null = null;
  private tooLate = 0;

  constructor(options: ReadOptions) {
    const { files, seed, clientKey, windowUs = WINDOW_US, maxRows = MAX_ROWS } = options;
    const clients = new Clients(clientKey);
    const budget = { used: 0, max: maxRows };
    this.windowUs = windowUs;
    this.files = files.map((file, index) => new LogFile({ file, index, seed, clients, windowUs, budget }));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row[], void> {
    for (const file of this.files) await file.peek();
    const only = this.files.length === 1 ? this.files[0] : undefined;
    for await (const batch of only ? only.rows() : this.merged()) {
      this.firstUs ??= batch[0]!.startUs;
      this.lastUs = batch[batch.length - 1]!.startUs;
      yield batch;
    }
  }

  /** What was read so far. */
  get summary(): ReadSummary {
    const unread: Record<string, number> = {};
    const examples: UnreadLine[] = [];
    const models = new Set<string>();
    const shown = new Map<string, number>();
    let lines = 0;
    let rows = -this.tooLate;
    for (const { summary } of this.files) {
      lines += summary.lines;
      rows += summary.rows;
      if (summary.stampModel !== null) models.add(summary.stampModel);
      for (const [reason, count] of Object.entries(summary.unread))
        unread[reason] = (unread[reason] ?? 0) + count;
      for (const example of summary.examples) {
        const n = (shown.get(example.reason) ?? 0) + 1;
        shown.set(example.reason, n);
        if (n <= EXAMPLES_MAX) examples.push(example);
      }
    }
    if (this.tooLate > 0) unread[TOO_LATE] = (unread[TOO_LATE] ?? 0) + this.tooLate;
    const { firstUs, lastUs } = this;
    const files = this.files.map((file) => file.summary);
    return { lines, rows, unread, examples, firstUs, lastUs, stampModel: [...models].join('; '), files };
  }

  /**
   * Merges the files by start. A file is opened only when the merge comes near its first line, so that thirty
   * rotated days need no more memory than one.
   */
  private async *merged(): AsyncGenerator<Row[], void> {
    const waiting = this.files
      .map((file, index) => ({ file, index, fromUs: file.firstStampUs }))
      .sort((a, b) => orZero(a.fromUs) - orZero(b.fromUs) || a.index - b.index);
    const open: Open[] = [];
    let out: Row[] = [];
    let floorUs = Number.NEGATIVE_INFINITY;
    for (;;) {
      while (waiting.length > 0) {
        const nearUs = minHead(open) + 2 * this.windowUs;
        if (open.length > 0 && orZero(waiting[0]!.fromUs) > nearUs) break;
        const { file, index } = waiting.shift()!;
        const next: Open = { index, rows: file.rows(), batch: [], at: 0 };
        if (await advance(next)) open.push(next);
      }
      if (open.length === 0) break;
      const { first, untilUs } = pick(open);
      const batch = first.batch;
      // A batch may span days: not beyond where the next file has to be opened.
      const limitUs =
        waiting.length > 0 ? Math.min(untilUs, orZero(waiting[0]!.fromUs) - this.windowUs) : untilUs;
      while (first.at < batch.length && batch[first.at]!.startUs < limitUs) {
        const row = batch[first.at++]!;
        if (row.startUs < floorUs) this.tooLate++;
        else {
          floorUs = row.startUs;
          out.push(row);
          if (out.length === BATCH_ROWS) {
            yield out;
            out = [];
          }
        }
      }
      if (first.at === batch.length && !(await advance(first))) open.splice(open.indexOf(first), 1);
    }
    if (out.length > 0) yield out;
  }
}

/** A file without a stamp among its first lines is opened at once. */
function orZero(us: number): number {
  return Number.isNaN(us) ? 0 : us;
}

function minHead(open: readonly Open[]): number {
  let us = Number.POSITIVE_INFINITY;
  for (const { batch, at } of open) us = Math.min(us, batch[at]!.startUs);
  return us;
}

/** The file with the earliest row (on a tie the first given), and up to when it stays the one. */
function pick(open: readonly Open[]): { first: Open; untilUs: number } {
  let first = open[0]!;
  for (const one of open) {
    const us = one.batch[one.at]!.startUs - first.batch[first.at]!.startUs;
    if (us < 0 || (us === 0 && one.index < first.index)) first = one;
  }
  let untilUs = Number.POSITIVE_INFINITY;
  for (const one of open) {
    if (one === first) continue;
    // A tie goes to the file given first: one more microsecond for it, as starts are whole.
    const us = one.batch[one.at]!.startUs + (first.index < one.index ? 1 : 0);
    untilUs = Math.min(untilUs, us);
  }
  return { first, untilUs };
}

async function advance(open: Open): Promise<boolean> {
  const next = await open.rows.next();
  open.batch = next.done ? [] : next.value;
  open.at = 0;
  return !next.done;
}
