// CSV and TSV from anywhere: which column is what, and what spreadsheets do to a file.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldMap } from '../../src/recording/fields/field-map.js';
import { csv } from '../../src/recording/formats/csv.js';
import { UNREAD } from '../../src/recording/formats/format.js';
import { detect, read } from './support.js';

const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1, 250) * 1000;

describe('a CSV with a header', () => {
  const cases: readonly [string, string][] = [
    ['commas', 'time,method,url,status,duration_ms\n2025-11-24T17:26:01.250Z,GET,/p?a=1,200,12\n'],
    ['tabs', 'time\tmethod\turl\tstatus\tduration_ms\r\n2025-11-24T17:26:01.250Z\tGET\t/p?a=1\t200\t12\r\n'],
    ['pipes', 'time|method|url|status|duration_ms\n2025-11-24T17:26:01.250Z|GET|/p?a=1|200|12'],
    [
      'semicolons and decimal commas',
      'time;method;url;status;duration_ms\n2025-11-24 17:26:01,250;GET;/p?a=1;200;12,0',
    ],
    [
      'a byte order mark and sep=',
      '\ufeffsep=;\ntime;method;url;status;duration_ms\n1764005161,25;GET;/p?a=1;200;12',
    ],
    [
      'quotes',
      '"time","method","url","status","duration_ms"\n"2025-11-24T17:26:01.250Z","GET","/p?a=1","200","12"',
    ],
  ];
  for (const [name, text] of cases) {
    it(`is read with ${name}`, async () => {
      const { reading, rows, unread } = await read(csv, text);
      assert.deepEqual([reading.score, reading.stamp, unread], [1, 'unknown', {}]);
      const { startUs, method, path, status, durationUs } = rows[0]!;
      assert.deepEqual([startUs, method, path, status, durationUs], [AT_US, 'GET', '/p?a=1', 200, 12_000]);
    });
  }

  it('keeps line ends, delimiters and doubled quotes inside quotes', async () => {
    const text = 'time,path,agent,note\n1764005161,"/p?a=1,2","say ""hi""\nthere",x\n1764005162,/q,,\n';
    const { rows, seen } = await read(csv, text);
    assert.deepEqual([rows.map(({ path }) => path), seen], [['/p?a=1,2', '/q'], 2]);
  });

  it('takes the columns that the user names, with units', async () => {
    const fields: FieldMap = {
      time: { name: 'Zeit', unit: 'us' },
      path: { name: 'Seite', unit: null },
      duration: { name: 'Dauer', unit: 's' },
    };
    const { rows } = await read(csv, `Seite;Zeit;Dauer;url\n/p;${AT_US};0,5;/other\n`, { fields });
    assert.deepEqual([rows[0]?.startUs, rows[0]?.path, rows[0]?.durationUs], [AT_US, '/p', 500_000]);
  });

  it('counts rows of another length, the header when files were joined, and what is no request', async () => {
    const header = 'time,method,path';
    const text = [header, '1764005161,GET,/p', '1764005161,GET', header, '1764005161,GET,', 'x,GET,/p'].join(
      '\n',
    );
    const { rows, unread, seen } = await read(csv, text);
    assert.deepEqual([rows.length, seen], [1, 5]);
    assert.deepEqual(unread, {
      'not as many cells as the header has': 1,
      'the header again': 1,
      'no request in it (an entry of another kind)': 1,
      [UNREAD.noStamp]: 1,
    });
  });

  it('keeps what came before a quote that is never closed, and says so', async () => {
    const good = '1764005161,/p,"ok"\n'.repeat(50);
    const { rows, unread } = await read(
      csv,
      `time,path,agent\n${good}1764005161,/p,"open\n${'1764005161,/p,\n'.repeat(5_000)}`,
    );
    assert.equal(rows.length, 50);
    assert.match(
      Object.keys(unread).join(),
      /^cut: line \d+: a quoted cell is not closed: read up to there$/,
    );
  });

  it('reads on where a quote stands in the middle of a cell', async () => {
    const { rows } = await read(csv, 'time, path ,agent\n1764005161, /p,a "b" c\n1764005161,/q,"d" e\n');
    assert.deepEqual(
      rows.map(({ path }) => path),
      ['/p', '/q'],
    );
  });
});

describe("JMeter's results", () => {
  const HEADER = 'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes,URL,Latency';

  it('are read when they have URLs: stamps are starts', async () => {
    const line = '1764005161250,87,Product,200,"OK, fine",Group 1-7,true,512,https://shop.example/p/1?a=b,80';
    const { reading, rows } = await read(csv, `${HEADER}\n${line}\n`);
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1e3]);
    const { startUs, durationUs, method, host, path, status, bytes } = rows[0]!;
    assert.deepEqual([startUs, durationUs, method], [AT_US, 87_000, 'GET']);
    assert.deepEqual([host, path, status, bytes], ['shop.example', '/p/1?a=b', 200, 512]);
  });

  it('do not fit without them', () => {
    const line = '1764005161250,87,Product,200,OK,Group 1-7,true,512,null,80';
    assert.equal(detect(csv, `${HEADER}\n${line}\n`), null);
  });
});

it('does not fit a curve, a log, or one column', () => {
  for (const text of [
    'offset_s,requests\n0,12\n60,14\n',
    '192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET /p HTTP/1.1" 200 512\n'.repeat(3),
    'path\n/p\n/q\n',
    '',
    `${',time'.repeat(100_000)}\n1\n`,
  ]) {
    assert.equal(detect(csv, text), null);
  }
});
