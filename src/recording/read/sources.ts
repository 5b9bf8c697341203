// From what a user names (files, globs, archives, standard input) to the parts that are read, each one log.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { glob, isDynamicPattern } from 'tinyglobby';
import { type Problem, UserError } from '../../problem.js';
import { type CutReport, foreignKind, unpacked } from './unpack.js';
import { zipEntries } from './zip.js';

/** One log, to be read from its start to its end. */
export interface Part {
  /** The file's path, `archive.zip!entry.log`, or `standard input`. */
  readonly name: string;
  /** Parquet is read at random places, not as a stream of bytes. */
  readonly kind: 'bytes' | 'parquet';
  /** The file that it is in; null for standard input. */
  readonly file: string | null;
  /** Its unpacked bytes; `report` is filled in at the end. Standard input can be opened once. */
  open(report: PartReport): AsyncGenerator<Buffer, void>;
}

/** What only the end of a part tells. */
export interface PartReport extends CutReport {
  /** SHA-256 of the file's bytes as they lie on disk, hex; null until the end was reached. */
  digest: string | null;
}

/** Names that a user may give in one import, after globs and archives are expanded. */
const PARTS_MAX = 10_000;
/** How standard input is named among files. */
export const STANDARD_INPUT = '-';

/**
 * The files that names stand for: globs expanded and sorted, everything checked to be a file that can be read.
 * @throws UserError naming all that are not
 */
export async function findFiles(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const problems: Problem[] = [];
  for (const name of names) {
    const why = name === STANDARD_INPUT ? undefined : await whyUnreadable(name);
    if (why === undefined) found.push(name);
    else if (why.missing && isDynamicPattern(name)) {
      const matches = (await glob(name, { expandDirectories: false, absolute: false, dot: true })).sort();
      if (matches.length === 0) problems.push({ ...why.problem, message: 'no file matches it' });
      found.push(...matches);
    } else problems.push(why.problem);
  }
  const files = [...new Set(found)];
  if (files.length > PARTS_MAX) problems.push(tooMany(files.length));
  if (problems.length > 0) throw new UserError(problems);
  return files;
}

/**
 * The parts of files: one each, or one for each file in a zip archive.
 * @throws UserError for a file that is of a kind that cannot be read
 */
export async function partsOf(files: readonly string[]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const file of files) {
    if (file === STANDARD_INPUT) parts.push(standardInput());
    else parts.push(...(await partsOfFile(file)));
    if (parts.length > PARTS_MAX) throw new UserError([tooMany(parts.length)]);
  }
  return parts;
}

/** SHA-256 of a file's bytes, hex. @throws UserError when it cannot be read */
export async function digestOf(file: string): Promise<string> {
  const report: PartReport = { cut: null, digest: null };
  for await (const _ of readFile(file, report));
  return report.digest ?? '';
}

async function partsOfFile(file: string): Promise<Part[]> {
  const head = await readHead(file);
  if (head.toString('latin1', 0, 4) === 'PAR1') {
    return [{ name: file, kind: 'parquet', file, open: (report) => readFile(file, report) }];
  }
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') {
    const digest = once(() => digestOf(file));
    const entries = await zipEntries(file);
    return entries.map(({ name, open }) => ({
      name: `${file}!${name}`,
      kind: 'bytes',
      file,
      open: (report) => zipped(name, open, digest, report),
    }));
  }
  const foreign = foreignKind(head, file);
  if (foreign !== undefined) throw new UserError([isForeign(file, foreign)]);
  return [
    { name: file, kind: 'bytes', file, open: (report) => unpacked(readFile(file, report), file, report) },
  ];
}

async function* zipped(
  name: string,
  open: (report: CutReport) => AsyncGenerator<Buffer, void>,
  digest: () => Promise<string>,
  report: PartReport,
): AsyncGenerator<Buffer, void> {
  yield* unpacked(open(report), name, report);
  report.digest = await digest();
}

/** What a file is called in messages. */
export function nameOf(file: string): string {
  return file === STANDARD_INPUT ? 'standard input' : file;
}

function standardInput(): Part {
  const name = nameOf(STANDARD_INPUT);
  return { name, kind: 'bytes', file: null, open: (report) => readStandardInput(name, report) };
}

/** Standard input cannot be read twice, so what needs the end of a file first is refused. */
async function* readStandardInput(name: string, report: PartReport): AsyncGenerator<Buffer, void> {
  const raw = hashed(process.stdin as AsyncIterable<Buffer>, name, report);
  const first = await raw.next();
  if (first.done) return;
  const magic = first.value.toString('latin1', 0, 4);
  const foreign =
    magic === 'PK\x03\x04' || magic === 'PAR1'
      ? {
          what: magic === 'PAR1' ? 'Parquet' : 'a zip archive',
          hint: 'Save it to a file first, and name that.',
        }
      : foreignKind(first.value, name);
  if (foreign !== undefined) throw new UserError([isForeign(name, foreign)]);
  const all = (async function* () {
    yield first.value;
    yield* raw;
  })();
  yield* unpacked(all, name, report);
}

function readFile(file: string, report: PartReport): AsyncGenerator<Buffer, void> {
  return hashed(createReadStream(file, { highWaterMark: 131_072 }) as AsyncIterable<Buffer>, file, report);
}

/** The chunks as they come. Whoever stops early leaves the digest open: it stands for the whole. */
async function* hashed(
  chunks: AsyncIterable<Buffer>,
  name: string,
  report: PartReport,
): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError([{ place: name, path: '', message: `cannot be read: ${message}` }]);
  }
  report.digest = hash.digest('hex');
}

async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new UserError([
      { place: file, path: '', message: `cannot be read: ${(error as NodeJS.ErrnoException).message}` },
    ]);
  } finally {
    await handle.close();
  }
}

async function whyUnreadable(name: string): Promise<{ missing: boolean; problem: Problem } | undefined> {
  const wrong = (message: string, hint: string, missing = false) => ({
    missing,
    problem: { place: name, path: '', message, hint },
  });
  try {
    const found = await stat(name);
    if (found.isDirectory())
      return wrong('is a directory; a log file was expected', `Name its files: ${name}/*`);
    // Opened to look and opened again to read, it would have lost its beginning, or wait for a writer for good.
    if (found.isFIFO() || found.isSocket())
      return wrong('is a pipe; a file was expected', 'Give it as standard input: … | flashcrowd import -');
    const handle = await open(name);
    await handle.close();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return wrong('there is no such file', 'Check the name; paths are relative.', true);
    }
    if (code === 'EACCES' || code === 'EPERM')
      return wrong('may not be read by this user', 'Check its rights.');
    return wrong(`cannot be read: ${message}`, 'Check the name.');
  }
}

function isForeign(place: string, { what, hint }: { what: string; hint: string }): Problem {
  return { place, path: '', message: `is ${what}; a log, plain or packed, was expected`, hint };
}

function tooMany(count: number): Problem {
  const message = `${count} files at once; at most ${PARTS_MAX} are read`;
  return {
    place: 'input',
    path: '',
    message,
    hint: 'Import them in parts, and give the parts to one stream.',
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
