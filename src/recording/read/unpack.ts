// Unpacks what logs are packed in, by their first bytes: gzip, zlib, zstd, brotli; everything before a damage is kept.
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** Why reading stopped before the input's own end; null if it did not. */
export interface CutReport {
  cut: string | null;
}

interface Packing {
  readonly name: string;
  fits(head: Buffer, name: string): boolean;
  /** Null where this version of Node cannot unpack it. */
  readonly open: (() => Transform) | null;
  /** What to do where it cannot. */
  readonly hint: string;
}

const CHUNK_BYTES = 65_536;
/** Packed bytes that are given to an unpacker at a time. */
const PIECE_BYTES = 65_536;

/** Node has zstd from 22.15 and 23.8 on; its types here are those of the oldest Node that is supported. */
const { createZstdDecompress } = zlib as typeof zlib & {
  createZstdDecompress?: (options: { chunkSize: number }) => Transform;
};

const PACKINGS: readonly Packing[] = [
  {
    name: 'gzip',
    fits: (head) => head[0] === 0x1f && head[1] === 0x8b,
    open: () => zlib.createGunzip({ chunkSize: CHUNK_BYTES }),
    hint: '',
  },
  {
    name: 'zlib',
    // A header whose two bytes are a multiple of 31, as the format wants; text cannot begin so and be a log line.
    fits: (head) =>
      head[0] === 0x78 &&
      [0x01, 0x5e, 0x9c, 0xda].includes(head[1] ?? 0) &&
      ((head[0] << 8) | head[1]!) % 31 === 0,
    open: () => zlib.createInflate({ chunkSize: CHUNK_BYTES }),
    hint: '',
  },
  {
    name: 'zstd',
    fits: (head) => head.length > 3 && head.readUInt32LE(0) === 0xfd2fb528,
    open: createZstdDecompress ? () => createZstdDecompress({ chunkSize: CHUNK_BYTES }) : null,
    hint: 'Node unpacks it from 22.15 on; before that: zstd -d FILE',
  },
  {
    // Brotli has no mark of its own: only the name tells.
    name: 'brotli',
    fits: (_, name) => name.endsWith('.br'),
    open: () => zlib.createBrotliDecompress({ chunkSize: CHUNK_BYTES }),
    hint: '',
  },
];

/** Packed kinds that are not unpacked here, and what to do about each. */
const FOREIGN: readonly (readonly [readonly number[], string, string])[] = [
  [[0x42, 0x5a, 0x68], 'bzip2-compressed', 'Unpack it first: bunzip2 FILE'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz-compressed', 'Unpack it first: unxz FILE'],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7z archive', 'Unpack it first: 7z x FILE'],
  [[0xff, 0xfe], 'UTF-16 text', 'Convert it first: iconv -f UTF-16 -t UTF-8 FILE'],
  [[0xfe, 0xff], 'UTF-16 text', 'Convert it first: iconv -f UTF-16 -t UTF-8 FILE'],
];

/** What a file is that cannot be read, and what to do about it; undefined for anything else. */
export function foreignKind(head: Buffer, name: string): { what: string; hint: string } | undefined {
  for (const [magic, what, hint] of FOREIGN) {
    if (magic.every((byte, i) => head[i] === byte)) return { what, hint };
  }
  const packing = packingOf(head, name);
  if (packing === undefined || packing.open !== null) return undefined;
  return { what: `${packing.name}-compressed`, hint: packing.hint };
}

/** The bytes unpacked, if their first say that they are packed; else as they are. Packed twice is unpacked twice. */
export async function* unpacked(
  chunks: AsyncGenerator<Buffer, void>,
  name: string,
  report: CutReport,
  depth = 0,
): AsyncGenerator<Buffer, void> {
  const first = await firstBytes(chunks);
  if (first.length === 0) return;
  const all = prepend(first, chunks);
  const open = packingOf(first, name)?.open;
  if (!open) yield* all;
  else {
    const inside = ahead(inflate(open(), all, report));
    if (depth > 0) yield* inside;
    else yield* unpacked(inside, '', report, depth + 1);
  }
}

function packingOf(head: Buffer, name: string): Packing | undefined {
  return PACKINGS.find((packing) => packing.fits(head, name));
}

/** Enough bytes to tell by, though they come one by one from a pipe. */
async function firstBytes(chunks: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < 8) {
    const next = await chunks.next();
    if (next.done) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  return first;
}

/** The chunks with one more in front of them. */
export async function* prepend(
  first: Buffer,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  if (first.length > 0) yield first;
  yield* rest;
}

/**
 * The same chunks, each asked for before the one before it is used, so that unpacking, which is another thread's work,
 * goes on meanwhile.
 */
async function* ahead(chunks: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  let next = chunks.next();
  // Its failure is told when it is awaited; until then it is not one that nobody hears of.
  next.catch(() => undefined);
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = chunks.next();
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await chunks.return();
  }
}

/** A log packs to a tenth; what unpacks to this many times its size, beyond these bytes, is a bomb or of no use. */
const RATIO_MAX = 400;
const RATIO_FROM_BYTES = 256e6;

/**
 * Runs bytes through an unpacker. What it gives is taken piece by piece as it asks for room, so that memory is bounded
 * whatever a piece unpacks to; and when it fails, all that it gave before has been handed over, which a plain pipeline
 * loses when the stream is destroyed by its error.
 */
export async function* inflate(
  unpacker: Transform,
  chunks: AsyncGenerator<Buffer, void>,
  report: CutReport,
): AsyncGenerator<Buffer, void> {
  let failure: Error | undefined;
  // An unpacker may end by itself, at zeros that pad a file; from then on it calls nobody back.
  let ended = false;
  let wake: () => void = () => undefined;
  const fail = (error: Error) => {
    failure = error;
    wake();
  };
  unpacker.on('error', fail);
  unpacker.on('readable', () => wake());
  unpacker.on('end', () => {
    ended = true;
    wake();
  });
  let packedBytes = 0;
  let bytes = 0;
  const take = function* (): Generator<Buffer, void> {
    for (let out: Buffer | null; (out = unpacker.read() as Buffer | null) !== null; ) {
      bytes += out.length;
      yield out;
    }
  };
  /** Does something to the unpacker and hands over what comes until it has been done. */
  const during = async function* (start: (done: () => void) => void): AsyncGenerator<Buffer, void> {
    let done = false;
    start(() => {
      done = true;
      wake();
    });
    for (;;) {
      yield* take();
      if (done || ended || failure !== undefined) break;
      if (bytes > RATIO_FROM_BYTES && bytes > RATIO_MAX * packedBytes) {
        failure = new Error(`it unpacks to more than ${RATIO_MAX} times its size`);
        break;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (done || ended || failure !== undefined || unpacker.readableLength > 0) resolve();
      });
    }
    yield* take();
  };
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && failure === undefined && !ended; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        packedBytes += piece.length;
        yield* during((done) => unpacker.write(piece, () => done()));
      }
      if (failure !== undefined) break;
    }
    if (failure === undefined && !ended) yield* during(() => unpacker.end());
  } finally {
    unpacker.destroy();
  }
  if (failure !== undefined) {
    report.cut = `the packed data are damaged or cut off (${failure.message}): read up to there`;
  }
}
