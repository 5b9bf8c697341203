// Every format is told from all others by a typical sample of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../src/problem.js';
import { detectFormat, FORMATS, sampleOf } from '../../src/recording/formats/index.js';
import { Zone } from '../../src/recording/read/zone.js';
import { SAMPLES } from './samples.js';
import { read } from './support.js';

function idOf(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  return detectFormat('a.log', sampleOf(bytes, bytes.length), { zone: Zone.UTC, fields: null }).format.id;
}

describe('the format of a file', () => {
  it('has a name of its own, which is also safe to type', () => {
    const ids = FORMATS.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z0-9-]+$/);
  });

  for (const format of FORMATS) {
    it(`is found to be ${format.id} from a typical sample`, async () => {
      const sample = SAMPLES[format.id];
      assert.ok(sample !== undefined, `add a sample of ${format.id} to samples.ts`);
      assert.equal(idOf(sample), format.id);
      const { rows } = await read(format, sample);
      assert.ok(rows.length > 0, 'the sample has no rows');
    });

    // A capture in records has its own ends, which are part of it.
    if (format.id === 'gor') continue;
    it(`is found to be ${format.id} when lines end in CR LF`, () => {
      assert.equal(idOf(SAMPLES[format.id]!.replaceAll('\n', '\r\n')), format.id);
    });
  }

  for (const [what, text] of [
    ['prose', 'The quick brown fox\njumps over the lazy dog.\n'],
    ['a log of errors', '2025/11/24 17:26:01 [error] 334#334: *338 open() "/var/www/x" failed\n'],
    ['tab-separated values', 'name\tprice\nshoe\t10\n'],
    ['blanks', '   \n\t\n'],
    ['a comment', '# nothing here\n'],
  ] as const) {
    it(`is none for ${what}`, () => assert.throws(() => idOf(text), UserError));
  }
});
