// Headers as HTTP/2 sends them: names in lower case, each once, none that belongs to a connection of HTTP/1.1.
import type { OutgoingHttpHeaders } from 'node:http2';
import type { Exchange } from '../exchange.js';
import type { ResolvedTarget } from '../sockets/target.js';
import { withTargets } from './request-headers.js';

/** Sets of headers that are remembered. */
const SETS_MAX = 4_096;

/** RFC 9113 §8.2.2; Host is `:authority`, and the length is that of the body. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

export class Http2Headers {
  readonly #known = new Map<readonly string[], OutgoingHttpHeaders>();

  constructor(private readonly target: ResolvedTarget) {}

  /** The headers of a request, valid until the next call: those of a set are filled in anew for each. */
  of({ request: { headers, host, method, path, body }, extraHeaders }: Exchange): OutgoingHttpHeaders {
    let known = this.#known.get(headers);
    if (known === undefined) {
      known = this.#fields(withTargets(headers, this.target.headers));
      if (this.#known.size >= SETS_MAX) this.#known.clear();
      this.#known.set(headers, known);
    }
    known[':method'] = method;
    known[':path'] = path;
    known[':authority'] = host ?? this.target.host;
    if (extraHeaders === null && body === null) return known;
    const own = Object.assign(Object.create(null) as OutgoingHttpHeaders, known);
    if (extraHeaders !== null) addFields(own, extraHeaders);
    if (body !== null) own['content-length'] = Buffer.byteLength(body);
    return own;
  }

  #fields(listed: readonly string[]): OutgoingHttpHeaders {
    const fields = Object.create(null) as OutgoingHttpHeaders;
    fields[':method'] = 'GET';
    fields[':scheme'] = this.target.protocol === 'https:' ? 'https' : 'http';
    fields[':authority'] = this.target.host;
    fields[':path'] = '/';
    addFields(fields, listed);
    return fields;
  }
}

/** A name that comes again is one list, as RFC 9110 §5.3 allows: Node refuses some names twice. */
function addFields(fields: OutgoingHttpHeaders, listed: readonly string[]): void {
  for (let i = 0; i + 1 < listed.length; i += 2) {
    const name = (listed[i] as string).toLowerCase();
    const value = listed[i + 1] as string;
    if (NOT_SENT.has(name) || name.startsWith(':') || (name === 'te' && value !== 'trailers')) continue;
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
}
