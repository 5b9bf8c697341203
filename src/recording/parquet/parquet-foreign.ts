// Reads Parquet files that other tools made (DuckDB, Spark, pandas, Athena) as a log: columns found by name.

import type { FieldName } from '../fields/field-map.js';
import { EARLIEST_US, LATEST_US, readEpoch, readInstant, resolutionOf } from '../fields/instants.js';
import { bytesOf, type Found, RowMaker, readDurationUs } from '../fields/row-maker.js';
import type { FormatOptions, RecordCounter, StampKind } from '../formats/format.js';
import type { Clients } from '../read/clients.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import { type ColumnValues, ParquetFile } from './parquet.js';
import { type FoundField, type FoundFields, findFields } from './parquet-fields.js';

/** Rows decoded at a time, and rows in a batch: other tools write groups of a million rows. */
const PIECE_ROWS = 65_536;
const BATCH_ROWS = 1_024;
/** Stamps looked at to know their step. */
const SAMPLE_ROWS = 1_024;

const US_PER = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 } as const;

/** Columns that a slice of a recording has beside what any log may have. */
const OWN = { clientClass: 'client_class', headers: 'headers', body: 'body' } as const;

/** A Parquet file that is open as a log; `close` it. */
export class ForeignParquet {
  readonly rows: number;
  readonly stamp: StampKind;

  constructor(
    private readonly file: ParquetFile,
    private readonly fields: FoundFields,
    private readonly zone: Zone,
    /** The step of the stamps, microseconds; from the first thousand of them. */
    readonly resolutionUs: number,
  ) {
    this.rows = file.rows;
    this.stamp = fields.stamp;
  }

  /** How stamps were understood, in words. */
  stampModel(): string {
    const { time } = this.fields.of;
    const name = time!.name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
    const marks = {
      start: 'the start',
      end: 'the end',
      unknown: 'the start, as its name does not tell',
      none: '',
    };
    const remark = this.fields.remark === '' ? '' : `; ${this.fields.remark}`;
    return `Parquet, column ${name}: taken for ${marks[this.stamp]}${remark}`;
  }

  /**
   * The rows in the order of the file, in batches of at most 1,024, with the stamp as their `startUs`, uncorrected.
   * @throws UserError while iterating, when the file is damaged
   */
  async *read(clients: Clients, counter: RecordCounter): AsyncGenerator<Row[], void> {
    const maker = new RowMaker(clients);
    const zone = this.zone.fresh();
    for (const [index, group] of this.file.groups.entries()) {
      for (let from = 0; from < group.rows; from += PIECE_ROWS) {
        const to = Math.min(group.rows, from + PIECE_ROWS);
        const piece = await this.#piece(index, from, to, zone);
        for (let at = 0; at < to - from; at += BATCH_ROWS) {
          const batch: Row[] = [];
          const end = Math.min(to - from, at + BATCH_ROWS);
          for (let i = at; i < end; i++) {
            counter.seen();
            const row = maker.make(piece.found(i));
            if (typeof row === 'string') counter.unread(row);
            else batch.push(piece.complete(row, i));
          }
          if (batch.length > 0) yield batch;
        }
      }
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #piece(group: number, from: number, to: number, zone: Zone): Promise<Piece> {
    const { of } = this.fields;
    const names = new Set(Object.values(of).map(({ column }) => column.name));
    const there = new Set(this.file.columns.map(({ name }) => name));
    const isSlice = there.has('start_us') && there.has(OWN.clientClass);
    const own = isSlice ? [OWN.clientClass, OWN.headers].filter((name) => there.has(name)) : [];
    const texts = [...new Set([...names, ...own])];
    const values = await this.file.read(group, from, to, texts);
    const columns = new Map(texts.map((name, i) => [name, values[i]!]));
    const body =
      isSlice && there.has(OWN.body) ? await this.file.read(group, from, to, [OWN.body], true) : [];
    return new Piece(of, columns, isSlice, body[0], zone);
  }
}

/** Opens a Parquet file as a log. @throws UserError when it cannot be read, or what is needed is not among its columns */
export async function openForeign(path: string, options: FormatOptions): Promise<ForeignParquet> {
  const file = await ParquetFile.open(path);
  try {
    const fields = findFields(path, file.columns, options.fields);
    const time = fields.of.time!;
    const first = file.groups.findIndex(({ rows }) => rows > 0);
    const rows = Math.min(SAMPLE_ROWS, file.groups[first]?.rows ?? 0);
    const [values = []] = rows > 0 ? await file.read(first, 0, rows, [time.column.name]) : [];
    return new ForeignParquet(file, fields, options.zone, stepOf(values, time, options.zone));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The finest step that any of the stamps shows. */
function stepOf(values: ColumnValues, time: FoundField, zone: Zone): number {
  let stepUs = 1e6;
  for (let i = 0; i < values.length; i++) {
    const value = inside(values[i], time.keys);
    if (typeof value === 'string') stepUs = Math.min(stepUs, resolutionOf(value));
    else {
      const us = instantOf(value, time, zone.fresh());
      if (us % 1e6 !== 0 && !Number.isNaN(us)) stepUs = Math.min(stepUs, us % 1e3 === 0 ? 1e3 : 1);
    }
  }
  return stepUs;
}

/** Some rows of a group, by column. */
class Piece {
  constructor(
    private readonly fields: FoundFields['of'],
    private readonly columns: ReadonlyMap<string, ColumnValues>,
    private readonly isSlice: boolean,
    private readonly body: ColumnValues | undefined,
    private readonly zone: Zone,
  ) {}

  found(i: number): Found {
    const { time, duration } = this.fields;
    const path = this.#text('path', i);
    const query = this.#text('query', i);
    const target = path ?? this.#text('url', i);
    const length = duration === undefined ? undefined : this.#value(duration, i);
    return {
      startUs: instantOf(this.#value(time!, i), time!, this.zone),
      durationUs: readDurationUs(plainNumber(length), US_PER[duration?.unit ?? 's']),
      request: target === undefined ? this.#text('request', i) : undefined,
      method: this.#text('method', i),
      target:
        isGiven(query) && target?.includes('?') === false ? `${target}?${query.replace(/^\?/, '')}` : target,
      host: this.#text('host', i),
      status: this.#text('status', i),
      bytes: this.#text('bytes', i),
      address: this.#text('client', i),
      agent: this.#text('agent', i),
    };
  }

  /** Adds what only a slice of a recording has. */
  complete(row: Row, i: number): Row {
    if (!this.isSlice) return row;
    const clientClass = this.columns.get(OWN.clientClass)?.[i];
    if (clientClass === 'person' || clientClass === 'bot') row.clientClass = clientClass;
    const headers = this.columns.get(OWN.headers)?.[i];
    if (typeof headers === 'string' && isHeaders(headers)) row.headers = headers;
    const body = this.body?.[i];
    if (body instanceof Uint8Array) row.body = body.slice();
    return row;
  }

  #value(field: FoundField, i: number): unknown {
    return inside(this.columns.get(field.column.name)?.[i], field.keys);
  }

  #text(name: FieldName, i: number): string | undefined {
    const field = this.fields[name];
    if (field === undefined) return undefined;
    const value = this.#value(field, i);
    if (typeof value === 'string') return bytesOf(value);
    return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text !== '-';
}

function inside(value: unknown, keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function plainNumber(value: unknown): string | number | undefined {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' || typeof value === 'string' ? value : undefined;
}

/** UTC microseconds; NaN for none. */
function instantOf(value: unknown, field: FoundField, zone: Zone): number {
  if (typeof value === 'string') return readInstant(value, zone, field.unit);
  if (typeof value === 'bigint') return readEpoch(String(value), field.unit);
  if (typeof value !== 'number') return Number.NaN;
  const { kind } = field.column;
  if (field.keys.length === 0 && (kind === 'timestamp' || kind === 'localTimestamp')) {
    const us = kind === 'timestamp' ? value : zone.toUtcUs(value);
    return us >= EARLIEST_US && us < LATEST_US ? us : Number.NaN;
  }
  // Seconds as a double have 22 bits for the fraction: microseconds, but no more.
  return readEpoch(Number.isInteger(value) ? String(value) : value.toFixed(6), field.unit);
}

/** Whether a text is what `Row.headers` holds. */
function isHeaders(text: string): boolean {
  try {
    const pairs: unknown = JSON.parse(text);
    return (
      Array.isArray(pairs) &&
      pairs.every(
        (pair) =>
          Array.isArray(pair) &&
          pair.length === 2 &&
          typeof pair[0] === 'string' &&
          /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(pair[0]) &&
          typeof pair[1] === 'string' &&
          !/[\r\n\0]/.test(pair[1]),
      )
    );
  } catch {
    return false;
  }
}
