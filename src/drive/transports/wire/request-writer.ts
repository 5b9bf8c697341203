// The request writer: heads made of blocks that are serialised once, written together with what body there is.
import type { PlannedRequest } from '../../../schedule/arrivals.js';
import type { ResolvedTarget } from '../../sockets/target.js';
import { withTargets } from '../request-headers.js';

/** Sets of headers, and hosts, that are remembered. */
const KNOWN_MAX = 4_096;
/** Up to this size a body is copied behind its head, as one write costs less than two. */
const COPIED_MAX = 16_384;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_PATH = /[^\x21-\x7e\x80-\xff]/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Methods whose requests have a body as a rule: without one they say so (RFC 9110, section 8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** What a request is written to. */
export interface Writes {
  write(data: string | Uint8Array, encoding?: BufferEncoding): boolean;
  cork(): void;
  uncork(): void;
}

export class RequestWriter {
  readonly #blocks = new Map<readonly string[], string | null>();
  readonly #hosts = new Map<string, string | null>();
  readonly #target: ResolvedTarget;

  constructor(target: ResolvedTarget) {
    this.#target = target;
  }

  /**
   * A request's head but for the line that ends it.
   * @returns null if it has characters that would make another request of it: it must not be sent
   */
  head(request: PlannedRequest, extraHeaders: readonly string[] | null): string | null {
    const { method, path } = request;
    const block = this.#block(request.headers);
    const host = this.#hostLine(request.host ?? this.#target.host);
    if (block === null || host === null) return null;
    if (!TOKEN.test(method) || path === '' || NOT_IN_PATH.test(path)) return null;
    const start = `${method} ${path} HTTP/1.1\r\n${host}`;
    if (extraHeaders === null) return start + block;
    const extra = serialise(extraHeaders);
    return extra === null ? null : start + extra + block;
  }

  /**
   * Writes a request in one piece where its body is small.
   * @returns whether its body is not
   */
  write(to: Writes, method: string, head: string, body: string | Uint8Array | null): boolean {
    if (body === null) {
      to.write(WITH_BODY.has(method) ? `${head}content-length: 0\r\n\r\n` : `${head}\r\n`, 'latin1');
      return false;
    }
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const whole = `${head}content-length: ${length}\r\n\r\n`;
    if (typeof body === 'string' && length === body.length) to.write(whole + body, 'latin1');
    else if (length <= COPIED_MAX) to.write(joined(whole, body, length));
    else {
      to.cork();
      to.write(whole, 'latin1');
      to.write(body, 'utf8');
      to.uncork();
    }
    return length > COPIED_MAX;
  }

  #block(headers: readonly string[]): string | null {
    let block = this.#blocks.get(headers);
    if (block === undefined) {
      block = serialise(withTargets(headers, this.#target.headers));
      if (this.#blocks.size >= KNOWN_MAX) this.#blocks.clear();
      this.#blocks.set(headers, block);
    }
    return block;
  }

  #hostLine(host: string): string | null {
    let line = this.#hosts.get(host);
    if (line === undefined) {
      line = serialise(['host', host, 'connection', 'keep-alive']);
      if (this.#hosts.size >= KNOWN_MAX) this.#hosts.clear();
      this.#hosts.set(host, line);
    }
    return line;
  }
}

/** Header lines of names and values by turns; null if one of them cannot be sent. */
function serialise(headers: readonly string[]): string | null {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (!TOKEN.test(name) || NOT_IN_VALUE.test(value)) return null;
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

function joined(head: string, body: string | Uint8Array, length: number): Buffer {
  const all = Buffer.allocUnsafe(head.length + length);
  all.write(head, 'latin1');
  if (typeof body === 'string') all.write(body, head.length, 'utf8');
  else all.set(body, head.length);
  return all;
}
