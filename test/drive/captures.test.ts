// Captures: what is taken out of an answer, and what of a hostile one is not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Answer } from '../../src/drive/answer.js';
import { Captures } from '../../src/drive/visits/captures.js';
import type { Capture } from '../../src/scenario/plan.js';
import { beginsWithFixedText, PatternError, ValuePattern } from '../../src/scenario/regex.js';
import { flowPlan, stepOf } from '../support/flow-plan.js';

interface Given {
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}

/** The value that a capture takes; undefined for none. One taken before is there, so that its loss shows. */
function taken(source: Omit<Capture, 'name'>, { headers = [], body = '' }: Given): string | undefined {
  const capture: Capture = { name: 'x', ...source };
  const captures = new Captures(flowPlan({ steps: [stepOf('/', 1, { captures: [capture] })] }).plan);
  const answer = new Answer();
  captures.prepare(answer, [capture]);
  for (const [name, value] of headers) answer.header(name, value);
  answer.data(Buffer.from(body));
  const values = new Map([['x', 'before']]);
  captures.take(answer, [capture], values);
  return values.get('x');
}

const header = (key: string, pattern: string | null = null) => ({ from: 'header', key, pattern }) as const;
const cookie = (key: string) => ({ from: 'cookie', key, pattern: null }) as const;
const json = (key: string, pattern: string | null = null) => ({ from: 'json', key, pattern }) as const;
const body = (pattern: string) => ({ from: 'body', key: '', pattern }) as const;

describe('a capture', () => {
  const location: Given = { headers: [['location', '/orders/o-17?new=1']] };
  const cookies: Given = {
    headers: [
      ['set-cookie', 'sid=a=b; path=/; httponly'],
      ['set-cookie', 'sidney=3'],
      ['set-cookie', 'sid=later'],
    ],
  };
  const page = '<form><input name="csrf" value="abc&amp;"></form>';
  const cases: readonly (readonly [string, Omit<Capture, 'name'>, Given, string | undefined])[] = [
    ['takes a header', header('location'), location, '/orders/o-17?new=1'],
    ['takes a part of a header', header('location', '/orders/([^?]+)'), location, 'o-17'],
    ['takes no header that is not there', header('etag'), location, undefined],
    ['takes what a cookie was given last', cookie('sid'), cookies, 'later'],
    ['takes no cookie of a longer name', cookie('si'), cookies, undefined],
    ['takes a first group', body('name="csrf" value="([^"]+)"'), { body: page }, 'abc&amp;'],
    ['takes the whole match where there is no group', body('[a-z]+&amp;'), { body: page }, 'abc&amp;'],
    ['takes nothing of a group that took part in no match', body('(x)?<form>'), { body: page }, undefined],
    ['takes a text', json('$.a.b'), { body: '{"a":{"b":"c"}}' }, 'c'],
    ['takes a number', json('$[1]'), { body: '[1, -2.5]' }, '-2.5'],
    ['takes a truth', json('$.a'), { body: '{"a":false}' }, 'false'],
    ['takes a part of a text', json('$.url', 'id=(\\d+)'), { body: '{"url":"/a?id=77"}' }, '77'],
    ['takes no mapping, list or null', json('$.a'), { body: '{"a":null}' }, undefined],
    ['takes no number whose digits are lost', json('$.a'), { body: '{"a":9007199254740993}' }, undefined],
    ['takes nothing of what is no JSON', json('$.a'), { body: '<html>' }, undefined],
    ['takes nothing of an empty body', json('$.a'), {}, undefined],
    ['takes nothing that is empty', json('$.a'), { body: '{"a":""}' }, undefined],
    ['takes nothing that is very long', json('$.a'), { body: `{"a":"${'x'.repeat(4097)}"}` }, undefined],
    ['mends a lone surrogate', json('$.a'), { body: '{"a":"x\\ud800y😀"}' }, 'x\ufffdy😀'],
    ['survives deep nesting', json('$.a'), { body: '['.repeat(200_000) }, undefined],
    [
      'reads what is packed',
      body('value="([^"]+)"'),
      { headers: [['content-encoding', 'gzip']], body: gzipSync(page) },
      'abc&amp;',
    ],
    [
      'reads what is packed better',
      json('$.a'),
      { headers: [['content-encoding', 'br']], body: brotliCompressSync('{"a":"b"}') },
      'b',
    ],
    [
      'takes nothing of what is packed to burst',
      body('a+'),
      { headers: [['content-encoding', 'gzip']], body: gzipSync(Buffer.alloc(50_000_000, 'a')) },
      undefined,
    ],
    ['looks at a long page’s beginning only', body('end'), { body: `${' '.repeat(300_000)}end` }, undefined],
  ];
  for (const [name, source, given, expected] of cases) {
    it(name, () => assert.equal(taken(source, given), expected));
  }
});

describe('a pattern', () => {
  it('comes to an end on texts that others never finish', () => {
    const x = 'x'.repeat(100_000);
    for (const pattern of ['(x+)+y', '(x|x)*y', 'x.*y', '(x*)*$y', '(?:x+x+)+y']) {
      assert.equal(new ValuePattern(pattern).find(x), null, pattern);
    }
  });

  it('is refused where it could not be found in linear time, or is none', () => {
    for (const pattern of ['(a)\\1', '(?=a)', '(?<!a)b', '(', '[z-a]', 'a{2,1}', '*'])
      assert.throws(() => new ValuePattern(pattern), PatternError, pattern);
  });

  it('is known to be slow where nothing fixed can be looked for first', () => {
    const quick = ['name="csrf" value="([^"]+)"', 'abc(d|e)', 'abc[|]d', 'abc\\|d', 'abc(d(e|f))'];
    const slow = [
      '[a-z]+x',
      '(?:id|name)="x"',
      'ab*c',
      'abc|def',
      'abc(d)|e',
      '(?i)name="x"',
      '.*x',
      '\\d+',
      '',
    ];
    for (const pattern of quick) assert.ok(beginsWithFixedText(pattern), pattern);
    for (const pattern of slow) assert.ok(!beginsWithFixedText(pattern), pattern);
  });
});
