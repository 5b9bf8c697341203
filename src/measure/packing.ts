// Numbers as bytes in a string: what is kept of a long run and seldom read takes a fifth of what objects would.

const BITS = 7;
const RADIX = 2 ** BITS;
/** A zero written in two bytes, which no number is: eight bytes of a double follow. */
const ESCAPE = 0x80;

/** Writes numbers one after the other; whole ones from 0 to 127 take a byte, to 16,383 two, and so on. */
export class Packer {
  #bytes = new Uint8Array(1_024);
  #length = 0;

  number(value: number): void {
    if (this.#length + 10 > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    if (!Number.isSafeInteger(value) || value < 0) {
      this.#double(value);
      return;
    }
    let rest = value;
    while (rest >= RADIX) {
      bytes[this.#length++] = (rest % RADIX) + RADIX;
      rest = Math.floor(rest / RADIX);
    }
    bytes[this.#length++] = rest;
  }

  /** What was written, a character a byte; the packer starts again from nothing. */
  take(): string {
    const text = Buffer.from(this.#bytes.buffer, 0, this.#length).toString('latin1');
    this.#length = 0;
    return text;
  }

  #double(value: number): void {
    this.#bytes[this.#length++] = ESCAPE;
    this.#bytes[this.#length++] = 0;
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value);
    this.#length += 8;
  }

  #grow(): void {
    const longer = new Uint8Array(this.#bytes.length * 2);
    longer.set(this.#bytes);
    this.#bytes = longer;
  }
}

/** Reads the numbers of a packed string in the order in which they were written. */
export class Unpacker {
  #at = 0;

  constructor(private readonly text: string) {}

  get done(): boolean {
    return this.#at >= this.text.length;
  }

  number(): number {
    const start = this.#at;
    let value = 0;
    for (let scale = 1; ; scale *= RADIX) {
      const byte = this.text.charCodeAt(this.#at++);
      if (byte < RADIX) {
        if (byte === 0 && this.#at === start + 2) return this.#double();
        return value + byte * scale;
      }
      if (Number.isNaN(byte)) throw new Error('packed numbers end too early');
      value += (byte - RADIX) * scale;
    }
  }

  #double(): number {
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 8; i++) view.setUint8(i, this.text.charCodeAt(this.#at++));
    return view.getFloat64(0);
  }
}
