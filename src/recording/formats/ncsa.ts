// NCSA common and combined logs (Apache, nginx, lighttpd, LiteSpeed …), with or without a virtual host in front.

import { CLF_DATE_BYTES, ClfDate } from '../fields/clf-date.js';
import { RequestReader } from '../fields/request.js';
import { Clients } from '../read/clients.js';
import type { Row } from '../row.js';
import type { Format, LineParser, Sample } from './format.js';
import { readPrefix } from './ncsa-prefix.js';

const SPACE = 32;
const QUOTE = 34;
const DASH = 45;
const DOT = 46;
const OPEN = 91;
const CLOSE = 93;
const BACKSLASH = 92;

const REASONS = {
  stamp: 'no time stamp such as [20/Feb/2026:17:26:01 +0000]',
  request: 'no quoted request after the time stamp',
  status: 'no status after the request',
} as const;

/**
 * Common and combined logs. With nginx's `$request_time` among the fields after the user agent, stamps are ends. A field
 * is taken for that only when every fitting line of the sample has, after the user agent, an unquoted number with exactly
 * three decimals, as no other variable that is logged there prints: Apache's `%D` and `%T` are whole numbers.
 */
export const ncsa: Format = {
  id: 'combined',
  name: 'common or combined log',
  vantage: 'origin',
  expects:
    'lines such as: 192.0.2.7 - - [20/Feb/2026:17:26:01 +0000] "GET /p?q HTTP/1.1" 200 512 "-" "Mozilla/5.0" ' +
    '(Apache or nginx, common or combined)',
  detect(sample) {
    const { fits, timed } = scan(sample);
    if (fits === 0) return null;
    const readTime = timed === fits;
    return {
      kind: 'lines',
      score: fits / sample.lines.length,
      stamp: readTime ? 'end' : 'unknown',
      resolutionUs: 1e6,
      open: (clients) => new NcsaParser(clients, readTime),
    };
  },
};

function scan(sample: Sample): NcsaParser {
  const parser = new NcsaParser(new Clients('sample', 256), true);
  for (const [from, to] of sample.lines) parser.parse(sample.bytes, from, to);
  return parser;
}

/** A hand-written scanner over bytes: at millions of lines a second a regular expression or a copy is too slow. */
class NcsaParser implements LineParser {
  /** Lines that have the shape of this format, whatever their request is. */
  fits = 0;
  /** Of these, lines with a duration. */
  timed = 0;
  private dashBytes = 0;
  private readonly date = new ClfDate();
  private readonly request = new RequestReader();
  private at = 0;

  constructor(
    private readonly clients: Clients,
    private readonly readTime: boolean,
  ) {}

  parse(bytes: Buffer, from: number, to: number): Row | string {
    let addressFrom = from;
    let addressTo = from;
    let host: string | undefined;
    while (addressTo < to && bytes[addressTo] !== SPACE) addressTo++;
    let stamp = addressTo + 6;
    let startUs = isPlain(bytes, from, addressTo) ? this.date.read(bytes, stamp) : Number.NaN;
    if (Number.isNaN(startUs)) {
      stamp = this.findStamp(bytes, from, to);
      if (stamp < 0) return REASONS.stamp;
      startUs = this.date.read(bytes, stamp);
      const prefix = readPrefix(bytes, from, stamp - 1);
      if (prefix.wrapped) return this.parseUnwrapped(bytes, from, to);
      ({ addressFrom, addressTo, host } = prefix);
    }
    const request = stamp + CLF_DATE_BYTES + 3;
    if (
      bytes[request - 3] !== CLOSE ||
      bytes[request - 2] !== SPACE ||
      bytes[request - 1] !== QUOTE ||
      request > to
    ) {
      return bytes[request - 1] === BACKSLASH && bytes[request] === QUOTE
        ? this.parseInJson(bytes, from, stamp, to)
        : REASONS.request;
    }
    const requestEnd = this.requestEnd(bytes, request, to);
    if (requestEnd < 0) return REASONS.status;
    this.fits++;
    const status = readStatus(bytes, requestEnd + 2);
    this.at = requestEnd + (bytes[requestEnd + 2] === DASH ? 3 : 5);
    const size = this.readSize(bytes, to);

    let agentFrom = 0;
    let agentTo = 0;
    let durationUs: number | undefined;
    if (this.at < to) {
      // The user agent is the second quoted field; with one alone it is that one.
      for (let quoted = 0; quoted < 2; quoted++) {
        const open = this.nextQuoted(bytes, to);
        if (open < 0) break;
        agentFrom = open;
        agentTo = this.at - 1;
      }
      if (agentTo - agentFrom === 1 && bytes[agentFrom] === DASH) agentTo = agentFrom;
      if (this.readTime) {
        durationUs = this.readDuration(bytes, to);
        if (durationUs !== undefined) this.timed++;
      }
    }
    const wrong = this.request.read(bytes, request, requestEnd);
    if (wrong !== '') return wrong;
    const slot = this.clients.find(bytes, addressFrom, addressTo, agentFrom, agentTo);
    return {
      startUs,
      durationUs,
      method: this.request.method,
      host: this.request.host ?? host,
      path: this.request.path,
      status: status === 0 ? undefined : status,
      bytes: size,
      client: this.clients.name(slot),
      clientClass: this.clients.classAt(slot),
      headers: undefined,
      body: undefined,
    };
  }

  stampModel(): string {
    if (this.readTime) {
      return 'combined log with $request_time (nginx): stamps mark the end in whole seconds; spread over the second at random, then moved back by the duration';
    }
    const dashes = this.dashBytes.toLocaleString('en-US');
    const evidence =
      this.dashBytes > 0
        ? `lines with "-" for bytes, as Apache writes and nginx does not: ${dashes}, so starts are likely right`
        : 'if nginx wrote it, starts are late by each response time';
    return (
      'combined log in whole seconds, without durations: it does not say whether Apache (stamp is the start) or nginx ' +
      `(stamp is the end) wrote it; taken for the start, spread over the second at random; ${evidence}`
    );
  }

  /** The first place after a `[` at which a time stamp stands; −1 if there is none. */
  private findStamp(bytes: Buffer, from: number, to: number): number {
    for (let i = from; i + CLF_DATE_BYTES < to; i++) {
      if (bytes[i] === OPEN && !Number.isNaN(this.date.read(bytes, i + 1))) return i + 1;
    }
    return -1;
  }

  /** A line that stands in quotes as a whole, its own quotes doubled, escaped or left as they were. */
  private parseUnwrapped(bytes: Buffer, from: number, to: number): Row | string {
    const end = bytes[to - 1] === QUOTE ? to - 1 : to;
    let inner = bytes.toString('latin1', from + 1, end);
    if (inner.includes('] ""')) inner = inner.replaceAll('""', '"');
    else if (inner.includes('] \\"')) inner = inner.replaceAll('\\"', '"');
    const copy = Buffer.from(inner, 'latin1');
    return this.parse(copy, 0, copy.length);
  }

  /** A line that is a text in JSON, as log shippers wrap it: `{"log":"192.0.2.7 - - [… +0000] \\"GET / HTTP/1.1\\" …"}`. */
  private parseInJson(bytes: Buffer, from: number, stamp: number, to: number): Row | string {
    let open = bytes.lastIndexOf(QUOTE, stamp);
    while (open > from && isEscaped(bytes, from, open)) open = bytes.lastIndexOf(QUOTE, open - 1);
    let close = bytes.indexOf(QUOTE, stamp);
    while (close >= 0 && close < to && isEscaped(bytes, stamp, close))
      close = bytes.indexOf(QUOTE, close + 1);
    if (open < from || close < 0 || close >= to) return REASONS.request;
    let text: string;
    try {
      text = JSON.parse(bytes.toString('utf8', open, close + 1));
    } catch {
      return REASONS.request;
    }
    const copy = Buffer.from(text.trimEnd(), 'utf8');
    return this.parse(copy, 0, copy.length);
  }

  /**
   * The quote that closes the request: the first one not escaped which a status follows, since nginx with
   * `escape=none` leaves quotes inside as they are. −1 if there is none.
   */
  private requestEnd(bytes: Buffer, from: number, to: number): number {
    for (let i = bytes.indexOf(QUOTE, from); i >= 0 && i < to; i = bytes.indexOf(QUOTE, i + 1)) {
      if (bytes[i + 1] !== SPACE || i + 2 >= to || isEscaped(bytes, from, i)) continue;
      if (readStatus(bytes, i + 2) >= 0) {
        const end = i + (bytes[i + 2] === DASH ? 3 : 5);
        if (end === to || (end < to && bytes[end] === SPACE)) return i;
      }
    }
    return -1;
  }

  /** The bytes sent, at ` n` or ` -`; leaves `at` behind them. */
  private readSize(bytes: Buffer, to: number): number | undefined {
    let i = this.at + 1;
    if (bytes[i] === DASH && i < to) {
      this.dashBytes++;
      this.at = i + 1;
      return undefined;
    }
    let size = 0;
    const start = i;
    for (; i < to; i++) {
      const digit = bytes[i]! - 48;
      if (digit < 0 || digit > 9) break;
      size = size * 10 + digit;
    }
    if (i === start) return undefined;
    this.at = i;
    return size <= Number.MAX_SAFE_INTEGER ? size : undefined;
  }

  /** Goes to behind the next quoted field; returns where its text starts, −1 if there is none. */
  private nextQuoted(bytes: Buffer, to: number): number {
    let open = this.at + 1;
    if (bytes[this.at] !== SPACE || bytes[open] !== QUOTE) {
      open = this.at;
      while (open < to && !(bytes[open] === QUOTE && bytes[open - 1] === SPACE)) open++;
    }
    if (open >= to) return -1;
    let close = bytes.indexOf(QUOTE, open + 1);
    while (close >= 0 && close < to) {
      const ends = close + 1 === to || bytes[close + 1] === SPACE;
      if (ends && !isEscaped(bytes, open, close)) break;
      close = bytes.indexOf(QUOTE, close + 1);
    }
    this.at = close < 0 || close >= to ? to + 1 : close + 1;
    return open + 1;
  }

  /** The first unquoted field from `at` on that is a number with three decimals, seconds, as microseconds. */
  private readDuration(bytes: Buffer, to: number): number | undefined {
    let inQuotes = false;
    for (let i = this.at; i < to; i++) {
      if (bytes[i] === QUOTE && !isEscaped(bytes, this.at, i)) inQuotes = !inQuotes;
      if (inQuotes || bytes[i] !== SPACE) continue;
      let ms = 0;
      let j = i + 1;
      let dot = -1;
      for (; j < to; j++) {
        const byte = bytes[j]!;
        if (byte === DOT && dot < 0) dot = j;
        else if (byte >= 48 && byte <= 57) ms = ms * 10 + (byte - 48);
        else break;
      }
      const whole = dot > i + 1 && j === dot + 4 && (j === to || bytes[j] === SPACE);
      if (whole && ms < 1e12) return ms * 1000;
    }
    return undefined;
  }
}

/** Whether a line starts as nearly all do: an address, then ` - - [`. */
function isPlain(bytes: Buffer, from: number, space: number): boolean {
  return (
    bytes[space + 1] === DASH &&
    bytes[space + 2] === SPACE &&
    bytes[space + 3] === DASH &&
    bytes[space + 4] === SPACE &&
    bytes[space + 5] === OPEN &&
    bytes[from] !== QUOTE &&
    bytes[from] !== DASH
  );
}

/** Whether the byte at `at` has an odd number of backslashes before it. */
function isEscaped(bytes: Buffer, from: number, at: number): boolean {
  let i = at;
  while (i > from && bytes[i - 1] === BACKSLASH) i--;
  return ((at - i) & 1) === 1;
}

/** Three digits as a number, 0 for `-`, −1 for anything else. */
function readStatus(bytes: Buffer, at: number): number {
  if (bytes[at] === DASH) return 0;
  const a = bytes[at]! - 48;
  const b = bytes[at + 1]! - 48;
  const c = bytes[at + 2]! - 48;
  if (!(a >= 0 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9)) return -1;
  return a * 100 + b * 10 + c;
}
