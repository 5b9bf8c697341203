// The recording file: what is written is read back, by us and by others; what is broken is refused in words.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readParquet, writeParquet } from 'parquet-wasm';
import { UserError } from '../../src/problem.js';
import { CHECKSUMS_KEY } from '../../src/recording/parquet/checksums.js';
import { beginsAsParquet, ParquetFile } from '../../src/recording/parquet/parquet.js';
import { METADATA_KEY, RecordingWriter } from '../../src/recording/parquet/parquet-writer.js';
import { isRecording, openRecording, type ReadSpan } from '../../src/recording/parquet/recording-file.js';
import type { Row } from '../../src/recording/row.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-parquet-'));
let files = 0;
const fresh = () => join(folder, `${files++}.parquet`);

function row(startUs: number, more: Partial<Row> = {}): Row {
  return {
    startUs,
    durationUs: undefined,
    method: 'GET',
    host: undefined,
    path: '/',
    status: 200,
    bytes: 512,
    client: 'c0ffee0123456789',
    clientClass: 'person',
    headers: undefined,
    body: undefined,
    ...more,
  };
}

/** A busy shop's rows, 250 µs apart. */
function shop(count: number): Row[] {
  return Array.from({ length: count }, (_, i) =>
    row(1_700_000_000_000_000 + i * 250, {
      path: `/products/${(i * 7919) % 3_001}?page=${i % 5}`,
      status: i % 50 === 0 ? 404 : 200,
      durationUs: i % 3 === 0 ? undefined : i * 11,
      client: `client-${(i * 31) % 977}`,
    }),
  );
}

async function write(rows: readonly Row[], metadata = '{}', path = fresh()): Promise<string> {
  const writer = await RecordingWriter.create(path, '1.2.3');
  for (let at = 0; at < rows.length; at += 1_000) await writer.append(rows.slice(at, at + 1_000));
  await writer.finish(metadata);
  return path;
}

async function read(path: string, span: ReadSpan = {}): Promise<Row[]> {
  const file = await openRecording(path);
  try {
    const rows: Row[] = [];
    for await (const batch of file.read(span)) {
      assert.ok(batch.length > 0 && batch.length <= 1_024);
      rows.push(...batch);
    }
    return rows;
  } finally {
    await file.close();
  }
}

/** The message of the mistake that opening or reading a file is. */
async function mistake(path: string): Promise<string> {
  try {
    await read(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.equal(error.problems[0]?.place, path);
    return error.message;
  }
  return assert.fail('it was read');
}

const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const text = fc.string({ unit: 'binary', maxLength: 90 });
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const anyRow: fc.Arbitrary<Row> = fc.record(
  {
    startUs: fc.integer({ min: -4e15, max: 4e15 }),
    durationUs: maybe(whole),
    method: fc.constantFrom('GET', 'POST', 'PROPFIND'),
    host: maybe(text),
    path: fc.oneof(text, fc.constantFrom('/', '/ü', '/€/😀', '\ufeff/bom')),
    status: maybe(fc.integer({ min: 100, max: 599 })),
    bytes: maybe(whole),
    client: text,
    clientClass: fc.constantFrom('person' as const, 'bot' as const, 'unknown' as const),
    headers: maybe(fc.constantFrom('[["accept","*/*"]]', '[["x","é"]]')),
    body: maybe(fc.uint8Array({ maxLength: 40 })),
  },
  { noNullPrototype: true },
);
const someRows = fc
  .array(anyRow, { maxLength: 60 })
  .map((rows) => rows.sort((a, b) => a.startUs - b.startUs));

describe('a recording file', () => {
  it('gives back any rows as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.json(), async (rows, metadata) => {
        const path = await write(rows, metadata);
        assert.deepEqual(await read(path), rows);
        const file = await openRecording(path);
        await file.close();
        assert.equal(file.metadata, JSON.stringify(JSON.parse(metadata)));
        assert.equal(file.rows, rows.length);
        assert.equal(file.firstUs, rows[0]?.startUs ?? null);
        assert.equal(file.lastUs, rows.at(-1)?.startUs ?? null);
      }),
      { numRuns: 60 },
    );
  });

  it('gives back row groups of many rows, in batches and in order', async () => {
    const rows = shop(20_000);
    const path = await write(rows);
    assert.deepEqual(await read(path), rows);
  });

  it('has objects whose fields stand as those that logs are parsed into', async () => {
    const [first] = await read(await write([row(5)]));
    assert.deepEqual(Object.keys(first!), Object.keys(row(5)));
  });

  it('reads a span alone, and of the file only the row groups that it touches', async () => {
    const rows = shop(30_000);
    const path = await write(rows);
    const fromUs = rows[20_000]!.startUs;
    const toUs = rows[20_005]!.startUs;
    // The pages of the first group and the last are made unreadable: they must not be looked at.
    const bytes = readFileSync(path);
    const { row_groups: groups } = parquetMetadata(Uint8Array.from(bytes).buffer);
    const last = Number(groups.at(-1)!.columns[0]!.meta_data!.data_page_offset);
    bytes.fill(0xff, 4, 2_000).fill(0xff, last, last + 2_000);
    const broken = fresh();
    writeFileSync(broken, bytes);
    assert.deepEqual(await read(broken, { fromUs, toUs }), rows.slice(20_000, 20_005));
    await assert.rejects(read(broken, { fromUs }), UserError);
    assert.match(await mistake(broken), /damaged/);
  });

  it('reads half-open spans like a filter over all rows', async () => {
    const rows = shop(9_000).map((one, i) => ({ ...one, startUs: Math.floor(i / 3) }));
    const path = await write(rows);
    const bound = fc.integer({ min: -5, max: 3_010 });
    await fc.assert(
      fc.asyncProperty(bound, bound, async (fromUs, toUs) => {
        const expected = rows.filter(({ startUs }) => startUs >= fromUs && startUs < toUs);
        assert.deepEqual(await read(path, { fromUs, toUs }), expected);
      }),
      { numRuns: 25 },
    );
  });

  it('starts a new row group when texts are long, so that memory stays bounded', async () => {
    const rows = Array.from({ length: 600 }, (_, i) => row(i, { path: `/${i}/${'x'.repeat(60_000)}` }));
    const path = await write(rows);
    const file = await ParquetFile.open(path);
    await file.close();
    assert.ok(file.groups.length >= 4, `${file.groups.length} groups`);
    assert.deepEqual(await read(path), rows);
  });

  it('may have no rows', async () => {
    assert.deepEqual(await read(await write([])), []);
  });

  it('refuses rows that are not in start order, as a bug', async () => {
    const path = fresh();
    const writer = await RecordingWriter.create(path, '1.2.3');
    await assert.rejects(writer.append([row(2), row(1)]), /start order/);
    await writer.abort();
  });
});

describe('what other readers make of it', () => {
  it('is read and written anew by the Rust implementation without a difference', async () => {
    const rows = shop(20_000).map((one, i) =>
      i % 4 === 0
        ? { ...one, host: 'shop.example', body: Buffer.from(`b${i}`), headers: '[["a","b"]]' }
        : one,
    );
    const path = await write(rows, '{"sources":[]}');
    const copy = fresh();
    writeFileSync(copy, writeParquet(readParquet(readFileSync(path))));
    const file = await ParquetFile.open(copy);
    const names = file.columns.map(({ name }) => name);
    const found: unknown[][] = names.map(() => []);
    for (const [i, group] of file.groups.entries()) {
      const values = await file.read(i, 0, group.rows, names, true);
      for (const [j, column] of values.entries())
        for (const value of Array.from(column)) found[j]!.push(value);
    }
    await file.close();
    const column = (name: string) => found[names.indexOf(name)]!;
    const plain = (value: unknown) => (value === null || value === undefined ? undefined : Number(value));
    assert.deepEqual(
      column('start_us').map(plain),
      rows.map((one) => one.startUs),
    );
    assert.deepEqual(
      column('duration_us').map(plain),
      rows.map((one) => one.durationUs),
    );
    assert.deepEqual(
      column('status').map(plain),
      rows.map((one) => one.status),
    );
    assert.deepEqual(
      column('path'),
      rows.map((one) => one.path),
    );
    assert.deepEqual(
      column('client'),
      rows.map((one) => one.client),
    );
    assert.deepEqual(
      column('host').map((v) => v ?? undefined),
      rows.map((one) => one.host),
    );
    assert.deepEqual(
      column('headers').map((v) => v ?? undefined),
      rows.map((one) => one.headers),
    );
    assert.deepEqual(
      column('body').map((v) => (v ? Buffer.from(v as Uint8Array).toString() : undefined)),
      rows.map((one) => one.body && Buffer.from(one.body).toString()),
    );
  });

  it('says how it is sorted, and keeps its own metadata under one key', async () => {
    const bytes = readFileSync(await write(shop(10), '{"a":1}'));
    const { key_value_metadata: pairs, row_groups: groups } = parquetMetadata(Uint8Array.from(bytes).buffer);
    assert.deepEqual(
      pairs?.map(({ key }) => key),
      [METADATA_KEY, CHECKSUMS_KEY],
    );
    assert.deepEqual(JSON.parse(pairs?.[0]?.value ?? '').import, { a: 1 });
    assert.deepEqual(groups[0]?.sorting_columns, [{ column_idx: 0, descending: false, nulls_first: false }]);
  });
});

describe('a write that does not end well', () => {
  it('leaves nothing when it is aborted, and nothing under the name before it is finished', async () => {
    const path = fresh();
    const names = () => readdirSync(folder).filter((name) => join(folder, name).startsWith(path));
    const writer = await RecordingWriter.create(path, '1.2.3');
    await writer.append(shop(9_000));
    assert.ok(!names().includes(path) && names().length === 1 && names()[0]!.endsWith('.partial'));
    await writer.abort();
    assert.deepEqual(names(), []);
    await writer.abort();
  });

  it('keeps the file that was there before until the new one is complete', async () => {
    const path = await write([row(1)]);
    const writer = await RecordingWriter.create(path, '1.2.3');
    await writer.append([row(2), row(3)]);
    assert.equal((await read(path)).length, 1);
    const { rows, bytes } = await writer.finish('{}');
    assert.equal(rows, 2);
    assert.equal(bytes, statSync(path).size);
    assert.equal((await read(path)).length, 2);
    await writer.abort();
    assert.equal((await read(path)).length, 2);
  });

  it('says so when the folder does not exist', async () => {
    await assert.rejects(RecordingWriter.create(join(folder, 'no', 'x.parquet'), '1.2.3'), (error) => {
      return error instanceof UserError && /its folder does not exist/.test(error.message);
    });
  });
});

describe('a file that is no sound recording', () => {
  it('is told apart by its first bytes', async () => {
    assert.equal(await beginsAsParquet(await write([])), true);
    const log = fresh();
    writeFileSync(log, '192.0.2.7 - -');
    assert.equal(await beginsAsParquet(log), false);
    writeFileSync(log, '');
    assert.equal(await beginsAsParquet(log), false);
  });

  it('is refused wherever it is cut off', async () => {
    const bytes = readFileSync(await write(shop(300)));
    for (const keep of [4, 8, 11, 12, 100, bytes.length - 1, bytes.length - 8, bytes.length - 200]) {
      const path = fresh();
      writeFileSync(path, bytes.subarray(0, keep));
      assert.match(await mistake(path), /cut off/, `${keep} bytes`);
    }
  });

  it('is refused in words for anything else that is not one', async () => {
    const at = (content: Uint8Array | string) => {
      const path = fresh();
      writeFileSync(path, content);
      return path;
    };
    assert.match(await mistake(at('GET / HTTP/1.1\n')), /is no Parquet file/);
    assert.match(await mistake(at('')), /is no Parquet file/);
    assert.match(await mistake(join(folder, 'missing.parquet')), /no such file/);
    assert.match(await mistake(folder), /is a directory/);
    const table = (kv: string | undefined) =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [{ name: 'start_us', data: [1n, 2n], type: 'INT64' }],
          ...(kv === undefined ? {} : { kvMetadata: [{ key: METADATA_KEY, value: kv }] }),
        }),
      );
    assert.match(await mistake(at(table(undefined))), /no recording of flashcrowd/);
    assert.match(await mistake(at(table('not JSON'))), /no recording of flashcrowd/);
    assert.match(
      await mistake(at(table('{"format":99,"import":{}}'))),
      /made by a newer flashcrowd: format 99.*formats up to 2/,
    );
    assert.match(
      await mistake(at(table('{"format":2,"import":{}}'))),
      /without these columns.*duration_us, method/,
    );
  });

  it('never ends in anything but a message, whatever bytes are damaged', async () => {
    const sound = readFileSync(await write(shop(2_000)));
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(sound);
        // The footer's counts are believed by the library, so that damage goes to the pages.
        for (const [at, byte] of changes) bytes[4 + (at % 5_000)] = byte;
        const path = fresh();
        writeFileSync(path, bytes);
        await read(path).catch((error) => assert.ok(error instanceof UserError, String(error)));
      }),
      { numRuns: 80 },
    );
  });

  it('is known as a recording by its key', async () => {
    assert.equal(await isRecording(await write([])), true);
  });
});
