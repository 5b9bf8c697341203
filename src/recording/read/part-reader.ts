// One log as batches of rows in start order: format, stamps, secrets, filter and order put together.
import type { Vantage } from '../formats/format.js';
import {
  isSetApart,
  type LineParser,
  type Reading,
  type RecordCounter,
  SET_APART,
  type StampKind,
  UNREAD,
} from '../formats/format.js';
import { type Detected, detectFormat, sampleOf } from '../formats/index.js';
import { type ForeignParquet, openForeign } from '../parquet/parquet-foreign.js';
import type { Row } from '../row.js';
import type { Redactor } from '../secrets/redact.js';
import type { RowFilter } from '../where.js';
import type { Clients } from './clients.js';
import { ClockJumps } from './clock-jumps.js';
import { type Block, hasByteOrderMark, LINE_BYTES_MAX, readBlocks, readSample } from './lines.js';
import type { RowBudget } from './order.js';
import type { CompiledRules } from './rules.js';
import { sortOnDisk } from './sort.js';
import type { Part, PartReport } from './sources.js';
import { stampRule, stepOf } from './stamps.js';
import { startTimes } from './start-times.js';
import { prepend } from './unpack.js';
import type { Zone } from './zone.js';

/** Rows in a batch, at most. */
export const BATCH_ROWS = 1_024;
/** Lines shown for each reason for being dropped. */
const EXAMPLES_MAX = 3;
/** What takes longer is no request for a page: a long poll, a stream, a download. */
const LONG_POLL_US = 300e6;

/** A line that could not be read. */
export interface DroppedLine {
  readonly file: string;
  /** Counted from 1; of a file that is no lines, the number of the record. */
  readonly line: number;
  readonly reason: string;
}

/** What is known of a part when it has been read. lines = parsed + Σ dropped; parsed = rows + Σ setApart. */
export interface PartSummary {
  readonly file: string;
  /** The format's id; null for an empty file. */
  format: string | null;
  /** Lines, or records where the format is none of lines. */
  lines: number;
  /** Lines understood as a request. */
  parsed: number;
  rows: number;
  /** Lines not understood, by reason, and the first of each. */
  readonly dropped: Record<string, number>;
  readonly examples: DroppedLine[];
  /** Requests that are not made rows, by reason. */
  readonly setApart: Record<string, number>;
  /** What stamps mark, and in what steps, microseconds. */
  stamp: StampKind;
  resolutionUs: number;
  /** How starts were rebuilt, in words; null without lines. */
  stampModel: string | null;
  /** SHA-256 of the file's bytes, hex; null until it was read to its end. */
  digest: string | null;
  /** Why it could not be read to its end; null if it was. */
  cut: string | null;
}

/** What all parts of one import share. */
export interface ReadContext {
  readonly rules: CompiledRules;
  readonly seed: number;
  readonly clients: Clients;
  readonly redactor: Redactor;
  readonly where: RowFilter | null;
  readonly windowUs: number;
  readonly budget: RowBudget;
  /** Hears of each request that is set apart. */
  readonly setApart: (row: Row, reason: string) => void;
}

/** Reads one part. */
export class PartReader {
  readonly summary: PartSummary;
  /** The earliest stamp among the first lines, UTC microseconds; `peek` finds it. NaN where it is not known. */
  firstStampUs = Number.NaN;
  readonly jumps = new ClockJumps();
  private readonly report: PartReport = { digest: null, cut: null };
  private readonly zone: Zone;
  private detected: Detected | undefined;
  private foreign: ForeignParquet | undefined;
  /** What can be opened only once is kept open from the first look on. */
  private kept: AsyncGenerator<Buffer, void> | undefined;

  /** @param index the part's place among the parts: decides the offsets inside its stamps' steps */
  constructor(
    private readonly part: Part,
    private readonly index: number,
    private readonly context: ReadContext,
  ) {
    this.zone = context.rules.options.zone.fresh();
    this.summary = {
      file: part.name,
      format: null,
      lines: 0,
      parsed: 0,
      rows: 0,
      dropped: {},
      examples: [],
      setApart: {},
      stamp: 'start',
      resolutionUs: 1,
      stampModel: null,
      digest: null,
      cut: null,
    };
  }

  /** Where the part was written; null for an empty one. */
  get vantage(): Vantage | null {
    if (this.foreign !== undefined) return 'origin';
    return this.detected?.format.vantage ?? null;
  }

  /**
   * Looks at the first bytes: which format, from when. To be called once before `rows`.
   * @throws UserError when the part cannot be read or no format fits
   */
  async peek(): Promise<void> {
    if (this.part.kind === 'parquet') await this.peekParquet();
    else await this.peekBytes();
  }

  private async peekParquet(): Promise<void> {
    const { options, stamp } = this.context.rules;
    this.foreign = await openForeign(this.part.name, { ...options, zone: this.zone });
    this.summary.format = 'parquet';
    this.summary.stamp = stamp ?? this.foreign.stamp;
    this.summary.resolutionUs = this.foreign.resolutionUs;
  }

  private async peekBytes(): Promise<void> {
    const chunks = this.part.open(this.report);
    const { bytes, length } = await readSample(chunks);
    if (this.part.file === null) this.kept = prepend(bytes, chunks);
    else await chunks.return();
    const skipped = hasByteOrderMark(bytes) ? 3 : 0;
    const sample = sampleOf(bytes.subarray(skipped), length - skipped);
    if (sample.lines.length === 0) return;
    const { formats, options } = this.context.rules;
    this.detected = detectFormat(this.part.name, sample, { ...options, zone: this.zone }, formats);
    const { reading } = this.detected;
    const stampsUs: number[] = [];
    if (reading.kind === 'lines') {
      const parser = reading.open(this.context.clients);
      for (const [from, to] of sample.lines) {
        const row = to - from > LINE_BYTES_MAX ? '' : parser.parse(sample.bytes, from, to);
        if (typeof row === 'string') continue;
        stampsUs.push(row.startUs);
        if (!(row.startUs >= this.firstStampUs)) this.firstStampUs = row.startUs;
      }
    }
    this.summary.format = this.detected.format.id;
    this.summary.stamp = this.context.rules.stamp ?? reading.stamp;
    this.summary.resolutionUs = stepOf(stampsUs, reading.resolutionUs);
  }

  /** The part's rows in start order, in batches; nothing for an empty part. */
  async *rows(): AsyncGenerator<Row[], void> {
    if (this.foreign !== undefined) {
      yield* this.parquetRows(this.foreign);
      return;
    }
    const chunks = this.kept ?? this.part.open(this.report);
    const reading = this.detected?.reading;
    this.zone.reset();
    const parser = reading?.kind === 'lines' ? reading.open(this.context.clients) : undefined;
    const read =
      reading?.kind === 'records'
        ? this.readRecords((counter) => reading.read(chunks, this.context.clients, counter))
        : this.readLines(parser, chunks);
    yield* this.inOrder(this.context.rules.sort ? sortOnDisk(read) : read);
    this.summary.stampModel = this.stampModel(reading, parser);
    this.summary.digest = this.report.digest;
    this.summary.cut ??= this.report.cut;
  }

  private async *parquetRows(foreign: ForeignParquet): AsyncGenerator<Row[], void> {
    const read = this.readRecords((counter) => foreign.read(this.context.clients, counter));
    yield* this.inOrder(this.context.rules.sort ? sortOnDisk(read) : read);
    await foreign.close();
    // Parquet is read in places; the digest stands for the whole file.
    for await (const _ of this.part.open(this.report));
    this.summary.stampModel = this.modelWith(foreign.stampModel(), foreign.resolutionUs);
    this.summary.digest = this.report.digest;
  }

  private async *readLines(
    parser: LineParser | undefined,
    chunks: AsyncGenerator<Buffer, void>,
  ): AsyncGenerator<Row[], void> {
    for await (const block of readBlocks(chunks)) {
      const rows = this.readBlock(block, parser);
      if (rows.length > 0) yield rows;
    }
  }

  private readBlock(block: Block, parser: LineParser | undefined): Row[] {
    const { bytes, length } = block;
    const rows: Row[] = [];
    for (let from = 0; from < length; ) {
      const end = bytes.indexOf(10, from);
      const to = end > from && bytes[end - 1] === 13 ? end - 1 : end;
      this.summary.lines++;
      const row =
        to - from > LINE_BYTES_MAX
          ? UNREAD.tooLong
          : to === from || !parser
            ? UNREAD.blank
            : parser.parse(bytes, from, to);
      if (typeof row === 'string') this.count(row);
      else this.admit(row, rows);
      from = end + 1;
    }
    return rows;
  }

  private async *readRecords(
    read: (counter: RecordCounter) => AsyncIterable<Row[]>,
  ): AsyncGenerator<Row[], void> {
    const counter = {
      seen: () => {
        this.summary.lines++;
      },
      unread: (reason: string) => this.count(reason),
      cut: (why: string) => {
        this.summary.cut = why;
      },
    };
    for await (const batch of read(counter)) {
      const rows: Row[] = [];
      for (const row of batch) this.admit(row, rows);
      if (rows.length > 0) yield rows;
    }
  }

  /** Takes a request into the rows, without its secrets, or sets it apart. */
  private admit(row: Row, into: Row[]): void {
    this.summary.parsed++;
    this.jumps.add(row.startUs, this.summary.lines);
    const reason =
      row.status === 101
        ? SET_APART.upgrade
        : (row.durationUs ?? 0) > LONG_POLL_US
          ? SET_APART.longPoll
          : this.context.where !== null && !this.context.where.takes(row, '', null)
            ? SET_APART.where
            : '';
    if (reason !== '') {
      this.setApart(row, reason);
      return;
    }
    this.context.redactor.apply(row);
    this.summary.rows++;
    into.push(row);
  }

  private setApart(row: Row, reason: string): void {
    this.summary.setApart[reason] = (this.summary.setApart[reason] ?? 0) + 1;
    this.context.setApart(row, reason);
  }

  /** A row that was taken in and then found to be too late for its place. */
  private tooLate(row: Row): void {
    this.summary.rows--;
    this.setApart(row, SET_APART.tooLate);
  }

  private count(reason: string): void {
    const { dropped, setApart, examples, file, lines } = this.summary;
    if (isSetApart(reason)) {
      this.summary.parsed++;
      setApart[reason] = (setApart[reason] ?? 0) + 1;
      return;
    }
    const count = (dropped[reason] ?? 0) + 1;
    dropped[reason] = count;
    if (count <= EXAMPLES_MAX) examples.push({ file, line: lines, reason });
  }

  private async *inOrder(read: AsyncIterable<Row[]>): AsyncGenerator<Row[], void> {
    const full: Row[][] = [];
    let batch: Row[] = [];
    const { stamp, resolutionUs } = this.summary;
    const { windowUs, budget } = this.context;
    const rule = stampRule(this.context.seed, this.index, stamp, resolutionUs);
    const late = (row: Row) => this.tooLate(row);
    const sorter = startTimes(rule, { windowUs, budget, late }, (row) => {
      batch.push(row);
      if (batch.length === BATCH_ROWS) {
        full.push(batch);
        batch = [];
      }
    });
    for await (const rows of read) {
      for (const row of rows) sorter.push(row);
      yield* full.splice(0);
    }
    sorter.end();
    yield* full;
    if (batch.length > 0) yield batch;
  }

  private stampModel(reading: Reading | undefined, parser: LineParser | undefined): string | null {
    if (reading === undefined || this.detected === undefined) return null;
    const own = parser?.stampModel() ?? `${this.detected.format.name}: ${MARKS[reading.stamp]}`;
    return this.modelWith(own, reading.resolutionUs);
  }

  /** What was done to stamps; how uncertain that leaves starts, the audit says. */
  private modelWith(own: string, nominalUs: number): string {
    const { resolutionUs, stamp } = this.summary;
    if (stamp === 'none') return own;
    const { rules } = this.context;
    const said = rules.stamp === null ? own : `${own}; stamps are taken for the ${rules.stamp}, as was asked`;
    const steps = `stamps come in steps of ${resolutionUs / 1e6} s, over which starts are spread`;
    const step = resolutionUs > nominalUs ? `; ${steps}` : '';
    const zone =
      this.zone.ambiguous > 0 ? '; the hour that came twice was told apart by the order of lines' : '';
    return `${said}${step}${zone}`;
  }
}

const MARKS: Readonly<Record<StampKind, string>> = {
  start: 'stamps mark the start',
  end: 'stamps mark the end, and starts are moved back by the duration',
  unknown: 'stamps are taken for the start',
  none: 'its requests have no times: they are kept a second apart, for a curve to time them',
};
