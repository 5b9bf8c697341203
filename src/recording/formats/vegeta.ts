// vegeta targets in JSON, one a line: requests with headers and bodies, without times.

import { EARLIEST_US } from '../fields/instants.js';
import { decodeBase64, splitRecords, URL_MAX } from '../fields/records.js';
import { bytesOf, RowMaker } from '../fields/row-maker.js';
import type { Clients } from '../read/clients.js';
import type { Row } from '../row.js';
import { type Header, headerValue, sendable, writeHeaders } from '../secrets/headers.js';
import { type Format, type RecordCounter, type RecordReading, type Sample, UNREAD } from './format.js';

/** Longest line that is read: bodies stand in it. */
const LINE_BYTES_MAX = 16 * 2 ** 20;
const BATCH_ROWS = 256;
const BATCH_BYTES = 2 ** 20;
/** Rows have to start some time: one a second from here. */
const BASE_US = EARLIEST_US + 86_400e6;

const UNREAD_TARGET = {
  tooLong: 'line longer than 16 MiB',
  body: 'body is not base64',
} as const;

const KEYS: ReadonlySet<string> = new Set(['method', 'url', 'body', 'header']);

export const vegeta: Format = {
  id: 'vegeta',
  name: 'vegeta targets (JSON)',
  vantage: 'generator',
  expects: 'vegeta JSON targets, such as {"method":"GET","url":"http://shop.example/"}',
  detect(sample: Sample): RecordReading | null {
    let fits = 0;
    for (const [from, to] of sample.lines) if (fitsLine(sample, from, to)) fits++;
    if (fits === 0) return null;
    const score = fits / sample.lines.length;
    return { kind: 'records', score, stamp: 'none', resolutionUs: 1, read: readTargets };
  },
};

/** A line that is cut off by the sample's end is judged by how it begins. */
function fitsLine({ bytes, length }: Sample, from: number, to: number): boolean {
  const text = bytes.toString('utf8', from, Math.min(to, from + 65_536));
  const target = parseTarget(text);
  if (target !== undefined) return Object.keys(target).every((key) => KEYS.has(key));
  const isCut = to === length || to - from > 65_536;
  return isCut && /^\{\s*"(?:method|url)"\s*:\s*"/.test(text) && /"(?:body|header)"\s*:/.test(text);
}

interface Target {
  readonly method: string;
  readonly url: string;
  readonly body?: unknown;
  readonly header?: unknown;
}

function parseTarget(text: string): Target | undefined {
  if (text[0] !== '{' || !text.includes('"url"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { method, url } = value as { readonly method?: unknown; readonly url?: unknown };
  return typeof method === 'string' && typeof url === 'string' ? (value as Target) : undefined;
}

async function* readTargets(
  bytes: AsyncIterable<Buffer>,
  clients: Clients,
  counter: RecordCounter,
): AsyncGenerator<Row[], void> {
  const maker = new RowMaker(clients);
  let number = 0;
  let batch: Row[] = [];
  let batchBytes = 0;
  for await (const line of splitRecords(bytes, Buffer.from('\n'), LINE_BYTES_MAX)) {
    counter.seen();
    const row = line === null ? UNREAD_TARGET.tooLong : readTarget(line, maker, BASE_US + 1e6 * ++number);
    if (typeof row === 'string') {
      counter.unread(row);
      continue;
    }
    batch.push(row);
    batchBytes += row.body?.length ?? 0;
    if (batch.length >= BATCH_ROWS || batchBytes >= BATCH_BYTES) {
      yield batch;
      batch = [];
      batchBytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

function readTarget(line: Buffer, maker: RowMaker, startUs: number): Row | string {
  const text = line
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (text === '') return UNREAD.blank;
  const target = parseTarget(text);
  if (target === undefined) return UNREAD.notFormat;
  const { method, url, body = '' } = target;
  if (url.length > URL_MAX) return UNREAD.urlTooLong;
  const bytes = typeof body === 'string' ? decodeBase64(body) : undefined;
  if (bytes === undefined) return UNREAD_TARGET.body;
  const headers = headersOf(target.header);
  return maker.make({
    startUs,
    method,
    target: bytesOf(url.split('#', 1)[0] ?? ''),
    host: headerValue(headers, 'host'),
    agent: headerValue(headers, 'user-agent'),
    headers: writeHeaders(sendable(headers)),
    body: bytes.length === 0 ? undefined : bytes,
  });
}

/** The headers of `{"Name": ["value", …]}`; what is not of this form is left out. */
function headersOf(header: unknown): Header[] {
  if (typeof header !== 'object' || header === null) return [];
  return Object.entries(header).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).flatMap((value): Header[] =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
