// A recording that is not as it was written: whatever bit is another, it is refused, or nothing that is read is another.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { readParquet, writeParquet } from 'parquet-wasm';
import { UserError } from '../../src/problem.js';
import { openRecordings } from '../../src/recording/library.js';
import { ParquetFile } from '../../src/recording/parquet/parquet.js';
import { RecordingWriter } from '../../src/recording/parquet/parquet-writer.js';
import { isRecording, openRecording } from '../../src/recording/parquet/recording-file.js';
import type { Row } from '../../src/recording/row.js';
import { rowsOf } from '../../src/workers/rows.js';
import { INPUT } from '../support/recordings.js';
import { line, logFile } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-integrity-'));
const METADATA = '{"seed":1,"audit":{"rows":40}}';

const rows: Row[] = Array.from({ length: 40 }, (_, i) => ({
  startUs: 1_700_000_000_000_000 + i * 250,
  durationUs: i % 3 === 0 ? undefined : i * 11,
  method: i % 9 === 0 ? 'POST' : 'GET',
  host: i % 2 === 0 ? 'shop.example' : undefined,
  path: `/products/${i % 7}?page=${i}`,
  status: i % 5 === 0 ? 404 : 200,
  bytes: 512 + i,
  client: `client-${i % 4}`,
  clientClass: 'person',
  headers: i % 8 === 0 ? '[["accept","*/*"]]' : undefined,
  body: i % 9 === 0 ? new TextEncoder().encode(`qty=${i}`) : undefined,
}));

async function write(path: string, written: readonly Row[] = rows): Promise<Buffer> {
  const writer = await RecordingWriter.create(path, '1.2.3');
  await writer.append(written);
  await writer.finish(METADATA);
  return readFileSync(path);
}

async function read(path: string): Promise<{ rows: Row[]; metadata: string }> {
  const file = await openRecording(path);
  try {
    const found: Row[] = [];
    for await (const batch of file.read()) found.push(...batch);
    return { rows: found, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/** Reads a file with these bytes; null if it is refused in words. */
async function outcomeOf(bytes: Buffer): Promise<Awaited<ReturnType<typeof read>> | null> {
  const path = join(folder, 'changed.parquet');
  writeFileSync(path, bytes);
  try {
    return await read(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [problem] = error.problems;
    assert.equal(problem?.place, path);
    assert.ok(problem?.message !== '' && problem?.hint !== undefined);
    return null;
  }
}

describe('a recording that is not as it was written', () => {
  it('is refused, or says the same, whichever bit of it is another', async () => {
    const sound = await write(join(folder, 'sound.parquet'));
    const expected = await outcomeOf(sound);
    assert.deepEqual(expected?.rows, rows);
    let refused = 0;
    // Every byte, one bit of it each; which one goes by its place, so that all eight come by.
    for (let at = 0; at < sound.length; at++) {
      const changed = Buffer.from(sound);
      changed[at]! ^= 1 << ((at * 5 + (at >> 3)) % 8);
      const outcome = await outcomeOf(changed);
      if (outcome === null) refused++;
      else assert.deepEqual(outcome, expected, `byte ${at}`);
    }
    assert.ok(refused > sound.length * 0.95, `${refused} of ${sound.length}`);
  });

  it('is refused, or says the same, with several bits and bytes of it changed', async () => {
    const sound = await write(join(folder, 'sound.parquet'));
    const expected = await outcomeOf(sound);
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(sound);
        for (const [at, byte] of changes) bytes[at] = byte;
        const outcome = await outcomeOf(bytes);
        if (outcome !== null) assert.deepEqual(outcome, expected);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused wherever it ends early, and with anything behind it', async () => {
    const sound = await write(join(folder, 'sound.parquet'));
    for (let keep = 0; keep < sound.length; keep += 37) {
      assert.equal(await outcomeOf(sound.subarray(0, keep)), null, `${keep} bytes`);
    }
    assert.equal(await outcomeOf(Buffer.concat([sound, Buffer.from('\n')])), null);
  });

  it('is still known as a recording when its key is damaged, and not taken for a log of another tool', async () => {
    const sound = await write(join(folder, 'sound.parquet'));
    const key = sound.lastIndexOf('{"format":2') - 'flashcrowd'.length - 3;
    const path = join(folder, 'key.parquet');
    for (let at = key; at < sound.length; at++) {
      const changed = Buffer.from(sound);
      changed[at]! ^= 0x04;
      writeFileSync(path, changed);
      const known = await isRecording(path).catch((error) => error instanceof UserError);
      assert.equal(known, true, `byte ${at}`);
    }
  });

  it('is told by what made it: a newer flashcrowd, an older one, another tool', async () => {
    const path = join(folder, 'sound.parquet');
    const sound = await write(path);
    const copy = join(folder, 'copy.parquet');
    writeFileSync(copy, writeParquet(readParquet(sound)));
    await assert.rejects(read(copy), /no recording of flashcrowd|without the checksums/);
    const file = await ParquetFile.open(copy);
    await file.close();
    assert.equal(file.isChecked, false);
  });
});

describe('the checksums of a recording', () => {
  it("are those of Parquet's page headers too, which other tools check", async () => {
    const sound = await write(join(folder, 'sound.parquet'));
    const { row_groups: groups } = parquetMetadata(Uint8Array.from(sound).buffer);
    const first = groups[0]!.columns[0]!.meta_data!;
    const from = Number(first.data_page_offset);
    // type, two sizes and the checksum, as zigzag numbers behind a byte each.
    let at = from;
    const values = [1, 2, 3, 4].map(() => {
      at++;
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = sound[at++]!;
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
      return Number((value >> 1n) ^ -(value & 1n));
    });
    const end = from + Number(first.total_compressed_size);
    assert.equal(values[3]! >>> 0, crc32(sound.subarray(end - values[2]!, end)));
  });

  it('tell any two recordings apart by one fingerprint', async () => {
    const prints = new Set<string>();
    for (const [i, other] of [rows, rows.slice(1), rows.map((row) => ({ ...row, bytes: 0 }))].entries()) {
      const path = join(folder, `print-${i}.parquet`);
      await write(path, other);
      const file = await openRecording(path);
      await file.close();
      prints.add(file.fingerprint);
    }
    assert.equal(prints.size, 3);
  });
});

describe('a recording that changes after its plan was made', () => {
  it('is refused when it is opened again', async () => {
    const path = join(folder, 'planned.parquet');
    await write(path);
    const { fingerprint, digests } = await openRecordings([path], {}, folder);
    assert.equal(digests.length, 1);
    const input = { ...INPUT, file: path, fingerprint };
    let found = 0;
    for await (const batch of rowsOf(input)) found += batch.length;
    assert.equal(found, rows.length);
    await write(path, rows.slice(0, 39));
    await assert.rejects(rowsOf(input).next(), /no longer the recording that the plan was made of/);
  });

  it('is made anew where it lies in the cache and was damaged', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'flashcrowd-cache-'));
    const log = logFile([line(1_764_000_000), line(1_764_000_001)]);
    const { file } = await openRecordings([log], {}, cache);
    const bytes = readFileSync(file);
    bytes[bytes.length - 20]! ^= 1;
    writeFileSync(file, bytes);
    const again = await openRecordings([log], {}, cache);
    assert.equal(again.file, file);
    assert.equal((await read(file)).rows.length, 2);
  });
});
