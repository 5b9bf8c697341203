// Reads a recording file: rows in start order, as they were imported.
import { UserError } from '../../problem.js';
import type { ClientClass, Row } from '../row.js';
import { beginsAsParquet, type ColumnValues, ParquetFile } from './parquet.js';
import { COLUMNS, PHYSICAL } from './parquet-columns.js';
import { METADATA_KEY, RECORDING_FORMAT } from './parquet-writer.js';

/** Rows in a batch, at most. */
const BATCH_ROWS = 1_024;

/** A part of a recording: rows with `fromUs ≤ start < toUs`, UTC microseconds. */
export interface ReadSpan {
  readonly fromUs?: number;
  readonly toUs?: number;
}

interface Group {
  readonly index: number;
  readonly rows: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

/** A recording that is open; `close` it. */
export class RecordingFile {
  /** Starts of the first and last row, UTC microseconds; null without rows. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
  readonly rows: number;
  /** Another one wherever anything in the file is another. */
  readonly fingerprint: string;

  /** @param metadata the JSON text that `RecordingWriter.finish` was given, as it is canonically written */
  constructor(
    private readonly file: ParquetFile,
    private readonly groups: readonly Group[],
    readonly metadata: string,
  ) {
    this.rows = file.rows;
    this.fingerprint = file.fingerprint;
    this.firstUs = groups[0]?.firstUs ?? null;
    this.lastUs = groups.at(-1)?.lastUs ?? null;
  }

  /**
   * The rows of a span in start order, in batches of at most 1,024. Row groups outside it are not read.
   * @throws UserError while iterating, when the file is damaged
   */
  async *read(span: ReadSpan = {}): AsyncGenerator<Row[], void> {
    const { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY } = span;
    let lastUs = Number.NEGATIVE_INFINITY;
    for (const group of this.groups) {
      if (group.lastUs < fromUs || group.firstUs >= toUs) continue;
      const columns = await this.#columns(group);
      const first = lowerBound(columns.startUs, fromUs);
      const end = lowerBound(columns.startUs, toUs);
      for (let at = first; at < end; at += BATCH_ROWS) {
        const batch = rowsOf(columns, at, Math.min(at + BATCH_ROWS, end));
        for (const row of batch) {
          if (row.startUs < lastUs) throw unsorted(this.file.path);
          lastUs = row.startUs;
        }
        yield batch;
      }
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** A group's columns; those that are known to be empty are not read. */
  async #columns({ index, rows }: Group): Promise<Columns> {
    const group = this.file.groups[index]!;
    const names = COLUMNS.map(({ name }) => name).filter((name) => !group.isEmpty(name));
    const values = await this.file.read(index, 0, rows, names, true);
    const of = (name: string): ColumnValues => values[names.indexOf(name)] ?? [];
    return {
      startUs: numbers(of('start_us'), rows),
      durationUs: numbers(of('duration_us'), rows),
      method: of('method') as ArrayLike<string>,
      host: of('host') as ArrayLike<string | null>,
      path: of('path') as ArrayLike<string>,
      status: numbers(of('status'), rows),
      bytes: numbers(of('bytes'), rows),
      client: of('client') as ArrayLike<string>,
      clientClass: of('client_class') as ArrayLike<string>,
      headers: of('headers') as ArrayLike<string | null>,
      body: of('body') as ArrayLike<Uint8Array | null>,
    };
  }
}

/** Opens a recording. @throws UserError when the file is no recording, is cut off, damaged, or of a newer format */
export async function openRecording(path: string): Promise<RecordingFile> {
  const file = await ParquetFile.open(path);
  try {
    const metadata = readMetadata(file);
    checkColumns(file);
    if (!file.isChecked)
      throw rewritten(path, 'is a recording without the checksums that it was written with');
    return new RecordingFile(file, groupsOf(file), metadata);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Whether a file is a Parquet file that says that it is a recording. @throws UserError when it cannot be opened */
export async function isRecording(path: string): Promise<boolean> {
  if (!(await beginsAsParquet(path))) return false;
  const file = await ParquetFile.open(path);
  await file.close();
  return file.isChecked || file.value(METADATA_KEY) !== undefined;
}

interface Own {
  readonly format: number;
  readonly version: string;
  readonly import: unknown;
}

function readMetadata(file: ParquetFile): string {
  const own = parseOwn(file.value(METADATA_KEY));
  if (own === undefined) {
    throw problem(
      file.path,
      'is a Parquet file, but no recording of flashcrowd',
      `Make one of it: flashcrowd import ${file.path} -o NAME.parquet`,
    );
  }
  if (own.format > RECORDING_FORMAT) {
    throw problem(
      file.path,
      `was made by a newer flashcrowd: format ${own.format}, where this one knows formats up to ${RECORDING_FORMAT}`,
      'Update flashcrowd, or import the log again.',
    );
  }
  if (own.format < RECORDING_FORMAT) {
    const message = `was made by an older flashcrowd: format ${own.format}, which has no checksums`;
    throw problem(file.path, message, 'Import the log again.');
  }
  return JSON.stringify(own.import);
}

function parseOwn(text: string | undefined): Own | undefined {
  try {
    const own: unknown = JSON.parse(text ?? '');
    const isOwn = typeof own === 'object' && own !== null && 'format' in own && 'import' in own;
    return isOwn && Number.isInteger(own.format) ? (own as Own) : undefined;
  } catch {
    return undefined;
  }
}

function checkColumns(file: ParquetFile): void {
  const there = new Map(file.columns.map(({ name, kind }) => [name, kind]));
  const wrong = COLUMNS.filter(
    ({ name, physical }) => there.get(name) !== (physical === PHYSICAL.byteArray ? 'text' : 'number'),
  ).map(({ name }) => name);
  if (wrong.length === 0) return;
  const message = `is a recording without these columns, or with others of their names: ${wrong.join(', ')}`;
  throw problem(file.path, message, 'Import the log again.');
}

/** The groups that have rows. @throws UserError unless each tells where it lies in time and they follow one another */
function groupsOf(file: ParquetFile): Group[] {
  const groups: Group[] = [];
  for (const [index, group] of file.groups.entries()) {
    if (group.rows === 0) continue;
    const [firstUs, lastUs] = group.bounds('start_us') ?? [Number.NaN, Number.NaN];
    if (!(firstUs <= lastUs && firstUs >= (groups.at(-1)?.lastUs ?? firstUs))) throw unsorted(file.path);
    groups.push({ index, rows: group.rows, firstUs, lastUs });
  }
  return groups;
}

function unsorted(path: string): UserError {
  return rewritten(path, 'is a recording whose rows are not in the order of their start');
}

function rewritten(path: string, message: string): UserError {
  return problem(
    path,
    message,
    `Another tool wrote it anew? Import it: flashcrowd import ${path} -o NAME.parquet`,
  );
}

function problem(place: string, message: string, hint: string): UserError {
  return new UserError([{ place, path: '', message, hint }]);
}

/** Columns of a group; an empty array for an empty column, NaN for a missing number. */
interface Columns {
  readonly startUs: Float64Array;
  readonly durationUs: Float64Array;
  readonly method: ArrayLike<string>;
  readonly host: ArrayLike<string | null>;
  readonly path: ArrayLike<string>;
  readonly status: Float64Array;
  readonly bytes: Float64Array;
  readonly client: ArrayLike<string>;
  readonly clientClass: ArrayLike<string>;
  readonly headers: ArrayLike<string | null>;
  readonly body: ArrayLike<Uint8Array | null>;
}

function numbers(values: ColumnValues, rows: number): Float64Array {
  const out = new Float64Array(rows);
  if (values.length === 0) return out.fill(Number.NaN);
  if (values instanceof BigInt64Array) {
    // Two halves are three times faster than a bigint each.
    const words = new DataView(values.buffer, values.byteOffset, values.byteLength);
    for (let i = 0; i < rows; i++) {
      out[i] = words.getInt32(8 * i + 4, true) * 2 ** 32 + words.getUint32(8 * i, true);
    }
    return out;
  }
  for (let i = 0; i < rows; i++) {
    const value = values[i];
    out[i] = value === undefined || value === null ? Number.NaN : Number(value);
  }
  return out;
}

/** Rows with their fields in the order of the parsers of logs, so that the schedule meets one shape of objects. */
function rowsOf(columns: Columns, from: number, to: number): Row[] {
  const { startUs, durationUs, method, host, path, status, bytes, client, clientClass, headers, body } =
    columns;
  const rows = new Array<Row>(to - from);
  for (let i = from; i < to; i++) {
    const recordedBody = body[i];
    rows[i - from] = {
      startUs: startUs[i]!,
      durationUs: orUndefined(durationUs[i]!),
      method: method[i]!,
      host: host[i] ?? undefined,
      path: path[i]!,
      status: orUndefined(status[i]!),
      bytes: orUndefined(bytes[i]!),
      client: client[i]!,
      clientClass: classOf(clientClass[i]!),
      headers: headers[i] ?? undefined,
      // A copy: the bytes are a view into the whole row group.
      body: recordedBody ? recordedBody.slice() : undefined,
    };
  }
  return rows;
}

function orUndefined(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

function classOf(text: string): ClientClass {
  return text === 'person' || text === 'bot' ? text : 'unknown';
}

/** How many of the sorted values are below `limit`. */
function lowerBound(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
