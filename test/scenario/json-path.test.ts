// JSON paths: what they find, and what is no path.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonPath, valueAtPath } from '../../src/scenario/json-path.js';

describe('a JSON path', () => {
  const value = JSON.parse(
    `{"cart":{"id":"c1","items":[{"id":7},{"unit price":"1"}],"":0},"__proto__":{"x":1}}`,
  );
  const found: readonly (readonly [string, unknown])[] = [
    ['$', value],
    ['$.cart.id', 'c1'],
    ['$.cart.items[0].id', 7],
    [`$.cart.items[1]['unit price']`, '1'],
    ['$["cart"]["id"]', 'c1'],
    [`$.cart['']`, 0],
    ['$.__proto__.x', 1],
    ['$.cart.items.length', undefined],
    ['$.cart.items[2]', undefined],
    ['$.cart[0]', undefined],
    ['$.cart.id.length', undefined],
    ['$.constructor', undefined],
    ['$.toString', undefined],
    ['$.no.way', undefined],
  ];
  for (const [text, expected] of found) {
    it(`finds what stands at ${text}`, () => {
      const path = parseJsonPath(text);
      assert.ok(path !== undefined, text);
      assert.deepEqual(valueAtPath(value, path), expected);
    });
  }

  it('is nothing that searches, counts or runs', () => {
    const none = [
      '',
      'cart',
      '$.',
      '$..id',
      '$.a[*]',
      '$.*',
      '$[?(@.a)]',
      '$[-1]',
      '$.a[0',
      "$['a",
      '$[1:2]',
      '$ .a',
    ];
    for (const text of none) assert.equal(parseJsonPath(text), undefined, text);
    assert.equal(parseJsonPath(`$${'.a'.repeat(33)}`), undefined);
  });
});
