// Reads the request field of a log, `GET /p HTTP/1.1`, into a method, a host and a path that is safe to send.
import { UNREAD } from '../formats/format.js';

const SPACE = 32;
const SLASH = 47;

/** 1 for the bytes that may stand in a path as they are: printable, no space, no backslash (which may escape). */
const SAFE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > 0x20 && byte < 0x7f && byte !== 0x5c ? 1 : 0,
);

/** Longest request method that is taken for one. */
const METHOD_BYTES_MAX = 24;
const METHOD = /^[A-Z][A-Z_-]*$/;

/** A reader of request fields; after `read` returned '' its fields hold the request. */
export class RequestReader {
  method = '';
  host: string | undefined;
  path = '';

  /**
   * Reads the field in `bytes[from, to)`, with the escapes that Apache and nginx write.
   * @returns '' or why it is no request that could be sent
   */
  read(bytes: Buffer, from: number, to: number): string {
    const method = knownMethod(bytes, from);
    const at = from + method.length + 1;
    if (method !== '' && bytes[at] === SLASH && isHttp1(bytes, to)) {
      const end = to - 9;
      let i = at;
      for (; i < end; i++) {
        if (SAFE[bytes[i]!] === 0) break;
      }
      if (i === end && end > at) {
        this.method = method;
        this.host = undefined;
        this.path = latin1(bytes, at, end);
        return '';
      }
    }
    return this.readText(unescapeLog(bytes.toString('latin1', from, to)));
  }

  /** The same, from text whose characters are bytes, already without escapes. */
  readText(raw: string): string {
    const text = raw.trim();
    if (text === '' || text === '-') return UNREAD.noRequest;
    const space = text.indexOf(' ');
    const method = space < 0 ? text : text.slice(0, space);
    if (space < 0 || method.length > METHOD_BYTES_MAX || !METHOD.test(method)) return UNREAD.notHttp;
    // Spaces inside the URL were logged as they came, so the protocol is what follows the last one, if it is one.
    const last = text.lastIndexOf(' ');
    const end = last > space && text.startsWith('HTTP/', last + 1) ? last : text.length;
    return this.readParts(method, text.slice(space + 1, end).trim());
  }

  /** The same, from a method and a target, a path or an absolute URL; characters are bytes, without escapes. */
  readParts(method: string, target: string): string {
    if (method.length > METHOD_BYTES_MAX || !METHOD.test(method)) return UNREAD.notHttp;
    if (method === 'CONNECT') return UNREAD.connect;
    let host: string | undefined;
    let path = target;
    if (target[0] !== '/') {
      const absolute = /^(https?):\/\/([^/?#]*)/i.exec(target);
      if (!absolute) return UNREAD.noPath;
      host = readHost(absolute[2]!.slice(absolute[2]!.lastIndexOf('@') + 1), absolute[1]!.toLowerCase());
      if (host === undefined) return UNREAD.noPath;
      path = target.slice(absolute[0].length);
      if (path[0] !== '/') path = `/${path}`;
    }
    this.method = method;
    this.host = host;
    this.path = encodeUnsafe(path);
    return '';
  }
}

/**
 * The bytes as text, one character each. `toString` comes to the same after checks that take as long as the work;
 * Node has kept this shorter way since its beginnings, though it documents only the longer one.
 */
function latin1(
  bytes: Buffer & { latin1Slice?(from: number, to: number): string },
  from: number,
  to: number,
) {
  return bytes.latin1Slice ? bytes.latin1Slice(from, to) : bytes.toString('latin1', from, to);
}

/**
 * A host as recordings keep it: lower case, without the scheme's port (80 and 443 where the scheme is not known).
 * @returns undefined for what is no host
 */
export function readHost(text: string, scheme = ''): string | undefined {
  const host = text.toLowerCase();
  if (
    host.length > 261 ||
    !/^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.%]+\])(?::\d{1,5})?$/.test(host)
  ) {
    return undefined;
  }
  const bare = scheme === 'http' ? /:80$/ : scheme === 'https' ? /:443$/ : /:(?:80|443)$/;
  return host.replace(bare, '').replace(/\.(?=:|$)/, '');
}

/** Percent-encodes what may not stand in a request line: spaces, control characters and all bytes over 0x7E. */
export function encodeUnsafe(path: string): string {
  return path.replace(
    /[^\x21-\x7e]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' };

/** Undoes `\"`, `\\`, `\n`, `\t` … and `\xHH`; characters stand for bytes. An unknown escape stays as it is. */
export function unescapeLog(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(["\\])|([ntrbfv]))/g, (_, hex, same, letter) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (same ?? ESCAPES[letter]!),
  );
}

/** The method at `at` if it is one of those that make up nearly every log, always as the same string. */
function knownMethod(bytes: Buffer, at: number): string {
  switch (bytes[at]) {
    case 71:
      return is(bytes, at, 'GET ') ? 'GET' : '';
    case 72:
      return is(bytes, at, 'HEAD ') ? 'HEAD' : '';
    case 80:
      return is(bytes, at, 'POST ') ? 'POST' : is(bytes, at, 'PUT ') ? 'PUT' : '';
    case 68:
      return is(bytes, at, 'DELETE ') ? 'DELETE' : '';
    case 79:
      return is(bytes, at, 'OPTIONS ') ? 'OPTIONS' : '';
    default:
      return '';
  }
}

function is(bytes: Buffer, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether ` HTTP/d.d` ends at `to`. */
function isHttp1(bytes: Buffer, to: number): boolean {
  return bytes[to - 9] === SPACE && is(bytes, to - 8, 'HTTP/') && bytes[to - 2] === 46;
}
