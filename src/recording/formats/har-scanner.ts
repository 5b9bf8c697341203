// Finds the entries of a HAR in a stream of bytes, so that its answers' bodies are never held together.

/** Entries longer than this are not kept: their answers' bodies are in them. */
const ENTRY_BYTES_MAX = 64 * 2 ** 20;
const DEPTH_MAX = 10_000;

const [QUOTE, BACKSLASH, NEWLINE, COMMA] = [34, 92, 10, 44];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [123, 125, 91, 93];
const BOM = [0xef, 0xbb, 0xbf];

/** What was met: an entry's JSON text; null for an entry that was longer than the bound. */
export type EntryText = string | null;

/** A HAR that is broken as a whole, and where. */
export class BrokenHar extends Error {}

/**
 * Walks JSON text given in chunks and hands over the elements of `log.entries`. Of the rest it reads no more than it
 * needs to know its place, so that a slip elsewhere does not make a HAR unreadable.
 */
export class HarScanner {
  /** Whether `log.entries` was met. */
  hasEntries = false;
  /** Closing brackets that are expected, outermost first. */
  readonly #open: number[] = [];
  #inString = false;
  #escaped = false;
  /** The string at hand, if it may be a key that matters, at depth 1 or 2. */
  #text: string | null = null;
  /** The keys on the way to the place at hand. */
  #logKey = '';
  #entriesKey = '';
  /** Pieces of the entry at hand; null while there is none. */
  #pieces: Buffer[] | null = null;
  #pieceBytes = 0;
  #line = 1;
  #lineFrom = 0;
  /** Bytes before the chunk at hand. */
  #before = 0;
  #ended = false;

  constructor(private readonly emit: (entry: EntryText) => void) {}

  /** @throws BrokenHar */
  push(chunk: Buffer): void {
    let entryFrom = this.#pieces === null ? -1 : 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (this.#inString) {
        i = this.#walkString(chunk, i);
        continue;
      }
      if (byte <= 32) {
        if (byte === NEWLINE) this.#newLine(i);
        continue;
      }
      if (this.#before + i < 3 && byte === BOM[this.#before + i]) continue;
      if (this.#ended) throw this.#broken(i, 'goes on behind its end');
      if (this.#open.length === 0 && byte !== OPEN_BRACE) throw this.#broken(i, this.#notAnObject(byte));
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          this.#text = this.#open.length <= 2 ? '' : null;
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          if (this.#opens(byte, i)) entryFrom = i;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          if (this.#closes(byte, i)) {
            this.#addPiece(chunk, entryFrom, i + 1);
            this.#emitEntry();
            entryFrom = -1;
          }
          break;
        case COMMA:
          if (this.#open.length === 1) this.#logKey = '';
          else if (this.#open.length === 2) this.#entriesKey = '';
      }
    }
    if (entryFrom >= 0) this.#addPiece(chunk, entryFrom, chunk.length);
    this.#before += chunk.length;
  }

  /** @throws BrokenHar when the text is not complete */
  end(): void {
    if (!this.#ended)
      throw this.#broken(0, this.#before === 0 ? 'is empty' : 'is cut off: it ends in the middle');
  }

  #notAnObject(byte: number): string {
    return byte === OPEN_BRACKET ? 'is a list; one HAR, an object with a "log", was expected' : 'is not JSON';
  }

  /** Goes to the end of the string, or of the chunk; returns the place of the last byte taken. */
  #walkString(chunk: Buffer, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte === NEWLINE) this.#newLine(i);
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        if (this.#text !== null)
          this.#takeKey(this.#text + chunk.toString('latin1', Math.max(from, i - 16), i));
        return i;
      }
    }
    if (this.#text !== null) this.#text = (this.#text + chunk.toString('latin1', from)).slice(-16);
    return chunk.length;
  }

  /** A string that ended: whether it was a key or a value is told by what opens next. */
  #takeKey(text: string): void {
    if (this.#open.length === 1) this.#logKey = text;
    else if (this.#open.length === 2) this.#entriesKey = text;
  }

  /** Whether an entry begins here. */
  #opens(byte: number, at: number): boolean {
    const depth = this.#open.length;
    const inLog = this.#logKey === 'log';
    if (depth === 1 && inLog && byte === OPEN_BRACKET)
      throw this.#broken(at, 'has a list for its "log"; an object was expected');
    if (depth === 2 && inLog && this.#entriesKey === 'entries' && byte === OPEN_BRACKET)
      this.hasEntries = true;
    if (depth >= DEPTH_MAX) throw this.#broken(at, 'is nested too deeply');
    const isEntry = depth === 3 && inLog && this.#entriesKey === 'entries' && this.#open[2] === CLOSE_BRACKET;
    this.#open.push(byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
    if (!isEntry) return false;
    this.#pieces = [];
    this.#pieceBytes = 0;
    return true;
  }

  /** Whether an entry ends here. */
  #closes(byte: number, at: number): boolean {
    if (this.#open.pop() !== byte) throw this.#broken(at, 'is not JSON: brackets do not match');
    const depth = this.#open.length;
    if (depth === 0) this.#ended = true;
    return depth === 3 && this.#pieces !== null;
  }

  #addPiece(chunk: Buffer, from: number, to: number): void {
    this.#pieceBytes += to - from;
    if (this.#pieceBytes > ENTRY_BYTES_MAX) this.#pieces = [];
    // A copy: the chunk is its reader's.
    else this.#pieces?.push(Buffer.from(chunk.subarray(from, to)));
  }

  #emitEntry(): void {
    const text =
      this.#pieceBytes > ENTRY_BYTES_MAX ? null : Buffer.concat(this.#pieces ?? []).toString('utf8');
    this.#pieces = null;
    this.emit(text);
  }

  #newLine(at: number): void {
    this.#line++;
    this.#lineFrom = this.#before + at + 1;
  }

  #broken(at: number, what: string): BrokenHar {
    return new BrokenHar(`${what} (line ${this.#line}, column ${this.#before + at - this.#lineFrom + 1})`);
  }
}
