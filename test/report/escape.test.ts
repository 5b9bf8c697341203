import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clip, columnsOf, safe } from '../../src/report/escape.js';
import { lineOf, piece, render, wrap } from '../../src/report/line.js';
import { paintFor } from '../../src/report/paint.js';

const ESC = '\u001b';
const HIDDEN = /\p{Cc}|\p{Cs}|[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
const hostile = fc.string({
  unit: fc.oneof(
    {
      weight: 2,
      arbitrary: fc.constantFrom(ESC, '[', ']', '\u009b', '\u0007', '\n', '\r', '\u202e', ';', '2J', 'm'),
    },
    { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  ),
});

const table: [what: string, text: string, shown: string][] = [
  ['a colour', `${ESC}[31mred${ESC}[0m`, 'red'],
  ['a cleared screen', `a${ESC}[2J${ESC}[Hb`, 'ab'],
  ['an eight-bit sequence', 'a\u009b31mb', 'ab'],
  ['a window title', `a${ESC}]0;owned\u0007b`, 'ab'],
  ['a link', `${ESC}]8;;https://evil.example${ESC}\\shop${ESC}]8;;${ESC}\\`, 'shop'],
  ['a string that never ends', `shop${ESC}P rest of the report`, 'shop'],
  ['a charset switch', `a${ESC}(0b`, 'ab'],
  ['a reset', `a${ESC}cb`, 'ab'],
  ['a forged line', 'shop\n HELD', 'shop HELD'],
  ['a carriage return', 'bad\rgood', 'bad good'],
  ['reordered text', 'abc\u202edef', 'abcdef'],
  ['a name of another alphabet', 'čaj · 茶 ☕', 'čaj · 茶 ☕'],
];

for (const [what, text, shown] of table) test(`escape: ${what}`, () => assert.equal(safe(text), shown));

test('nothing hidden gets through, and safe text stays as it is', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const shown = safe(text);
      assert.doesNotMatch(shown, HIDDEN);
      assert.equal(safe(shown), shown);
    }),
    { numRuns: 500 },
  );
});

test('a line strips even what nobody made safe', () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 1, max: 40 }), (text, width) => {
      const shown = render(lineOf('name ', piece(text, 'bad')), width, paintFor(0));
      assert.doesNotMatch(shown, HIDDEN);
      assert.ok(columnsOf(shown) <= width);
    }),
  );
});

test('wide characters take two columns, combining ones none', () => {
  assert.equal(columnsOf('abc'), 3);
  assert.equal(columnsOf('茶☕'), 4);
  assert.equal(columnsOf('e\u0301'), 1);
  assert.equal(clip('茶茶茶', 5), '茶茶…');
  assert.equal(clip('shop', 4), 'shop');
  assert.equal(clip('storefront', 6), 'store…');
});

test('wrapping keeps every word and figures whole, within the width', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '7'), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word), fc.integer({ min: 12, max: 60 }), (words, width) => {
      const rows = wrap(words.join(' '), width);
      assert.equal(rows.join(' '), words.join(' '));
      for (const row of rows) assert.ok(columnsOf(row) <= width);
    }),
  );
  assert.deepEqual(wrap('ours was 55 ms of ≥ 10 s', 13), ['ours was', '55 ms of', '≥ 10 s']);
});
