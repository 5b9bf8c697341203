// Sorts rows that are far out of order: in runs that fit in memory, kept on disk, then merged.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { deserialize, serialize } from 'node:v8';
import type { Row } from '../row.js';
import { sortByStart } from './order.js';

/** Rows of a run: what is sorted in memory at a time, some 60 MB. */
const RUN_ROWS = 200_000;
/** Rows that are written, and read again, at a time. */
const PIECE_ROWS = 500;
/** Runs that are merged at once; more are merged in several rounds. */
const MERGED_MAX = 64;

/**
 * Yields the same rows by `startUs`; rows with the same start keep their order. Uses the folder for temporary files,
 * which are gone at the end, whether it was reached or not.
 * @param runRows rows sorted in memory at a time
 */
export async function* sortOnDisk(
  batches: AsyncIterable<readonly Row[]>,
  runRows = RUN_ROWS,
): AsyncGenerator<Row[], void> {
  const folder = await mkdtemp(join(tmpdir(), 'flashcrowd-sort-'));
  let files = 0;
  const write = async (pieces: AsyncIterable<Row[]> | Iterable<Row[]>): Promise<string> => {
    const file = join(folder, String(files++));
    await pipeline(Readable.from(encode(pieces)), createWriteStream(file, { mode: 0o600 }));
    return file;
  };
  try {
    let runs: string[] = [];
    let rows: Row[] = [];
    for await (const batch of batches) {
      for (const row of batch) rows.push(row);
      if (rows.length < runRows) continue;
      runs.push(await write(piecesOf(sortByStart(rows))));
      rows = [];
    }
    if (runs.length === 0) {
      yield* piecesOf(sortByStart(rows));
      return;
    }
    if (rows.length > 0) runs.push(await write(piecesOf(sortByStart(rows))));
    rows = [];
    while (runs.length > MERGED_MAX) {
      const merged: string[] = [];
      for (let at = 0; at < runs.length; at += MERGED_MAX) {
        const some = runs.slice(at, at + MERGED_MAX);
        merged.push(await write(merge(some)));
        await Promise.all(some.map((file) => rm(file)));
      }
      runs = merged;
    }
    yield* merge(runs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function* piecesOf(rows: readonly Row[]): Generator<Row[], void> {
  for (let at = 0; at < rows.length; at += PIECE_ROWS) yield rows.slice(at, at + PIECE_ROWS);
}

/** A piece is its length in bytes, then its rows as v8 writes arrays. */
async function* encode(pieces: AsyncIterable<Row[]> | Iterable<Row[]>): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) {
    const bytes = serialize(
      piece.map((row) => [
        row.startUs,
        row.durationUs,
        row.method,
        row.host,
        row.path,
        row.status,
        row.bytes,
        row.client,
        row.clientClass,
        row.headers,
        row.body,
      ]),
    );
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    yield length;
    yield bytes;
  }
}

async function* decode(file: string): AsyncGenerator<Row[], void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    held = held.length === 0 ? (chunk as Buffer) : Buffer.concat([held, chunk as Buffer]);
    while (held.length >= 4) {
      const end = 4 + held.readUInt32LE(0);
      if (held.length < end) break;
      yield (deserialize(held.subarray(4, end)) as unknown[][]).map(rowOf);
      held = held.subarray(end);
    }
  }
}

function rowOf(values: unknown[]): Row {
  const [startUs, durationUs, method, host, path, status, bytes, client, clientClass, headers, body] =
    values as [
      number,
      number | undefined,
      string,
      string | undefined,
      string,
      number | undefined,
      number | undefined,
      string,
      Row['clientClass'],
      string | undefined,
      Uint8Array | undefined,
    ];
  return { startUs, durationUs, method, host, path, status, bytes, client, clientClass, headers, body };
}

interface Run {
  readonly index: number;
  readonly pieces: AsyncGenerator<Row[], void>;
  piece: Row[];
  at: number;
}

/** Merges sorted runs; on a tie the earlier run goes first. */
async function* merge(files: readonly string[]): AsyncGenerator<Row[], void> {
  const open: Run[] = [];
  for (const [index, file] of files.entries()) {
    const run: Run = { index, pieces: decode(file), piece: [], at: 0 };
    if (await refill(run)) open.push(run);
  }
  let out: Row[] = [];
  while (open.length > 0) {
    let first = open[0] as Run;
    for (const run of open) if (isBefore(run, first)) first = run;
    out.push(first.piece[first.at++] as Row);
    if (first.at === first.piece.length && !(await refill(first))) open.splice(open.indexOf(first), 1);
    if (out.length < PIECE_ROWS) continue;
    yield out;
    out = [];
  }
  if (out.length > 0) yield out;
}

function isBefore(a: Run, b: Run): boolean {
  const us = (a.piece[a.at] as Row).startUs - (b.piece[b.at] as Row).startUs;
  return us < 0 || (us === 0 && a.index < b.index);
}

async function refill(run: Run): Promise<boolean> {
  const next = await run.pieces.next();
  run.piece = next.done ? [] : next.value;
  run.at = 0;
  return !next.done;
}
