// Logs in a format that the user gives as the server's own: nginx's `log_format` or Apache's `LogFormat`.

import { readSpanUs } from '../fields/field-plan.js';
import { firstAddress, withQuery } from '../fields/field-rows.js';
import { unescapeLog } from '../fields/request.js';
import { given, RowMaker } from '../fields/row-maker.js';
import { instantOf, type StampParts } from '../fields/strftime.js';
import { Clients } from '../read/clients.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import { type Format, type LineParser, UNREAD } from './format.js';
import { type Part, type PartKind, type Parts, readParts } from './log-format-parts.js';

/**
 * A format made of a server's own description of it. Fields end where the literal after them begins; inside quotes an
 * escaped quote is passed over. nginx stamps the end of a request, Apache its start, unless `%{end:…}t` is asked for.
 * @returns what is wrong with the text, where no log could be read by it
 */
export function compileLogFormat(text: string): Format | string {
  const read = readParts(text);
  if (typeof read === 'string') return read;
  const wrong = unreadable(read.parts);
  if (wrong !== undefined) return wrong;
  const plan = planOf(read);
  return {
    id: 'log-format',
    name: `${read.server} log_format`,
    vantage: 'origin',
    expects: `lines written by ${text.trim().slice(0, 200)}`,
    detect(sample, { zone }) {
      const probe = new LogFormatParser(plan, zone.fresh(), new Clients('sample', 256));
      let fits = 0;
      for (const [from, to] of sample.lines) {
        if (probe.takes(sample.bytes.toString('latin1', from, to))) fits++;
      }
      if (fits === 0) return null;
      return {
        kind: 'lines',
        score: fits / sample.lines.length,
        stamp: plan.stamp,
        resolutionUs: plan.resolutionUs,
        open: (clients) => new LogFormatParser(plan, zone, clients),
      };
    },
  };
}

interface Plan extends Parts {
  readonly stamp: 'start' | 'end';
  readonly resolutionUs: number;
  readonly isTimed: boolean;
}

type Time = Extract<Part, { is: 'time' }>;

const isTime = (part: Part): part is Time => part.is === 'time';

function planOf(read: Parts): Plan {
  const times = read.parts.filter(isTime);
  // Where both are logged, the start needs no duration.
  const stamp = times.some(({ marks }) => marks === 'start') ? 'start' : 'end';
  const used = times.filter(({ marks }) => marks === stamp);
  const resolutionUs = Math.min(...used.map(({ pattern }) => pattern.resolutionUs));
  const isTimed = read.parts.some((part) => part.is === 'field' && part.kind.startsWith('took'));
  return { ...read, stamp, resolutionUs, isTimed };
}

function unreadable(parts: readonly Part[]): string | undefined {
  const has = (kind: PartKind) => parts.some((part) => part.is === 'field' && part.kind === kind);
  if (!parts.some(isTime)) return 'has no time ($time_local, $time_iso8601, $msec; %t)';
  if (!has('request') && !has('target')) return 'has no request ($request, $request_uri; %r, %U)';
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    if (part.is !== 'field' || next === undefined || next.is === 'literal' || isPath(next)) continue;
    return `has nothing between ${part.name} and ${next.name} that would tell where one ends`;
  }
  return undefined;
}

function isPath(part: Part): boolean {
  return part.is === 'field' && part.kind === 'target';
}

class LogFormatParser implements LineParser {
  readonly #maker: RowMaker;

  constructor(
    private readonly plan: Plan,
    private readonly zone: Zone,
    clients: Clients,
  ) {
    this.#maker = new RowMaker(clients);
  }

  /** Whether a line has the shape of the format, and a time. */
  takes(line: string): boolean {
    const parts: StampParts = {};
    return this.#scan(line, {}, parts) && !Number.isNaN(instantOf(parts, this.zone));
  }

  parse(bytes: Buffer, from: number, to: number): Row | string {
    const values: Partial<Record<PartKind, string>> = {};
    const stamp: StampParts = {};
    if (!this.#scan(bytes.toString('latin1', from, to), values, stamp)) return UNREAD.notFormat;
    const { request, method, target = '', query, scheme } = values;
    return this.#maker.make({
      startUs: instantOf(stamp, this.zone),
      durationUs:
        readSpanUs(values.tookUs, 'us') ?? readSpanUs(values.tookMs, 'ms') ?? readSpanUs(values.tookS, 's'),
      ...(request === undefined ? { method, target: withQuery(target, query) } : { request }),
      host: values.host ?? values.server,
      scheme,
      status: values.status,
      bytes: values.bytes,
      address: firstAddress(values.forwarded ?? values.address),
      agent: values.agent,
    });
  }

  stampModel(): string {
    const { server, stamp, isTimed } = this.plan;
    if (stamp === 'start') return `${server} log_format: stamps mark the start of each request`;
    return isTimed
      ? `${server} log_format: stamps mark the end of each request; moved back by its duration`
      : `${server} log_format: stamps mark the end of each request, and there are no durations: starts are late by each response time`;
  }

  /** Takes a line apart; false where it is not of the format. What is `-` or nothing is left out. */
  #scan(line: string, values: Partial<Record<PartKind, string>>, stamp: StampParts): boolean {
    const { parts } = this.plan;
    let at = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part.is === 'literal') {
        if (!line.startsWith(part.text, at)) return false;
        at += part.text.length;
      } else if (part.is === 'time') {
        at = part.pattern.read(line, at, part.marks === this.plan.stamp ? stamp : {});
        if (at < 0) return false;
      } else {
        const end = endOf(line, at, part.kind, parts[i - 1], parts[i + 1], i + 2 === parts.length);
        if (end < 0) return false;
        const value = given(line.slice(at, end));
        if (value !== undefined && part.kind !== 'skip') values[part.kind] ??= unescapeLog(value);
        at = end;
      }
    }
    return true;
  }
}

/** Where a field that begins at `at` ends; −1 where what follows it is not there. */
function endOf(
  line: string,
  at: number,
  kind: PartKind,
  before: Part | undefined,
  next: Part | undefined,
  isLast: boolean,
): number {
  if (next === undefined) return line.length;
  // Such as `$host$request_uri`.
  if (next.is !== 'literal') return line.indexOf('/', at);
  const word = next.text;
  // What is appended to the lines of a format leaves its end where it was.
  if (isLast && line.endsWith(word) && line.length - word.length >= at) return line.length - word.length;
  const isQuoted = word[0] === '"' && before?.is === 'literal' && before.text.endsWith('"');
  let from = at;
  if (kind === 'request' && !isQuoted) {
    const protocol = line.indexOf(' HTTP/', at);
    if (protocol >= 0) from = protocol + 1;
  }
  for (let end = line.indexOf(word, from); end >= 0; end = line.indexOf(word, end + 1)) {
    if (isQuoted ? !isEscaped(line, at, end) : !isInList(line, end)) return end;
  }
  return -1;
}

/** Whether the space at `at` is inside a list, as `$upstream_addr` and forwarded addresses are: `a, b` or `a : b`. */
function isInList(line: string, at: number): boolean {
  return line[at] === ' ' && (line[at - 1] === ',' || line[at - 1] === ':' || line.startsWith(' : ', at));
}

/** Whether the character at `at` has an odd number of backslashes before it. */
function isEscaped(line: string, from: number, at: number): boolean {
  let i = at;
  while (i > from && line[i - 1] === '\\') i--;
  return ((at - i) & 1) === 1;
}
