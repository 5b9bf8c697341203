// The files a scenario names: found beside it, read once however often they are named, listed with their digests.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { CsvTrouble } from '../recording/read/csv.js';
import { readCsv } from './csv.js';
import { type CurveFile, type FileProblem, readCurveFile } from './curve-file.js';
import { didYouMean } from './nearest.js';
import { type Path, type ProblemList, quote } from './problems.js';

export interface InputFile {
  /** As it can be opened from where the command runs. */
  readonly path: string;
  /** SHA-256 of the raw bytes, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
}

/** One column of a CSV: the values of a placeholder. */
export interface ColumnFile {
  readonly column: string;
  readonly values: readonly string[];
  readonly digest: string;
}

/** All columns of a CSV, by their names. */
export interface UsersFile {
  readonly digest: string;
  readonly count: number;
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** Users, and columns of them, that one file may have. */
const USERS_MAX = 1_000_000;
const USER_COLUMNS_MAX = 32;

/** Opens the files of one scenario; what is wrong with them goes to its problems. */
export class InputFiles {
  readonly #read = new Map<string, InputFile>();
  readonly #curves = new Map<string, Promise<CurveFile | undefined>>();
  readonly #columns = new Map<string, Promise<ColumnFile | undefined>>();

  /** @param folder what relative paths start from */
  constructor(
    readonly folder: string,
    readonly problems: ProblemList,
  ) {}

  /** Every file read so far, each once. */
  get list(): InputFile[] {
    return [...this.#read.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The path to open; undefined, and a problem, if there is no such file. */
  async find(reference: string, at: Path): Promise<string | undefined> {
    const path = isAbsolute(reference) ? normalize(reference) : join(this.folder, reference);
    const wrong = reference.trim() === '' ? 'is empty; expected the name of a file' : await unreadable(path);
    if (wrong === undefined) return path;
    const hint = isAbsolute(reference) ? undefined : 'paths are relative to the scenario file';
    this.problems.add(at, reference.trim() === '' ? wrong : `${quote(reference)} ${wrong}`, hint);
    return undefined;
  }

  /** The paths that a reference stands for, a glob or a file; empty, and a problem, if there is none. */
  async findMatching(reference: string, at: Path): Promise<string[]> {
    const path = isAbsolute(reference) ? normalize(reference) : join(this.folder, reference);
    if (isDynamicPattern(reference) && (await unreadable(path)) !== undefined) {
      const matches = (await glob(path, { expandDirectories: false, dot: true })).sort();
      if (matches.length === 0) this.problems.add(at, `${quote(reference)} matches no file`);
      return matches;
    }
    const found = await this.find(reference, at);
    return found === undefined ? [] : [found];
  }

  async curve(reference: string, at: Path): Promise<CurveFile | undefined> {
    const path = await this.find(reference, at);
    return path === undefined ? undefined : once(this.#curves, path, () => this.#readCurve(path));
  }

  /** @param wanted the column; undefined: the one named as the placeholder, or the only one */
  async column(
    reference: string,
    wanted: string | undefined,
    name: string,
    at: Path,
  ): Promise<ColumnFile | undefined> {
    const path = await this.find(reference, at);
    if (path === undefined) return undefined;
    const key = `${path}\n${wanted ?? ''}\n${name}`;
    return once(this.#columns, key, () => this.#readColumn(path, wanted, name, at));
  }

  /** The users of a login. They are secrets: no problem says what stands in the file. */
  async users(reference: string, at: Path): Promise<UsersFile | undefined> {
    const path = await this.find(reference, at);
    if (path === undefined) return undefined;
    const columns: string[][] = [];
    let names: string[] | undefined;
    let count = 0;
    try {
      const read = await readCsv(path, (cells) => {
        if (names === undefined) {
          names = cells.slice(0, USER_COLUMNS_MAX);
          columns.push(...names.map(() => []));
        } else if (++count <= USERS_MAX) {
          for (const [i, column] of columns.entries()) column.push(cells[i] ?? '');
        }
      });
      const many = count > USERS_MAX ? `has more than ${USERS_MAX} users` : undefined;
      const wrong = count === 0 ? 'has no users; expected a header and a line for each' : many;
      if (names === undefined || wrong !== undefined)
        return this.#reject(path, [{ line: 0, message: wrong ?? 'is empty; expected a header and rows' }]);
      this.#add({ path, ...read });
      return {
        digest: read.digest,
        count,
        columns: new Map(names.map((name, i) => [name, columns[i] ?? []])),
      };
    } catch (error) {
      if (error instanceof CsvTrouble) return this.#reject(path, [error]);
      throw error;
    }
  }

  /** Lists a file that somebody else reads; hashes it unless they did. */
  async digest(path: string, known: string | undefined): Promise<string> {
    const digest = known || (await digestOf(path));
    const { size } = await stat(path);
    this.#add({ path, digest, bytes: size });
    return digest;
  }

  #add(file: InputFile): void {
    this.#read.set(file.path, file);
  }

  async #readCurve(path: string): Promise<CurveFile | undefined> {
    const result = await readCurveFile(path);
    if (!('curve' in result)) return this.#reject(path, result);
    this.#add({ path, digest: result.digest, bytes: result.bytes });
    return result;
  }

  async #readColumn(
    path: string,
    wanted: string | undefined,
    name: string,
    at: Path,
  ): Promise<ColumnFile | undefined> {
    const wrong: FileProblem[] = [];
    const values: string[] = [];
    let column: string | undefined;
    let index = -1;
    const header = (cells: string[]) => {
      const candidates =
        wanted === undefined ? [name, cells.length === 1 ? (cells[0] as string) : name] : [wanted];
      column = candidates.find((candidate) => cells.includes(candidate)) ?? candidates[0];
      index = cells.indexOf(column as string);
      if (index >= 0) return;
      const path = wanted === undefined ? at : [...at.slice(0, -1), 'column'];
      this.problems.add(
        path,
        `the file has no column ${quote(column as string)}`,
        didYouMean(column as string, cells),
      );
    };
    const row = (cells: string[], line: number) => {
      const value = cells[index] ?? '';
      if (value !== '') values.push(value);
      else if (wrong.length < 20) wrong.push({ line, message: `${column} is empty` });
    };
    try {
      const read = await readCsv(path, (cells, line) => {
        if (column === undefined) header(cells);
        else if (index >= 0) row(cells, line);
      });
      if (column === undefined)
        return this.#reject(path, [{ line: 0, message: 'is empty; expected a header and rows' }]);
      if (index < 0) return undefined;
      if (wrong.length > 0) return this.#reject(path, wrong);
      if (values.length === 0) return this.#reject(path, [{ line: 0, message: 'has no rows' }]);
      this.#add({ path, ...read });
      return { column, values, digest: read.digest };
    } catch (error) {
      if (error instanceof CsvTrouble) return this.#reject(path, [...wrong, error]);
      throw error;
    }
  }

  #reject(path: string, problems: readonly FileProblem[]): undefined {
    for (const { line, message, hint } of problems) {
      this.problems.addElsewhere(line > 0 ? `${path}:${line}` : path, message, hint);
    }
  }
}

/** Why a file cannot be read; undefined if it can. */
export async function unreadable(path: string): Promise<string | undefined> {
  try {
    if (path.includes('\0')) return 'is not the name of a file';
    const found = await stat(path);
    if (found.isFIFO()) return 'is a pipe; expected a file';
    if (found.isDirectory()) return 'is a folder; expected a file';
    return found.isFile() ? undefined : 'is a device; expected a file';
  } catch (error) {
    return trouble(error);
  }
}

/** A file system's error in words. */
export function trouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EISDIR') return 'is a folder; expected a file';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read';
  if (code === '' || error instanceof TypeError) throw error;
  return `cannot be read (${code})`;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
