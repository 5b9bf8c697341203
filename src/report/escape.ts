// How many columns a text takes on a terminal, and cutting it to some; what makes it plain is in plain-text.

export { safe, stripped } from '../plain-text.js';

/** Terminal columns of a safe text: two for wide characters, none for combining ones. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += columnsOfChar(char);
  return columns;
}

/** A text cut to a number of columns, the last of them an ellipsis where something was cut. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    used += columnsOfChar(char);
    if (used > columns - 1) break;
    out += char;
  }
  return columns <= 0 ? '' : `${out.trimEnd()}…`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const NONE = /\p{Mn}|\p{Me}/u;

function columnsOfChar(char: string): number {
  if (char < '\u0300') return 1;
  if (NONE.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}
