// Which recorded headers may be sent again, and the JSON text in which a row keeps them.

/** A header: its name in lower case, its value as Latin-1 text. */
export type Header = readonly [name: string, value: string];

/** Headers kept of one request, the length of a value, and of their JSON text, at most. */
const HEADERS_MAX = 128;
const VALUE_MAX = 16_384;
const TEXT_MAX = 65_536;

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,128}$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const DROPPED: ReadonlySet<string> = new Set([
  // Said anew by whoever sends: where to, how long, over which connection.
  ...['host', 'content-length', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['expect', 'http2-settings'],
  // Written by proxies on the way: who the client was.
  ...['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'client-ip', 'true-client-ip', 'x-cluster-client-ip'],
  ...['cdn-loop', 'x-original-host', 'x-original-url', 'x-rewrite-url', 'x-host'],
  // They name one request; sent again, or sent by clones, they would make different requests look like one.
  ...['x-request-id', 'request-id', 'x-correlation-id', 'correlation-id', 'x-trace-id', 'x-request-start'],
  ...['idempotency-key', 'traceparent', 'tracestate', 'b3', 'baggage', 'sentry-trace', 'uber-trace-id'],
  ...['x-cloud-trace-context'],
  // They name versions that the recorded site had. Against another deployment they match never, or by chance: then
  // a whole answer turns into an empty 304.
  ...['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'],
]);

/** The same, by how a name begins; `:` begins the pseudo headers of HTTP/2. */
const DROPPED_PREFIXES = [
  ...[':', 'proxy-', 'x-forwarded-', 'cf-', 'fastly-', 'x-amzn-', 'x-amz-cf-', 'x-envoy-', 'x-b3-'],
  ...['x-datadog-', 'sec-websocket-', 'x-flashcrowd'],
] as const;

/**
 * The headers that may be sent again, in their order: no header of the connection, the proxies or this tool, none
 * that a request line could be broken with. Cookies and credentials pass: taking them out is the redactor's part.
 * @param headers names in any case
 */
export function sendable(headers: Iterable<Header>): Header[] {
  const kept: Header[] = [];
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (kept.length >= HEADERS_MAX) break;
    if (value.length > VALUE_MAX || !NAME.test(name) || !VALUE.test(value) || DROPPED.has(name)) continue;
    if (DROPPED_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    kept.push([name, value.trim()]);
  }
  return kept;
}

/** Headers as a row keeps them; undefined for none, and for more than 64 KiB of them. */
export function writeHeaders(headers: readonly Header[]): string | undefined {
  if (headers.length === 0) return undefined;
  const text = JSON.stringify(headers);
  return text.length <= TEXT_MAX ? text : undefined;
}

/**
 * Headers from a row's text, which may be anything: what is no pair of texts, or may not be sent, is left out.
 * @returns none for what is not JSON, or longer than 64 KiB
 */
export function readHeaders(text: string): Header[] {
  if (text.length > TEXT_MAX) return [];
  let pairs: unknown;
  try {
    pairs = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(pairs) ? sendable(pairs.filter(isHeader)) : [];
}

function isHeader(pair: unknown): pair is Header {
  return Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string';
}

/** The value of the first header of a name, given in lower case; undefined if there is none. */
export function headerValue(headers: Iterable<Header>, name: string): string | undefined {
  for (const [given, value] of headers) if (given.toLowerCase() === name) return value;
  return undefined;
}
