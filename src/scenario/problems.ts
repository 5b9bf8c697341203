// The list of a scenario's problems: collected, placed by line and column, thrown together.
import { escapeJson } from '../plain-text.js';
import { type Problem, UserError } from '../problem.js';
import { UnitError } from '../units.js';

/** Keys and indexes from the top of the file: `['streams', 1, 'curve']`. */
export type Path = readonly (string | number)[];

/** Where a value was typed: in the scenario file, or as an option of the command line. */
export type Spot = Path | { readonly option: string };

/** Finds `line` and `column` (from 1) of the value at a path, or of its key. */
export type Locate = (
  path: Path,
  part: 'key' | 'value',
) => { readonly line: number; readonly column: number };

const SHOWN_MAX = 100;
/** Problems that are kept; placing more would take as long as a hostile file wants. */
const KEPT_MAX = 500;

/** Collects problems and warnings while a scenario is loaded. */
export class ProblemList {
  readonly warnings: string[] = [];
  readonly #found: { readonly problem: Problem; readonly line: number; readonly column: number }[] = [];
  /** The paths that were taken out, and all paths that lead to them. */
  readonly #spoiled = new Set<string>();
  readonly #leading = new Set<string>();
  #unkept = 0;

  constructor(
    readonly file: string,
    readonly locate: Locate,
  ) {}

  /** Reports what is wrong with the value (or the key) at a spot. */
  add(spot: Spot, message: string, hint?: string, part: 'key' | 'value' = 'value'): void {
    if (!isPath(spot)) {
      this.#push({ place: 'command line', path: spot.option, message, ...(hint && { hint }) }, 0, 0);
      return;
    }
    if (this.isSpoiled(spot)) return;
    if (this.#isFull()) return;
    const { line, column } = this.locate(spot, part);
    const place = `${this.file}:${line}:${column}`;
    this.#push({ place, path: formatPath(spot), message, ...(hint && { hint }) }, line, column);
  }

  /** Reports what is wrong in another file; `place` is the file, or file:line. */
  addElsewhere(place: string, message: string, hint?: string): void {
    if (this.#isFull()) return;
    this.#push(
      { place, path: '', message, ...(hint && { hint }) },
      Number.POSITIVE_INFINITY,
      this.#found.length,
    );
  }

  /**
   * Says that the value at a path is taken out because a problem was reported there: what follows from its absence
   * is not a second problem.
   */
  spoil(path: Path): void {
    this.#spoiled.add(JSON.stringify(path));
    for (let depth = 0; depth < path.length; depth++) this.#leading.add(JSON.stringify(path.slice(0, depth)));
  }

  /** True if something at or below the path was taken out: names defined there may be missing. */
  isSpoiled(path: Path): boolean {
    if (this.#spoiled.size === 0) return false;
    if (this.#leading.has(JSON.stringify(path))) return true;
    for (let depth = 0; depth <= path.length; depth++) {
      if (this.#spoiled.has(JSON.stringify(path.slice(0, depth)))) return true;
    }
    return false;
  }

  /** Reads a value with one of the unit parsers; undefined if it is a problem, which is then reported. */
  read<T>(spot: Spot, parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      this.add(spot, error.message);
      return undefined;
    }
  }

  get count(): number {
    return this.#found.length + this.#unkept;
  }

  /** @throws UserError with every problem, in the order of the file */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const sorted = [...this.#found].sort((a, b) => a.line - b.line || a.column - b.column || 0);
    const problems = sorted.map(({ problem }) => problem);
    const more = problems.length + this.#unkept - SHOWN_MAX;
    if (more > 0) {
      problems.splice(SHOWN_MAX, problems.length, {
        place: this.file,
        path: '',
        message: `${more} more problems`,
      });
    }
    throw new UserError(problems);
  }

  #isFull(): boolean {
    if (this.#found.length < KEPT_MAX) return false;
    this.#unkept++;
    return true;
  }

  #push(problem: Problem, line: number, column: number): void {
    const same = (other: Problem) =>
      other.place === problem.place && other.path === problem.path && other.message === problem.message;
    if (!this.#found.some((found) => same(found.problem))) this.#found.push({ problem, line, column });
  }
}

/** `streams[1].data.product`; keys that are no plain words are quoted in brackets. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${quote(part)}]`;
  }
  return text;
}

/** A user's text in quotes, short, and with nothing in it that a terminal would obey. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return escapeJson(JSON.stringify(short));
}

function isPath(spot: Spot): spot is Path {
  return Array.isArray(spot);
}
