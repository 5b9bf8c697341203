// The addresses that visitors seem to come from: a range of IPv4 and the header that carries them.
import { refuseHeader } from './headers.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { TypedForwardedFor } from './schema.js';

/** Each visitor sends one address out of `count` from `first` on, the same one each time. */
export interface ForwardedFor {
  /** In lower case. */
  readonly header: string;
  /** As a number of 32 bits. */
  readonly first: number;
  readonly count: number;
}

const DEFAULT_HEADER = 'x-forwarded-for';

/** Reads `target.forwardedFor`; undefined if it is not there, or is a problem. */
export function readForwardedFor(
  path: Path,
  typed: TypedForwardedFor | undefined,
  problems: ProblemList,
): ForwardedFor | undefined {
  if (typed === undefined) return undefined;
  const { range, header: name = DEFAULT_HEADER } = typeof typed === 'string' ? { range: typed } : typed;
  const at = typeof typed === 'string' ? path : [...path, 'range'];
  const header = name.toLowerCase();
  const refused = refuseHeader(name, header, ['cookie', 'authorization']);
  if (refused !== undefined) problems.add([...path, 'header'], refused.message, refused.hint);
  if (range === undefined) {
    problems.add(path, 'range is missing', 'write { range: 198.18.0.0/15 }');
    return undefined;
  }
  const addresses = readRange(range);
  if (addresses !== undefined) return { header, ...addresses };
  const hint = range.includes(':') ? 'only IPv4 ranges are known' : 'write such as 198.18.0.0/15';
  problems.add(at, `${quote(range)} is not a range of IPv4 addresses`, hint);
  return undefined;
}

/** From CIDR notation; the first and last address of a range of four or more stand for all of it and are left out. */
function readRange(text: string): { first: number; count: number } | undefined {
  const [, address = '', bits] = /^\s*(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})\s*$/.exec(text) ?? [];
  const bytes = address.split('.').map(Number);
  const prefix = Number(bits);
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255) || !(prefix <= 32)) return undefined;
  const size = 2 ** (32 - prefix);
  const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const base = number - (number % size);
  return size < 4 ? { first: base, count: size } : { first: base + 1, count: size - 2 };
}
