// Entries of JSON logs and what rows are made of: long numbers, characters, hosts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readJsonEntry } from '../../src/recording/fields/json-entry.js';
import { RowMaker } from '../../src/recording/fields/row-maker.js';
import { Clients } from '../../src/recording/read/clients.js';

function entryOf(text: string) {
  const bytes = Buffer.from(text);
  return readJsonEntry(bytes, 0, bytes.length);
}

describe('an entry', () => {
  it('keeps all digits of a number that JSON.parse would round, wherever in the line it stands', () => {
    const digits = fc
      .constantFrom(14, 15, 16, 17, 19, 40)
      .chain((length) =>
        fc.string({ unit: fc.constantFrom(...'123456789'), minLength: length, maxLength: length }),
      );
    fc.assert(
      fc.property(fc.nat(40), digits, fc.nat(20), (before, number, after) => {
        const entry = entryOf(`{"a":"${'x'.repeat(before)}","id":${number},"b":"${'7'.repeat(after)}"}`);
        assert.equal(entry?.get('id'), number.length < 16 ? String(Number(number)) : number);
      }),
    );
  });

  it('gives texts as bytes, whether they were written as they are or escaped', () => {
    const cases: readonly (readonly [text: string, value: string])[] = [
      ['{"p":"/a"}', '/a'],
      ['{"p":"/é"}', '/\xc3\xa9'],
      ['{"p":"/\\u00e9"}', '/\xc3\xa9'],
      ['{"p":"/\\u20ac\\n"}', '/\xe2\x82\xac\n'],
      ['{"q":"é","p":"/a"}', '/a'],
    ];
    for (const [text, value] of cases) assert.equal(entryOf(text)?.get('p'), value, text);
  });
});

describe('rows made one after the other', () => {
  it('have each its own host, read by its own scheme', () => {
    const maker = new RowMaker(new Clients('test', 256));
    const hostOf = (host: string | undefined, scheme: string) => {
      const row = maker.make({ startUs: 1, target: '/', host, scheme });
      return typeof row === 'string' ? row : row.host;
    };
    const cases: readonly (readonly [string | undefined, string, string | undefined])[] = [
      ['Shop.example:443', 'https', 'shop.example'],
      ['Shop.example:443', 'http', 'shop.example:443'],
      ['Shop.example:443', 'http', 'shop.example:443'],
      ['other.example', 'http', 'other.example'],
      [undefined, 'http', undefined],
      ['not a host', 'http', undefined],
    ];
    for (const [host, scheme, expected] of cases) assert.equal(hostOf(host, scheme), expected);
  });
});
