// The picture of a run in block characters: what was planned, blue where it was ok, orange where it failed.
import { isSteady, normalRatePerSec, totalsBySecond } from '../judge/facts.js';
import type { Incident } from '../judge/incident/incident.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatMultiple, formatOffset, formatRate } from '../units.js';
import { type Bin, binsOf, ratesOf } from './bins.js';
import { type Line, type Piece, piece } from './line.js';
import type { Style } from './paint.js';

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** What stands for failed: a shade where there is no colour, so that the picture can be read without. */
const SHADE = '░';
const ROWS_MAX = 6;
const MARGIN = ' ';

export interface ChartOptions {
  readonly width: number;
  /** Whether the lines will be painted: then a block that is partly failed shows both. */
  readonly colour: boolean;
}

/** What a picture shows, wherever it comes from. */
export interface Picture {
  readonly durationS: number;
  /** All of it in at most so many bins. */
  readonly binsIn: (columns: number) => readonly Bin[];
  /** Operations a second at normal times; null where rows are named by rates. */
  readonly normalPerSec: number | null;
  readonly marks: readonly Mark[];
  readonly words: {
    readonly title: string;
    readonly good: string;
    readonly bad: string;
    readonly top: string;
  };
}

/** A legend, the rows from the top down, and the time axis with the marks of the incident. */
export function chart(snapshot: Snapshot, incident: Incident, options: ChartOptions): Line[] {
  const { head } = snapshot;
  const normal = normalRatePerSec(head);
  return draw(
    {
      durationS: head.durationS,
      binsIn: (columns) => binsOf(totalsBySecond(snapshot), head.durationS, columns),
      normalPerSec: !isSteady(head) && normal > 0 ? normal : null,
      marks: marksOf(snapshot, incident),
      words: { title: 'LOAD', good: 'ok', bad: 'failed', top: 'top = planned' },
    },
    options,
  );
}

/** Draws any picture: what was wanted as height, what of it failed as colour. */
export function draw(picture: Picture, { width, colour }: ChartOptions): Line[] {
  const scale = scaleOf(picture, width);
  const labels = Array.from({ length: scale.rows }, (_, row) => labelOf(scale, row + 1));
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(1, width - MARGIN.length - labelWidth - 2);
  const bins = picture.binsIn(columns);
  const lines: Line[] = [legend(picture, colour)];
  for (let row = scale.rows - 1; row >= 0; row--) {
    const label = (labels[row] as string).padStart(labelWidth);
    const cells = Array.from({ length: columns }, (_, column) => {
      const bin = bins[Math.floor((column * bins.length) / columns)] as Bin;
      return cellOf(bin, row, scale.unitPerSec, colour);
    });
    lines.push([piece(`${MARGIN}${label} `, 'dim'), piece('│', 'dim'), ...joined(cells)]);
  }
  lines.push([
    piece(`${MARGIN}${' '.repeat(labelWidth)} └`, 'dim'),
    ...timeAxis(picture.durationS, picture.marks, columns),
  ]);
  return lines;
}

interface Scale {
  /** Operations a second that one row stands for, and how many rows there are. */
  readonly unitPerSec: number;
  readonly rows: number;
  /** Operations a second at normal times; null where labels are rates. */
  readonly normalPerSec: number | null;
}

/** A row is a round multiple of normal, or a round rate where there is no normal. */
function scaleOf({ binsIn, normalPerSec }: Picture, width: number): Scale {
  const top = Math.max(...binsIn(width).map((bin) => ratesOf(bin).plannedPerSec), 1e-9);
  const base = normalPerSec ?? 1;
  const aim = normalPerSec === null ? 4 : ROWS_MAX;
  // A peak that noise lifts a little over a row does not get a row of its own.
  const rowsAt = (unit: number): number => Math.max(1, Math.ceil(top / base / unit - 0.4));
  const unit = ROUND_STEPS.find((step) => rowsAt(step) <= aim) ?? top / base / aim;
  return { unitPerSec: unit * base, rows: rowsAt(unit), normalPerSec };
}

/** 0.01, 0.02, 0.05, 0.1 … */
const ROUND_STEPS = Array.from(
  { length: 33 },
  (_, i) => ([1, 2, 5][i % 3] as number) * 10 ** (Math.floor(i / 3) - 2),
);

/** Every other row is named, counted from the first; where rows are parts of normal, those that are whole. */
function labelOf({ unitPerSec, rows, normalPerSec }: Scale, row: number): string {
  if (normalPerSec === null) return rows > 3 && row % 2 === 0 ? '' : formatRate(unitPerSec * row);
  const unit = unitPerSec / normalPerSec;
  const multiple = unit * row;
  const named = unit < 1 ? Math.abs(multiple - Math.round(multiple)) < 1e-9 : rows <= 3 || row % 2 === 1;
  return named ? formatMultiple(multiple) : '';
}

function legend({ normalPerSec, words }: Picture, colour: boolean): Line {
  const normal = normalPerSec === null ? '' : `   1× = ${formatRate(normalPerSec)}`;
  return [
    piece(`${MARGIN}${words.title}`, 'bold'),
    piece('   '),
    piece('█', 'good'),
    piece(` ${words.good}   `),
    piece(colour ? '█' : SHADE, 'bad'),
    piece(` ${words.bad}   `),
    piece(`${words.top}${normal}`, 'dim'),
  ];
}

function cellOf(bin: Bin, row: number, unitPerSec: number, colour: boolean): Piece {
  const { plannedPerSec, okPerSec } = ratesOf(bin);
  const within = (rate: number): number => Math.round(8 * Math.min(1, Math.max(0, rate / unitPerSec - row)));
  // Something that was due shows, however little.
  const lifted = row === 0 && bin.planned > 0 && within(plannedPerSec) === 0;
  const planned = lifted ? 1 : within(plannedPerSec);
  const ok = lifted ? Math.round(okPerSec / plannedPerSec) : Math.min(planned, within(okPerSec));
  if (planned === 0) return piece(' ');
  if (ok === planned) return piece(EIGHTHS[planned] as string, 'good');
  if (colour && planned === 8 && ok > 0) return piece(EIGHTHS[ok] as string, 'goodOnBad');
  if (2 * ok >= planned) return piece(EIGHTHS[planned] as string, 'good');
  if (colour) return piece(EIGHTHS[planned] as string, 'bad');
  return planned >= 4 || row === 0 ? piece(SHADE, 'bad') : piece(' ');
}

/** Neighbours of one style become one piece. */
function joined(cells: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const cell of cells) {
    const last = out.at(-1);
    if (last !== undefined && last.style === cell.style) {
      out[out.length - 1] = { ...last, text: last.text + cell.text };
    } else {
      out.push(cell);
    }
  }
  return out;
}

/** A word at a place on the time axis. */
export interface Mark {
  readonly atS: number;
  readonly word: string;
  readonly style: Style;
}

/** Where it first broke and where it was last well again, and where an incomplete result ends. */
function marksOf(snapshot: Snapshot, { outages }: Incident): Mark[] {
  const marks: Mark[] = [];
  const first = outages[0];
  const wellS = outages.at(-1)?.endS;
  if (first !== undefined) marks.push({ atS: first.startS, word: 'broke', style: 'bad' });
  if (wellS !== undefined && wellS !== null) marks.push({ atS: wellS, word: 'well', style: 'good' });
  const closedS = totalsBySecond(snapshot).length;
  if (closedS < snapshot.head.durationS) marks.push({ atS: closedS, word: 'ended', style: 'warn' });
  return marks;
}

const TICKS_S = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200,
];
const TICK_COLUMNS_MIN = 12;

/** `0:00────0:20──▲broke────…`: marks win over the ticks that they would cover. */
function timeAxis(durationS: number, marks: readonly Mark[], columns: number): Piece[] {
  const styles: (Style | undefined)[] = Array.from({ length: columns }, () => 'dim');
  const chars: string[] = Array.from({ length: columns }, () => '─');
  const free = (from: number, length: number): boolean =>
    from >= 0 && from + length <= columns && chars.slice(from, from + length).every((char) => char === '─');
  const put = (from: number, text: string, style: Style | undefined): void => {
    [...text].forEach((char, i) => {
      chars[from + i] = char;
      styles[from + i] = style;
    });
  };
  const columnAt = (atS: number): number =>
    Math.min(columns - 1, Math.floor((atS * columns) / Math.max(1, durationS)));
  for (const { atS, word, style } of marks) {
    const at = columnAt(atS);
    if (free(at, word.length + 1)) put(at, `▲${word}`, style);
    else if (free(at - word.length, word.length + 1)) put(at - word.length, `${word}▲`, style);
    else if (free(at, 1)) put(at, '▲', style);
  }
  const step =
    TICKS_S.find((tick) => (tick * columns) / Math.max(1, durationS) >= TICK_COLUMNS_MIN) ?? 86_400;
  for (let atS = 0; atS <= durationS; atS += step) {
    const label = formatOffset(atS * 1e6);
    const at = columnAt(atS);
    // A blank of axis on either side keeps a tick from running into a mark.
    if (free(at - (at > 0 ? 1 : 0), label.length + (at > 0 ? 2 : 1))) put(at, label, 'dim');
  }
  return joined(chars.map((text, i) => (styles[i] === undefined ? piece(text) : piece(text, styles[i]))));
}
