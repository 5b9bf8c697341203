// Reads the CSV files of a scenario: their rows with their lines, and each file's digest from the same reading.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { CsvTrouble, readCsvRecords } from '../recording/read/csv.js';

export const CSV_BYTES_MAX = 256 * 1024 * 1024;
export const CSV_ROWS_MAX = 10_000_000;

/** What was read besides the rows. */
export interface CsvFile {
  /** SHA-256 of the raw bytes, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
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
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file)) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > CSV_BYTES_MAX) throw new CsvTrouble('is larger than 256 MiB', 0);
      yield chunk as Buffer;
    }
  }
  const syntax = {
    delimiter: await delimiterOf(file),
    fromLine: 1,
    hasComments: true,
    hasStrayQuotes: false,
  };
  for await (const records of readCsvRecords(chunks(), syntax)) {
    for (const { cells, line } of records) {
      if (++rows > CSV_ROWS_MAX) throw new CsvTrouble('has more than 10 million rows', 0);
      onRow(cells, line);
    }
  }
  return { digest: hash.digest('hex'), bytes };
}

async function delimiterOf(file: string): Promise<string> {
  let head = '';
  for await (const chunk of createReadStream(file, { end: 4095, encoding: 'utf8' })) head += chunk;
  const header = head.split(/[\r\n]+/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return [',', ';', '\t'].find((delimiter) => header.includes(delimiter)) ?? ',';
}
