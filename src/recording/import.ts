// Makes one recording of logs: read in start order, audited on the way, and written as Parquet.
import { setFlagsFromString } from 'node:v8';
import { type Problem, UserError } from '../problem.js';
import { VERSION } from '../version.js';
import type { Audit } from './audit/audit.js';
import { AuditBuilder } from './audit/audit-builder.js';
import { SET_APART } from './formats/format.js';
import { RecordingWriter } from './parquet/parquet-writer.js';
import { type ReadOptions, type ReadSummary, RecordingReader } from './read/reader.js';
import { nameOf } from './read/sources.js';

/** What a recording's metadata hold beside the file's own facts. */
export interface RecordingFacts {
  /** The rows' offsets inside coarse stamps were drawn with it. */
  readonly seed: number;
  readonly audit: Audit;
}

/**
 * By itself V8 lets the heap grow to several times what is alive before it looks for garbage, as rows die one order
 * window after they were made: half a gigabyte for a busy log. This bounds it, for a tenth more CPU.
 */
const HEAP_FLAG = '--heap-growing-percent=75';

/** Somebody asked for an import to stop. */
export class Interrupted extends Error {}

/** How an import is watched and stopped. */
export interface ImportWatch {
  readonly signal?: AbortSignal;
  /** Hears of lines read, and of the start of the last row. */
  readonly progress?: (lines: number, atUs: number | null) => void;
}

/**
 * Reads logs once, and writes a recording of them.
 * @param out the file to write; null for the audit alone
 * @throws Interrupted when the signal asks for it; nothing is left behind then
 * @throws UserError for what cannot be read, and when no row comes of it; nothing is left behind then
 */
export async function importRecording(
  options: ReadOptions,
  out: string | null,
  watch: ImportWatch = {},
): Promise<Audit> {
  setFlagsFromString(HEAP_FLAG);
  const builder = new AuditBuilder();
  const reader = new RecordingReader({ ...options, setApart: (row) => builder.setApart(row) });
  const writer = out === null ? null : await RecordingWriter.create(out, VERSION);
  try {
    for await (const batch of reader) {
      for (const row of batch) builder.add(row);
      await writer?.append(batch);
      if (watch.signal?.aborted) throw new Interrupted();
      watch.progress?.(reader.lines, reader.atUs);
    }
    if (watch.signal?.aborted) throw new Interrupted();
    const { summary } = reader;
    if (summary.rows === 0) throw new UserError([noRow(options.files, summary)]);
    const audit = builder.finish(summary);
    await writer?.finish(JSON.stringify({ seed: options.seed, audit } satisfies RecordingFacts));
    return audit;
  } catch (error) {
    await writer?.abort();
    // Whoever stops an import may take its input away too.
    throw watch.signal?.aborted ? new Interrupted() : error;
  }
}

function noRow(files: readonly string[], { lines, files: parts, dropped, setApart }: ReadSummary): Problem {
  const names = files.slice(0, 3).map(nameOf);
  const place = files.length > 3 ? `${names.join(', ')} …` : names.join(', ');
  const cut = parts.find((part) => part.cut !== null)?.cut;
  if (lines === 0) {
    const message = cut ? `holds nothing that can be read: ${cut}` : 'is empty; a log was expected';
    return { place, path: '', message, hint: 'Check that the log was copied whole.' };
  }
  const reasons = [...Object.entries(dropped), ...Object.entries(setApart)]
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${reason}: ${count}`);
  const all = lines === 1 ? 'its only line is no request' : `none of its ${lines} lines is a request`;
  const message = `${all} that could be replayed (${reasons.join('; ')})`;
  return { place, path: '', message, hint: hintFor(dropped, setApart) };
}

function hintFor(dropped: ReadSummary['dropped'], setApart: ReadSummary['setApart']): string {
  if (SET_APART.outside in setApart || SET_APART.where in setApart) return 'Check --from, --to and --where.';
  if (Object.keys(dropped).length === 0)
    return 'Nothing else is in it: record something that can be replayed.';
  return 'Check that this is an access log, not an error log; --format names a format.';
}
