// The cache of imported recordings: made once, bounded, and rid of what a kill left behind.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cacheFolder, openRecordings } from '../../src/recording/library.js';
import { line, logFile } from './support.js';

const T0 = Date.UTC(2025, 10, 24, 17, 26) / 1000;
const DAY_S = 86_400;

describe('the cache', () => {
  it('imports the same bytes with the same rules once, under any name', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'flashcrowd-cache-'));
    const log = [line(T0), line(T0 + 1)];
    const first = await openRecordings([logFile(log)], {}, cache);
    const made = statSync(first.file).ino;
    const second = await openRecordings([logFile(log)], {}, cache);
    assert.deepEqual([second.file, statSync(second.file).ino], [first.file, made]);
    const other = await openRecordings([logFile(log)], { stamp: 'end' }, cache);
    assert.notEqual(other.file, first.file);
    assert.equal(readdirSync(cache).length, 2);
  });

  it('keeps the recordings used last, and nothing that a killed import left', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'flashcrowd-cache-'));
    const now = Date.now() / 1e3;
    const put = (name: string, ageS: number) => {
      writeFileSync(join(cache, name), '');
      utimesSync(join(cache, name), now - ageS, now - ageS);
    };
    for (let i = 0; i < 30; i++) put(`${i}.parquet`, 100 + i);
    put('old.parquet.1.partial', 2 * DAY_S);
    put('new.parquet.2.partial', 60);
    await openRecordings([logFile([line(T0)])], {}, cache);
    const left = readdirSync(cache);
    assert.equal(left.filter((name) => name.endsWith('.parquet')).length, 24);
    assert.ok(left.includes('0.parquet') && !left.includes('29.parquet'));
    assert.ok(left.includes('new.parquet.2.partial') && !left.includes('old.parquet.1.partial'));
  });

  it("is the user's own, wherever that is", () => {
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/c' }), '/c/flashcrowd/recordings');
    assert.equal(cacheFolder({ HOME: '/h' }), '/h/.cache/flashcrowd/recordings');
  });

  it('gives way to a temporary folder where it cannot be made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-cache-'));
    writeFileSync(join(folder, 'file'), '');
    const { file } = await openRecordings([logFile([line(T0)])], {}, join(folder, 'file', 'cache'));
    assert.ok(statSync(file).size > 0 && !file.startsWith(folder));
  });
});
