// A curve's CSV: requests per bin, or rates at points in time, with every bad row named by its line.
import { CsvTrouble } from '../recording/read/csv.js';
import { readCsv } from './csv.js';
import { type Bin, type Breakpoint, curveOfBins, curveOfBreakpoints } from './curve.js';
import { parseInstantUs } from './instant.js';
import { didYouMean } from './nearest.js';
import type { Curve } from './plan.js';
import { quote } from './problems.js';

/** What is wrong in a file; `line` 0 means the file as a whole. */
export interface FileProblem {
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
}

export interface CurveFile {
  readonly curve: Curve;
  readonly column: 'requests' | 'rate';
  /** The instant of the first row where the file has instants, UTC microseconds: time 0 of the curve; else null. */
  readonly originUs: number | null;
  readonly digest: string;
  readonly bytes: number;
}

const TIME_COLUMNS = ['offset_s', 'time', 't', 'at', 'timestamp'];
const EXPECTED = 'a header such as offset_s,requests or time,rate';
const PROBLEMS_MAX = 20;
/** An offset beyond a year is a Unix time that was taken for one. */
const OFFSET_MAX_S = 366 * 86_400;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Reads a curve. Times are offsets in seconds or ISO instants; `requests` is a count per bin and `rate` a rate at a
 * point in time.
 * @returns the curve from the file's own time 0, or the problems found
 */
export async function readCurveFile(file: string): Promise<CurveFile | readonly FileProblem[]> {
  const rows = new RowReader();
  try {
    const { digest, bytes } = await readCsv(file, (cells, line) => rows.take(cells, line));
    const curve = rows.finish();
    if (curve === undefined) return rows.problems;
    return { curve, column: rows.column, originUs: rows.originUs, digest, bytes };
  } catch (error) {
    if (error instanceof CsvTrouble) return [...rows.problems, { line: error.line, message: error.message }];
    throw error;
  }
}

/** Checks rows as they come and keeps them as two columns of numbers. */
class RowReader {
  readonly problems: FileProblem[] = [];
  column: 'requests' | 'rate' = 'requests';
  originUs: number | null = null;
  readonly #timesUs: number[] = [];
  readonly #values: number[] = [];
  readonly #lines: number[] = [];
  #timeAt = -1;
  #valueAt = -1;
  #instants: boolean | undefined;
  #header = false;

  take(cells: string[], line: number): void {
    if (!this.#header) {
      this.#header = true;
      this.#readHeader(cells, line);
    } else if (this.#valueAt >= 0 && this.problems.length < PROBLEMS_MAX) {
      this.#readRow(cells, line);
    }
  }

  finish(): Curve | undefined {
    if (!this.#header) this.#wrong(0, `is empty; expected ${EXPECTED}, and rows`);
    else if (this.problems.length === 0 && this.#timesUs.length < 2) {
      this.#wrong(0, `has ${this.#timesUs.length === 0 ? 'no rows' : 'one row'}; a curve needs at least two`);
    }
    if (this.problems.length > 0) return undefined;
    return this.column === 'requests' ? curveOfBins(this.#bins()) : this.#breakpoints();
  }

  #readHeader(cells: string[], line: number): void {
    const names = cells.map((cell) => cell.toLowerCase());
    const values = names.filter((name) => name === 'requests' || name === 'rate');
    if (values.length !== 1) {
      const found = values.length > 1 ? `has ${values.join(' and ')}; expected one of them` : undefined;
      const near = names
        .map((name) => didYouMean(name, ['requests', 'rate']))
        .find((hint) => hint?.startsWith('did'));
      this.#wrong(line, found ?? `has no column requests or rate; expected ${EXPECTED}`, near);
      return;
    }
    const value = names.indexOf(values[0] as string);
    const named = names.findIndex((name) => TIME_COLUMNS.includes(name));
    const time = named >= 0 ? named : 0;
    if (time === value) {
      this.#wrong(line, `has no time column; expected ${EXPECTED}`);
      return;
    }
    this.column = values[0] === 'rate' ? 'rate' : 'requests';
    this.#timeAt = time;
    this.#valueAt = value;
  }

  #readRow(cells: string[], line: number): void {
    const timeUs = this.#readTime(cells[this.#timeAt] ?? '', line);
    const value = this.#readValue(cells[this.#valueAt] ?? '', line);
    if (timeUs === undefined) return;
    const before = this.#timesUs.at(-1);
    if (before !== undefined && timeUs <= before) {
      const message =
        timeUs === before ? 'has the time of the row before it' : 'is earlier than the row before it';
      this.#wrong(line, message, 'rows go forward in time, each time once; sort the file');
      return;
    }
    // A row with a bad value still counts as a time, so that one mistake is one problem.
    this.#timesUs.push(timeUs);
    this.#values.push(value ?? 0);
    this.#lines.push(line);
  }

  #readTime(text: string, line: number): number | undefined {
    const instants = !DECIMAL.test(text);
    const us = instants ? parseInstantUs(text) : Number(text) * 1e6;
    if (us === undefined) {
      const message = text === '' ? 'has no time' : `${quote(text)} is not a time`;
      return this.#wrong(line, `${message}; expected seconds such as 90, or 2025-11-28T17:26:00Z`);
    }
    if (this.#instants !== undefined && this.#instants !== instants) {
      return this.#wrong(
        line,
        `${quote(text)} is ${instants ? 'an instant' : 'an offset'}, the rows before it are not`,
      );
    }
    this.#instants = instants;
    if (instants) {
      this.originUs ??= us;
      return us - this.originUs;
    }
    if (us < 0) return this.#wrong(line, `the time ${text} is negative`);
    if (us > OFFSET_MAX_S * 1e6) {
      return this.#wrong(
        line,
        `the offset ${text} is more than a year`,
        'for a Unix time write it as an ISO instant',
      );
    }
    return Math.round(us);
  }

  #readValue(text: string, line: number): number | undefined {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) {
      const found = text === '' ? `${this.column} is empty` : `${this.column} is ${quote(text)}`;
      return this.#wrong(line, `${found}; expected a number`, 'write plain numbers such as 1234.5');
    }
    if (value < 0) return this.#wrong(line, `${this.column} is ${text}; it cannot be negative`);
    return value;
  }

  /** A bin lasts until the next; where whole bins are missing it lasts one step, and they are zero. */
  *#bins(): Generator<Bin> {
    const { stepUs } = commonStep(this.#timesUs);
    let lengthUs = 0;
    for (const [i, startUs] of this.#timesUs.entries()) {
      const nextUs = this.#timesUs[i + 1];
      // The last bin lasts as long as the one before.
      if (nextUs !== undefined)
        lengthUs = missingSteps(nextUs - startUs, stepUs) > 0 ? stepUs : nextUs - startUs;
      yield { startUs, endUs: startUs + lengthUs, requests: this.#values[i] as number };
    }
  }

  #breakpoints(): Curve | undefined {
    const { stepUs, share, times } = commonStep(this.#timesUs);
    // Breakpoints may stand where they please; only a series that is mostly regular can have holes.
    const regular = times >= 2 && share >= 0.5;
    const points: Breakpoint[] = [];
    for (const [i, atUs] of this.#timesUs.entries()) {
      const missing = regular && i > 0 ? missingSteps(atUs - (this.#timesUs[i - 1] as number), stepUs) : 0;
      if (missing > 0) {
        this.#wrong(
          this.#lines[i] as number,
          `${missing === 1 ? 'a row is' : `${missing} rows are`} missing before this one: others are ${stepUs / 1e6} s apart`,
          'add the rows with the rates then; a missing rate is not known to be zero',
        );
      }
      points.push({ atUs, rate: this.#values[i] as number });
    }
    return this.problems.length > 0 ? undefined : curveOfBreakpoints(points);
  }

  #wrong(line: number, message: string, hint?: string): undefined {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ line, message, ...(hint && { hint }) });
  }
}

/** The difference of neighbours that is most common (of several, the smallest), and how common it is. */
function commonStep(timesUs: readonly number[]): { stepUs: number; times: number; share: number } {
  const counts = new Map<number, number>();
  for (let i = 1; i < timesUs.length; i++) {
    const difference = (timesUs[i] as number) - (timesUs[i - 1] as number);
    counts.set(difference, (counts.get(difference) ?? 0) + 1);
  }
  let stepUs = 0;
  let times = 0;
  for (const [difference, count] of counts) {
    if (count > times || (count === times && difference < stepUs)) {
      stepUs = difference;
      times = count;
    }
  }
  return { stepUs, times, share: times / (timesUs.length - 1) };
}

/** How many rows are missing where two neighbours are a whole number of steps apart. */
function missingSteps(differenceUs: number, stepUs: number): number {
  const steps = differenceUs / stepUs;
  const whole = Math.round(steps);
  return whole >= 2 && Math.abs(steps - whole) < 0.01 ? whole - 1 : 0;
}
