// Checksums of a recording file: of every column chunk and of the metadata, so that no flipped bit is read as a fact.
//
// Parquet's own page checksums (which are written too) cover no header and no metadata, and many readers ignore them.
// One more key of the file's own metadata holds CRC-32s as hexadecimal text: of the footer, taken with zeros in that
// place, then of each column chunk, headers included, in the order of the file.
import { crc32 } from 'node:zlib';

/** The key of the checksums in the file's metadata; the last one that a recording has. */
export const CHECKSUMS_KEY = 'flashcrowd.checksums';
/** What the `created_by` of our files begins with. */
export const CREATED_BY = 'flashcrowd version ';
/** The name of the schema's root in our files. */
export const ROOT_NAME = 'recording';

const DIGITS = 8;
const ZEROS = '0'.repeat(DIGITS);
/** Thrift's sign of a text in the next field. */
const NEXT_TEXT = 0x18;
/** Where the root's name and the `created_by` are looked for: they stand first and nearly last. */
const ENDS_BYTES = 256;

/** A checksum as it is kept. */
export function hexOf(crc: number): string {
  return (crc >>> 0).toString(16).padStart(DIGITS, '0');
}

/** The value of the key before the footer's own checksum is known. */
export function checksumsBefore(chunks: readonly string[]): string {
  return ZEROS + chunks.join('');
}

/** Puts the footer's checksum into its place. @param footer the metadata alone, with `checksumsBefore` in them */
export function seal(footer: Buffer): void {
  const place = placeOf(footer);
  if (place === undefined) throw new Error('a footer without a place for its checksum');
  footer.write(hexOf(crc32(footer)), place.from, 'latin1');
}

/** The checksums of the column chunks of one file. */
export class ChunkChecksums {
  /** @param text eight digits a chunk */
  constructor(
    private readonly text: string,
    private readonly columns: number,
  ) {}

  /** Whether there is one for each chunk of so many row groups. */
  fits(groups: number): boolean {
    return this.text.length === groups * this.columns * DIGITS;
  }

  /** Whether these are the bytes that were written. */
  matches(group: number, column: number, bytes: Uint8Array): boolean {
    const from = (group * this.columns + column) * DIGITS;
    return this.text.slice(from, from + DIGITS) === hexOf(crc32(bytes));
  }
}

/**
 * What a footer says of its checksums: `foreign` if flashcrowd did not write the file, `damaged` if it did and the
 * footer is not as it was written, else the chunks' checksums as text.
 * @param footer the metadata alone
 */
export function checkFooter(footer: Buffer): 'foreign' | 'damaged' | { readonly chunks: string } {
  const place = placeOf(footer);
  const isCreatedHere = footer.subarray(-ENDS_BYTES).includes(CREATED_BY);
  // Other tools keep keys when they write a file anew; one flipped bit cannot take both of these signs.
  const isNamedSo = place !== undefined && footer.subarray(0, ENDS_BYTES).includes(ROOT_NAME);
  if (!isCreatedHere && !isNamedSo) return 'foreign';
  if (place === undefined) return 'damaged';
  const { from, to } = place;
  const own = footer.toString('latin1', from, from + DIGITS);
  const before = crc32(footer.subarray(0, from));
  const crc = crc32(footer.subarray(from + DIGITS), crc32(ZEROS, before));
  return own === hexOf(crc) ? { chunks: footer.toString('latin1', from + DIGITS, to) } : 'damaged';
}

/** Where the value of the checksums' key lies. */
function placeOf(footer: Buffer): { readonly from: number; readonly to: number } | undefined {
  const key = footer.lastIndexOf(CHECKSUMS_KEY);
  let at = key + CHECKSUMS_KEY.length;
  if (key < 0 || footer[at++] !== NEXT_TEXT) return undefined;
  let length = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = footer[at++];
    if (byte === undefined || factor > 2 ** 35) return undefined;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  return length >= DIGITS && at + length <= footer.length ? { from: at, to: at + length } : undefined;
}
