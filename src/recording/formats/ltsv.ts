// LTSV logs: `label:value` between tabs, with the labels that ltsv.org recommends and those that servers' variables give.
import type { FieldMap, FieldName, FieldUnit } from '../fields/field-map.js';
import { readInstant } from '../fields/instants.js';
import { unescapeLog } from '../fields/request.js';
import { given, readDurationUs } from '../fields/row-maker.js';
import { type FoundLine, firstOf, type TextReader, textFormat, zoneNote } from '../fields/text-format.js';
import { type Format, type FormatOptions, type StampKind, UNREAD } from './format.js';

/** What a label's value is to us: a field, or one of these, which only some labels are. */
type Kind = FieldName | 'durationUs' | 'forwarded';

/** `host` is the client in LTSV, as `%h` is; the server's name is `vhost`. */
const LABELS: Readonly<Record<Kind, readonly string[]>> = {
  time: ['time', 'datetime', 'time_local', 'time_iso8601', 'timestamp', '@timestamp', 'msec'],
  duration: ['reqtime', 'request_time'],
  durationUs: ['reqtime_microsec', 'reqtime_us'],
  method: ['method', 'request_method'],
  url: ['url', 'request_url'],
  path: ['uri', 'request_uri', 'path'],
  query: ['query', 'query_string', 'args'],
  request: ['req', 'request'],
  host: ['vhost', 'http_host', 'server_name', 'domain'],
  status: ['status'],
  bytes: ['size', 'bytes', 'body_bytes_sent', 'bytes_sent'],
  client: ['host', 'remote_host', 'remote_addr', 'client_ip'],
  forwarded: ['forwardedfor', 'x_forwarded_for', 'http_x_forwarded_for', 'xff'],
  agent: ['ua', 'user_agent', 'http_user_agent', 'useragent'],
};

/** Values that are looked at in a line. */
const CELLS_MAX = 256;
const US_PER: Readonly<Record<FieldUnit, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 };

export const ltsv: Format = textFormat({
  id: 'ltsv',
  name: 'LTSV log',
  vantage: 'origin',
  expects:
    'tab-separated lines such as: time:[20/Feb/2026:17:26:01 +0000] host:192.0.2.7 req:GET /p HTTP/1.1 status:200 ' +
    'size:512 reqtime:0.012 (LTSV)',
  reader: (options) => new LtsvReader(options),
});

class LtsvReader implements TextReader {
  /**
   * Who wrote it shows in the first line with a duration: seconds with three decimals are nginx's, which stamps the
   * end; microseconds are Apache's, which stamps the start.
   */
  stamp: StampKind = 'unknown';
  private readonly kinds: ReadonlyMap<string, Kind>;
  private hasZone = true;

  constructor(private readonly options: FormatOptions) {
    this.kinds = kindsOf(options.fields);
  }

  read(text: string): FoundLine | string {
    const values = this.valuesOf(text);
    if (values === null) return UNREAD.notFormat;
    const { time, request } = values;
    const path = values.url ?? values.path;
    if (time === undefined) return UNREAD.noStamp;
    if (request === undefined && path === undefined) return UNREAD.noRequest;
    const { zone, fields } = this.options;
    const stamp = time.startsWith('[') && time.endsWith(']') ? time.slice(1, -1) : time;
    const startUs = readInstant(stamp, zone, fields?.time?.unit ?? null);
    this.hasZone &&= /^\d+(?:\.\d+)?$|Z$|[+-]\d\d:?\d\d$/.test(stamp);
    const method = values.method ?? (request === undefined ? undefined : methodOf(request));
    if (method === undefined) return UNREAD.noRequest;
    return {
      stamp,
      startUs,
      durationUs: this.durationOf(values),
      // The request line has what was asked for; a path beside it may be normalised, without its query.
      ...(request === undefined
        ? { method, target: unescapeLog(withQuery(path!, values.query)) }
        : { request: unescapeLog(request) }),
      host: values.host,
      status: values.status,
      bytes: values.bytes,
      address: given(firstOf(values.forwarded)) ?? values.client,
      agent: values.agent,
    };
  }

  stampModel(): string {
    const marks =
      this.stamp === 'end'
        ? 'durations in seconds with three decimals (nginx): stamps mark the end, moved back by the duration'
        : this.stamp === 'start'
          ? 'durations in microseconds (Apache): stamps mark the start'
          : 'it does not say whether stamps mark the start or the end; taken for the start';
    const zone = this.hasZone ? '' : `; ${zoneNote(this.options.zone)}`;
    return `LTSV log, ${marks}; whole seconds are spread at random${zone}`;
  }

  /** What is known of the line's cells; null if it has none that is, or only one cell. */
  private valuesOf(text: string): Partial<Record<Kind, string>> | null {
    const values: Partial<Record<Kind, string>> = {};
    let found = 0;
    let cells = 0;
    for (let from = 0; from <= text.length && cells < CELLS_MAX; cells++) {
      const tab = text.indexOf('\t', from);
      const to = tab < 0 ? text.length : tab;
      const colon = text.indexOf(':', from);
      if (colon > from && colon < to && colon - from <= 64) {
        const kind = this.kinds.get(text.slice(from, colon));
        const value = kind === undefined ? undefined : given(text.slice(colon + 1, to));
        if (kind !== undefined) found++;
        if (kind !== undefined && value !== undefined) values[kind] ??= value;
      } else if (colon < 0) break;
      from = to + 1;
    }
    return found < 2 || !text.includes('\t') ? null : values;
  }

  private durationOf(values: Partial<Record<Kind, string>>): number | undefined {
    const { duration, durationUs } = values;
    const unit = this.options.fields?.duration?.unit;
    if (this.stamp === 'unknown') {
      if (durationUs !== undefined) this.stamp = 'start';
      else if (!unit && duration !== undefined && /^\d{1,9}\.\d{3}$/.test(duration)) this.stamp = 'end';
    }
    if (unit) return readDurationUs(duration, US_PER[unit]);
    return durationUs === undefined ? readDurationUs(duration, 1e6) : readDurationUs(durationUs, 1);
  }
}

function kindsOf(fields: FieldMap | null): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const [kind, labels] of Object.entries(LABELS) as [Kind, readonly string[]][]) {
    const own = kind === 'durationUs' || kind === 'forwarded' ? undefined : fields?.[kind]?.name;
    for (const label of own === undefined ? labels : [own]) kinds.set(label, kind);
  }
  // The user's names go before what the format knows under them, such as `host=host`.
  for (const [kind, field] of Object.entries(fields ?? {}) as [FieldName, { name: string }][]) {
    kinds.set(field.name, kind);
  }
  return kinds;
}

function methodOf(request: string): string {
  const space = request.indexOf(' ');
  return space < 0 ? request : request.slice(0, space);
}

function withQuery(path: string, query: string | undefined): string {
  if (query === undefined || path.includes('?')) return path;
  return `${path}?${query.startsWith('?') ? query.slice(1) : query}`;
}
