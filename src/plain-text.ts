// Text from outside, made plain: nothing in it that a terminal obeys, and nothing that reorders or hides other text.
//
// Names of scenarios, hosts, tenants and routes come from files and logs that anybody may have written to; so do
// headers, and whatever a message quotes. What could move a cursor, colour, reorder or hide text is removed where text
// is read by people, and written as an escape where it is read by programs.

const ESC = 0x1b;
const BEL = 0x07;
const CSI_8BIT = 0x9b;
const STRING_TERMINATOR_8BIT = 0x9c;

/** A text for people is not longer; what is behind it is of no use to them. */
const TEXT_MAX = 2_000;
/** What is looked at of a text: escape sequences are longer than what they leave. */
const LOOKED_AT_MAX = 4 * TEXT_MAX;

/** Marks that reorder or hide text, as the inside of a class: soft hyphen, bidi, zero width, separators, tags. */
const MARKS =
  '\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{10ffff}';
const HIDDEN = new RegExp(`[\\p{Cc}\\p{Cs}${MARKS}]`, 'u');
const HIDDEN_BUT_LAYOUT = new RegExp(`(?![\\n\\t])[\\p{Cc}\\p{Cs}${MARKS}]`, 'u');
/** Control characters below 0x20 are escapes in JSON already. */
const HIDDEN_IN_JSON = new RegExp(`[\\u007f-\\u009f${MARKS}]`, 'gu');

/** A text that is fit to be shown: on one line, stripped, bounded, with single blanks inside and none around it. */
export function safe(text: string): string {
  return oneLine(text).replace(/ {2,}/g, ' ').trim();
}

/** A text on one line, stripped and bounded. */
export function oneLine(text: string): string {
  const shown = stripped(text.length > LOOKED_AT_MAX ? text.slice(0, LOOKED_AT_MAX) : text);
  return shown.length > TEXT_MAX ? `${stripped(shown.slice(0, TEXT_MAX))}…` : shown;
}

/** Lines of text, each stripped; tabs stay. */
export function stripLines(text: string): string {
  if (!HIDDEN_BUT_LAYOUT.test(text)) return text;
  return text
    .split('\n')
    .map((line) => line.split('\t').map(stripped).join('\t'))
    .join('\n');
}

/** JSON text with escapes in place of what a terminal would obey; the same value. */
export function escapeJson(json: string): string {
  return json.replace(HIDDEN_IN_JSON, (char) =>
    Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** A text without escape sequences, control characters and marks that reorder or hide; tabs and breaks are blanks. */
export function stripped(text: string): string {
  if (!HIDDEN.test(text)) return text;
  const points = Array.from(text, (char) => char.codePointAt(0) as number);
  let out = '';
  for (let i = 0; i < points.length; i++) {
    const point = points[i] as number;
    const end = point === ESC || (point >= 0x80 && point <= 0x9f) ? endOfSequence(points, i) : i;
    if (end > i) i = end;
    else if (point === 0x09 || point === 0x0a || point === 0x0d || point === 0x2028 || point === 0x2029)
      out += ' ';
    else {
      const char = String.fromCodePoint(point);
      if (!HIDDEN.test(char)) out += char;
    }
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
