// GoReplay files: raw HTTP requests with nanosecond stamps, between lines of three monkeys.

import { readBody, readHead } from '../fields/http-message.js';
import { readEpoch } from '../fields/instants.js';
import { splitRecords, URL_MAX } from '../fields/records.js';
import { RowMaker, readDurationUs, readStatus, withoutPort } from '../fields/row-maker.js';
import type { Clients } from '../read/clients.js';
import type { Row } from '../row.js';
import { type Header, headerValue, sendable, writeHeaders } from '../secrets/headers.js';
import {
  type Format,
  type RecordCounter,
  type RecordReading,
  type Sample,
  SET_APART,
  UNREAD,
} from './format.js';

const SEPARATOR = Buffer.from('\n🐵🙈🙉\n');
const RECORD_BYTES_MAX = 16 * 2 ** 20;
/** `type id epochNs [roundTripNs]`: 1 a request, 2 its response, 3 the response of a replay. */
const HEADER = /^([123]) ([0-9a-zA-Z_-]{1,64}) (\d{1,19})(?: (-?\d{1,19}))?$/;
const HEADER_BYTES_MAX = 256;

/** Requests that wait for their responses, and bytes of their bodies, at most; the oldest goes on without. */
const HELD_MAX = 1_024;
const HELD_BYTES_MAX = 16 * 2 ** 20;

const UNREAD_RECORD = {
  tooLong: 'record longer than 16 MiB',
  header: 'record without a header line',
} as const;

export const gor: Format = {
  id: 'gor',
  name: 'GoReplay capture',
  vantage: 'capture',
  expects: 'a GoReplay file, such as 1 8e091765ae902fef8a2b7d9dd960e9d52222bd8c 1419274022000000000 0',
  detect(sample: Sample): RecordReading | null {
    const [head, request] = sample.lines;
    if (head === undefined || request === undefined) return null;
    const text = (line: readonly [number, number]) =>
      sample.bytes.toString('latin1', line[0], Math.min(line[1], line[0] + HEADER_BYTES_MAX));
    if (!HEADER.test(text(head)) || !/^(?:[A-Z][A-Z_-]* |HTTP\/\d)/.test(text(request))) return null;
    return { kind: 'records', score: 1, stamp: 'start', resolutionUs: 1, read: readRecords };
  },
};

async function* readRecords(
  bytes: AsyncIterable<Buffer>,
  clients: Clients,
  counter: RecordCounter,
): AsyncGenerator<Row[], void> {
  const maker = new RowMaker(clients);
  const held = new Held();
  for await (const record of splitRecords(bytes, SEPARATOR, RECORD_BYTES_MAX)) {
    if (record !== null && isBlank(record)) continue;
    counter.seen();
    const reason = record === null ? UNREAD_RECORD.tooLong : readRecord(record, maker, held);
    if (reason !== '') counter.unread(reason);
    const ready = held.take();
    if (ready.length > 0) yield ready;
  }
  const rest = held.takeAll();
  if (rest.length > 0) yield rest;
}

/** Takes one record in: a request is held, a response is joined to its request. Returns why it is no row, or ''. */
function readRecord(record: Buffer, maker: RowMaker, held: Held): string {
  const end = record.subarray(0, HEADER_BYTES_MAX).indexOf(10);
  const header = HEADER.exec(record.toString('latin1', 0, Math.max(0, end)).trimEnd());
  if (header === null) return UNREAD_RECORD.header;
  const [, type, id = '', stamp = '', roundTrip] = header;
  const message = record.subarray(end + 1);
  if (type === '1') {
    const row = readRequest(message, readEpoch(stamp, 'ns'), maker);
    if (typeof row === 'string') return row;
    held.add(id, row);
    return '';
  }
  if (type === '2') {
    const status = /^HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(message.toString('latin1', 0, 16))?.[1];
    held.answer(id, readStatus(status), readEpoch(stamp, 'ns'), readDurationUs(roundTrip, 1e-3));
  }
  return SET_APART.response;
}

function readRequest(message: Buffer, startUs: number, maker: RowMaker): Row | string {
  const head = readHead(message);
  if (head === undefined) return UNREAD.notHttp;
  if (head.firstLine.length > URL_MAX) return UNREAD.tooLong;
  const { headers } = head;
  const body = readBody(message.subarray(head.bodyFrom), headers);
  if (typeof body === 'string') return body;
  return maker.make({
    startUs,
    request: head.firstLine,
    host: headerValue(headers, 'host'),
    address: addressOf(headers),
    agent: headerValue(headers, 'user-agent'),
    headers: writeHeaders(sendable(headers)),
    body: body.length === 0 ? undefined : body,
  });
}

/** Captures name no client; where a proxy in front did, it is the first of those it names. */
function addressOf(headers: readonly Header[]): string | undefined {
  for (const name of ['x-forwarded-for', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip']) {
    const first = headerValue(headers, name)?.split(',', 1)[0]?.trim();
    if (first !== undefined && first !== '') return withoutPort(first);
  }
  return undefined;
}

function isBlank(record: Buffer): boolean {
  return record.length < 8 && record.toString('latin1').trim() === '';
}

interface Waiting {
  readonly id: string;
  readonly row: Row;
  answered: boolean;
}

/** Requests in the order of the file, held back until their response has come or there are too many. */
class Held {
  readonly #byId = new Map<string, Waiting>();
  #queue: Waiting[] = [];
  #bytes = 0;

  add(id: string, row: Row): void {
    const waiting = { id, row, answered: false };
    this.#byId.set(id, waiting);
    this.#queue.push(waiting);
    this.#bytes += row.body?.length ?? 0;
  }

  answer(id: string, status: number | undefined, endUs: number, roundTripUs: number | undefined): void {
    const waiting = this.#byId.get(id);
    if (waiting === undefined || waiting.answered) return;
    waiting.answered = true;
    const { row } = waiting;
    row.status = status;
    const sinceUs = endUs - row.startUs;
    row.durationUs =
      roundTripUs !== undefined && roundTripUs > 0 ? roundTripUs : sinceUs >= 0 ? sinceUs : undefined;
  }

  /** The older half when too many wait, all when they hold too much; else none. */
  take(): Row[] {
    if (this.#bytes > HELD_BYTES_MAX) return this.#release(this.#queue.length);
    return this.#queue.length > HELD_MAX ? this.#release(HELD_MAX / 2) : [];
  }

  takeAll(): Row[] {
    return this.#release(this.#queue.length);
  }

  #release(count: number): Row[] {
    const released = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    for (const waiting of released) {
      this.#bytes -= waiting.row.body?.length ?? 0;
      if (this.#byId.get(waiting.id) === waiting) this.#byId.delete(waiting.id);
    }
    return released.map(({ row }) => row);
  }
}
