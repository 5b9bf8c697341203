// Any CSV or TSV with a header: columns by the user's map, or by the names that logs give their fields.

import { type FieldPlan, type Getter, type Leaf, planFields } from '../fields/field-plan.js';
import { FieldRows } from '../fields/field-rows.js';
import { bytesOf } from '../fields/row-maker.js';
import { Clients } from '../read/clients.js';
import { type CsvSyntax, CsvTrouble, readCsvRecords } from '../read/csv.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import type { Format, RecordReading, Sample } from './format.js';

const DELIMITERS = ['\t', ';', '|', ','] as const;
const COLUMNS_MAX = 500;

const REASONS = {
  cells: 'not as many cells as the header has',
  again: 'the header again',
} as const;

/**
 * The first line names the columns; `sep=;` before it, as spreadsheets write it, says what is between cells. JMeter's
 * .jtl is such a file if it has a URL column. Where a decimal comma can be told from one between cells, it is read.
 */
export const csv: Format = {
  id: 'csv',
  name: 'CSV',
  vantage: 'origin',
  expects: 'CSV or TSV with a header that names a time and a path or URL column',
  detect(sample, { zone, fields }) {
    const head = headOf(sample);
    if (head === undefined) return null;
    const { columns, rows } = head;
    const leaves = columns.map((column, i): Leaf => {
      const texts = rows.map((cells) => cellText(cells[i] ?? '', head.syntax)).filter((text) => text !== '');
      return { source: [column], texts };
    });
    const plan = planFields(leaves, fields, zone.fresh());
    if (plan === null) return null;
    const index = indexOf(columns);
    const probe = new FieldRows(plan, zone.fresh(), new Clients('sample', 256));
    const fits = rows.filter(
      (cells) => cells.length === columns.length && probe.fits(getter(cells, index, head.syntax)),
    ).length;
    if (fits === 0) return null;
    return {
      kind: 'records',
      score: fits / rows.length,
      stamp: plan.stamp,
      resolutionUs: plan.resolutionUs,
      read: (...given) => readRows({ plan, zone, columns, syntax: head.syntax }, ...given),
    };
  },
};

interface Head {
  readonly syntax: CsvSyntax;
  readonly columns: readonly string[];
  /** The rows of the sample, as far as one line is one row. */
  readonly rows: readonly string[][];
}

/** The header and the first rows; undefined where the first line is no header. */
function headOf({ bytes, lines }: Sample): Head | undefined {
  const text = ([from, to]: readonly [number, number]) =>
    bytes.toString('utf8', from, to).replace(/^\ufeff/, '');
  const [first] = lines;
  if (first === undefined) return undefined;
  const said = /^"?sep=([,;|\t])"?$/i.exec(text(first))?.[1];
  const header = lines[said === undefined ? 0 : 1];
  if (header === undefined) return undefined;
  let best: { readonly delimiter: string; readonly columns: string[] } | undefined;
  for (const delimiter of said === undefined ? DELIMITERS : [said]) {
    const columns = cellsOf(text(header), delimiter);
    if (columns.length > (best?.columns.length ?? 1)) best = { delimiter, columns };
  }
  if (best === undefined || best.columns.length > COLUMNS_MAX) return undefined;
  const { delimiter, columns } = best;
  const rows = lines.slice(said === undefined ? 1 : 2).map((line) => cellsOf(text(line), delimiter));
  const syntax = {
    delimiter,
    fromLine: said === undefined ? 1 : 2,
    hasComments: false,
    hasStrayQuotes: true,
  };
  return { syntax, columns, rows };
}

/** The cells of one line. */
function cellsOf(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length && cells.length <= COLUMNS_MAX; ) {
    let cell: string;
    let end: number;
    if (line[at] === '"') {
      let close = line.indexOf('"', at + 1);
      while (close >= 0 && line[close + 1] === '"') close = line.indexOf('"', close + 2);
      const to = close < 0 ? line.length : close;
      cell = line.slice(at + 1, to).replaceAll('""', '"');
      end = line.indexOf(delimiter, to);
    } else {
      end = line.indexOf(delimiter, at);
      cell = line.slice(at, end < 0 ? line.length : end);
    }
    cells.push(cell.trim());
    at = end < 0 ? line.length + 1 : end + 1;
  }
  return cells;
}

/** A cell as text whose characters are bytes, its decimal comma as a point. */
function cellText(cell: string, { delimiter }: CsvSyntax): string {
  const point = delimiter !== ',' && /^\d{1,15},\d{1,9}$/.test(cell) ? cell.replace(',', '.') : cell;
  return bytesOf(point);
}

/** Where each column is; of two with one name, the first. */
function indexOf(columns: readonly string[]): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  columns.forEach((column, i) => {
    if (!index.has(column)) index.set(column, i);
  });
  return index;
}

function getter(cells: readonly string[], index: ReadonlyMap<string, number>, syntax: CsvSyntax): Getter {
  return ([column]) => {
    const cell = cells[index.get(column ?? '') ?? -1];
    return cell === undefined ? undefined : cellText(cell, syntax);
  };
}

interface CsvPlan {
  readonly plan: FieldPlan;
  readonly zone: Zone;
  readonly columns: readonly string[];
  readonly syntax: CsvSyntax;
}

async function* readRows(
  { plan, zone, columns, syntax }: CsvPlan,
  ...[bytes, clients, counter]: Parameters<RecordReading['read']>
): AsyncGenerator<Row[]> {
  const reader = new FieldRows(plan, zone, clients);
  const index = indexOf(columns);
  const isHeader = (cells: readonly string[]) => columns.every((column, i) => cells[i] === column);
  let isFirst = true;
  try {
    for await (const records of readCsvRecords(bytes, syntax)) {
      const rows: Row[] = [];
      for (const record of records) {
        const cells = record.cells.map((cell) => cell.trim());
        if (isFirst) {
          isFirst = false;
          continue;
        }
        counter.seen();
        const row =
          cells.length !== columns.length
            ? REASONS.cells
            : isHeader(cells)
              ? REASONS.again
              : reader.row(getter(cells, index, syntax));
        if (typeof row === 'string') counter.unread(row);
        else rows.push(row);
      }
      if (rows.length > 0) yield rows;
    }
  } catch (error) {
    if (!(error instanceof CsvTrouble)) throw error;
    counter.cut(`line ${error.line}: ${error.message}: read up to there`);
  }
}
