// The beginning of a line that the end of a read has cut, kept until the rest comes.

const SPACE = 32;
const FIRST_BYTES = 256;

export class LineHold {
  bytes = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;
  /** What came last, if the next byte decides what the line is: a CR, or a whole line that may be folded. */
  seam: 'none' | 'after CR' | 'after a line' = 'none';

  /** Copies bytes to its end; as room doubles, a line that comes byte by byte is copied in linear time. */
  append(from: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    for (let at = start, to = this.length; at < end; at++, to++) this.bytes[to] = from[at] as number;
    this.length = length;
  }

  /** In place of the line end of a folded header (RFC 9112, section 5.2). */
  appendBlank(): void {
    this.append(BLANK, 0, 1);
  }
}

const BLANK = Uint8Array.of(SPACE);
