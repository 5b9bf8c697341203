// The one file that knows csv-parse: a stream of bytes as the records of a CSV, with their lines.
//
// Its traps: the record delimiter is guessed from the first line alone, so that a file with mixed line ends breaks
// (all three are named here); records of unequal length throw unless relaxed (who reads them checks); a quote that is
// never closed swallows the file into one record (hence max_record_size); `cast` turns "007" into 7 (off); an
// exception thrown in on_record loses its stack in the stream, so nothing is called there; and a byte order mark
// becomes part of the first column's name unless asked away.
import { CsvError, type Parser, parse } from 'csv-parse';

const RECORD_BYTES_MAX = 64 * 1024;

/** How a CSV is written. */
export interface CsvSyntax {
  readonly delimiter: string;
  /** The line (from 1) that reading begins at. */
  readonly fromLine: number;
  /** Whether lines that start with # are left out. */
  readonly hasComments: boolean;
  /** Whether quotes may stand in the middle of a cell, and are kept. */
  readonly hasStrayQuotes: boolean;
}

/** One record: its cells, without the blanks around them unless quotes may be stray, and the line (from 1) that it ends on. */
export interface CsvRecord {
  readonly cells: string[];
  readonly line: number;
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
 * Yields the records of a CSV, the header among them, in batches as the bytes come; empty lines are left out.
 * @throws CsvTrouble while iterating, after all records before the broken one
 */
export async function* readCsvRecords(
  chunks: AsyncIterable<Buffer>,
  syntax: CsvSyntax,
): AsyncGenerator<CsvRecord[]> {
  let records: CsvRecord[] = [];
  const parser = parse({
    bom: true,
    delimiter: syntax.delimiter,
    from_line: syntax.fromLine,
    record_delimiter: ['\r\n', '\n', '\r'],
    // Trimming refuses what stands behind a closing quote, and cells can be trimmed later.
    trim: !syntax.hasStrayQuotes,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: RECORD_BYTES_MAX,
    ...(syntax.hasComments ? { comment: '#', comment_no_infix: true } : {}),
    relax_quotes: syntax.hasStrayQuotes,
    cast: false,
    on_record: (cells: string[], { lines }) => {
      records.push({ cells, line: lines });
      return null;
    },
  });
  parser.resume();
  let failure: Error | null | undefined;
  parser.on('error', (error) => {
    failure ??= error;
  });
  const taken = (): CsvRecord[] => {
    const all = records;
    records = [];
    return all;
  };
  try {
    for await (const chunk of chunks) {
      failure ??= await written(parser, chunk);
      if (records.length > 0) yield taken();
      if (failure) throw troubleOf(failure);
    }
    failure ??= await ended(parser);
    if (records.length > 0) yield taken();
    if (failure) throw troubleOf(failure);
  } finally {
    parser.destroy();
  }
}

function written(parser: Parser, chunk: Buffer): Promise<Error | null | undefined> {
  return new Promise((resolve) => parser.write(chunk, resolve));
}

function ended(parser: Parser): Promise<Error | undefined> {
  return new Promise((resolve) => {
    parser.once('end', () => resolve(undefined));
    parser.once('error', resolve);
    parser.end();
  });
}

function troubleOf(error: Error): Error {
  return error instanceof CsvError ? new CsvTrouble(wording(error), Number(error.lines ?? 0)) : error;
}

function wording(error: CsvError): string {
  if (error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE') {
    return 'a quoted cell is not closed';
  }
  if (error.code === 'INVALID_OPENING_QUOTE') return 'a quote stands in the middle of a cell';
  return `is not CSV: ${error.message}`;
}
