// Reads logs, one or many, as rows in start order, in one pass and with bounded memory.
import type { Vantage } from '../formats/format.js';
import { SET_APART, type StampKind } from '../formats/format.js';
import type { Row } from '../row.js';
import { Redactor } from '../secrets/redact.js';
import { RowFilter, type Where } from '../where.js';
import { Clients } from './clients.js';
import type { ClockJump } from './clock-jumps.js';
import {
  BATCH_ROWS,
  type DroppedLine,
  PartReader,
  type PartSummary,
  type ReadContext,
} from './part-reader.js';
import { type CompiledRules, compileRules } from './rules.js';
import { type Part, partsOf } from './sources.js';

/** What to read, and how. */
export interface ReadOptions {
  /** Paths, or `-` for standard input; the order decides ties in time. */
  readonly files: readonly string[];
  /** How the logs are to be understood; what they say themselves unless given. */
  readonly rules?: CompiledRules;
  /** Decides the offsets inside coarse stamps. */
  readonly seed: number;
  /** Decides the clients' names. */
  readonly clientKey: string;
  /** UTC microseconds; rows that start before, or at it and after, are set apart. */
  readonly fromUs?: number | null;
  readonly toUs?: number | null;
  /** Only rows that it takes; tenants and routes are not known here. */
  readonly where?: Where | null;
  /** How far out of time order a line may be, microseconds; 5 minutes unless given. */
  readonly windowUs?: number;
  /** What rows may take that wait to be put in order, in all, bytes; 32 MB (some hundred thousand) unless given. */
  readonly maxWaitingBytes?: number;
  /** Hears of each request that is set apart, and why. */
  readonly setApart?: (row: Row, reason: string) => void;
}

/** What was read; complete when the rows have been read to their end. lines = parsed + Σ dropped. */
export interface ReadSummary {
  readonly lines: number;
  readonly parsed: number;
  readonly rows: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** parsed = rows + Σ setApart. */
  readonly setApart: Readonly<Record<string, number>>;
  /** The first few lines of each reason. */
  readonly examples: readonly DroppedLine[];
  /** Starts of the first and last row, UTC microseconds; null without rows. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
  /** The parts' formats, each once. */
  readonly formats: readonly string[];
  /** What stamps mark; the parts' kinds, each once. */
  readonly stamps: readonly StampKind[];
  /** The coarsest step of stamps among the parts, microseconds. */
  readonly resolutionUs: number;
  /** How starts were rebuilt, in words; one sentence for each kind of part. */
  readonly stampModels: readonly string[];
  /** Where the parts were written. */
  readonly vantages: readonly Vantage[];
  /** What was removed from rows, by kind. */
  readonly redacted: Readonly<Record<string, number>>;
  readonly files: readonly PartSummary[];
  /** Places where a part's clock was set back. */
  readonly clockJumps: readonly (ClockJump & { readonly file: string })[];
}

const WINDOW_US = 300e6;
const MAX_WAITING_BYTES = 32e6;
const EXAMPLES_MAX = 3;

/** Rows in start order, in batches of at most 1,024; to be iterated once. */
export class RecordingReader implements AsyncIterable<Row[]> {
  private parts: PartReader[] = [];
  private readonly context: ReadContext;
  private readonly redactor: Redactor;
  private readonly apart: Record<string, number> = {};
  private firstUs: number | null = null;
  private lastUs: number | null = null;
  private lost = 0;

  constructor(private readonly options: ReadOptions) {
    const rules = options.rules ?? compileRules({});
    this.redactor = new Redactor(rules.keep);
    this.context = {
      rules,
      seed: options.seed,
      clients: new Clients(options.clientKey),
      redactor: this.redactor,
      where: options.where ? new RowFilter(options.where) : null,
      windowUs: options.windowUs ?? WINDOW_US,
      budget: { used: 0, max: options.maxWaitingBytes ?? MAX_WAITING_BYTES },
      setApart: options.setApart ?? (() => undefined),
    };
  }

  /** @throws UserError for what cannot be read, or is in no known format */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row[], void> {
    const parts: readonly Part[] = await partsOf(this.options.files);
    this.parts = parts.map((part, index) => new PartReader(part, index, this.context));
    for (const part of this.parts) await part.peek();
    const only = this.parts.length === 1 ? this.parts[0] : undefined;
    for await (const batch of only ? only.rows() : this.merged()) {
      const kept = this.inside(batch);
      if (kept.length === 0) continue;
      this.firstUs ??= kept[0]!.startUs;
      this.lastUs = kept[kept.length - 1]!.startUs;
      yield kept;
    }
  }

  /** Lines read so far. */
  get lines(): number {
    return this.parts.reduce((sum, { summary }) => sum + summary.lines, 0);
  }

  /** The start of the last row so far, UTC microseconds. */
  get atUs(): number | null {
    return this.lastUs;
  }

  /** What was read so far. */
  get summary(): ReadSummary {
    const dropped: Record<string, number> = {};
    const setApart: Record<string, number> = { ...this.apart };
    const examples: DroppedLine[] = [];
    const models = new Set<string>();
    const shown = new Map<string, number>();
    let lines = 0;
    let parsed = 0;
    let rows = -this.lost;
    for (const { summary } of this.parts) {
      lines += summary.lines;
      parsed += summary.parsed;
      rows += summary.rows;
      if (summary.stampModel !== null) models.add(summary.stampModel);
      addTo(dropped, summary.dropped);
      addTo(setApart, summary.setApart);
      for (const example of summary.examples) {
        const n = (shown.get(example.reason) ?? 0) + 1;
        shown.set(example.reason, n);
        if (n <= EXAMPLES_MAX) examples.push(example);
      }
    }
    const files = this.parts.map((part) => part.summary);
    const read = files.filter(({ format }) => format !== null);
    return {
      lines,
      parsed,
      rows,
      dropped,
      setApart,
      examples,
      firstUs: this.firstUs,
      lastUs: this.lastUs,
      formats: [...new Set(read.map(({ format }) => format ?? ''))],
      stamps: [...new Set(read.map(({ stamp }) => stamp))],
      resolutionUs: read.reduce((max, { resolutionUs }) => Math.max(max, resolutionUs), 1),
      stampModels: [...models],
      vantages: [...new Set(this.parts.flatMap(({ vantage }) => (vantage === null ? [] : [vantage])))],
      redacted: { ...this.redactor.counts },
      files,
      clockJumps: this.parts.flatMap(({ jumps, summary: { file } }) =>
        jumps.list.map((jump) => ({ file, ...jump })),
      ),
    };
  }

  private inside(batch: Row[]): Row[] {
    const { fromUs = null, toUs = null } = this.options;
    if (fromUs === null && toUs === null) return batch;
    return batch.filter((row) => {
      const inside = row.startUs >= (fromUs ?? Number.NEGATIVE_INFINITY) && row.startUs < (toUs ?? Infinity);
      if (!inside) this.setApart(row, SET_APART.outside);
      return inside;
    });
  }

  private setApart(row: Row, reason: string): void {
    this.lost++;
    this.apart[reason] = (this.apart[reason] ?? 0) + 1;
    this.context.setApart(row, reason);
  }

  /**
   * Merges the parts by start. A part is opened only when the merge comes near its first line, so that thirty
   * rotated days need no more memory than one.
   */
  private async *merged(): AsyncGenerator<Row[], void> {
    const { windowUs } = this.context;
    const waiting = this.parts
      .map((part, index) => ({ part, index, fromUs: part.firstStampUs }))
      .sort((a, b) => orZero(a.fromUs) - orZero(b.fromUs) || a.index - b.index);
    const open: Open[] = [];
    let out: Row[] = [];
    let floorUs = Number.NEGATIVE_INFINITY;
    for (;;) {
      while (waiting.length > 0) {
        const nearUs = minHead(open) + 2 * windowUs;
        if (open.length > 0 && orZero(waiting[0]!.fromUs) > nearUs) break;
        const { part, index } = waiting.shift()!;
        const next: Open = { index, rows: part.rows(), batch: [], at: 0 };
        if (await advance(next)) open.push(next);
      }
      if (open.length === 0) break;
      const { first, untilUs } = pick(open);
      const batch = first.batch;
      // A batch may span days: not beyond where the next part has to be opened.
      const limitUs = waiting.length > 0 ? Math.min(untilUs, orZero(waiting[0]!.fromUs) - windowUs) : untilUs;
      while (first.at < batch.length && batch[first.at]!.startUs < limitUs) {
        const row = batch[first.at++]!;
        if (row.startUs < floorUs) this.setApart(row, SET_APART.tooLate);
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

interface Open {
  readonly index: number;
  readonly rows: AsyncGenerator<Row[], void>;
  batch: Row[];
  at: number;
}

function addTo(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [reason, count] of Object.entries(counts)) sum[reason] = (sum[reason] ?? 0) + count;
}

/** A part without a stamp among its first lines is opened at once. */
function orZero(us: number): number {
  return Number.isNaN(us) ? 0 : us;
}

function minHead(open: readonly Open[]): number {
  let us = Number.POSITIVE_INFINITY;
  for (const { batch, at } of open) us = Math.min(us, batch[at]!.startUs);
  return us;
}

/** The part with the earliest row (on a tie the first given), and up to when it stays the one. */
function pick(open: readonly Open[]): { first: Open; untilUs: number } {
  let first = open[0]!;
  for (const one of open) {
    const us = one.batch[one.at]!.startUs - first.batch[first.at]!.startUs;
    if (us < 0 || (us === 0 && one.index < first.index)) first = one;
  }
  let untilUs = Number.POSITIVE_INFINITY;
  for (const one of open) {
    if (one === first) continue;
    // A tie goes to the part given first: one more microsecond for it, as starts are whole.
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
