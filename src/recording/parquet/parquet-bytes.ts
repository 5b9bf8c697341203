// Bytes of a Parquet file as they are put together: a growing buffer, and Thrift's compact protocol for its metadata.

/** A buffer that grows. */
export class ByteSink {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** What was written; a view, valid until the next write. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 − 1, seven bits a byte, low bits first. */
  varint(value: number): void {
    while (value >= 0x80) {
      this.byte((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.byte(value);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Texts as UTF-8, each with its length before it, 32 bits little-endian. */
  prefixedTexts(texts: readonly string[]): void {
    const joined = texts.join('');
    const ascii = Buffer.from(joined, 'utf8');
    if (ascii.length !== joined.length) {
      for (const text of texts) this.prefixedBytes(Buffer.from(text, 'utf8'));
      return;
    }
    // One call for all and a loop over bytes: a third of what a call for each text takes.
    this.#reserve(ascii.length + 4 * texts.length);
    const bytes = this.#bytes;
    let to = this.#length;
    let from = 0;
    for (const { length } of texts) {
      bytes[to] = length & 0xff;
      bytes[to + 1] = (length >>> 8) & 0xff;
      bytes[to + 2] = (length >>> 16) & 0xff;
      bytes[to + 3] = length >>> 24;
      to += 4;
      for (const end = from + length; from < end; ) bytes[to++] = ascii[from++]!;
    }
    this.#length = to;
  }

  prefixedBytes(bytes: Uint8Array): void {
    this.#reserve(4);
    this.#bytes.writeUInt32LE(bytes.length, this.#length);
    this.#length += 4;
    this.raw(bytes);
  }

  /** `bytes` bytes of zeros, to be filled in by the caller before the next write. */
  zeros(bytes: number): Buffer {
    this.#reserve(bytes);
    const part = this.#bytes.subarray(this.#length, this.#length + bytes);
    part.fill(0);
    this.#length += bytes;
    return part;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

const TYPE = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** A value of a struct's field; `list` holds values of one kind. */
export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly bool: boolean }
  | { readonly binary: Uint8Array | string }
  | { readonly struct: ThriftStruct }
  /** Structs that were encoded before. */
  | { readonly structs: readonly Uint8Array[] }
  | { readonly list: readonly ThriftValue[] };

/** A struct's fields by ascending number. */
export type ThriftStruct = readonly (readonly [field: number, value: ThriftValue])[];

/** A struct in Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift). */
export function encodeStruct(struct: ThriftStruct): Buffer {
  const sink = new ByteSink(256);
  writeStruct(sink, struct);
  return sink.bytes;
}

function writeStruct(sink: ByteSink, struct: ThriftStruct): void {
  let last = 0;
  for (const [field, value] of struct) {
    // Field numbers of Parquet are 1 to 15 apart, so the long form is never needed.
    sink.byte(((field - last) << 4) | ('bool' in value && !value.bool ? TYPE.false : typeOf(value)));
    last = field;
    if (!('bool' in value)) writeValue(sink, value);
  }
  sink.byte(0);
}

function typeOf(value: ThriftValue): number {
  if ('i32' in value) return TYPE.i32;
  if ('i64' in value) return TYPE.i64;
  if ('bool' in value) return TYPE.true;
  if ('binary' in value) return TYPE.binary;
  return 'struct' in value ? TYPE.struct : TYPE.list;
}

function writeValue(sink: ByteSink, value: ThriftValue): void {
  if ('i32' in value) writeZigzag(sink, value.i32);
  else if ('i64' in value) writeZigzag(sink, value.i64);
  else if ('binary' in value) {
    const bytes = typeof value.binary === 'string' ? Buffer.from(value.binary, 'utf8') : value.binary;
    sink.varint(bytes.length);
    sink.raw(bytes);
  } else if ('struct' in value) writeStruct(sink, value.struct);
  else if ('structs' in value) {
    writeListHead(sink, value.structs.length, TYPE.struct);
    for (const struct of value.structs) sink.raw(struct);
  } else if ('list' in value) {
    const first = value.list[0];
    writeListHead(sink, value.list.length, first === undefined ? TYPE.struct : typeOf(first));
    for (const item of value.list) writeValue(sink, item);
  }
}

function writeListHead(sink: ByteSink, length: number, type: number): void {
  sink.byte((Math.min(length, 15) << 4) | type);
  if (length >= 15) sink.varint(length);
}

/** Whole numbers of less than 2^52, either sign. */
function writeZigzag(sink: ByteSink, value: number): void {
  sink.varint(value < 0 ? -2 * value - 1 : 2 * value);
}
