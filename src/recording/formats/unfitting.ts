// Says why a file is in no known format: what it is instead, where that can be told, and what to do about it.
import type { Problem } from '../../problem.js';
import { type Format, type Sample, showBytes } from './format.js';

/** Lines and characters of a file that are looked at for what it may be instead. */
const LINES_SEEN = 8;
const CHARS_SEEN = 1_000;
const COLUMNS_MAX = 20;

const NUMBER = /^[+-]?\d{1,20}(?:\.\d{0,20})?(?:e[+-]?\d{1,3})?$/i;
const DAY = /^\d{4}-\d\d-\d\d/;

/**
 * The problem with a file that no format fits.
 * @param known all formats, for the hint
 * @param tried those that were tried: one alone was asked for by `--format`
 */
export function unfitting(
  file: string,
  sample: Sample,
  known: readonly Format[],
  tried: readonly Format[],
): Problem {
  const [from, to] = sample.lines[0] ?? [0, 0];
  const begins = `the first line is ${showBytes(sample.bytes, from, to)}`;
  const place = `${file}:1`;
  const [asked] = tried;
  if (asked !== undefined && tried.length === 1) {
    const hint = `Expected ${asked.expects}.`;
    return { place, path: '', message: `the format ${asked.id} does not fit; ${begins}`, hint };
  }
  if (isTable(sample)) {
    return {
      place,
      path: '',
      message: `a table of numbers over time holds no requests; ${begins}`,
      hint: 'Use it as a curve of a stream (curve: FILE); a column "requests" counts them, or "rate" is per second.',
    };
  }
  const ids = known.map(({ id }) => id).join(', ');
  return {
    place,
    path: '',
    message: `no known log format fits; ${begins}`,
    hint: `${adviceFor(sample)} Formats: ${ids}; see flashcrowd import --help.`,
  };
}

function adviceFor({ bytes, lines }: Sample): string {
  const first = bytes[lines[0]?.[0] ?? 0];
  const isJson = first === 0x7b || first === 0x5b;
  return isJson
    ? 'Where its JSON does hold requests, name their fields: --field time=NAME --field path=NAME.'
    : "Where it is an access log of one's own format, describe it: --format with its log_format or LogFormat string.";
}

/** Whether the file is a header and rows of an instant or an offset and numbers: a curve, not a recording. */
function isTable({ bytes, lines }: Sample): boolean {
  const [head, ...rows] = lines
    .slice(0, LINES_SEEN)
    .map(([from, to]) => bytes.toString('latin1', from, Math.min(to, from + CHARS_SEEN)).trim());
  if (head === undefined || rows.length === 0) return false;
  const delimiter = [',', ';', '\t'].find((mark) => head.includes(mark));
  if (delimiter === undefined) return false;
  const cellsOf = (line: string) => line.split(delimiter, COLUMNS_MAX + 1).map((cell) => cell.trim());
  const names = cellsOf(head);
  if (names.length > COLUMNS_MAX || names.some((name) => NUMBER.test(name))) return false;
  return rows.map(cellsOf).every(([time = '', ...values]) => {
    const isTimed = NUMBER.test(time) || DAY.test(time);
    return isTimed && values.length === names.length - 1 && values.every(isNumberOrEmpty);
  });
}

function isNumberOrEmpty(cell: string): boolean {
  return cell === '' || NUMBER.test(cell);
}
