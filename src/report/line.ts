// Lines: text with styles, laid out by width before it is painted, so that colour never moves a column.
import { clip, columnsOf, stripped } from './escape.js';
import type { Paint, Style } from './paint.js';

/** A piece of a line in one style; a bare text is plain. */
export interface Piece {
  readonly text: string;
  readonly style?: Style;
}

export type Line = readonly Piece[];

export function piece(text: string, style?: Style): Piece {
  return style === undefined ? { text } : { text, style };
}

export function lineOf(...parts: readonly (string | Piece)[]): Line {
  return parts.map((part) => (typeof part === 'string' ? piece(part) : part));
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/**
 * A line cut to a width, and painted; blanks at its end are dropped. Every text from outside was made safe where
 * it was put in; what was forgotten there is stripped here, so that only paint writes escapes.
 */
export function render(line: Line, width: number, paint: Paint): string {
  let left = width;
  let out = '';
  for (const { text, style } of withoutTrailingBlanks(line)) {
    if (text === '') continue;
    const shown = clip(stripped(text), left);
    if (shown === '') break;
    out += style === undefined ? shown : paint[style](shown);
    left -= columnsOf(shown);
    if (shown !== text) break;
  }
  return out;
}

function withoutTrailingBlanks(line: Line): Line {
  const pieces = [...line];
  for (let last = pieces.at(-1); last !== undefined; last = pieces.at(-1)) {
    const badge = last.style?.endsWith('Badge') ?? false;
    const text = badge ? last.text : last.text.trimEnd();
    if (text !== '') {
      pieces[pieces.length - 1] = { ...last, text };
      break;
    }
    pieces.pop();
  }
  return pieces;
}

/** A blank that belongs to a figure: `55 ms`, `9 %`, `≥ 10 s`. */
const INSIDE_FIGURE = /(?<=\d) (?=(?:ms|s|%|B|kB|MB|GB|TB)(?![\p{L}\d]))|(?<=[≥<]) (?=\d)/gu;

/** Words over as many lines as they need, each at most `width` columns; figures stay whole, longer words are cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.replace(INSIDE_FIGURE, '\u00a0').split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = clip(word, width);
  }
  if (line !== '') lines.push(line);
  return lines.map((row) => row.replaceAll('\u00a0', ' '));
}

/**
 * A label, a word that leads and is painted, and the rest; what does not fit goes on under where the text began.
 * @param labelColumns columns of the label with the blanks around it
 */
export function labelled(
  label: Piece,
  labelColumns: number,
  text: string,
  width: number,
  lead: Piece = piece(''),
): Line[] {
  const indent = ' '.repeat(labelColumns);
  const rows = wrap(lead.text + text, Math.max(20, width - labelColumns));
  return rows.map((row, i) => {
    if (i > 0) return [piece(indent + row)];
    const blanks = ' '.repeat(Math.max(1, labelColumns - 1 - columnsOf(label.text)));
    const led = row.startsWith(lead.text) ? lead.text.length : 0;
    return [piece(' '), label, piece(blanks), { ...lead, text: row.slice(0, led) }, piece(row.slice(led))];
  });
}

/** Pieces that stay whole, spread over as many lines as they need with `gap` between them. */
export function flow(items: readonly Line[], width: number, gap: string): Line[] {
  const lines: Piece[][] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + gap.length + widthOf(item) <= width) {
      last.push(piece(gap), ...item);
    } else {
      lines.push([...item]);
    }
  }
  return lines;
}

export interface Column {
  readonly head: string;
  /** Of the head; dim where absent. */
  readonly style?: Style;
  readonly align: 'left' | 'right';
  /** Columns with a lower number are left out first where the width does not suffice; absent: never. */
  readonly keep?: number;
}

/** A table with its heads, columns as wide as their contents, cells two blanks apart. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Piece[])[],
  width: number,
): Line[] {
  const widths = columns.map(({ head }, i) =>
    Math.max(columnsOf(head), ...rows.map((row) => columnsOf(row[i]?.text ?? ''))),
  );
  const shown = columns.map(() => true);
  const total = (): number =>
    widths.reduce((sum, w, i) => sum + (shown[i] ? w + GAP.length : 0), -GAP.length);
  const droppable = columns
    .map(({ keep }, i) => ({ i, keep }))
    .filter((column) => column.keep !== undefined)
    .sort((a, b) => (a.keep ?? 0) - (b.keep ?? 0));
  for (const { i } of droppable) {
    if (total() <= width) break;
    shown[i] = false;
  }
  // What is still too wide is taken from the first column: names.
  widths[0] = Math.max(4, (widths[0] as number) - Math.max(0, total() - width));
  const cells = (row: readonly Piece[]): Line =>
    columns.flatMap(({ align }, i) => {
      if (!shown[i]) return [];
      const { text, style } = row[i] ?? piece('');
      const w = widths[i] as number;
      const cut = clip(text, w);
      const blanks = ' '.repeat(w - columnsOf(cut));
      const cell = piece(cut, style);
      const gap = i === 0 ? '' : GAP;
      return align === 'left' ? [piece(gap), cell, piece(blanks)] : [piece(gap + blanks), cell];
    });
  return [cells(columns.map(({ head, style }) => piece(head, style ?? 'dim'))), ...rows.map(cells)];
}

const GAP = '  ';

/** A line of the details' lists of facts: what it is, and what there is to say of it. */
export function fact(label: string, text: string, width: number): Line[] {
  return labelled(piece(label, 'dim'), 15, text, width);
}
