// Cuts bytes into JSON objects that are no lines: a JSON array of them, or objects printed over several lines.

/** Longest object that is kept; of a longer one nothing is. */
export const OBJECT_BYTES_MAX = 1_048_576;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;
const BYTE_ORDER_MARK = new Set([0xef, 0xbb, 0xbf]);

/** What stands between objects. */
export const CUT = { tooLong: 'object longer than 1 MiB', other: 'not a JSON object' } as const;

/** Cuts a stream of bytes at the objects of its outermost list, or of none; memory is one object. */
export class ObjectCutter {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Whether the bytes before were no objects, and have been reported. */
  #inOther = false;
  #length = 0;
  readonly #parts: Buffer[] = [];

  /** The objects that end in a chunk, each whole, or why something there is none. */
  push(chunk: Buffer): (Buffer | string)[] {
    const found: (Buffer | string)[] = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#depth === 0) {
        if (byte === OPEN) {
          this.#depth = 1;
          this.#inOther = false;
          from = i;
        } else if (!isBetween(byte) && !this.#inOther) {
          this.#inOther = true;
          found.push(CUT.other);
        }
      } else if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN || byte === OPEN_LIST) this.#depth++;
      else if ((byte === CLOSE || byte === CLOSE_LIST) && --this.#depth === 0) {
        this.#keep(chunk.subarray(from, i + 1));
        found.push(this.#taken());
      }
    }
    // The chunk's memory may be used again by who gave it.
    if (this.#depth > 0) this.#keep(Buffer.from(chunk.subarray(from)));
    return found;
  }

  /** Whether the bytes so far end inside an object. */
  get isInside(): boolean {
    return this.#depth > 0;
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= OBJECT_BYTES_MAX) this.#parts.push(part);
    else this.#parts.length = 0;
  }

  #taken(): Buffer | string {
    const tooLong = this.#length > OBJECT_BYTES_MAX;
    const object = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts.length = 0;
    this.#length = 0;
    return tooLong ? CUT.tooLong : object;
  }
}

function isBetween(byte: number): boolean {
  return (
    byte <= 0x20 || byte === COMMA || byte === OPEN_LIST || byte === CLOSE_LIST || BYTE_ORDER_MARK.has(byte)
  );
}
