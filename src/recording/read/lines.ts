// Cuts unpacked bytes of any size into blocks of whole lines, with bounded memory.

/** Longest line that is read, bytes without its end; a longer one is counted and dropped, never buffered. */
export const LINE_BYTES_MAX = 65_536;

/** Whole lines: each ends in `\n` before `length`. The buffer is reused for the next block. */
export interface Block {
  readonly bytes: Buffer;
  readonly length: number;
}

const BLOCK_BYTES = 262_144;
const SAMPLE_BYTES = 262_144;
const NEWLINE = 10;

/**
 * Yields lines as blocks. Of a line longer than `LINE_BYTES_MAX` the first `LINE_BYTES_MAX + 1` bytes are kept, so that
 * who reads the block sees that it is too long and can count it; memory stays at one block. A byte order mark is left
 * out; a missing last newline is added.
 */
export async function* readBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Block, void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES + 1);
  let used = 0;
  let skipping = false;
  let start = true;
  for await (const chunk of chunks) {
    let at = start && hasByteOrderMark(chunk) ? 3 : 0;
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

export function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** The first bytes of a part, up to the end of their last line. */
export async function readSample(
  chunks: AsyncGenerator<Buffer, void>,
): Promise<{ bytes: Buffer; length: number }> {
  const parts: Buffer[] = [];
  let size = 0;
  let over = false;
  while (size < SAMPLE_BYTES && !over) {
    const next = await chunks.next();
    if (next.done) over = true;
    else {
      parts.push(next.value);
      size += next.value.length;
    }
  }
  const bytes = Buffer.concat(parts);
  const lines = bytes.lastIndexOf(10) + 1;
  return { bytes, length: over || lines === 0 ? bytes.length : lines };
}
