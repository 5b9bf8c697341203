// The body of an answer as far as it was kept, decoded only where something asks what it says.
import * as zlib from 'node:zlib';
import type { Answer } from '../answer.js';

/** Decoded bytes that are looked at; a body that unpacks to more is not decoded. */
const DECODED_MAX = 4 * 1024 * 1024;
/** Encodings that one body may have on top of each other. */
const ENCODINGS_MAX = 3;

/** Node has zstd from 22.15 and 23.8 on; its types here are those of the oldest Node that is supported. */
const { zstdDecompressSync } = zlib as typeof zlib & {
  zstdDecompressSync?: (packed: Uint8Array, options: { maxOutputLength: number }) => Buffer;
};

/**
 * The kept part of an answer's body as text, read as UTF-8.
 * @returns null if it is damaged, its encoding is unknown, or it unpacks to more than 4 MiB
 */
export function decodeBody(answer: Answer): string | null {
  return decodeBytes(answer)?.toString('utf8') ?? null;
}

/** What `decodeBody` makes a text of, before it does. */
export function decodeBytes(answer: Answer): Buffer | null {
  const { body, encoding } = answer;
  if (encoding === null || body.length === 0) return body;
  return unpack(body, encoding, body.length < answer.bodyBytes);
}

/** @param cut whether the end of the body was not kept, so that its missing is no damage */
function unpack(packed: Buffer, encoding: string, cut: boolean): Buffer | null {
  const encodings = encoding.toLowerCase().split(',', ENCODINGS_MAX + 1);
  if (encodings.length > ENCODINGS_MAX) return null;
  let bytes: Buffer | null = packed;
  try {
    // The last one named was put on last.
    for (const name of encodings.reverse()) {
      if (bytes === null) return null;
      bytes = unpackOne(bytes, name.trim(), cut);
    }
  } catch {
    return null;
  }
  return bytes;
}

/** @throws what zlib throws for damage, and for too much output */
function unpackOne(bytes: Buffer, name: string, cut: boolean): Buffer | null {
  const { constants } = zlib;
  const options = {
    maxOutputLength: DECODED_MAX,
    finishFlush: cut ? constants.Z_SYNC_FLUSH : constants.Z_FINISH,
  };
  switch (name) {
    case '':
    case 'identity':
      return bytes;
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, options);
    case 'deflate':
      // Some servers leave out zlib's frame, which begins with the number of its method: 8.
      return ((bytes[0] ?? 0) & 15) === 8
        ? zlib.inflateSync(bytes, options)
        : zlib.inflateRawSync(bytes, options);
    case 'br': {
      const finishFlush = cut ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_FINISH;
      return zlib.brotliDecompressSync(bytes, { maxOutputLength: DECODED_MAX, finishFlush });
    }
    case 'zstd':
      return zstdDecompressSync?.(bytes, { maxOutputLength: DECODED_MAX }) ?? null;
    default:
      return null;
  }
}
