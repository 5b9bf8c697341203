// Log files and rows made up for tests.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ReadOptions } from '../../src/recording/reader.js';
import { readRecording } from '../../src/recording/reader.js';
import type { Row } from '../../src/recording/row.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-recording-'));
let files = 0;

/** Writes a file of its own; gzip if asked for. */
export function logFile(content: string | Buffer | readonly string[], gzip = false): string {
  const text = Array.isArray(content)
    ? content.map((line) => `${line}\n`).join('')
    : (content as string | Buffer);
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1');
  const file = join(folder, `${files++}.log`);
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
  const reader = readRecording({ seed: 7, clientKey: 'test', ...options, files });
  const rows: Row[] = [];
  const batches: number[] = [];
  for await (const batch of reader) {
    rows.push(...batch);
    batches.push(batch.length);
  }
  return { rows, batches, summary: reader.summary };
}
