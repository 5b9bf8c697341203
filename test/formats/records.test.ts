// Cutting a stream at a separator gives what cutting the whole would, wherever the chunks end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, splitRecords } from '../../src/recording/fields/records.js';

async function split(chunks: readonly Buffer[], separator: string, max: number): Promise<(string | null)[]> {
  const source = (async function* () {
    yield* chunks;
  })();
  const out: (string | null)[] = [];
  for await (const piece of splitRecords(source, Buffer.from(separator), max))
    out.push(piece === null ? null : piece.toString('latin1'));
  return out;
}

describe('records', () => {
  it('are those of the whole text, over any chunks, but for those over the bound', async () => {
    const chunk = fc
      .array(fc.constantFrom('a', 'b', '|', '-', '|-|'), { maxLength: 12 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        async (chunks, max) => {
          const whole = chunks.join('').split('|-|');
          if (whole.at(-1) === '') whole.pop();
          const expected = whole.map((text) => (text.length > max ? null : text));
          assert.deepEqual(
            await split(
              chunks.map((text) => Buffer.from(text)),
              '|-|',
              max,
            ),
            expected,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('base64', () => {
  it('is decoded, and anything else refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        assert.deepEqual(decodeBase64(Buffer.from(bytes).toString('base64')), bytes);
      }),
    );
    assert.deepEqual(decodeBase64('QUJD\r\nQUJD\n'), new Uint8Array(Buffer.from('ABCABC')));
    for (const text of ['a*b', '*', 'QQ=Q']) assert.equal(decodeBase64(text), undefined, text);
  });
});
