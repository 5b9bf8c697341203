// The files in a zip archive, each as a stream of bytes; the only file that imports yauzl.
//
// Its traps, and how they are closed here: it checks neither that an entry unpacks to the size that it states nor stops
// at one when told not to (validateEntrySize is left on); callbacks come from its own emitter, so each archive is opened
// anew for each entry that is read: a few files, and no shared state between two readers.
import type { Readable } from 'node:stream';
import { type Entry, open as openArchive, type ZipFile } from 'yauzl';
import { UserError } from '../../problem.js';
import type { CutReport } from './unpack.js';

/** Each is found by walking the directory of the archive, so that few are kept open. */
const ENTRIES_MAX = 1_000;

export interface ZipEntry {
  readonly name: string;
  open(report: CutReport): AsyncGenerator<Buffer, void>;
}

/**
 * Lists an archive's files; folders and what macOS adds are left out.
 * @throws UserError for what is no whole archive
 */
export async function zipEntries(path: string): Promise<ZipEntry[]> {
  const archive = await opened(path);
  const entries: ZipEntry[] = [];
  try {
    await eachEntry(archive, (entry) => {
      const name = entry.fileName;
      if (name.endsWith('/') || name.startsWith('__MACOSX/') || entry.uncompressedSize === 0) return;
      entries.push({ name, open: (report) => readEntry(path, name, report) });
    });
  } catch (error) {
    throw broken(path, error as Error);
  } finally {
    archive.close();
  }
  if (entries.length > 0) return entries;
  throw new UserError([{ place: path, path: '', message: 'is an archive without files' }]);
}

async function* readEntry(path: string, name: string, report: CutReport): AsyncGenerator<Buffer, void> {
  const archive = await opened(path);
  try {
    let found: Entry | undefined;
    await eachEntry(archive, (entry) => {
      if (entry.fileName === name) found ??= entry;
    });
    if (found === undefined) return;
    const entry = found;
    const stream = await new Promise<Readable>((resolve, reject) => {
      archive.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
    });
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof UserError) throw error;
    report.cut = `the archive is damaged (${(error as Error).message}): read up to there`;
  } finally {
    archive.close();
  }
}

function opened(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    openArchive(path, { lazyEntries: true, autoClose: false }, (error, archive) =>
      error ? reject(broken(path, error)) : resolve(archive),
    );
  });
}

function eachEntry(archive: ZipFile, take: (entry: Entry) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    archive.on('entry', (entry: Entry) => {
      if (++seen > ENTRIES_MAX) {
        reject(new Error(`more than ${ENTRIES_MAX} files`));
        return;
      }
      take(entry);
      archive.readEntry();
    });
    archive.on('end', resolve);
    archive.on('error', reject);
    archive.readEntry();
  });
}

function broken(path: string, error: Error): UserError {
  const hint = 'Check that it was copied whole: unzip -t FILE';
  return new UserError([
    { place: path, path: '', message: `is no whole zip archive: ${error.message}`, hint },
  ]);
}
