// What an input format is: a name, what its time stamps mean, and a scanner of lines.
import type { Clients } from '../clients.js';
import type { Row } from '../row.js';

/** A log format that is read line by line. */
export interface Format {
  readonly name: string;
  /** What a line looks like, for the message that none was found. */
  readonly expects: string;
  /**
   * What the stamp marks: the request's start, or its end (the duration is then subtracted, where there is one);
   * `unknown` where the format cannot tell, and the stamp is taken for the start.
   */
  readonly stamp: 'start' | 'end' | 'unknown';
  /** The step of the stamps, microseconds; starts are spread over it when it is coarser than a millisecond. */
  readonly resolutionUs: number;
  /** How well the sample fits: the share of its lines that are of this format, 0 to 1. */
  detect(sample: Sample): number;
  /** A scanner for one file; it may keep what earlier lines of that file declared. */
  open(clients: Clients): LineParser;
}

/** The first lines of a file, as byte ranges. */
export interface Sample {
  readonly bytes: Buffer;
  readonly lines: readonly (readonly [from: number, to: number])[];
}

/** Reads one file's lines. */
export interface LineParser {
  /**
   * Reads the line in `bytes[from, to)` (no line end). Never throws.
   * @returns the row, with the stamp as its `startUs`, uncorrected; or why the line is none, a short reason to
   *   count by, the same for every line of its kind
   */
  parse(bytes: Buffer, from: number, to: number): Row | string;
  /** How the stamps of the lines read so far are to be understood, in words. */
  stampModel(): string;
}

/** Reasons that several formats share. */
export const UNREAD = {
  blank: 'blank line',
  tooLong: 'line longer than 64 KiB',
  noRequest: 'no request (connection closed before one)',
  notHttp: 'request is not HTTP',
  connect: 'CONNECT request',
  noPath: 'request target is not a path',
} as const;
