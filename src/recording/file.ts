// One log file as batches of rows in start order: lines, format, stamps and order put together.
import type { Clients } from './clients.js';
import { type LineParser, UNREAD } from './formats/format.js';
import { type Detected, detectFormat, sampleOf } from './formats/index.js';
import { type Block, type FileReport, LINE_BYTES_MAX, readBlocks } from './lines.js';
import { type RowBudget, StartOrder, sortByStart } from './order.js';
import type { Row } from './row.js';
import { needsSpread, type StampRule, spread, stampRule } from './stamps.js';
import { Zone } from './zone.js';

/** Rows in a batch, at most. */
export const BATCH_ROWS = 1_024;
/** Lines shown for each reason for not being read. */
const EXAMPLES_MAX = 3;

export const TOO_LATE = 'too far out of time order';

/** A line that could not be read. */
export interface UnreadLine {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}

/** What is known of a file when it has been read. */
export interface FileSummary {
  readonly file: string;
  /** The format's name; null for an empty file. */
  format: string | null;
  lines: number;
  rows: number;
  readonly unread: Record<string, number>;
  /** The first lines of each reason. */
  readonly examples: UnreadLine[];
  stampModel: string | null;
  /** Step of the stamps, microseconds; whether there are stamps at all. */
  resolutionUs: number;
  timed: boolean;
  /** SHA-256 of the file's bytes, hex; null until it was read to its end. */
  digest: string | null;
  /** Why it could not be read to its end; null if it was. */
  cut: string | null;
}

/** What a file is read with; `index` is its place among the files. */
export interface FileOptions {
  readonly file: string;
  readonly index: number;
  readonly seed: number;
  readonly clients: Clients;
  readonly windowUs: number;
  readonly budget: RowBudget;
}

/** Reads one file. */
export class LogFile {
  readonly summary: FileSummary;
  /** The earliest stamp among the first lines, UTC microseconds; `peek` finds it. */
  firstStampUs = Number.NaN;
  private detected: Detected | undefined;

  constructor(private readonly options: FileOptions) {
    this.summary = {
      file: options.file,
      format: null,
      lines: 0,
      rows: 0,
      unread: {},
      examples: [],
      stampModel: null,
      resolutionUs: 1,
      timed: true,
      digest: null,
      cut: null,
    };
  }

  /**
   * Looks at the first lines: which format, from when. To be called once before `rows`.
   * @throws UserError when the file cannot be read or no format fits
   */
  async peek(): Promise<void> {
    for await (const block of readBlocks(this.options.file, { digest: null, cut: null })) {
      const sample = sampleOf(block.bytes, block.length);
      if (sample.lines.length === 0) continue;
      this.detected = detectFormat(this.options.file, sample, { zone: Zone.UTC, fields: null });
      const { reading } = this.detected;
      if (reading.kind !== 'lines') throw new Error('records are not read yet');
      const parser = reading.open(this.options.clients);
      for (const [from, to] of sample.lines) {
        const row = parser.parse(block.bytes, from, to);
        if (typeof row === 'string') continue;
        if (!(row.startUs >= this.firstStampUs)) this.firstStampUs = row.startUs;
      }
      return;
    }
  }

  /** The file's rows in start order, in batches; nothing for an empty file. */
  async *rows(): AsyncGenerator<Row[], void> {
    const { file, index, seed, clients } = this.options;
    const report: FileReport = { digest: null, cut: null };
    const reading = this.detected?.reading;
    const parser = reading?.kind === 'lines' ? reading.open(clients) : undefined;
    const full: Row[][] = [];
    let batch: Row[] = [];
    const sorter = this.sorter(
      stampRule(seed, index, reading?.stamp ?? 'start', reading?.resolutionUs ?? 1),
      (row) => {
        batch.push(row);
        if (batch.length === BATCH_ROWS) {
          full.push(batch);
          batch = [];
        }
      },
    );
    for await (const block of readBlocks(file, report)) {
      this.readBlock(block, parser, sorter.push);
      while (full.length > 0) yield full.shift()!;
    }
    sorter.end();
    while (full.length > 0) yield full.shift()!;
    if (batch.length > 0) yield batch;
    const late = sorter.tooLate();
    if (late > 0) {
      this.summary.unread[TOO_LATE] = late;
      this.summary.rows -= late;
    }
    this.summary.format = this.detected?.format.name ?? null;
    this.summary.stampModel = parser?.stampModel() ?? null;
    this.summary.resolutionUs = reading?.resolutionUs ?? 1;
    this.summary.timed = reading?.stamp !== 'none';
    this.summary.digest = report.digest;
    this.summary.cut = report.cut;
  }

  private readBlock(block: Block, parser: LineParser | undefined, push: (row: Row) => void): void {
    const { bytes, length } = block;
    const summary = this.summary;
    for (let from = 0; from < length; ) {
      const end = bytes.indexOf(10, from);
      const to = end > from && bytes[end - 1] === 13 ? end - 1 : end;
      summary.lines++;
      const row =
        to - from > LINE_BYTES_MAX
          ? UNREAD.tooLong
          : to === from || !parser
            ? UNREAD.blank
            : parser.parse(bytes, from, to);
      if (typeof row === 'string') this.countUnread(row);
      else {
        summary.rows++;
        push(row);
      }
      from = end + 1;
    }
  }

  private countUnread(reason: string): void {
    const { unread, examples, file, lines } = this.summary;
    const count = (unread[reason] ?? 0) + 1;
    unread[reason] = count;
    if (count <= EXAMPLES_MAX) examples.push({ file, line: lines, reason });
  }

  /**
   * Coarse stamps are collected by step and spread; where the end is stamped, the starts that follow from it are
   * then sorted once more, as a long request started before the short ones that ended before it.
   */
  private sorter(rule: StampRule, emit: (row: Row) => void) {
    const { windowUs, budget } = this.options;
    const sorted = new StartOrder(1e6, windowUs, budget, (rows) => {
      for (const row of sortByStart(rows)) emit(row);
    });
    if (!needsSpread(rule)) {
      const push = (row: Row) => {
        if (rule.end) row.startUs -= row.durationUs ?? 0;
        sorted.push(row);
      };
      return { push, end: () => sorted.end(), tooLate: () => sorted.tooLate };
    }
    const next = rule.end ? (row: Row) => sorted.push(row) : emit;
    const steps = new StartOrder(rule.resolutionUs, windowUs, budget, (rows, fromUs) => {
      spread(rows, fromUs, rule);
      for (const row of rows) next(row);
    });
    return {
      push: (row: Row) => steps.push(row),
      end: () => {
        steps.end();
        sorted.end();
      },
      tooLate: () => steps.tooLate + sorted.tooLate,
    };
  }
}
