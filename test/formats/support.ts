// Reads a text in one format, as an import would, for the tests of formats.
import assert from 'node:assert/strict';
import type { Format, FormatOptions, Reading } from '../../src/recording/formats/format.js';
import { sampleOf } from '../../src/recording/formats/index.js';
import { Clients } from '../../src/recording/read/clients.js';
import { Zone } from '../../src/recording/read/zone.js';
import type { Row } from '../../src/recording/row.js';

export interface ReadText {
  readonly reading: Reading;
  /** In the order of the text; `startUs` is the stamp. */
  readonly rows: Row[];
  /** Lines or records that are no rows, by reason. */
  readonly unread: Record<string, number>;
  /** Lines or records met. */
  readonly seen: number;
  readonly stampModel: string;
}

/** The reading of a text; null where the format does not fit. */
export function detect(
  format: Format,
  text: string | Buffer,
  options: Partial<FormatOptions> = {},
): Reading | null {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'utf8');
  const length = Math.min(bytes.length, 262_144);
  return format.detect(sampleOf(bytes.subarray(0, length), length), {
    zone: Zone.UTC,
    fields: null,
    ...options,
  });
}

/** Everything in a text. */
export async function read(
  format: Format,
  text: string | Buffer,
  options: Partial<FormatOptions> = {},
): Promise<ReadText> {
  const reading = detect(format, text, options);
  if (reading === null) assert.fail(`${format.id} does not take it`);
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'utf8');
  const clients = new Clients('test', 256);
  const rows: Row[] = [];
  const unread: Record<string, number> = {};
  const count = (reason: string) => {
    unread[reason] = (unread[reason] ?? 0) + 1;
  };
  let seen = 0;
  if (reading.kind === 'records') {
    const counter = { seen: () => void seen++, unread: count, cut: (why: string) => count(`cut: ${why}`) };
    for await (const batch of reading.read(chunksOf(bytes), clients, counter)) rows.push(...batch);
    return { reading, rows, unread, seen, stampModel: '' };
  }
  const parser = reading.open(clients);
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(10, from);
    const end = found < 0 ? bytes.length : found;
    const to = end > from && bytes[end - 1] === 13 ? end - 1 : end;
    seen++;
    const row = to === from ? 'blank line' : parser.parse(bytes, from, to);
    if (typeof row === 'string') count(row);
    else rows.push(row);
    from = end + 1;
  }
  return { reading, rows, unread, seen, stampModel: parser.stampModel() };
}

/** In pieces of odd sizes, as a file comes. */
async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0, size = 7; at < bytes.length; at += size, size = Math.min(65_536, size * 3)) {
    yield bytes.subarray(at, at + size);
  }
}
