// A curve's CSV: what its rows mean, and the line of everything that is wrong.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { areaOf } from '../../src/scenario/curve.js';
import { type CurveFile, type FileProblem, readCurveFile } from '../../src/scenario/curve-file.js';
import { folderOf } from './support.js';

async function read(t: TestContext, text: string): Promise<CurveFile | readonly FileProblem[]> {
  return readCurveFile(join(await folderOf(t, { 'curve.csv': text }), 'curve.csv'));
}

async function good(t: TestContext, text: string): Promise<CurveFile> {
  const result = await read(t, text);
  assert.ok('curve' in result, JSON.stringify(result));
  return result;
}

const READS: readonly [string, string, { area: number; endS: number; column?: string }][] = [
  ['counts in bins', 'offset_s,requests\n0,60\n60,120\n', { area: 180, endS: 120 }],
  [
    'the last bin lasts as long as the one before',
    'time,requests\n0,1\n10,1\n40,1\n41,1\n',
    { area: 4, endS: 42 },
  ],
  ['a missing bin is zero', 'offset_s,requests\n0,10\n1,10\n3,10\n', { area: 30, endS: 4 }],
  ['rates as breakpoints', 't,rate\n0,0\n10,10\n', { area: 50, endS: 10, column: 'rate' }],
  [
    'breakpoints as they please',
    'at,rate\n0,10\n600,10\n690,50\n',
    { area: 8700, endS: 690, column: 'rate' },
  ],
  [
    'instants, from the first',
    'timestamp,requests\n2025-11-28T17:26:00Z,5\n2025-11-28T17:27:00Z,5\n',
    { area: 10, endS: 120 },
  ],
  [
    'instants of two zones',
    't,requests\n2025-11-28T17:26:00+01:00,5\n2025-11-28 16:27:00,5\n',
    { area: 10, endS: 120 },
  ],
  ['an unnamed time column is the first', 'minute,shop,requests\n0,a,5\n60,a,5\n', { area: 10, endS: 120 }],
  [
    'byte order mark, semicolons, mixed line ends, comments, blanks',
    '\ufeffTime;Requests\r\n0; 5\n# note\n\n60;5\r\n',
    { area: 10, endS: 120 },
  ],
  [
    'an offset that does not start at 0 is silence first',
    'offset_s,requests\n60,5\n120,5\n',
    { area: 10, endS: 180 },
  ],
];

for (const [name, text, { area, endS, column = 'requests' }] of READS) {
  test(`reads ${name}`, async (t) => {
    const file = await good(t, text);
    assert.ok(Math.abs(areaOf(file.curve) - area) < 1e-6, `${areaOf(file.curve)}`);
    assert.equal(file.curve.endUs, endS * 1e6);
    assert.equal(file.column, column);
    assert.equal(file.digest, createHash('sha256').update(text).digest('hex'));
    assert.equal(file.bytes, Buffer.byteLength(text));
  });
}

const BAD: readonly [string, string, number, RegExp][] = [
  ['an empty file', '', 0, /is empty; expected a header such as/],
  ['no header', '0,60\n60,120\n', 1, /no column requests or rate/],
  ['both columns', 'time,requests,rate\n0,1,1\n', 1, /has requests and rate/],
  ['no time column', 'requests,shop\n1,a\n2,a\n', 1, /no time column/],
  ['no rows', 'time,requests\n', 0, /no rows/],
  ['one row', 'time,requests\n0,1\n', 0, /one row/],
  ['a negative count', 'time,requests\n0,1\n60,-5\n', 3, /requests is -5; it cannot be negative/],
  ['a count that is no number', 'time,requests\n0,1\n60,NaN\n', 3, /requests is "NaN"; expected a number/],
  ['a number with a unit', 'time,rate\n0,1\n60,12 req/s\n', 3, /expected a number/],
  ['hexadecimal', 'time,requests\n0,1\n60,0x10\n', 3, /expected a number/],
  ['an empty cell', 'time,requests\n0,1\n60,\n', 3, /requests is empty/],
  ['a negative time', 'time,requests\n-60,1\n0,1\n', 2, /negative/],
  ['rows out of order', 'time,requests\n60,1\n0,1\n', 3, /earlier than the row before/],
  ['the same time twice', 'time,requests\n0,1\n0,1\n', 3, /the time of the row before/],
  [
    'offsets and instants',
    'time,requests\n0,1\n2025-11-28T17:26:00Z,1\n',
    3,
    /is an instant, the rows before it are not/,
  ],
  ['a day that is none', 'time,requests\n2025-02-30T00:00:00Z,1\n', 2, /is not a time/],
  ['a Unix time', 'time,requests\n1764350760,1\n1764350820,1\n', 2, /more than a year/],
  ['a missing rate', 'time,rate\n0,1\n60,1\n120,1\n240,1\n', 5, /a row is missing before this one/],
  ['an open quote', 'time,requests\n"0,1\n60,1\n', 3, /not closed/],
];

for (const [name, text, line, message] of BAD) {
  test(`refuses ${name}`, async (t) => {
    const problems = await read(t, text);
    assert.ok(!('curve' in problems));
    assert.equal(problems[0]?.line, line, JSON.stringify(problems));
    assert.match(problems[0]?.message ?? '', message);
  });
}

test('lists every bad row, and stops at twenty', async (t) => {
  const few = await read(t, 'time,requests\n0,x\n60,-1\n120,1\n100,1\n');
  assert.ok(!('curve' in few));
  assert.deepEqual(
    few.map(({ line }) => line),
    [2, 3, 5],
  );
  const many = await read(
    t,
    `time,requests\n${Array.from({ length: 500 }, (_, i) => `${i},x`).join('\n')}\n`,
  );
  assert.ok(!('curve' in many) && many.length === 20);
});
