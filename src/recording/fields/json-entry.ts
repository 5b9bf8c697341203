// Reads one JSON object of a log, with the faults that logs have, and gives its values as texts of bytes.
import { isUtf8 } from 'node:buffer';
import { bytesOf } from './row-maker.js';

export type JsonObject = Readonly<Record<string, unknown>>;

const OPEN = 123;

/** One object of a log. */
export class JsonEntry {
  /** @param inBytes whether the characters of its texts are bytes already */
  constructor(
    readonly object: JsonObject,
    private readonly inBytes: boolean,
  ) {}

  /** A text, a number, or the first of a list, as text whose characters are bytes; undefined for anything else. */
  text(value: unknown): string | undefined {
    const one: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof one === 'number') return String(one);
    if (typeof one !== 'string') return undefined;
    return this.inBytes ? one.replace(/[\u0100-\uffff]+/g, bytesOf) : bytesOf(one);
  }

  /** The text under a key of the entry. */
  get(key: string): string | undefined {
    return this.text(this.object[key]);
  }

  /** The text at a path of keys. */
  at(path: readonly string[]): string | undefined {
    let value: unknown = this.object;
    for (const key of path) {
      if (!isObject(value)) return undefined;
      value = value[key];
    }
    return this.text(value);
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the object in `bytes[from, to)`. Whole numbers of 16 digits and more come as texts, since JSON.parse rounds
 * them. What is no JSON is repaired where it is known how servers come to write it: see `repaired`.
 * @returns undefined for what is no object
 */
export function readJsonEntry(bytes: Buffer, from: number, to: number): JsonEntry | undefined {
  let at = from;
  while (at < to && bytes[at]! <= 0x20) at++;
  if (bytes[at] !== OPEN || at >= to) return undefined;
  const part = bytes.subarray(at, to);
  const utf8 = isUtf8(part);
  const text = part.toString(utf8 ? 'utf8' : 'latin1');
  const object = parseObject(text);
  if (object !== undefined) return new JsonEntry(object, !utf8);
  const mended = repaired(utf8 ? part.toString('latin1') : text);
  const again = mended === undefined ? undefined : parseObject(mended);
  return again === undefined ? undefined : new JsonEntry(again, true);
}

/** A JSON string to its end, or to the text's where it has none, so that no part of a text is looked at twice. */
const STRING = '"(?:[^"\\\\]|\\\\[^])*(?:"|\\\\?$)';
const LONG_NUMBER = new RegExp(`${STRING}|(?<![-+\\d.eE])\\d{16,}(?![\\d.eE])`, 'g');
const FAULT = new RegExp(`${STRING}|:\\s*(?:-\\s*)?(?=[,}])`, 'g');

function parseObject(text: string): JsonObject | undefined {
  const exact = /\d{16}/.test(text)
    ? text.replace(LONG_NUMBER, (found) => (found[0] === '"' ? found : `"${found}"`))
    : text;
  try {
    const value: unknown = JSON.parse(exact);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Undoes what servers write when their format only looks like JSON: nginx's `\xHH` for a byte, other escapes that
 * JSON does not have, bare control characters, and nothing (or `-`) where an empty variable was a number. Characters
 * are bytes before and after.
 * @returns undefined where nothing was found to repair
 */
function repaired(text: string): string | undefined {
  const mended = text.replace(FAULT, (found) =>
    found[0] === '"' ? found.replace(/\\x[0-9a-fA-F]{2}|\\[\s\S]|[^ -\uffff]/g, repairedCharacter) : ':null',
  );
  return mended === text ? undefined : mended;
}

function repairedCharacter(found: string): string {
  if (found[0] !== '\\') return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  if (found.length === 4) return `\\u00${found.slice(2)}`;
  return '"\\/bfnrtu'.includes(found[1] ?? '') ? found : `\\\\${found[1]}`;
}
