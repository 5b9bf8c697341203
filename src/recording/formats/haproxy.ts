// HTTP logs of HAProxy (`option httplog`), with whatever syslog put in front.

import { readClfDate } from '../fields/instants.js';
import { readDurationUs } from '../fields/row-maker.js';
import { beforePort, type FoundLine, type TextReader, textFormat, zoneNote } from '../fields/text-format.js';
import { type Format, type FormatOptions, UNREAD } from './format.js';

const STAMP_CHARS = 24;
/** What follows the stamp: frontend, backend/server, timers, status, bytes, cookies, flags, connections, queues. */
const HTTP =
  /\] \S{1,512} \S{1,512} (-?\d{1,9}(?:\/-?\d{1,9}){3}\/\+?-?\d{1,9}) (-?\d{1,3}) \+?(\d{1,18}) \S{1,512} \S{1,512} \S{4} \d{1,9}(?:\/\d{1,9}){3}\/\+?\d{1,9} \d{1,9}\/\d{1,9} /y;
/** The same of a TCP log: three timers, bytes. */
const TCP = /\] \S{1,512} \S{1,512} -?\d{1,9}\/-?\d{1,9}\/\+?-?\d{1,9} \+?\d{1,18} /y;
/** Where `haproxy[7]: ` starts what HAProxy says of itself. */
const OWN = /\bhaproxy\[\d{1,10}\]: /;
const HOST_NAME = /^(?:[a-z0-9-]{1,63}\.){1,10}[a-z][a-z0-9-]{1,62}(?::\d{1,5})?$/i;
const AGENT = /^[a-z][\w.-]{0,63}\/\d/i;
/** HAProxy cuts request lines at 1,024 bytes, with what comes before and after the URL. */
const CUT_CHARS = 1_000;

const REASONS = {
  tcp: 'connection without HTTP (TCP log)',
  connection: 'connection without a request (TLS handshake or protocol error)',
  own: 'message of HAProxy about itself',
  cut: 'request cut off by the log',
} as const;

export const haproxy: Format = textFormat({
  id: 'haproxy',
  name: 'HAProxy HTTP log',
  vantage: 'balancer',
  expects:
    'lines such as: 192.0.2.7:53332 [20/Feb/2026:17:26:01.143] http-in~ shop/web1 0/0/7/14/21 200 512 - - ---- ' +
    '2/1/0/0/0 0/0 "GET /p HTTP/1.1" (HAProxy, option httplog)',
  reader: (options) => new HaproxyReader(options),
});

class HaproxyReader implements TextReader {
  readonly stamp = 'start';

  constructor(private readonly options: FormatOptions) {}

  read(text: string): FoundLine | string {
    const { zone } = this.options;
    let open = text.indexOf('[');
    let startUs = Number.NaN;
    let stamp = '';
    for (; open >= 0; open = text.indexOf('[', open + 1)) {
      if (text[open + 1 + STAMP_CHARS] !== ']') continue;
      stamp = text.slice(open + 1, open + 1 + STAMP_CHARS);
      startUs = readClfDate(stamp, zone);
      if (!Number.isNaN(startUs)) break;
    }
    if (open < 0) return OWN.test(text.slice(0, 256)) ? REASONS.own : UNREAD.notFormat;
    const client = text.slice(text.lastIndexOf(' ', open - 2) + 1, open - 1);
    const close = open + 1 + STAMP_CHARS;
    HTTP.lastIndex = close;
    const head = HTTP.exec(text);
    if (head === null) return withoutHttp(text, close);
    const from = HTTP.lastIndex;
    // Quotes in captured headers and in the URL are written as #22, so that these two are the request's own.
    const quote = text.indexOf('"', from);
    const end = text.indexOf('"', quote + 1);
    if (quote < 0 || end < 0) return REASONS.cut;
    const request = text.slice(quote + 1, end);
    if (request.startsWith('<BADREQ>')) return UNREAD.noRequest;
    if (request.length >= CUT_CHARS && !/ HTTP\/\d\.\d$/.test(request.slice(-9))) return REASONS.cut;
    const { host, agent } = captured(text, from, quote);
    const [, timers, status, bytes] = head;
    return {
      stamp,
      startUs,
      durationUs: readDurationUs(timers!.slice(timers!.lastIndexOf('/') + 1), 1e3),
      request: unescapeHash(request),
      host,
      status,
      bytes,
      address: beforePort(client),
      agent,
    };
  }

  stampModel(): string {
    return `HAProxy log: stamps mark the start in milliseconds; nothing spread; ${zoneNote(this.options.zone)}`;
  }
}

function withoutHttp(text: string, close: number): string {
  TCP.lastIndex = close;
  if (TCP.test(text)) return REASONS.tcp;
  // `] frontend/bind: SSL handshake failure`
  return /^\] [^\s":]{1,512}(?:\/[^\s":]{1,512})?: \S/.test(text.slice(close, close + 1_100))
    ? REASONS.connection
    : UNREAD.notFormat;
}

/**
 * A host and a user agent among the captured request headers, `{shop.example|Mozilla/5.0}`. The log does not name
 * headers: a value is taken for the host when it alone is a name with a top-level domain.
 */
function captured(text: string, from: number, to: number) {
  let host: string | undefined;
  let agent: string | undefined;
  const close = text.indexOf('}', from);
  if (text[from] !== '{' || close < 0 || close > to) return { host, agent };
  const values = text.slice(from + 1, Math.min(close, from + 8_192)).split('|', 32);
  const names = values.filter((value) => value.length <= 261 && HOST_NAME.test(value));
  if (names.length === 1) host = names[0];
  agent = values.find((value) => AGENT.test(value));
  return { host, agent: agent === undefined ? undefined : unescapeHash(agent) };
}

/** HAProxy writes `"`, `#` and what is not printable as `#XX`. */
function unescapeHash(text: string): string {
  return text.replace(/#([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
