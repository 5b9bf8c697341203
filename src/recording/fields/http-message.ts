// Reads a raw HTTP/1 request from bytes: first line, headers and body, as captures hold them.
import { type Header, headerValue } from '../secrets/headers.js';
import { ownBytes } from './records.js';

/** Longest head that is looked at. */
const HEAD_BYTES_MAX = 262_144;

/** Why a body is not the one that was sent. */
export const UNREAD_BODY = {
  short: 'body is shorter than its content-length',
  chunks: 'chunked body is damaged',
} as const;

export interface Head {
  /** The request line, without its end. */
  readonly firstLine: string;
  readonly headers: readonly Header[];
  /** Where the body begins. */
  readonly bodyFrom: number;
}

/** The head of a message, lines ended by CRLF or LF; characters are bytes. Undefined where it has no end. */
export function readHead(message: Buffer): Head | undefined {
  const [end, bodyFrom] = headEnd(message.subarray(0, HEAD_BYTES_MAX));
  if (end < 0) return undefined;
  const [firstLine = '', ...lines] = message.toString('latin1', 0, end).split('\n');
  const headers: Header[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    // What begins with a space goes on with the header before: a form long out of use, and of attacks.
    if (colon > 0 && line[0] !== ' ' && line[0] !== '\t')
      headers.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return { firstLine: firstLine.trimEnd(), headers, bodyFrom };
}

/** Where the last header ends and where the body begins; the head of a request without a body may lack its end. */
function headEnd(bytes: Buffer): [end: number, bodyFrom: number] {
  const strict = bytes.indexOf('\r\n\r\n');
  const loose = bytes.indexOf('\n\n');
  if (strict >= 0 && (loose < 0 || strict < loose)) return [strict, strict + 4];
  if (loose >= 0) return [loose, loose + 2];
  const last = bytes.length - 1;
  return bytes[last] === 10 || bytes[last] === 13 ? [last, last + 1] : [-1, -1];
}

/**
 * The body behind a head, chunks put together, in a buffer of its own; a content encoding stays as it is.
 * @returns empty for none; or why it is not whole
 */
export function readBody(bytes: Buffer, headers: readonly Header[]): Uint8Array | string {
  if (/\bchunked\b/i.test(headerValue(headers, 'transfer-encoding') ?? '')) return readChunks(bytes);
  const length = Number(headerValue(headers, 'content-length') ?? 0);
  if (!(length > 0)) return new Uint8Array(0);
  return bytes.length < length ? UNREAD_BODY.short : ownBytes(bytes.subarray(0, length));
}

/** `size-hex[;extension]CRLF bytes CRLF …0CRLF`. */
function readChunks(bytes: Buffer): Uint8Array | string {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf(10, at);
    const size = /^([0-9a-f]{1,7})[ \t]*(?:;|\r?$)/i.exec(
      bytes.toString('latin1', at, Math.min(end, at + 64)),
    );
    if (end < 0 || size === null) return UNREAD_BODY.chunks;
    const length = Number.parseInt(size[1] ?? '', 16);
    if (length === 0) return ownBytes(Buffer.concat(chunks));
    if (end + 1 + length > bytes.length) return UNREAD_BODY.chunks;
    chunks.push(bytes.subarray(end + 1, end + 1 + length));
    at = end + 1 + length;
    if (bytes[at] === 13) at++;
    if (bytes[at++] !== 10) return UNREAD_BODY.chunks;
  }
}
