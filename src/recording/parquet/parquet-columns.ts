// Collects rows into the columns of a Parquet row group and encodes each as pages; pure, and the hot path of an import.

import type { Row } from '../row.js';
import { ByteSink } from './parquet-bytes.js';

/** Numbers of the format (parquet.thrift of apache/parquet-format). */
export const PHYSICAL = { int32: 1, int64: 2, byteArray: 6 } as const;
export const ENCODING = { plain: 0, rle: 3, rleDictionary: 8 } as const;

/** A column of a recording. */
export interface ColumnSpec {
  readonly name: string;
  readonly physical: number;
  readonly optional: boolean;
  /** Whether the bytes are UTF-8. */
  readonly text: boolean;
}

function column(name: string, physical: number, optional: boolean, text = false): ColumnSpec {
  return { name, physical, optional, text };
}

/** The columns of a recording, in order. */
export const COLUMNS: readonly ColumnSpec[] = [
  column('start_us', PHYSICAL.int64, false),
  column('duration_us', PHYSICAL.int64, true),
  column('method', PHYSICAL.byteArray, false, true),
  column('host', PHYSICAL.byteArray, true, true),
  column('path', PHYSICAL.byteArray, false, true),
  column('status', PHYSICAL.int32, true),
  column('bytes', PHYSICAL.int64, true),
  column('client', PHYSICAL.byteArray, false, true),
  column('client_class', PHYSICAL.byteArray, false, true),
  column('headers', PHYSICAL.byteArray, true, true),
  column('body', PHYSICAL.byteArray, true),
];

/** One column's pages, not compressed yet; `data` is one page for the whole row group. */
export interface ColumnPages {
  readonly dictionary: { readonly bytes: Buffer; readonly values: number } | null;
  readonly data: Buffer;
  readonly nulls: number;
}

export interface GroupPages {
  readonly rows: number;
  readonly firstUs: number;
  readonly lastUs: number;
  /** As in `COLUMNS`. */
  readonly columns: readonly ColumnPages[];
}

/**
 * Collects up to `rowsMax` rows. Texts and statuses become dictionaries: their distinct values once, and a few bits a
 * row. Numbers are plain.
 */
export class RowGroupColumns {
  #rows = 0;
  /** Characters and bytes held by texts and bodies, each distinct text once: what memory goes by. */
  #held = 0;
  readonly #startUs: Float64Array;
  readonly #durationUs: Float64Array;
  readonly #bytes: Float64Array;
  readonly #method: Dictionary<string>;
  readonly #host: Dictionary<string>;
  readonly #path: Dictionary<string>;
  readonly #status: Dictionary<number>;
  readonly #client: Dictionary<string>;
  readonly #clientClass: Dictionary<string>;
  readonly #headers: Dictionary<string>;
  readonly #body: (Uint8Array | undefined)[] = [];

  constructor(
    private readonly rowsMax: number,
    private readonly heldMax: number,
  ) {
    this.#startUs = new Float64Array(rowsMax);
    this.#durationUs = new Float64Array(rowsMax);
    this.#bytes = new Float64Array(rowsMax);
    this.#method = new Dictionary(rowsMax);
    this.#host = new Dictionary(rowsMax);
    this.#path = new Dictionary(rowsMax);
    this.#status = new Dictionary(rowsMax);
    this.#client = new Dictionary(rowsMax);
    this.#clientClass = new Dictionary(rowsMax);
    this.#headers = new Dictionary(rowsMax);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Whether the group is to be written before another row is added. */
  get full(): boolean {
    return this.#rows >= this.rowsMax || this.#held >= this.heldMax;
  }

  add(row: Row): void {
    const at = this.#rows++;
    this.#startUs[at] = row.startUs;
    this.#durationUs[at] = row.durationUs ?? Number.NaN;
    this.#bytes[at] = row.bytes ?? Number.NaN;
    this.#method.add(row.method);
    this.#host.add(row.host);
    if (this.#path.add(row.path)) this.#held += row.path.length;
    this.#status.add(row.status);
    this.#client.add(row.client);
    this.#clientClass.add(row.clientClass);
    if (this.#headers.add(row.headers)) this.#held += row.headers?.length ?? 0;
    this.#body.push(row.body);
    this.#held += row.body?.length ?? 0;
  }

  /** The pages of what was collected, which is then forgotten. */
  take(): GroupPages {
    const rows = this.#rows;
    const group = {
      rows,
      firstUs: this.#startUs[0] ?? 0,
      lastUs: this.#startUs[rows - 1] ?? 0,
      columns: [
        required(this.#startUs.subarray(0, rows)),
        optional(this.#durationUs.subarray(0, rows)),
        this.#method.take(false, writeTexts),
        this.#host.take(true, writeTexts),
        this.#path.take(false, writeTexts),
        this.#status.take(true, writeInt32s),
        optional(this.#bytes.subarray(0, rows)),
        this.#client.take(false, writeTexts),
        this.#clientClass.take(false, writeTexts),
        this.#headers.take(true, writeTexts),
        bodies(this.#body),
      ],
    };
    this.#rows = 0;
    this.#held = 0;
    this.#body.length = 0;
    return group;
  }
}

/** Distinct values, and which of them each row has. */
class Dictionary<T extends string | number> {
  readonly #known = new Map<T, number>();
  /** Of each row; −1 for none. */
  readonly #index: Int32Array;
  #rows = 0;
  #nulls = 0;
  /** The last row's value: many columns seldom change. */
  #last: T | undefined;
  #lastIndex = -1;

  constructor(rowsMax: number) {
    this.#index = new Int32Array(rowsMax);
  }

  /** @returns whether the value is new */
  add(value: T | undefined): boolean {
    if (value === undefined) {
      this.#index[this.#rows++] = -1;
      this.#nulls++;
      return false;
    }
    if (value === this.#last) {
      this.#index[this.#rows++] = this.#lastIndex;
      return false;
    }
    const size = this.#known.size;
    let index = this.#known.get(value);
    if (index === undefined) this.#known.set(value, (index = size));
    this.#last = value;
    this.#lastIndex = index;
    this.#index[this.#rows++] = index;
    return index === size;
  }

  take(isOptional: boolean, write: (sink: ByteSink, values: readonly T[]) => void): ColumnPages {
    const rows = this.#rows;
    const index = this.#index.subarray(0, rows);
    const dictionary = new ByteSink(8_192);
    write(dictionary, [...this.#known.keys()]);
    const values = this.#known.size;
    const data = new ByteSink(4_096 + 4 * rows);
    if (isOptional) writeLevels(data, rows, this.#nulls, (row) => index[row]! >= 0);
    writeIndexes(data, index, rows - this.#nulls, Math.max(1, 32 - Math.clz32(values - 1)));
    const pages = { dictionary: { bytes: dictionary.bytes, values }, data: data.bytes, nulls: this.#nulls };
    this.#known.clear();
    this.#rows = 0;
    this.#nulls = 0;
    this.#last = undefined;
    this.#lastIndex = -1;
    return pages;
  }
}

function writeTexts(sink: ByteSink, values: readonly string[]): void {
  sink.prefixedTexts(values);
}

function writeInt32s(sink: ByteSink, values: readonly number[]): void {
  for (const value of values) sink.zeros(4).writeInt32LE(value);
}

function required(values: Float64Array): ColumnPages {
  const data = new ByteSink(8 * values.length);
  writeInt64s(data, values, values.length);
  return { dictionary: null, data: data.bytes, nulls: 0 };
}

/** NaN is none. */
function optional(values: Float64Array): ColumnPages {
  let nulls = 0;
  for (const value of values) if (Number.isNaN(value)) nulls++;
  const data = new ByteSink(64 + 9 * values.length);
  writeLevels(data, values.length, nulls, (row) => !Number.isNaN(values[row]));
  writeInt64s(data, values, values.length - nulls);
  return { dictionary: null, data: data.bytes, nulls };
}

function bodies(values: readonly (Uint8Array | undefined)[]): ColumnPages {
  const nulls = values.reduce((n, value) => (value === undefined ? n + 1 : n), 0);
  const data = new ByteSink(4_096);
  writeLevels(data, values.length, nulls, (row) => values[row] !== undefined);
  for (const value of values) if (value !== undefined) data.prefixedBytes(value);
  return { dictionary: null, data: data.bytes, nulls };
}

/** Whole numbers of less than 2^53 as 64 bits, little-endian; NaNs, of which there are the rest, are left out. */
function writeInt64s(sink: ByteSink, values: Float64Array, count: number): void {
  const part = sink.zeros(8 * count);
  const view = new DataView(part.buffer, part.byteOffset, part.length);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    view.setInt32(at, value | 0, true);
    view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
    at += 8;
  }
}

/** Definition levels of a page (version 1): which rows have a value; a run where all have or none has. */
function writeLevels(sink: ByteSink, rows: number, nulls: number, has: (row: number) => boolean): void {
  const levels = new ByteSink(16 + Math.ceil(rows / 8));
  if (nulls === 0 || nulls === rows) {
    levels.varint(rows * 2);
    levels.byte(nulls === 0 ? 1 : 0);
  } else {
    const bytes = Math.ceil(rows / 8);
    levels.varint(bytes * 2 + 1);
    const packed = levels.zeros(bytes);
    for (let row = 0; row < rows; row++) if (has(row)) packed[row >> 3]! |= 1 << (row & 7);
  }
  sink.prefixedBytes(levels.bytes);
}

/**
 * Places in a dictionary, `width` bits each, low bits first, in one run (Encodings.md, "RLE/bit-packing hybrid"); the
 * `count` that are not −1. At most 24 bits, which a row group's rows keep to.
 */
function writeIndexes(sink: ByteSink, index: Int32Array, count: number, width: number): void {
  sink.byte(width);
  const groups = Math.ceil(count / 8);
  sink.varint(groups * 2 + 1);
  const packed = sink.zeros(groups * width);
  let at = 0;
  let bits = 0;
  let used = 0;
  for (let i = 0; i < index.length; i++) {
    const value = index[i]!;
    if (value < 0) continue;
    bits |= value << used;
    used += width;
    while (used >= 8) {
      packed[at++] = bits & 0xff;
      bits >>>= 8;
      used -= 8;
    }
  }
  if (used > 0) packed[at] = bits;
}
