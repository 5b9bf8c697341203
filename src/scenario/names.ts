// Names of streams and routes: what may be written in a gate's selector and printed on one line.
import { type Path, type ProblemList, quote } from './problems.js';

const NAME = /^[\p{L}\p{N}_./{}*:%~+@-](?:[\p{L}\p{N}_./{}*:%~+@ -]{0,126}[\p{L}\p{N}_./{}*:%~+@-])?$/u;

/** True if a gate can select it and a report print it on one line. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Reports a name that could not be selected or printed. */
export function checkName(
  path: Path,
  name: string,
  problems: ProblemList,
  part: 'key' | 'value' = 'value',
): boolean {
  if (isName(name)) return true;
  problems.add(
    path,
    `${quote(name)} is not a name`,
    'use up to 128 letters, digits, blanks and . _ - / : ~ + @; gates select by it',
    part,
  );
  return false;
}
