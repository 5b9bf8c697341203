// W3C extended logs, whose `#Fields` says what the columns are: CloudFront, IIS, and what else writes them.

import type { FieldUnit } from '../fields/field-map.js';
import { readIso } from '../fields/instants.js';
import { given, readDurationUs } from '../fields/row-maker.js';
import { type FoundLine, firstOf, type TextReader, textFormat, zoneNote } from '../fields/text-format.js';
import { Zone } from '../read/zone.js';
import { type Format, type FormatOptions, SET_APART, type StampKind, UNREAD } from './format.js';
import { type Columns, columnsOf, decodeAgent, encodeStem, splitColumns } from './w3c-columns.js';

const WRONG_COLUMNS = 'columns are not those that #Fields declares';

/** What a CloudFront log begins with, for one whose header was lost. */
const CLOUDFRONT_FIELDS =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) ' +
  'cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken';
const HALF_DAY_US = 43_200e6;
const US_PER: Readonly<Record<FieldUnit, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 };

export const cloudfront: Format = textFormat({
  id: 'cloudfront',
  name: 'CloudFront standard log',
  vantage: 'cdn',
  expects:
    'tab-separated lines under "#Fields: date time x-edge-location sc-bytes c-ip cs-method …" (CloudFront)',
  reader: (options) => new W3cReader(options, true),
});

export const w3c: Format = textFormat({
  id: 'w3c',
  name: 'W3C extended log (IIS and others)',
  vantage: 'origin',
  expects:
    'lines under a header such as: #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query … (IIS, W3C)',
  reader: (options) => new W3cReader(options, false),
});

/** Reads lines by the latest `#Fields`; takes those of CloudFront or those of all others. */
class W3cReader implements TextReader {
  readonly stamp: StampKind = 'end';
  declared = false;
  private columns: Columns | undefined;
  private software = '';
  /** Day of `#Date`, for logs with a time alone, and the last time of it. */
  private day = '';
  private lastUs = Number.NaN;
  private daysPassed = 0;
  private timed = false;
  private local = false;

  constructor(
    private readonly options: FormatOptions,
    private readonly cloudFront: boolean,
  ) {
    if (cloudFront) this.columns = columnsOf(CLOUDFRONT_FIELDS.split(' '), '', options.fields);
  }

  read(text: string): FoundLine | string {
    if (text.startsWith('#') || text.startsWith('"#')) {
      this.readDirective(text);
      return UNREAD.directive;
    }
    const { columns } = this;
    if (columns?.cloudFront !== this.cloudFront) return UNREAD.notFormat;
    const values = splitColumns(text, columns.count);
    const tabs = this.cloudFront && values !== null && text.includes('\t');
    // A header that was lost says nothing of how many columns there are.
    if (this.cloudFront && !this.declared && !tabs) return UNREAD.notFormat;
    if (values === null) return WRONG_COLUMNS;
    const at = (column: number) => (column < 0 ? undefined : given(values[column]));
    const stamp = this.stampOf(at(columns.date), at(columns.time));
    const startUs = this.readStamp(stamp, columns);
    if (this.cloudFront && !this.declared && Number.isNaN(startUs)) return UNREAD.notFormat;
    if (Number.isNaN(startUs)) return UNREAD.noStamp;
    const method = at(columns.method);
    const target = targetOf(columns, at);
    if (method === undefined || target === undefined) return UNREAD.noRequest;
    const scheme = at(columns.scheme);
    if (scheme?.startsWith('ws')) return SET_APART.upgrade;
    const durationUs = durationOf(columns, at(columns.duration));
    if (durationUs !== undefined) this.timed = true;
    return {
      stamp,
      startUs,
      durationUs,
      method,
      target,
      host: at(columns.host) ?? at(columns.edgeHost),
      scheme,
      status: at(columns.status),
      bytes: at(columns.bytes),
      address: firstOf(at(columns.forwarded)) ?? at(columns.client),
      agent: decodeAgent(at(columns.agent), columns),
    };
  }

  stampModel(): string {
    const who = this.cloudFront ? 'CloudFront log' : 'W3C log';
    const back = this.timed ? 'moved back by the duration' : 'without a duration to move it back by';
    const zone = this.local ? zoneNote(this.options.zone) : 'UTC, as the format has it';
    return `${who}: stamps mark the end, ${back}; whole seconds are spread at random; ${zone}`;
  }

  private readDirective(text: string): void {
    const [, name = '', value = ''] = /^"?#([A-Za-z-]{1,32}):[ \t]*(.*)$/.exec(text) ?? [];
    switch (name.toLowerCase()) {
      case 'software':
        this.software = value.slice(0, 256);
        break;
      case 'date':
      case 'start-date':
        if (/^\d{4}-\d\d-\d\d/.test(value)) this.day = value.slice(0, 10);
        this.daysPassed = 0;
        this.lastUs = Number.NaN;
        break;
      case 'fields': {
        const names = value.split(/[ \t"]+/, 256).filter((field) => field !== '');
        this.columns = columnsOf(names, this.software, this.options.fields);
        if (this.columns?.cloudFront === this.cloudFront) this.declared = true;
        break;
      }
    }
  }

  private stampOf(date: string | undefined, time: string | undefined): string {
    if (time === undefined) return date ?? '';
    return `${date ?? this.day} ${time}`;
  }

  /** The stamp; of a time alone, on the day of `#Date` or, when times have gone back by half a day, on a later one. */
  private readStamp(stamp: string, columns: Columns): number {
    const zone = columns.local ? this.options.zone : Zone.UTC;
    this.local ||= columns.local;
    const us = readIso(stamp, zone);
    if (columns.date >= 0 || Number.isNaN(us)) return us;
    if (us < this.lastUs - HALF_DAY_US) this.daysPassed++;
    this.lastUs = us;
    return us + this.daysPassed * 2 * HALF_DAY_US;
  }
}

type At = (column: number) => string | undefined;

/** Path with query, from the stem and the query or from the whole URI. */
function targetOf(columns: Columns, at: At): string | undefined {
  const stem = at(columns.stem);
  const query = at(columns.query);
  let target: string | undefined;
  if (stem !== undefined) target = columns.microsoft ? encodeStem(stem) : stem;
  else {
    const uri = at(columns.uri);
    // Incapsula writes `shop.example/p`.
    target = uri === undefined || /^(?:\/|https?:)/i.test(uri) ? uri : `http://${uri}`;
  }
  if (target === undefined || query === undefined || target.includes('?')) return target;
  return `${target}?${query.startsWith('?') ? query.slice(1) : query}`;
}

/** Seconds where CloudFront or a fraction says so, milliseconds for IIS, else as the user says or not at all. */
function durationOf(columns: Columns, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (columns.durationUnit !== null) return readDurationUs(value, US_PER[columns.durationUnit]);
  return value.includes('.') ? readDurationUs(value, 1e6) : undefined;
}
