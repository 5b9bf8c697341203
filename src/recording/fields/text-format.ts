// Makes a format of a reader that takes lines as text: looks at the sample, opens parsers, cuts lines into fields.
import type { Vantage } from '../formats/format.js';
import {
  type Format,
  type FormatOptions,
  type LineParser,
  type StampKind,
  UNREAD,
} from '../formats/format.js';
import type { Clients } from '../read/clients.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import { resolutionOf } from './instants.js';
import { type Found, RowMaker } from './row-maker.js';

/** What a line said, with its stamp as written. */
export interface FoundLine extends Found {
  readonly stamp: string;
}

/** Reads one file's lines as text; it may keep what earlier lines declared. */
export interface TextReader {
  /** What stamps mark, by the lines read so far. */
  readonly stamp: StampKind;
  /** Header lines so far say that the file is of this format, even if it has no other lines. */
  readonly declared?: boolean;
  /**
   * What a line says, its characters being bytes; or why it is no request: `UNREAD.notFormat` where it has not the
   * shape of this format, `UNREAD.directive` for what may stand in the files of several.
   */
  read(text: string): FoundLine | string;
  /** As `LineParser.stampModel`. */
  stampModel(): string;
}

/** A format whose lines are read as text. */
export interface TextFormat {
  readonly id: string;
  readonly name: string;
  readonly vantage: Vantage;
  readonly expects: string;
  /** A reader for one file; `options.zone` has no memory yet. */
  reader(options: FormatOptions): TextReader;
}

/** The format: a file is in it as far as its first lines have the shape that its reader takes. */
export function textFormat({ id, name, vantage, expects, reader }: TextFormat): Format {
  const fresh = (options: FormatOptions) => reader({ ...options, zone: options.zone.fresh() });
  return {
    id,
    name,
    vantage,
    expects,
    detect(sample, options) {
      const sampled = fresh(options);
      let fits = 0;
      let directives = 0;
      let resolutionUs = 1e6;
      for (const [from, to] of sample.lines) {
        const found = sampled.read(sample.bytes.toString('latin1', from, to));
        if (found === UNREAD.directive) directives++;
        else if (found !== UNREAD.notFormat) fits++;
        if (typeof found !== 'string') resolutionUs = Math.min(resolutionUs, resolutionOf(found.stamp));
      }
      if (fits === 0 && sampled.declared !== true) return null;
      return {
        kind: 'lines',
        score: (fits + directives) / sample.lines.length,
        stamp: sampled.stamp,
        resolutionUs,
        open: (clients) => new TextParser(fresh(options), clients),
      };
    },
  };
}

class TextParser implements LineParser {
  private readonly rows: RowMaker;

  constructor(
    private readonly reader: TextReader,
    clients: Clients,
  ) {
    this.rows = new RowMaker(clients);
  }

  parse(bytes: Buffer, from: number, to: number): Row | string {
    const found = this.reader.read(bytes.toString('latin1', from, to));
    return typeof found === 'string' ? found : this.rows.make(found);
  }

  stampModel(): string {
    return this.reader.stampModel();
  }
}

const SPACE = 32;
const QUOTE = 34;
const OPEN = 91;
const BACKSLASH = 92;

/**
 * The fields between blanks, at most `max` of them. One in quotes, or in brackets where the log has such, is what is
 * inside: it ends at the first quote that a blank or the line's end follows, since some logs leave quotes inside as
 * they are. Time is linear in the line's length times `max`.
 */
export function splitFields(text: string, max: number, brackets = false): string[] {
  const fields: string[] = [];
  for (let at = 0; at < text.length && fields.length < max; ) {
    const first = text.charCodeAt(at);
    if (first === SPACE) {
      at++;
      continue;
    }
    const mark = first === QUOTE ? '"' : first === OPEN && brackets ? ']' : '';
    const close = mark === '' ? -1 : closing(text, at, mark);
    const end = close < 0 ? text.indexOf(' ', at) : close + 1;
    const to = end < 0 ? text.length : end;
    fields.push(close < 0 ? text.slice(at, to) : text.slice(at + 1, close));
    at = to + 1;
  }
  return fields;
}

/** Where the field that opens at `open` closes; −1 if it does not. */
function closing(text: string, open: number, mark: string): number {
  for (let i = text.indexOf(mark, open + 1); i >= 0; i = text.indexOf(mark, i + 1)) {
    const ends = i + 1 === text.length || text.charCodeAt(i + 1) === SPACE;
    if (ends && (mark !== '"' || !isEscaped(text, open, i))) return i;
  }
  return -1;
}

/** Whether the character at `at` has an odd number of backslashes before it. */
function isEscaped(text: string, from: number, at: number): boolean {
  let i = at;
  while (i > from && text.charCodeAt(i - 1) === BACKSLASH) i--;
  return ((at - i) & 1) === 1;
}

/** The address in `192.0.2.7:443`, `2001:db8::1:443` or `[2001:db8::1]:443`, where a port always follows. */
export function beforePort(text: string): string {
  const colon = text.lastIndexOf(':');
  const address = colon < 0 ? text : text.slice(0, colon);
  return address.startsWith('[') ? address.slice(1, -1) : address;
}

/** The first of a list of forwarded addresses, which is the client's own. */
export function firstOf(list: string | undefined): string | undefined {
  const comma = list?.indexOf(',') ?? -1;
  return comma < 0 ? list : list?.slice(0, comma);
}

/** How stamps without a zone were read, for a stamp model. */
export function zoneNote(zone: Zone): string {
  const doubtful = zone.ambiguous + zone.missing;
  const doubt = doubtful > 0 ? ` (${doubtful.toLocaleString('en-US')} of them near a change of clocks)` : '';
  return `stamps have no zone and are read as ${zone.name}${doubt}`;
}
