// Header fields of a response, read in place: which names matter, and what their values say.

/** Names that the parser heeds. */
export const CONTENT_LENGTH = 'content-length';
export const TRANSFER_ENCODING = 'transfer-encoding';
export const CONNECTION = 'connection';

/** Tokens of their values. */
export const CLOSE = Buffer.from('close');
export const KEEP_ALIVE = Buffer.from('keep-alive');
const CHUNKED = Buffer.from('chunked');

const HTAB = 9;
const SPACE = 32;
const COMMA = 44;
const ZERO = 48;
/** Turns an upper-case letter of a token into its lower case and keeps hyphens. */
const LOWER = 32;

/** A name to look for. */
export interface FieldName {
  /** In lower case. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Whether somebody asked for it; if not, only the parser heeds it. */
  readonly isAsked: boolean;
}

/** Names to look for, found by length and bytes: those that are asked for, and those that the parser heeds. */
export class FieldNames {
  readonly #byLength: FieldName[][] = [];

  /** @param asked in lower case: letters and hyphens */
  constructor(asked: readonly string[]) {
    for (const text of new Set([...asked, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION])) {
      while (this.#byLength.length <= text.length) this.#byLength.push([]);
      this.#byLength[text.length]?.push({
        text,
        bytes: Buffer.from(text, 'latin1'),
        isAsked: asked.includes(text),
      });
    }
  }

  /** The name that those bytes are in any case; undefined if it is none of them. */
  find(bytes: Uint8Array, start: number, end: number): FieldName | undefined {
    const candidates = this.#byLength[end - start];
    if (candidates === undefined) return undefined;
    for (let i = 0; i < candidates.length; i++) {
      const name = candidates[i] as FieldName;
      if (isText(bytes, start, end, name.bytes)) return name;
    }
    return undefined;
  }
}

/**
 * The length that a Content-Length names; several equal ones are one (RFC 9110, section 8.6).
 * @param known one that was named before; -1 for none
 * @returns NaN if it is not a number or another one
 */
export function lengthOf(bytes: Uint8Array, start: number, end: number, known: number): number {
  let length = known;
  for (let at = start; at <= end; ) {
    const comma = itemEnd(bytes, at, end);
    const item = numberOf(bytes, skipBlank(bytes, at, comma), trimBlank(bytes, at, comma));
    if (length >= 0 && item !== length) return Number.NaN;
    length = item;
    at = comma + 1;
  }
  return length;
}

/** Whether the last of several transfer codings is `chunked`. */
export function endsChunked(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end;
  while (at > start && bytes[at - 1] !== COMMA) at--;
  return isText(bytes, skipBlank(bytes, at, end), trimBlank(bytes, at, end), CHUNKED);
}

/** Whether a comma-separated list has a token. */
export function listHas(bytes: Uint8Array, start: number, end: number, token: Uint8Array): boolean {
  for (let at = start; at < end; ) {
    const comma = itemEnd(bytes, at, end);
    if (isText(bytes, skipBlank(bytes, at, comma), trimBlank(bytes, at, comma), token)) return true;
    at = comma + 1;
  }
  return false;
}

/** The first place from `start` that is no blank, at most `end`. */
export function skipBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === HTAB)) at++;
  return at;
}

/** The end without the blanks before it, at least `start`. */
export function trimBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === SPACE || bytes[at - 1] === HTAB)) at--;
  return at;
}

/** Whether bytes are that text of lower-case letters and hyphens, in any case. */
function isText(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (((bytes[start + i] as number) | LOWER) !== text[i]) return false;
  }
  return true;
}

function itemEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== COMMA) at++;
  return at;
}

/** A decimal number, or NaN. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return end > start && number <= Number.MAX_SAFE_INTEGER ? number : Number.NaN;
}
