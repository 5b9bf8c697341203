// The journal's lines: each result line in a frame that says which result it is of, its place in it, and a checksum.
//
// `{"t":"cell", …,"of":"5f0c11d2","n":17,"crc":"9ae31c40"}`: `of` is the checksum of the head line, `n` counts lines
// from 0, `crc` is the CRC-32 of all bytes before `,"crc"`. So a flipped bit shows, and a line that is missing, comes
// twice or is of another result; lines of several results, mixed, late or twice, can be told apart and put in order.
import { crc32 } from 'node:zlib';
import { ResultFormatError } from './line-codec.js';
import { type ResultLine, readLine, writeLine } from './result-file.js';
import { RESULT_FORMAT } from './snapshot.js';

/** How a framed line ends, and how long that is at most. */
const FRAME = /(?:,"of":"([0-9a-f]{8})")?,"n":(\d{1,15}),"crc":"([0-9a-f]{8})"\}$/;
const FRAME_MAX = 64;
/** Length of `,"crc":"xxxxxxxx"}`. */
const SEAL_LENGTH = 18;
/** A seal with something after it: no write that was cut short leaves this. */
const BEYOND_SEAL = /,"crc":"[0-9a-f]{8}"\}[\s\S]/;

/** Puts result lines in their frames, in the order in which they are written; the first is to be the head. */
export class JournalWriter {
  #n = 0;
  #of: string | null = null;

  /** The line as it is written, with its newline. */
  next(line: ResultLine): string {
    const of = this.#of === null ? '' : `,"of":"${this.#of}"`;
    const open = `${writeLine(line).slice(0, -1)}${of},"n":${this.#n++}`;
    const crc = checksum(Buffer.from(open));
    this.#of ??= crc;
    return `${open},"crc":"${crc}"}\n`;
  }
}

/** Reads the lines of one result in order, and refuses whatever is not the line that comes next. */
export class JournalReader {
  #n = 0;
  #of: string | null = null;

  /**
   * @param bytes one line, without its newline
   * @throws ResultFormatError saying what is wrong with it
   */
  next(bytes: Buffer): ResultLine {
    const text = bytes.toString();
    if (this.#of === null) refuseOtherFormat(text);
    const frame = FRAME.exec(text.slice(-FRAME_MAX));
    if (frame === null) throw new ResultFormatError('not a line of a result, or not all of one');
    const [ending, of, place, crc] = frame;
    if (checksum(bytes.subarray(0, -SEAL_LENGTH)) !== crc)
      throw new ResultFormatError('the line was changed: its checksum is not that of its text');
    const line = readLine(`${text.slice(0, -ending.length)}}`);
    this.#admit(line, of, Number(place));
    this.#of ??= crc;
    this.#n++;
    return line;
  }

  #admit(line: ResultLine, of: string | undefined, place: number): void {
    const isHead = line.kind === 'head';
    if (this.#of === null) {
      if (!isHead) throw new ResultFormatError('the first line is not a head line');
    } else if (isHead) {
      throw new ResultFormatError('a second head line: results are merged with flashcrowd merge');
    } else if (of !== this.#of) {
      throw new ResultFormatError('a line of another result');
    }
    if (place < this.#n) throw new ResultFormatError(`line ${place + 1} of the result comes twice`);
    if (place === this.#n) return;
    const lost = place === this.#n + 1 ? `line ${place} is` : `lines ${this.#n + 1} to ${place} are`;
    throw new ResultFormatError(`${lost} missing before it`);
  }
}

/** Whether what stands after the last newline can be a line whose writing was cut short. */
export function isTorn(bytes: Buffer): boolean {
  return bytes[0] === 0x7b && !BEYOND_SEAL.test(bytes.toString());
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** A head of another format may have another frame: it is told from a broken one by its own words. */
function refuseOtherFormat(text: string): void {
  const found = /^\{"t":"head","format":(\d{1,9}),"version":"([\w.+-]{1,40})"/.exec(text);
  if (found === null || Number(found[1]) === RESULT_FORMAT) return;
  const [, format, version] = found;
  throw new ResultFormatError(
    `written by flashcrowd ${version} in result format ${format}; this one reads format ${RESULT_FORMAT}`,
    Number(format) > RESULT_FORMAT
      ? `update flashcrowd to ${version} or newer`
      : `read it with flashcrowd ${version}, or run again`,
  );
}
