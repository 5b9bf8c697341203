// The one file that knows csv-parse: rows of a CSV with their lines, and the file's digest from the same reading.
//
// Its traps: the record delimiter is guessed from the first line alone, so that a file with mixed line ends breaks
// (all three are named here); rows of unequal length throw unless relaxed (the reader checks them, with the line);
// a quote that is never closed swallows the file into one record (hence max_record_size); `cast` turns "007" into 7
// (off); an exception thrown in on_record loses its stack in the stream, so rows that stop the reading do it by
// a flag; and a byte order mark becomes part of the first column's name unless asked away.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';

const RECORD_BYTES_MAX = 64 * 1024;
export const CSV_BYTES_MAX = 256 * 1024 * 1024;
export const CSV_ROWS_MAX = 10_000_000;

/** What was read besides the rows. */
export interface CsvFile {
  /** SHA-256 of the raw bytes, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
}

/** A CSV that cannot be read to its end; `line` is 0 where the file as a whole is meant. */
export class CsvTrouble extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/**
 * Reads a CSV file row by row: comma, semicolon or tab between cells, whichever the first line has; blanks around
 * cells, empty lines and lines that start with # are left out.
 * @param onRow gets the cells and the line (from 1); the first row is the header
 * @throws CsvTrouble, or the file system's error
 */
export async function readCsv(
  file: string,
  onRow: (cells: string[], line: number) => void,
): Promise<CsvFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  let rows = 0;
  let tooMany = false;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > CSV_BYTES_MAX) done(new CsvTrouble('is larger than 256 MiB', 0));
      else if (tooMany) done(new CsvTrouble('has more than 10 million rows', 0));
      else done(null, chunk);
    },
  });
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(file),
    record_delimiter: ['\r\n', '\n', '\r'],
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: RECORD_BYTES_MAX,
    comment: '#',
    comment_no_infix: true,
    cast: false,
    on_record: (cells: string[], { lines }) => {
      rows++;
      if (rows > CSV_ROWS_MAX) tooMany = true;
      else onRow(cells, lines);
      return null;
    },
  });
  parser.resume();
  try {
    await pipeline(createReadStream(file), tap, parser);
  } catch (error) {
    if (error instanceof CsvError) throw new CsvTrouble(wording(error), Number(error.lines ?? 0));
    throw error;
  }
  return { digest: hash.digest('hex'), bytes };
}

async function delimiterOf(file: string): Promise<string> {
  let head = '';
  for await (const chunk of createReadStream(file, { end: 4095, encoding: 'utf8' })) head += chunk;
  const header = head.split(/[\r\n]+/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return [',', ';', '\t'].find((delimiter) => header.includes(delimiter)) ?? ',';
}

function wording(error: CsvError): string {
  if (error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE') {
    return 'a quoted cell is not closed';
  }
  if (error.code === 'INVALID_OPENING_QUOTE') return 'a quote stands in the middle of a cell';
  return `is not CSV: ${error.message}`;
}
