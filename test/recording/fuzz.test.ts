// Whole files through the whole reader, damaged in every way: it ends, loses no line unseen, and yields what can be sent.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { UserError } from '../../src/problem.js';
import { FORMATS } from '../../src/recording/formats/index.js';
import { RecordingReader } from '../../src/recording/read/reader.js';
import type { Row } from '../../src/recording/row.js';
import { SAMPLES } from '../formats/samples.js';
import { logFile, zipOf } from './support.js';

const SEED = 20251124;
/** Few, so that the budget is met; the order of starts has to hold all the same. */
const WAITING_BYTES_MAX = 15_000;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/;

const files = FORMATS.map(({ id }) => Buffer.from(SAMPLES[id] ?? assert.fail(`no sample of ${id}`)));

const scratch = logFile('');

/** Reads a file to its end and holds what comes against the laws; says whether it was read or refused. */
async function check(content: Buffer): Promise<'read' | 'refused'> {
  writeFileSync(scratch, content);
  const reader = new RecordingReader({
    files: [scratch],
    seed: SEED,
    clientKey: 'fuzz',
    maxWaitingBytes: WAITING_BYTES_MAX,
  });
  let rows = 0;
  let lastUs = Number.NEGATIVE_INFINITY;
  try {
    for await (const batch of reader) {
      for (const row of batch) {
        assert.ok(row.startUs >= lastUs, `starts ${lastUs - row.startUs} us before the one before it`);
        lastUs = row.startUs;
        rows++;
        assertSendable(row);
      }
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const { message } of error.problems) assert.doesNotMatch(message, /\p{Cc}/u);
    return 'refused';
  }
  const { summary } = reader;
  assert.equal(summary.rows, rows);
  assert.equal(summary.parsed, rows + sum(summary.setApart));
  assert.equal(summary.lines, summary.parsed + sum(summary.dropped));
  return 'read';
}

function assertSendable({ startUs, durationUs, method, host, path, headers, status }: Row): void {
  assert.ok(Number.isSafeInteger(startUs), `starts at ${startUs}`);
  assert.ok(durationUs === undefined || (Number.isSafeInteger(durationUs) && durationUs >= 0));
  assert.match(method, TOKEN);
  assert.match(path, /^\/[\x21-\x7e]*$/);
  if (host !== undefined) assert.match(host, /^[\x21-\x7e]+$/);
  assert.ok(status === undefined || (status >= 100 && status < 600));
  if (headers === undefined) return;
  const list: unknown = JSON.parse(headers);
  assert.ok(Array.isArray(list));
  for (const [name, value] of list) {
    assert.match(name, TOKEN);
    assert.match(value, HEADER_VALUE);
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

/** One of the samples, a few times over so that there is something to be out of order. */
const sample = fc.tuple(fc.constantFrom(...files), fc.constantFrom(1, 1, 3, 40)).map(([file, times]) => {
  return Buffer.concat(Array.from({ length: times }, () => file));
});

/** Where in a file, as a share of it. */
const place = fc.double({ min: 0, max: 1, noNaN: true });

const HOSTILE = [
  '\r\n',
  '\0',
  '\n',
  '"',
  ' ',
  '\x1b[2J',
  '\\x0d\\x0a',
  '%0d%0aHost: other.example',
  '\r\nHost: other.example\r\n\r\n',
  '{"a":',
  '[[[[',
  '#Fields: date time\n',
  '🐵🙈🙉',
  '\ufeff',
  '\ud800',
].map((text) => Buffer.from(text));

const edit: fc.Arbitrary<(file: Buffer) => Buffer> = fc.oneof(
  fc.tuple(place, place).map(([a, b]) => (file: Buffer) => {
    const from = Math.floor(Math.min(a, b) * file.length);
    return Buffer.concat([file.subarray(0, from), file.subarray(Math.floor(Math.max(a, b) * file.length))]);
  }),
  fc
    .array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 20 })
    .map((flips) => {
      return (file: Buffer) => {
        const out = Buffer.from(file);
        for (const [at, mask] of flips) {
          const i = Math.min(out.length - 1, Math.floor(at * out.length));
          if (i >= 0) out[i] = (out[i] as number) ^ mask;
        }
        return out;
      };
    }),
  fc.tuple(place, fc.oneof(fc.constantFrom(...HOSTILE), fc.constantFrom(...files))).map(([at, piece]) => {
    return (file: Buffer) => {
      const i = Math.floor(at * file.length);
      return Buffer.concat([file.subarray(0, i), piece, file.subarray(i)]);
    };
  }),
);

const damaged = fc
  .tuple(sample, fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([file, edits]) => edits.reduce<Buffer>((bytes, change) => change(bytes), file));

describe('the reader of recordings', () => {
  it('holds its laws on every sample as it is', async () => {
    for (const file of files) assert.equal(await check(file), 'read');
  });

  it('holds its laws on files that were cut, flipped and spliced into each other', async () => {
    let read = 0;
    const property = fc.asyncProperty(damaged, async (file) => {
      if ((await check(file)) === 'read') read++;
    });
    await fc.assert(property, { numRuns: 1_500, seed: SEED });
    assert.ok(read > 1_000, `only ${read} were read at all`);
  });

  it('holds its laws on gzip and zip files that are damaged', async () => {
    const packed = fc.tuple(sample, edit, fc.boolean()).map(([file, change, zip]) => {
      return change(zip ? zipOf({ 'a.log': file }) : gzipSync(file));
    });
    await fc.assert(
      fc.asyncProperty(packed, async (file) => void (await check(file))),
      { numRuns: 300, seed: SEED },
    );
  });

  it('holds its laws on a damaged Parquet file', async () => {
    const magic = Buffer.from('PAR1');
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([magic, bytes, magic]));
    await fc.assert(
      fc.asyncProperty(body, async (file) => void (await check(file))),
      { numRuns: 100, seed: SEED },
    );
  });

  it('holds its laws on bytes that mean nothing', async () => {
    const noise = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(noise, async (file) => void (await check(file))),
      { numRuns: 200, seed: SEED },
    );
  });

  for (const [i, { id }] of FORMATS.entries()) {
    it(`ends with each line of ${id} a thousand times, and with long nonsense in the middle of one`, async () => {
      const file = files[i] as Buffer;
      const text = file.toString('latin1');
      const lines = text.split(/(?<=\n)/);
      await check(Buffer.from(lines.map((line) => line.repeat(1_000)).join(''), 'latin1'));
      for (const piece of ['"', '\\', '[', '{"a":', ' ', '\\"', '%']) {
        const long = piece.repeat(Math.ceil(100_000 / piece.length));
        const middle = Math.floor(text.length / 2);
        await check(Buffer.from(text + text.slice(0, middle) + long + text.slice(middle) + text, 'latin1'));
      }
    });
  }

  it('ends with JSON nested as deep as a file is long', async () => {
    for (const open of ['[', '{"log":', '{"log":{"entries":[', '{"request":{"headers":']) {
      const deep = open.repeat(100_000);
      for (const text of [deep, `${SAMPLES.har}${deep}`, `{"log":{"entries":[${deep}`])
        await check(Buffer.from(text));
    }
  });
});
