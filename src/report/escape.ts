// Text from outside, made safe for a terminal, and how many columns a text takes there.
//
// Names of scenarios, hosts, tenants and routes come from files and logs that anybody may have written to. What
// could move a cursor, colour, reorder or hide text is removed, not shown: a report is read, never obeyed.

const ESC = 0x1b;
const BEL = 0x07;
const CSI_8BIT = 0x9b;
const STRING_TERMINATOR_8BIT = 0x9c;

/** A text that is fit to be shown: stripped, with single blanks inside and none around it. */
export function safe(text: string): string {
  return stripped(text).replace(/ {2,}/g, ' ').trim();
}

/** A text without escape sequences, control characters and marks that reorder or hide; tabs and breaks are blanks. */
export function stripped(text: string): string {
  const points = Array.from(text, (char) => char.codePointAt(0) as number);
  let out = '';
  for (let i = 0; i < points.length; i++) {
    const point = points[i] as number;
    const end = point === ESC || (point >= 0x80 && point <= 0x9f) ? endOfSequence(points, i) : i;
    if (end > i) i = end;
    else if (point === 0x09 || point === 0x0a || point === 0x0d || point === 0x2028 || point === 0x2029)
      out += ' ';
    else if (!isHidden(point)) out += String.fromCodePoint(point);
  }
  return out;
}

/** Index of the last point of an escape sequence that begins at i; i itself where only one point goes. */
function endOfSequence(points: readonly number[], i: number): number {
  const next = points[i + 1];
  if (points[i] === CSI_8BIT || (points[i] === ESC && next === 0x5b)) {
    // CSI: parameters and intermediates 0x20–0x3f, then one final byte.
    let at = i + (points[i] === ESC ? 2 : 1);
    while (at < points.length && (points[at] as number) >= 0x20 && (points[at] as number) <= 0x3f) at++;
    return Math.min(at, points.length - 1);
  }
  const opensString =
    points[i] === ESC
      ? next !== undefined && [0x50, 0x58, 0x5d, 0x5e, 0x5f].includes(next)
      : [0x90, 0x98, 0x9d, 0x9e, 0x9f].includes(points[i] as number);
  if (opensString) {
    // DCS, SOS, OSC, PM, APC: up to their terminator; one that never ends takes the rest with it.
    for (let at = i + 1; at < points.length; at++) {
      if (points[at] === BEL || points[at] === STRING_TERMINATOR_8BIT) return at;
      if (points[at] === ESC && points[at + 1] === 0x5c) return at + 1;
    }
    return points.length - 1;
  }
  if (points[i] !== ESC || next === undefined) return i;
  // Short sequences: intermediates 0x20–0x2f, then one final byte.
  let at = i + 1;
  while (at < points.length - 1 && (points[at] as number) >= 0x20 && (points[at] as number) <= 0x2f) at++;
  return at;
}

function isHidden(point: number): boolean {
  return (
    point < 0x20 ||
    (point >= 0x7f && point <= 0x9f) ||
    (point >= 0xd800 && point <= 0xdfff) ||
    point === 0xad ||
    point === 0x61c ||
    (point >= 0x200b && point <= 0x200f) ||
    (point >= 0x202a && point <= 0x202e) ||
    (point >= 0x2060 && point <= 0x206f) ||
    point === 0xfeff ||
    (point >= 0xfff9 && point <= 0xfffb) ||
    point >= 0xe0000
  );
}

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
