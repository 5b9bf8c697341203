// Blocks of lines from bytes of any shape, and the unpacking of what logs are packed in: whole, in members, cut off.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { UserError } from '../../src/problem.js';
import { LINE_BYTES_MAX, readBlocks } from '../../src/recording/read/lines.js';
import { type PartReport, partsOf } from '../../src/recording/read/sources.js';
import { logFile, zipOf } from './support.js';

async function lines(file: string, part = 0): Promise<{ lines: string[]; report: PartReport }> {
  const report: PartReport = { digest: null, cut: null };
  const found: string[] = [];
  const parts = await partsOf([file]);
  for await (const { bytes, length } of readBlocks(parts[part]!.open(report))) {
    assert.equal(bytes[length - 1], 10);
    found.push(...bytes.toString('latin1', 0, length - 1).split('\n'));
  }
  return { lines: found, report };
}

const many = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 97)}`);

describe('a file', () => {
  it('is read whole, plain and gzip, with the digest of its bytes on disk', async () => {
    for (const gzip of [false, true]) {
      const file = logFile(many, gzip);
      const { lines: found, report } = await lines(file);
      assert.deepEqual(found, many);
      assert.deepEqual(report, {
        digest: createHash('sha256').update(readFileSync(file)).digest('hex'),
        cut: null,
      });
    }
  });

  it('may be empty, lack its last newline, or begin with a byte order mark', async () => {
    assert.deepEqual((await lines(logFile(''))).lines, []);
    assert.deepEqual((await lines(logFile('a\nb'))).lines, ['a', 'b']);
    assert.deepEqual((await lines(logFile('\xef\xbb\xbfa\n\nb\n'))).lines, ['a', '', 'b']);
  });

  it('keeps of an overlong line no more than tells that it is one', async () => {
    const fits = 'f'.repeat(LINE_BYTES_MAX);
    const { lines: found } = await lines(logFile(['a', 'b'.repeat(3_000_000), fits, 'c']));
    assert.deepEqual(
      found.map((line) => line[0]! + Math.min(line.length, LINE_BYTES_MAX + 1)),
      ['a1', `b${LINE_BYTES_MAX + 1}`, `f${LINE_BYTES_MAX}`, 'c1'],
    );
  });
});

describe('gzip', () => {
  it('of several members is one text', async () => {
    const members = Buffer.concat([gzipSync('a\nb'), gzipSync('b\nc\n'), gzipSync(''), gzipSync('d\n')]);
    const { lines: found, report } = await lines(logFile(members));
    assert.deepEqual(found, ['a', 'bb', 'c', 'd']);
    assert.equal(report.cut, null);
  });

  it('padded with zeros, as tapes and block copies do, is read to its end', async () => {
    for (const zeros of [1, 512, 200_000]) {
      const padded = Buffer.concat([gzipSync('a\nb\n'), Buffer.alloc(zeros)]);
      const { lines: found, report } = await lines(logFile(padded));
      assert.deepEqual(found, ['a', 'b']);
      assert.equal(report.cut, null);
      assert.match(report.digest ?? '', /^[0-9a-f]{64}$/);
    }
  });

  it('cut off anywhere gives all before the cut and says so', async () => {
    const text = `${many.slice(0, 2_000).join('\n')}\n`;
    const packed = gzipSync(text);
    let least = 0;
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.999]) {
      const { lines: found, report } = await lines(
        logFile(packed.subarray(0, Math.floor(packed.length * share))),
      );
      const got = found.join('\n');
      assert.ok(text.startsWith(got.slice(0, -1)), 'what is read is what was written');
      assert.ok(got.length >= least);
      least = got.length;
      assert.match(report.cut ?? '', /cut off/);
      assert.match(report.digest ?? '', /^[0-9a-f]{64}$/);
    }
    assert.ok(least > text.length * 0.9, `${least} of ${text.length}`);
  });

  it('damaged in the middle gives what is before the damage', async () => {
    const text = `${many.join('\n')}\n`;
    const packed = gzipSync(text);
    packed.fill(0xff, packed.length / 2, packed.length / 2 + 64);
    const { lines: found, report } = await lines(logFile(packed));
    assert.ok(found.length > 10_000 && found.length < many.length);
    assert.notEqual(report.cut, null);
  });

  it('that unpacks to a thousand times its size is read piece by piece', async () => {
    const { lines: found } = await lines(logFile(`${'x'.repeat(1_000)}\n`.repeat(30_000), true));
    assert.equal(found.length, 30_000);
  });
});

describe('other packings', () => {
  const text = `${many.slice(0, 2_000).join('\n')}\n`;
  const packed: readonly (readonly [string, Buffer, string?])[] = [
    ['zlib', deflateSync(text)],
    ['brotli, by its name', brotliCompressSync(text), '.br'],
    ['gzip in gzip', gzipSync(gzipSync(text))],
  ];
  for (const [name, bytes, suffix] of packed) {
    it(`${name} is unpacked`, async () => {
      const { lines: found, report } = await lines(logFile(bytes, false, suffix));
      assert.deepEqual(found, many.slice(0, 2_000));
      assert.equal(report.cut, null);
    });
  }

  it('a zip archive is as many logs as it has files', async () => {
    const file = logFile(zipOf({ 'a/one.log': 'a\nb\n', 'two.log.gz': gzipSync('c\n'), 'a/': '' }));
    assert.deepEqual(
      (await partsOf([file])).map((part) => part.name),
      [`${file}!a/one.log`, `${file}!two.log.gz`],
    );
    assert.deepEqual((await lines(file)).lines, ['a', 'b']);
    const { lines: found, report } = await lines(file, 1);
    assert.deepEqual(found, ['c']);
    assert.equal(report.digest, createHash('sha256').update(readFileSync(file)).digest('hex'));
  });

  it('a zip archive that is cut off is refused', async () => {
    const bytes = zipOf({ 'one.log': text });
    await assert.rejects(partsOf([logFile(bytes.subarray(0, bytes.length - 30))]), /no whole zip archive/);
  });

  it('a bomb is read up to where it is known for one', async () => {
    const { lines: found, report } = await lines(logFile(gzipSync(Buffer.alloc(400e6, 'x'), { level: 9 })));
    assert.match(report.cut ?? '', /more than 400 times its size/);
    assert.deepEqual(
      found.map((line) => line.length),
      [LINE_BYTES_MAX + 1],
    );
  });
});

describe('a file that cannot be read', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['is bzip2', logFile('BZh91AY'), /bunzip2/],
    ['is UTF-16', logFile(Buffer.from('\ufeffabc', 'utf16le')), /UTF-16/],
  ];
  for (const [name, file, message] of cases) {
    it(name, async () => {
      await assert.rejects(lines(file), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.problems[0]!.place, file);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
