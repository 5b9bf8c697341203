// Log files and rows made up for tests.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { ReadOptions } from '../../src/recording/read/reader.js';
import { RecordingReader } from '../../src/recording/read/reader.js';
import type { Row } from '../../src/recording/row.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-recording-'));
let files = 0;

/** Writes a file of its own; gzip if asked for. */
export function logFile(content: string | Buffer | readonly string[], gzip = false, suffix = '.log'): string {
  const text = Array.isArray(content)
    ? content.map((line) => `${line}\n`).join('')
    : (content as string | Buffer);
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1');
  const file = join(folder, `${files++}${suffix}`);
  writeFileSync(file, gzip ? gzipSync(bytes) : bytes);
  return file;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** UTC seconds as a log writes them. */
export function stamp(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${time} +0000`;
}

/** A combined line; `extra` follows the agent. */
export function line(seconds: number, path = '/', address = '192.0.2.7', extra = ''): string {
  return `${address} - - [${stamp(seconds)}] "GET ${path} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11) Firefox/140.0"${extra}`;
}

/** Reads files to their end. */
export async function readAll(files: readonly string[], options: Partial<ReadOptions> = {}) {
  const reader = new RecordingReader({ seed: 7, clientKey: 'test', ...options, files });
  const rows: Row[] = [];
  const batches: number[] = [];
  for await (const batch of reader) {
    rows.push(...batch);
    batches.push(batch.length);
  }
  return { rows, batches, summary: reader.summary };
}

/** A zip archive of these files. */
export function zipOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = Buffer.from(content);
    const packed = deflateRawSync(plain);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(plain), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(plain.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    bodies.push(Buffer.from('PK\x03\x04'), facts, Buffer.from(name), packed);
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), facts, place, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...bodies, list, Buffer.from('PK\x05\x06'), end]);
}
