// Lines of a response, read in place: the status line, a field's name, a chunk's size; all without control characters.

const HTAB = 9;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const SEMICOLON = 59;
const LOWER_A = 97;
const LOWER_F = 102;
/** Turns an upper-case letter into its lower case. */
const LOWER = 32;
const HTTP_1 = Buffer.from('HTTP/1.');
/** Length of `HTTP/1.1 200`. */
const STATUS_END = 12;
/** Chunks of 2^48 bytes and more are not real. */
const CHUNK_DIGITS_MAX = 12;

/** 1 for each byte that a name may have: a token of RFC 9110, section 5.6.2. */
const TOKEN = new Uint8Array(256);
for (const byte of Buffer.from(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)) {
  TOKEN[byte] = 1;
}

export function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === HTAB;
}

/** The status of a status line of HTTP/1.0 or 1.1; -1 if it is none. The reason may be missing. */
export function statusOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < STATUS_END) return -1;
  for (let i = 0; i < HTTP_1.length; i++) {
    if (bytes[start + i] !== HTTP_1[i]) return -1;
  }
  const minor = bytes[start + HTTP_1.length];
  if (minor !== ZERO && minor !== ZERO + 1) return -1;
  if (bytes[start + 8] !== SPACE) return -1;
  if (end - start > STATUS_END && bytes[start + STATUS_END] !== SPACE) return -1;
  let status = 0;
  for (let i = 9; i < STATUS_END; i++) {
    const digit = (bytes[start + i] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status;
}

/** Whether a status line is one of HTTP/1.1. */
export function isHttp11(bytes: Uint8Array, start: number): boolean {
  return bytes[start + HTTP_1.length] === ZERO + 1;
}

/** Where the name of a field ends with its colon; -1 if it is no field. */
export function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && TOKEN[bytes[at] as number] === 1) at++;
  return at > start && at < end && bytes[at] === COLON ? at : -1;
}

/** The size that a chunk's line names, its extensions left out; -1 if it names none. */
export function chunkSizeOf(bytes: Uint8Array, start: number, end: number): number {
  let size = 0;
  let at = start;
  while (at < end) {
    const digit = hexDigitOf(bytes[at] as number);
    if (digit < 0) break;
    size = size * 16 + digit;
    at++;
  }
  if (at === start || at - start > CHUNK_DIGITS_MAX) return -1;
  while (at < end && isBlank(bytes[at])) at++;
  return at === end || bytes[at] === SEMICOLON ? size : -1;
}

function hexDigitOf(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | LOWER;
  return letter >= LOWER_A && letter <= LOWER_F ? letter - LOWER_A + 10 : -1;
}
