// Reads files of any size as blocks of whole lines, plain or gzip, with bounded memory.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { UserError } from '../problem.js';

/** Longest line that is read, bytes without its end; a longer one is counted and dropped, never buffered. */
export const LINE_BYTES_MAX = 65_536;

/** Whole lines: each ends in `\n` before `length`. The buffer is reused for the next block. */
export interface Block {
  readonly bytes: Buffer;
  readonly length: number;
}

/** What only the end of a file tells. */
export interface FileReport {
  /** SHA-256 of the file's bytes as they lie on disk, hex; null until the end was reached. */
  digest: string | null;
  /** Why reading stopped before the file's own end, such as a truncated gzip; null if it did not. */
  cut: string | null;
}

const BLOCK_BYTES = 262_144;
const NEWLINE = 10;

/** First bytes of files that are no text, and what to do about each. */
const FOREIGN: readonly (readonly [readonly number[], string, string])[] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd-compressed', 'Unpack it first: zstd -d FILE'],
  [[0x42, 0x5a, 0x68], 'bzip2-compressed', 'Unpack it first: bunzip2 FILE'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz-compressed', 'Unpack it first: unxz FILE'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive', 'Unpack it first: unzip FILE'],
  [[0xff, 0xfe], 'UTF-16 text', 'Convert it first: iconv -f UTF-16 -t UTF-8 FILE'],
  [[0xfe, 0xff], 'UTF-16 text', 'Convert it first: iconv -f UTF-16 -t UTF-8 FILE'],
];

/**
 * Yields a file's lines as blocks. Of a line longer than `LINE_BYTES_MAX` the first `LINE_BYTES_MAX + 1` bytes are
 * kept, so that who reads the block sees that it is too long and can count it; memory stays at one block.
 * A byte order mark is left out; a missing last newline is added.
 * @throws UserError when the file cannot be opened or is of a kind that cannot be read
 */
export async function* readBlocks(file: string, report: FileReport): AsyncGenerator<Block, void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES + 1);
  let used = 0;
  let skipping = false;
  let start = true;
  for await (const chunk of readPlain(file, report)) {
    let at = start && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    start = false;
    while (at < chunk.length) {
      if (skipping) {
        at = chunk.indexOf(NEWLINE, at);
        if (at < 0) break;
        skipping = false;
      }
      const n = Math.min(chunk.length - at, BLOCK_BYTES - used);
      chunk.copy(block, used, at, at + n);
      const last = block.subarray(used, used + n).lastIndexOf(NEWLINE);
      const length = last < 0 ? 0 : used + last + 1;
      used += n;
      at += n;
      if (length > 0) {
        yield { bytes: block, length };
        block.copyWithin(0, length, used);
        used -= length;
      }
      if (used > LINE_BYTES_MAX) {
        used = LINE_BYTES_MAX + 1;
        skipping = true;
      }
    }
  }
  if (used > 0) {
    block[used] = NEWLINE;
    yield { bytes: block, length: used + 1 };
  }
}

/** The file's content, unpacked if its first bytes say gzip (its name says nothing). */
async function* readPlain(file: string, report: FileReport): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  const raw = readRaw(file, hash);
  const first = await raw.next();
  if (!first.done) {
    refuseForeign(file, first.value);
    if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* unzip(first.value, raw, report);
    else {
      yield first.value;
      yield* raw;
    }
  }
  // What follows a broken gzip member is not unpacked, but it belongs to the file that the digest stands for.
  for await (const _ of raw);
  report.digest = hash.digest('hex');
}

async function* readRaw(file: string, hash: Hash): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 131_072 })) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new UserError([unreadable(file, error as NodeJS.ErrnoException)]);
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException) {
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'is a directory; a log file was expected',
    EACCES: 'may not be read by this user',
  };
  const hint = error.code === 'EISDIR' ? 'Name the files in it.' : 'Check the name; paths are relative.';
  return {
    place: file,
    path: '',
    message: why[error.code ?? ''] ?? `cannot be read: ${error.message}`,
    hint,
  };
}

function refuseForeign(file: string, head: Buffer): void {
  for (const [magic, what, hint] of FOREIGN) {
    if (magic.every((byte, i) => head[i] === byte)) {
      const message = `is ${what}; a text log, plain or gzip, was expected`;
      throw new UserError([{ place: file, path: '', message, hint }]);
    }
  }
}

/**
 * Unpacks gzip of one or several members. Each write is awaited and its output taken before the next, and the end
 * is announced only after that: on a truncated or damaged file everything before the damage has then been handed
 * over, which a plain pipeline loses when the stream is destroyed by its error.
 */
async function* unzip(
  first: Buffer,
  rest: AsyncGenerator<Buffer, void>,
  report: FileReport,
): AsyncGenerator<Buffer, void> {
  const gunzip = createGunzip({ chunkSize: 131_072 });
  let out: Buffer[] = [];
  let failure: Error | undefined;
  let settle: () => void = () => undefined;
  gunzip.on('data', (data: Buffer) => out.push(data));
  gunzip.on('error', (error) => {
    failure = error;
    settle();
  });
  gunzip.on('end', () => settle());
  const settled = (start: (done: () => void) => void) =>
    new Promise<void>((resolve) => {
      settle = resolve;
      if (failure) resolve();
      else start(resolve);
    });
  const take = function* () {
    for (let left: unknown; (left = gunzip.read()) !== null; ) out.push(left as Buffer);
    const taken = out;
    out = [];
    yield* taken;
  };

  // 16 kB in are at most 16 MB out (deflate's limit is 1,032 to 1), which bounds what is held at a time.
  for (let chunk: Buffer | undefined = first; chunk && !failure; ) {
    for (let at = 0; at < chunk.length && !failure; at += 16_384) {
      const piece = chunk.subarray(at, at + 16_384);
      await settled((done) => gunzip.write(piece, () => done()));
      yield* take();
    }
    const next: IteratorResult<Buffer, void> = await rest.next();
    chunk = next.done ? undefined : next.value;
  }
  if (!failure) {
    await settled(() => gunzip.end());
    yield* take();
  }
  gunzip.destroy();
  if (failure) report.cut = `the gzip data are damaged or cut off (${failure.message}): read up to there`;
}
