// Takes secrets out of recorded requests: cookies, credentials, tokens, mail addresses, card numbers; and counts them.
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';
import type { Row } from '../row.js';
import { type Header, headerValue, readHeaders, writeHeaders } from './headers.js';
import { type JsonRules, redactJson } from './redact-json.js';
import {
  decodeText,
  isPlaceholder,
  isSignedToken,
  SecretNames,
  withoutCards,
  withoutEmails,
  withoutSignedTokens,
} from './secrets.js';

/** Values taken out, by kind; each value once. */
export interface RedactionCounts {
  cookies: number;
  authorization: number;
  tokens: number;
  emails: number;
  cards: number;
  /** Texts that a logger had put in place of a value, such as `["REDACTED"]`. */
  placeholders: number;
  /** Bodies left out, as what they hold cannot be seen: damaged, too large unpacked, nested too deeply. */
  bodies: number;
  /** Bodies of pictures and other binary types, which are kept without a look inside. */
  binaryBodies: number;
}

/** A body that unpacks to more is left out. */
const UNPACKED_MAX = 16 * 2 ** 20;

interface Encoding {
  unpack(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Buffer;
  pack(bytes: Uint8Array): Buffer;
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  gzip: { unpack: gunzipSync, pack: (bytes) => gzipSync(bytes) },
  'x-gzip': { unpack: gunzipSync, pack: (bytes) => gzipSync(bytes) },
  deflate: { unpack: inflateSync, pack: (bytes) => deflateSync(bytes) },
  br: { unpack: brotliDecompressSync, pack: (bytes) => brotliCompressSync(bytes) },
};

/** Longest head of a part of a multipart body. */
const PART_HEAD_MAX = 4_096;
/** URLs inside of URLs that are looked into; deeper ones are taken as text. */
const NESTING_MAX = 3;
const [AMPERSAND, SEMICOLON, EQUALS] = [38, 59, 61];

const BINARY =
  /^(?:(?:image|audio|video|font)\/|application\/(?:octet-stream|.*protobuf|grpc|zip|gzip|pdf|.*msgpack))/;

/** Takes secrets out of rows, one after the other. */
export class Redactor {
  readonly counts: RedactionCounts = {
    ...{ cookies: 0, authorization: 0, tokens: 0, emails: 0, cards: 0 },
    ...{ placeholders: 0, bodies: 0, binaryBodies: 0 },
  };
  readonly #names: SecretNames;
  readonly #token = () => void this.counts.tokens++;
  readonly #email = () => void this.counts.emails++;
  readonly #card = () => void this.counts.cards++;
  readonly #json: JsonRules;
  /** How many URLs the value at hand is inside of. */
  #nesting = 0;

  /** @param keep names of headers, query values, form fields and JSON keys that stay, in any case */
  constructor(keep: readonly string[]) {
    this.#names = new SecretNames(keep);
    this.#json = {
      isSecret: (key) => this.#names.has(key),
      keeps: (key) => this.#names.keeps(key),
      found: this.#token,
      clean: (value) => this.#cleanText(value),
    };
  }

  /**
   * Takes the secrets out of a row's path, headers and body. Linear in their length; nearly free for a row with
   * none of `?`, `;`, `@` and `%` in its path, and neither headers nor body.
   */
  apply(row: Row): void {
    const { path } = row;
    if (path.includes('?') || path.includes('@') || path.includes(';') || path.includes('%')) {
      row.path = this.#cleanUrl(path);
    }
    if (row.headers === undefined && row.body === undefined) return;
    const headers = row.headers === undefined ? [] : readHeaders(row.headers);
    if (row.body !== undefined) row.body = this.#cleanBody(row.body, headers);
    if (headers.length > 0) row.headers = writeHeaders(this.#cleanHeaders(headers));
  }

  /** A path or an absolute URL, with its query. */
  #cleanUrl(url: string): string {
    const mark = url.indexOf('?');
    let path = mark < 0 ? url : url.slice(0, mark);
    if (path.includes(';')) path = this.#cleanParameters(path);
    path = withoutEmails(path, 'redacted', this.#email);
    return mark < 0 ? path : `${path}?${this.#cleanPairs(url.slice(mark + 1))}`;
  }

  /** `/shop;jsessionid=1A2B/cart`: parameters inside a path end at `;` or `/`. */
  #cleanParameters(path: string): string {
    return path.replace(/;([^;/=]{1,256})=([^;/]+)/g, (whole, name: string) => {
      if (!this.#names.has(name)) return whole;
      this.#token();
      return `;${name}=`;
    });
  }

  /** `name=value&name=value`, as in queries and forms. */
  #cleanPairs(text: string): string {
    let out = '';
    let done = 0;
    for (let from = 0; from <= text.length; ) {
      let equals = -1;
      let to = from;
      for (; to < text.length; to++) {
        const c = text.charCodeAt(to);
        if (c === AMPERSAND || c === SEMICOLON) break;
        if (c === EQUALS && equals < 0) equals = to;
      }
      const value = text.slice(equals + 1 || from, to);
      const cleaned = equals < 0 ? this.#cleanText(value) : this.#cleanValue(text.slice(from, equals), value);
      if (cleaned !== value) {
        out += text.slice(done, to - value.length) + cleaned;
        done = to;
      }
      from = to + 1;
    }
    return done === 0 ? text : out + text.slice(done);
  }

  #cleanValue(name: string, value: string): string {
    if (value === '' || this.#names.keeps(name)) return value;
    if (this.#names.has(name) || this.#nestsSecret(value)) {
      this.#token();
      return '';
    }
    return this.#cleanText(value);
  }

  /** Whether a value is itself a URL or a query, encoded, with a secret in it: `next=%2Fcart%3Ftoken%3D1`. */
  #nestsSecret(value: string): boolean {
    if (!value.includes('%3D') && !value.includes('%3d') && !value.includes('=')) return false;
    for (const pair of decodeText(value).split(/[?&;#]/)) {
      const equals = pair.indexOf('=');
      if (equals > 0 && equals < pair.length - 1 && this.#names.has(pair.slice(0, equals))) return true;
    }
    return false;
  }

  /** Any text that is not known to be a secret as a whole. */
  #cleanText(value: string): string {
    if (isPlaceholder(value)) {
      this.counts.placeholders++;
      return '';
    }
    if (isSignedToken(value)) {
      this.#token();
      return '';
    }
    if (this.#nesting >= NESTING_MAX || !/^https?:\/\//i.test(value)) return this.#cleanFree(value);
    this.#nesting++;
    const url = this.#cleanUrl(value);
    this.#nesting--;
    return url;
  }

  #cleanFree(text: string): string {
    const left = withoutSignedTokens(text, this.#token);
    return withoutCards(withoutEmails(left, '', this.#email), this.#card);
  }

  #cleanHeaders(headers: readonly Header[]): Header[] {
    const kept: Header[] = [];
    for (const [name, value] of headers) {
      if (isPlaceholder(value)) this.counts.placeholders++;
      else if (this.#names.keeps(name)) kept.push([name, value]);
      else if (name === 'cookie' || name === 'set-cookie' || name === 'cookie2') this.counts.cookies++;
      else if (name.endsWith('authorization')) this.counts.authorization++;
      else if (this.#names.has(name)) this.counts.tokens++;
      else kept.push([name, this.#cleanText(value)]);
    }
    return kept;
  }

  /** The body without its secrets; undefined for one that has to go as a whole. */
  #cleanBody(body: Uint8Array, headers: readonly Header[]): Uint8Array | undefined {
    const type = (headerValue(headers, 'content-type') ?? '').toLowerCase();
    const name = (headerValue(headers, 'content-encoding') ?? 'identity').toLowerCase();
    if (name === 'identity') return this.#cleanBytes(body, type);
    const encoding = Object.hasOwn(ENCODINGS, name) ? ENCODINGS[name] : undefined;
    const unpacked = encoding === undefined ? undefined : unpack(body, encoding);
    if (encoding === undefined || unpacked === undefined) return this.#leaveOut();
    const cleaned = this.#cleanBytes(unpacked, type);
    return cleaned === undefined || cleaned === unpacked
      ? cleaned && body
      : new Uint8Array(encoding.pack(cleaned));
  }

  #leaveOut(): undefined {
    this.counts.bodies++;
    return undefined;
  }

  /** The same bytes where there was nothing to take out. */
  #cleanBytes(body: Uint8Array, type: string): Uint8Array | undefined {
    if (BINARY.test(type)) {
      this.counts.binaryBodies++;
      return body;
    }
    // One character a byte, so that what is not touched comes out as it went in.
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
    const cleaned = this.#cleanContent(text, type);
    if (cleaned === undefined) return this.#leaveOut();
    return cleaned === text ? body : new Uint8Array(Buffer.from(cleaned, 'latin1'));
  }

  /** By what the body looks like, as JSON and forms are often sent as something else. */
  #cleanContent(text: string, type: string): string | undefined {
    const first = /\S/.exec(text.slice(0, 1_024))?.[0];
    if (first === '{' || first === '[' || type.includes('json')) return redactJson(text, this.#json);
    if (type.startsWith('multipart/')) return this.#cleanMultipart(text);
    const isForm = type.startsWith('application/x-www-form-urlencoded') || /^[\w%.+[\]-]{1,256}=/.test(text);
    return isForm ? this.#cleanPairs(text) : this.#cleanFree(text);
  }

  /** Empties the parts whose name tells of a secret. A part's value goes from a blank line to the next boundary. */
  #cleanMultipart(text: string): string {
    return text
      .split('\r\n--')
      .map((part) => {
        const head = part.slice(0, PART_HEAD_MAX).split('\r\n\r\n', 1)[0] ?? '';
        const name = /\bname="([^"]{0,256})"/i.exec(head)?.[1] ?? '';
        const from = head.length + 4;
        if (this.#names.keeps(name)) return part;
        if (part.length <= from || !this.#names.has(name)) return this.#cleanFree(part);
        this.#token();
        return part.slice(0, from);
      })
      .join('\r\n--');
  }
}

function unpack(body: Uint8Array, encoding: Encoding): Uint8Array | undefined {
  try {
    return encoding.unpack(body, { maxOutputLength: UNPACKED_MAX });
  } catch {
    return undefined;
  }
}
