// Parquet files as columns: the only file that imports hyparquet.
//
// Traps of hyparquet 1.31:
// - It decodes on the caller's thread, some 1 µs a row of ours, a row group at a time: never on a sender.
// - A call plans over all row groups of the metadata it is given, so n calls cost n². Each call here gets one group.
// - Numbers of 64 bits are bigints, in a BigInt64Array or, where there are nulls, in an array with undefined or null.
// - A chunk may reach beyond the rows asked for, on both sides, and a column may come as several chunks.
// - Its text decoder drops a byte order mark; its dates drop microseconds. The parsers below do neither.
// - It has Snappy alone; its companion hyparquet-compressors has the rest, of which gzip and Brotli are Node's here.
// - It believes a page's header on how many values follow. Sizes are bounded here; counts cannot be.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UserError } from '../../problem.js';
import { ChunkChecksums, checkFooter } from './checksums.js';

/** What a file's values are, as far as reading them needs to know. */
export type ColumnKind = 'number' | 'text' | 'timestamp' | 'localTimestamp' | 'nested';

export interface ParquetColumn {
  readonly name: string;
  /** `timestamp` is UTC, `localTimestamp` in a zone that the file does not say; values of both come as microseconds. */
  readonly kind: ColumnKind;
}

export interface ParquetGroup {
  readonly rows: number;
  /** Minimum and maximum of a column of 64-bit numbers; undefined where the file does not tell. */
  bounds(column: string): readonly [number, number] | undefined;
  /** Whether all of a column's values are known to be missing. */
  isEmpty(column: string): boolean;
}

/** Values of a column: numbers, bigints, texts, bytes; undefined or null for none. */
export type ColumnValues = ArrayLike<unknown>;

const MAGIC = 0x31524150;
/** The length of the metadata and the magic bytes, after them. */
const ENDS_BYTES = 8;
/** A footer takes some 800 bytes a row group; this is a file of billions of rows. */
const FOOTER_BYTES_MAX = 256 * 2 ** 20;
/** What is read and unpacked at a time: row groups of Spark are 128 MiB. */
const PIECE_BYTES_MAX = 512 * 2 ** 20;

const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (ms) => Number(ms) * 1e3,
  timestampFromMicroseconds: (us) => Number(us),
  timestampFromNanoseconds: (ns) => Number(ns / 1_000n),
  dateFromDays: (days) => days * 86_400e6,
  stringFromBytes: textOf,
  jsonFromBytes: textOf,
};

function textOf(bytes: Uint8Array | undefined | null): string | undefined {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') : undefined;
}

/** Refuses what would unpack to more than a piece may take. */
function bounded(unpack: (input: Uint8Array, length: number) => Uint8Array | undefined) {
  return (input: Uint8Array, length: number) => {
    if (length > PIECE_BYTES_MAX) throw new Error('a page is larger than 512 MiB');
    return length === 0 ? new Uint8Array() : (unpack(input, length) ?? new Uint8Array());
  };
}

const UNPACK = {
  SNAPPY: bounded((input, length) => compressors.SNAPPY?.(input, length)),
  GZIP: bounded((input, length) => gunzipSync(input, { maxOutputLength: length })),
  BROTLI: bounded((input, length) => brotliDecompressSync(input, { maxOutputLength: length })),
  ZSTD: bounded((input, length) => compressors.ZSTD?.(input, length)),
  LZ4: bounded((input, length) => compressors.LZ4?.(input, length)),
  LZ4_RAW: bounded((input, length) => compressors.LZ4_RAW?.(input, length)),
};

/** Whether a file begins as Parquet does. @throws UserError when it cannot be opened */
export async function beginsAsParquet(path: string): Promise<boolean> {
  const file = await openFile(path);
  try {
    const head = Buffer.alloc(4);
    await file.read(head, 0, 4, 0);
    return head.readUInt32LE() === MAGIC;
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  } finally {
    await file.close();
  }
}

/** A Parquet file that is open; `close` it. */
export class ParquetFile {
  readonly rows: number;
  /** Those at the top level. */
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly ParquetGroup[];
  /** Whether every byte that is read is checked: the file is as flashcrowd wrote it. */
  readonly isChecked: boolean;

  /** @param fingerprint SHA-256 of the footer, hex: of a checked file that of all of it, as good as checksums are */
  private constructor(
    readonly path: string,
    readonly fingerprint: string,
    private readonly file: FileHandle,
    private readonly buffer: AsyncBuffer,
    private readonly metadata: FileMetaData,
    private readonly checksums: ChunkChecksums | null,
  ) {
    this.isChecked = checksums !== null;
    this.rows = Number(metadata.num_rows);
    this.columns = parquetSchema(metadata).children.map(({ element }) => ({
      name: element.name,
      kind: kindOf(element),
    }));
    this.groups = metadata.row_groups.map(groupOf);
  }

  /** @throws UserError for a file that cannot be opened, is no Parquet, or is cut off */
  static async open(path: string): Promise<ParquetFile> {
    const file = await openFile(path);
    try {
      const { size } = await file.stat();
      const footerBytes = await checkEnds(path, file, size);
      const buffer = { byteLength: size, slice: (from: number, to = size) => readPiece(file, from, to) };
      const end = await readPiece(file, size - footerBytes - ENDS_BYTES, size);
      const footer = Buffer.from(end, 0, footerBytes);
      // Before it is decoded: a count that was damaged may ask for any amount of memory.
      const checked = checkFooter(footer);
      if (checked === 'damaged') throw new Error('its metadata are not as they were written');
      const metadata = parquetMetadata(end, { geoparquet: false });
      const { row_groups: groups } = metadata;
      const checksums =
        checked === 'foreign' ? null : new ChunkChecksums(checked.chunks, groups[0]?.columns.length ?? 0);
      if (checksums?.fits(groups.length) === false)
        throw new Error('its checksums are not of its row groups');
      const fingerprint = createHash('sha256').update(footer).digest('hex');
      return new ParquetFile(path, fingerprint, file, buffer, metadata, checksums);
    } catch (error) {
      await file.close();
      if (error instanceof UserError) throw error;
      // A directory opens like a file, and says what it is when it is read.
      throw isSystemError(error) ? unreadable(path, error) : damaged(path, error);
    }
  }

  /** A text of the file's own metadata. */
  value(key: string): string | undefined {
    return this.metadata.key_value_metadata?.find((pair) => pair.key === key)?.value;
  }

  /**
   * Values of top-level columns in the rows `[from, to)` of a group, in the order of the names.
   * @param binary leaves byte arrays that are not marked as text as they are
   * @throws UserError when the file is damaged there, or would need too much memory
   */
  async read(
    group: number,
    from: number,
    to: number,
    names: readonly string[],
    binary = false,
  ): Promise<ColumnValues[]> {
    const rowGroup = this.metadata.row_groups[group]!;
    this.#checkSize(rowGroup, names);
    const found = new Map<string, ColumnValues>();
    try {
      await parquetRead({
        file: await this.#checked(group, names),
        metadata: { ...this.metadata, row_groups: [rowGroup], num_rows: rowGroup.num_rows },
        rowStart: from,
        rowEnd: to,
        columns: [...names],
        compressors: UNPACK,
        parsers: PARSERS,
        utf8: !binary,
        onChunk: ({ columnName, columnData, rowStart, rowEnd }) => {
          if (rowStart === from && rowEnd === to) found.set(columnName, columnData);
          else copyInto(found, columnName, columnData, rowStart, from, to);
        },
      });
      // Its callbacks run in a turn of their own.
      await Promise.resolve();
    } catch (error) {
      throw damaged(this.path, error);
    }
    return names.map((name) => {
      const values = found.get(name);
      if (values?.length !== to - from) throw damaged(this.path, new Error(`column ${name} is too short`));
      return values;
    });
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** A group's bytes: read and checked here where there are checksums, else the file itself. */
  async #checked(index: number, names: readonly string[]): Promise<AsyncBuffer> {
    const { checksums, buffer } = this;
    if (checksums === null || names.length === 0) return buffer;
    const places = this.metadata.row_groups[index]!.columns.map(placeOf);
    const wanted = places
      .map((place, column) => ({ ...place, column }))
      .filter(({ name }) => names.includes(name));
    const from = Math.min(...wanted.map((place) => place.from));
    const bytes = await readPiece(this.file, from, Math.max(...wanted.map(({ to }) => to)));
    for (const { from: start, to, column, name } of wanted) {
      if (!checksums.matches(index, column, new Uint8Array(bytes, start - from, to - start)))
        throw new Error(`column ${name} is not as it was written`);
    }
    return {
      byteLength: buffer.byteLength,
      slice: (start, to = buffer.byteLength) => bytes.slice(start - from, to - from),
    };
  }

  #checkSize(group: RowGroup, names: readonly string[]): void {
    let bytes = 0;
    for (const { meta_data: chunk } of group.columns) {
      if (chunk && names.includes(chunk.path_in_schema[0] ?? ''))
        bytes += Number(chunk.total_uncompressed_size);
    }
    if (bytes <= PIECE_BYTES_MAX) return;
    const message = `a row group holds ${Math.round(bytes / 2 ** 20)} MiB; at most 512 MiB can be read at a time`;
    const hint = 'Write it with smaller row groups, 100,000 rows or so.';
    throw new UserError([{ place: this.path, path: '', message, hint }]);
  }
}

/** Where a column chunk lies in the file, its page headers included. */
function placeOf({ meta_data: chunk }: RowGroup['columns'][number]) {
  if (chunk === undefined) throw new Error('a column chunk without its place');
  const from = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
  return { name: chunk.path_in_schema[0] ?? '', from, to: from + Number(chunk.total_compressed_size) };
}

function copyInto(
  found: Map<string, ColumnValues>,
  name: string,
  data: ColumnValues,
  rowStart: number,
  from: number,
  to: number,
): void {
  let values = found.get(name) as unknown[] | undefined;
  if (values === undefined) found.set(name, (values = []));
  const end = Math.min(data.length, to - rowStart);
  for (let i = Math.max(0, from - rowStart); i < end; i++) values[rowStart + i - from] = data[i];
}

function kindOf(element: SchemaElement): ColumnKind {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (type === undefined || element.repetition_type === 'REPEATED') return 'nested';
  if (logical?.type === 'TIMESTAMP') return logical.isAdjustedToUTC ? 'timestamp' : 'localTimestamp';
  if (converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS' || type === 'INT96')
    return 'timestamp';
  return type === 'BYTE_ARRAY' && converted !== 'DECIMAL' ? 'text' : 'number';
}

function groupOf(group: RowGroup): ParquetGroup {
  const chunk = (column: string) =>
    group.columns.find(({ meta_data }) => meta_data?.path_in_schema.join('.') === column)?.meta_data;
  return {
    rows: Number(group.num_rows),
    bounds: (column) => {
      const { min_value: min, max_value: max } = chunk(column)?.statistics ?? {};
      return typeof min === 'bigint' && typeof max === 'bigint' ? [Number(min), Number(max)] : undefined;
    },
    isEmpty: (column) => chunk(column)?.statistics?.null_count === group.num_rows,
  };
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

/**
 * Both ends must carry the magic bytes; a file that only begins with them was never finished.
 * @returns the length of the metadata
 */
async function checkEnds(path: string, file: FileHandle, size: number): Promise<number> {
  const refuse = (message: string, hint: string) => new UserError([{ place: path, path: '', message, hint }]);
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  if (head.readUInt32LE() !== MAGIC) {
    throw refuse('is no Parquet file', 'A recording is made by: flashcrowd import FILE -o NAME.parquet');
  }
  const tail = Buffer.alloc(8);
  if (size >= 12) await file.read(tail, 0, 8, size - 8);
  const footerBytes = tail.readUInt32LE(0);
  if (tail.readUInt32LE(4) !== MAGIC || footerBytes > size - 12) {
    throw refuse('is a Parquet file that is cut off: its end is missing', 'Copy or make it again.');
  }
  if (footerBytes > FOOTER_BYTES_MAX) {
    throw refuse('has more than 256 MiB of metadata', 'Write it with larger row groups.');
  }
  return footerBytes;
}

async function readPiece(file: FileHandle, from: number, to: number): Promise<ArrayBuffer> {
  const length = to - from;
  if (!(length >= 0 && length <= PIECE_BYTES_MAX)) throw new Error(`a piece of ${length} bytes is asked for`);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, from + at);
    if (bytesRead === 0) throw new Error('the file ends early');
    at += bytesRead;
  }
  return bytes.buffer;
}

function damaged(path: string, error: unknown): UserError {
  // Messages may quote names from the file.
  const why = String(error instanceof Error ? error.message : error).replace(/[^\x20-\x7e]/g, '?');
  const message = `is a damaged Parquet file, or of a kind that cannot be read: ${why.slice(0, 200)}`;
  return new UserError([{ place: path, path: '', message, hint: 'Copy or make it again.' }]);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unreadable(path: string, error: NodeJS.ErrnoException): UserError {
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'is a directory; a file was expected',
    EACCES: 'may not be read by this user',
  };
  const message = why[error.code ?? ''] ?? `cannot be read: ${error.message}`;
  return new UserError([{ place: path, path: '', message, hint: 'Check the name; paths are relative.' }]);
}
