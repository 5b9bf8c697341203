// Cuts a stream of bytes into records at a separator, with a bound on what is held.

/** Longest URL, or request line, that is taken for one. */
export const URL_MAX = 65_536;

/** A record's bytes, valid until the next is asked for; null for one that was longer than the bound. */
export type Piece = Buffer | null;

/**
 * Yields what stands between separators; the last one may lack its separator. Of a record over the bound nothing is
 * kept. Takes time linear in the bytes, and memory for one record and one chunk.
 * @param separator at least one byte
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  separator: Buffer,
  bytesMax: number,
): AsyncGenerator<Piece, void> {
  let held: Buffer = Buffer.alloc(65_536);
  let used = 0;
  /** Where to look on: everything before holds no separator. */
  let searched = 0;
  let skipping = false;
  for await (const chunk of chunks) {
    held = withRoom(held, used, chunk.length);
    chunk.copy(held, used);
    used += chunk.length;
    let from = 0;
    for (;;) {
      const at = held.subarray(0, used).indexOf(separator, Math.max(from, searched));
      if (at < 0) break;
      yield skipping || at - from > bytesMax ? null : held.subarray(from, at);
      skipping = false;
      from = at + separator.length;
    }
    if (skipping || used - from > bytesMax + separator.length) {
      // Only what may be the beginning of a separator is of use.
      skipping = true;
      from = Math.max(from, used - separator.length + 1);
    }
    if (from > 0) held.copyWithin(0, from, used);
    used -= from;
    searched = Math.max(0, used - separator.length + 1);
  }
  if (skipping || used > bytesMax) yield null;
  else if (used > 0) yield held.subarray(0, used);
}

function withRoom(held: Buffer, used: number, more: number): Buffer {
  if (used + more <= held.length) return held;
  const larger = Buffer.alloc(Math.max(held.length * 2, used + more));
  held.copy(larger, 0, 0, used);
  return larger;
}

/** Bytes in an array buffer of their own: what goes to another thread is copied with all of its buffer. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** What a base64 text, in one line or many, stands for; undefined for what is none: Node's decoder never fails. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const line = text.replace(/\s+/g, '');
  const end = line.endsWith('==') ? line.length - 2 : line.endsWith('=') ? line.length - 1 : line.length;
  if (end % 4 === 1) return undefined;
  const bytes = Buffer.from(line, 'base64');
  return bytes.length === Math.floor((end * 3) / 4) ? ownBytes(bytes) : undefined;
}
