// The metadata of a Parquet file, as Thrift structs: page headers, row groups and the footer (parquet.thrift of apache/parquet-format).
import { CHECKSUMS_KEY, CREATED_BY, checksumsBefore, ROOT_NAME, seal } from './checksums.js';
import { encodeStruct, type ThriftStruct, type ThriftValue } from './parquet-bytes.js';
import { COLUMNS, type ColumnSpec, ENCODING } from './parquet-columns.js';

/** The four bytes that a Parquet file begins and ends with. */
export const MAGIC = Buffer.from('PAR1');

export const CODEC = { none: 0, gzip: 2 } as const;

const PAGE = { data: 0, dictionary: 2 } as const;
const REPETITION = { required: 0, optional: 1 } as const;
const UTF8 = 0;

interface PageFacts {
  /** Bytes of the page without its header: as they were, and as they are written. */
  readonly plain: number;
  readonly written: number;
  /** CRC-32 of the page as it is written, without its header. */
  readonly crc: number;
}

export function dictionaryPageHeader(values: number, page: PageFacts): Buffer {
  return pageHeader(PAGE.dictionary, page, 7, [
    [1, { i32: values }],
    [2, { i32: ENCODING.plain }],
  ]);
}

/** @param rows values and nulls together */
export function dataPageHeader(rows: number, encoding: number, page: PageFacts): Buffer {
  return pageHeader(PAGE.data, page, 5, [
    [1, { i32: rows }],
    [2, { i32: encoding }],
    [3, { i32: ENCODING.rle }],
    [4, { i32: ENCODING.rle }],
  ]);
}

function pageHeader(type: number, page: PageFacts, field: number, header: ThriftStruct): Buffer {
  return encodeStruct([
    [1, { i32: type }],
    [2, { i32: page.plain }],
    [3, { i32: page.written }],
    [4, { i32: page.crc | 0 }],
    [field, { struct: header }],
  ]);
}

/** Where a column's pages of one row group lie; sizes include the page headers. */
export interface ChunkPlace {
  readonly codec: number;
  readonly dictionaryOffset: number | null;
  readonly dataOffset: number;
  readonly plainBytes: number;
  readonly writtenBytes: number;
  readonly nulls: number;
}

export interface GroupPlace {
  readonly rows: number;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly offset: number;
  /** As in `COLUMNS`. */
  readonly chunks: readonly ChunkPlace[];
}

/** A row group's entry in the footer. */
export function rowGroup(group: GroupPlace): Buffer {
  const sum = (of: (chunk: ChunkPlace) => number) => group.chunks.reduce((n, chunk) => n + of(chunk), 0);
  return encodeStruct([
    [1, { list: group.chunks.map((chunk, i) => columnChunk(COLUMNS[i]!, chunk, group)) }],
    [2, { i64: sum((chunk) => chunk.plainBytes) }],
    [3, { i64: group.rows }],
    // Sorted by the first column, ascending, without nulls.
    [4, { list: [struct([1, { i32: 0 }], [2, { bool: false }], [3, { bool: false }])] }],
    [5, { i64: group.offset }],
    [6, { i64: sum((chunk) => chunk.writtenBytes) }],
  ]);
}

function columnChunk(spec: ColumnSpec, chunk: ChunkPlace, group: GroupPlace): ThriftValue {
  const { dictionaryOffset } = chunk;
  const encodings = dictionaryOffset === null ? [ENCODING.plain] : [ENCODING.plain, ENCODING.rleDictionary];
  const statistics: ThriftStruct =
    spec === COLUMNS[0]
      ? [
          [3, { i64: 0 }],
          [5, { binary: int64(group.lastUs) }],
          [6, { binary: int64(group.firstUs) }],
        ]
      : [[3, { i64: chunk.nulls }]];
  const metadata: ThriftStruct = [
    [1, { i32: spec.physical }],
    [2, { list: [...encodings, ENCODING.rle].map((i32) => ({ i32 })) }],
    [3, { list: [{ binary: spec.name }] }],
    [4, { i32: chunk.codec }],
    [5, { i64: group.rows }],
    [6, { i64: chunk.plainBytes }],
    [7, { i64: chunk.writtenBytes }],
    [9, { i64: chunk.dataOffset }],
    ...(dictionaryOffset === null ? [] : ([[11, { i64: dictionaryOffset }]] as const)),
    [12, { struct: statistics }],
  ];
  return struct([2, { i64: dictionaryOffset ?? chunk.dataOffset }], [3, { struct: metadata }]);
}

/**
 * The end of a file: its metadata, their length and the magic bytes.
 * @param groups as `rowGroup` made them
 * @param checksums of the column chunks, in the order of the file
 * @param pairs the file's own keys and values
 * @param version of the tool
 */
export function footer(
  rows: number,
  groups: readonly Uint8Array[],
  checksums: readonly string[],
  pairs: readonly (readonly [key: string, value: string])[],
  version: string,
): Buffer {
  const all = [...pairs, [CHECKSUMS_KEY, checksumsBefore(checksums)] as const];
  const root = struct([4, { binary: ROOT_NAME }], [5, { i32: COLUMNS.length }]);
  const metadata = encodeStruct([
    [1, { i32: 1 }],
    [2, { list: [root, ...COLUMNS.map(schemaElement)] }],
    [3, { i64: rows }],
    [4, { structs: groups }],
    [5, { list: all.map(([key, value]) => struct([1, { binary: key }], [2, { binary: value }])) }],
    [6, { binary: CREATED_BY + version }],
    // Minima and maxima are ordered as their types are; readers ignore statistics of files that do not say so.
    [7, { list: COLUMNS.map(() => struct([1, { struct: [] }])) }],
  ]);
  seal(metadata);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return Buffer.concat([metadata, length, MAGIC]);
}

function schemaElement(spec: ColumnSpec): ThriftValue {
  const repetition = spec.optional ? REPETITION.optional : REPETITION.required;
  return struct(
    [1, { i32: spec.physical }],
    [3, { i32: repetition }],
    [4, { binary: spec.name }],
    ...(spec.text
      ? ([
          [6, { i32: UTF8 }],
          [10, { struct: [[1, { struct: [] }]] }],
        ] as const)
      : []),
  );
}

function struct(...fields: ThriftStruct): ThriftValue {
  return { struct: fields };
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}
