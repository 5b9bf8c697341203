// What an input format is: a name, a look at the first bytes of a file, and a way of reading the rest.
import type { FieldMap } from '../fields/field-map.js';
import type { Clients } from '../read/clients.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';

/** An input format. */
export interface Format {
  /** What `--format` calls it: lower case, no spaces. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** Where such logs are written: what stands before or behind that place is not in them. */
  readonly vantage: Vantage;
  /** What it looks like, for the message that none was found. */
  readonly expects: string;
  /**
   * How a file that begins with this sample is to be read; null if it is of another format. Never throws.
   * Looks at a bounded number of bytes, so it may be called on anything.
   */
  detect(sample: Sample, options: FormatOptions): Reading | null;
}

/** Where a log was written: what stands before or behind that place is not in it. */
export type Vantage =
  /** The web server or application itself. */
  | 'origin'
  /** A load balancer or reverse proxy in front of it. */
  | 'balancer'
  /** A content delivery network. */
  | 'cdn'
  /** A browser (HAR). */
  | 'browser'
  /** A proxy or a network capture on the way. */
  | 'capture'
  /** A load generator's own log. */
  | 'generator';

/** What the user says of a log that the log does not say itself. */
export interface FormatOptions {
  /** For stamps that have no zone of their own. */
  readonly zone: Zone;
  /** Which of the log's fields is what; null where the format's own names hold. */
  readonly fields: FieldMap | null;
}

/** The first bytes of a file, unpacked. */
export interface Sample {
  /** `bytes[0, length)` is the sample; it may end in the middle of a line only when that line is very long. */
  readonly bytes: Buffer;
  readonly length: number;
  /** The first lines that are not blank, as byte ranges without their ends, at most 256. */
  readonly lines: readonly (readonly [from: number, to: number])[];
}

/** How one file is to be read. */
export type Reading = LineReading | RecordReading;

interface ReadingBase {
  /** The share of the sample's lines that are of this format, over 0 to 1. */
  readonly score: number;
  /**
   * What the stamps mark: the request's start, or its end (the duration is then subtracted, where there is one);
   * `unknown` where the log cannot tell, and the stamp is taken for the start; `none` for requests without times.
   */
  readonly stamp: StampKind;
  /**
   * The step of the stamps as this file writes them, microseconds: 1e6 for whole seconds. Starts are spread over it
   * when it is coarser than a millisecond.
   */
  readonly resolutionUs: number;
}

export type StampKind = 'start' | 'end' | 'unknown' | 'none';

/** A file that is read line by line. */
export interface LineReading extends ReadingBase {
  readonly kind: 'lines';
  /** A scanner for the whole file; it may keep what earlier lines declared. */
  open(clients: Clients): LineParser;
}

/** A file that is read as a whole, or in records that are no lines. */
export interface RecordReading extends ReadingBase {
  readonly kind: 'records';
  /**
   * Reads the file's unpacked bytes; yields batches of rows with the stamp as their `startUs`, uncorrected.
   * @throws UserError for a file that is broken as a whole, without `place`: the caller names the file
   */
  read(bytes: AsyncIterable<Buffer>, clients: Clients, counter: RecordCounter): AsyncIterable<Row[]>;
}

/** Where a `RecordReading` counts what it meets. */
export interface RecordCounter {
  /** One more record (entry, block) was met. To be called before its row is yielded or `unread` is called. */
  seen(): void;
  /** The record met last is no row; reasons as for `LineParser.parse`. */
  unread(reason: string): void;
  /** Reading ends before the file's end, and why. */
  cut(why: string): void;
}

/** Reads one file's lines. */
export interface LineParser {
  /**
   * Reads the line in `bytes[from, to)` (no line end). Never throws, and takes time linear in the line's length.
   * @returns the row, with the stamp as its `startUs`, uncorrected; or why the line is none, a short reason to
   *   count by, the same for every line of its kind (a bounded set: never a part of the line)
   */
  parse(bytes: Buffer, from: number, to: number): Row | string;
  /** How the stamps of the lines read so far are to be understood, in words. */
  stampModel(): string;
}

/** Reasons, shared by several formats, for which a line is not understood as a request. */
export const UNREAD = {
  blank: 'blank line',
  tooLong: 'line longer than 64 KiB',
  urlTooLong: 'URL longer than 64 KiB',
  directive: 'header, directive or comment',
  noRequest: 'no request (connection closed before one)',
  notHttp: 'request is not HTTP',
  connect: 'CONNECT request',
  noPath: 'request target is not a path',
  noStamp: 'no time stamp',
  notFormat: 'not a line of this format',
  notJson: 'not JSON',
} as const;

/**
 * Reasons for which a line that is understood is not made a row: it is set apart, and counted as such. The stages
 * after the parser use some of these too.
 */
export const SET_APART = {
  upgrade: 'websocket (status 101)',
  longPoll: 'long poll or stream',
  thirdParty: 'request to a third party',
  platform: "the platform's own subrequest",
  fromCache: "answered by the browser's own cache",
  unanswered: 'blocked, or given up before an answer',
  noServer: 'URL without a server (data:, blob: …)',
  response: 'a response, not a request',
  tooLate: 'too far out of time order',
  outside: 'outside --from and --to',
  where: 'filtered by --where',
} as const;

const APART: ReadonlySet<string> = new Set(Object.values(SET_APART));

/** Whether a reason is one of those in `SET_APART`. */
export function isSetApart(reason: string): boolean {
  return APART.has(reason);
}

/** A line from a log as quoted, printable ASCII, cut at 120 characters: safe on a terminal. */
export function showBytes(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('latin1', from, Math.min(to, from + 120));
  const cut = to > from + 120 ? '…' : '';
  const safe = text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${safe}${cut}"`;
}
