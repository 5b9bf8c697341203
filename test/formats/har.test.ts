// HARs: what becomes a row, what is set apart and why, and that broken ones are refused with a place.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../src/problem.js';
import { SET_APART, UNREAD } from '../../src/recording/formats/format.js';
import { har } from '../../src/recording/formats/har.js';
import { UNREAD_ENTRY } from '../../src/recording/formats/har-entry.js';
import { Clients } from '../../src/recording/read/clients.js';
import { entry, HTML, harOf, PAGE, type Part } from './har-support.js';
import { detect, read } from './support.js';

describe('an entry of a HAR', () => {
  it('becomes a row with its start, duration, host, path, status and size', async () => {
    const { rows, seen, unread, reading } = await read(har, harOf([PAGE]));
    assert.equal(seen, 1);
    assert.deepEqual(unread, {});
    assert.equal(reading.stamp, 'start');
    assert.equal(reading.resolutionUs, 1_000);
    const [row] = rows;
    assert.equal(row?.startUs, Date.UTC(2025, 10, 24, 17, 26, 1, 250) * 1e3);
    assert.equal(row?.durationUs, 41_500);
    assert.equal(row?.host, 'www.shop.example');
    assert.equal(row?.path, '/');
    assert.equal(row?.status, 200);
    assert.equal(row?.bytes, 512);
    assert.equal(row?.clientClass, 'person');
    assert.equal(row?.headers, '[["user-agent","Mozilla/5.0 (X11) Firefox/128.0"],["accept","*/*"]]');
    assert.equal(row?.body, undefined);
  });

  const single: readonly (readonly [string, Part, string | undefined])[] = [
    ['an image', entry('https://www.shop.example/a.png'), undefined],
    ['a host of the same registrable domain', entry('https://cdn.shop.example/a.png'), undefined],
    ['a third party', entry('https://www.tracker.example/p.gif'), SET_APART.thirdParty],
    ['data:', entry('data:image/png;base64,iVBORw0KGgo='), SET_APART.noServer],
    ['data: of any length', entry(`data:text/css,${'x'.repeat(70_000)}`), SET_APART.noServer],
    ['blob:', entry('blob:https://www.shop.example/1f'), SET_APART.noServer],
    ['an extension of the browser', entry('chrome-extension://abc/a.js'), SET_APART.noServer],
    ['wss:', entry('wss://www.shop.example/live'), SET_APART.upgrade],
    ['status 101', entry('https://www.shop.example/live', {}, {}, { status: 101 }), SET_APART.upgrade],
    ['CONNECT', entry('www.shop.example:443', {}, { method: 'CONNECT' }), UNREAD.connect],
    ['method ""', entry('https://www.shop.example/', {}, { method: '' }), UNREAD_ENTRY.noRequest],
    ['no URL', entry('', {}), UNREAD_ENTRY.noRequest],
    ['no request', { startedDateTime: '2025-11-24T17:26:01Z' }, UNREAD_ENTRY.noRequest],
    ['no stamp', entry('https://www.shop.example/', { startedDateTime: undefined }), UNREAD.noStamp],
    ['status 0', entry('https://www.shop.example/a', {}, {}, { status: 0 }), SET_APART.unanswered],
    ['the memory cache', entry('https://www.shop.example/a', { _fromCache: 'memory' }), SET_APART.fromCache],
    [
      "Safari's cache",
      entry('https://www.shop.example/a', { _fetchType: 'Disk Cache' }),
      SET_APART.fromCache,
    ],
    [
      "Firefox's cache",
      entry(
        'https://www.shop.example/a',
        { time: 0, timings: {} },
        {},
        { httpVersion: '', headers: [], bodySize: -1 },
      ),
      SET_APART.fromCache,
    ],
    [
      'an answer without headers that took its time',
      entry('https://www.shop.example/a', { time: 3 }, {}, { httpVersion: '', headers: [] }),
      undefined,
    ],
    [
      'nothing transferred',
      entry('https://www.shop.example/a', {}, {}, { _transferSize: 0 }),
      SET_APART.fromCache,
    ],
    [
      'a 304, which did reach the server',
      entry('https://www.shop.example/a', {}, {}, { status: 304, _transferSize: 0 }),
      undefined,
    ],
    [
      'an event stream',
      entry('https://www.shop.example/a', {}, {}, { content: { mimeType: 'text/event-stream' } }),
      SET_APART.longPoll,
    ],
    ['a redirect', entry('https://www.shop.example/a', {}, {}, { status: 302 }), undefined],
    ['a URL of no end', entry(`https://www.shop.example/${'x'.repeat(70_000)}`), UNREAD.urlTooLong],
  ];
  for (const [name, one, reason] of single) {
    it(`${name}: ${reason ?? 'a row'}`, async () => {
      const { rows, unread, seen } = await read(har, harOf([PAGE, one]));
      assert.equal(seen, 2);
      assert.deepEqual(unread, reason === undefined ? {} : { [reason]: 1 });
      assert.equal(rows.length, reason === undefined ? 2 : 1);
    });
  }

  it('is sent without its fragment and without a user name', async () => {
    const { rows } = await read(har, harOf([entry('https://u:p@Shop.Example:443/a?b=1#top', {}, {}, HTML)]));
    assert.equal(rows[0]?.path, '/a?b=1');
    assert.equal(rows[0]?.host, 'shop.example');
  });

  it('of -1 timings takes the sum of the others, without ssl', async () => {
    const timings = { blocked: 2, dns: -1, connect: 10, ssl: 8, send: 0.5, wait: 30, receive: 1 };
    const { rows } = await read(har, harOf([{ ...PAGE, time: -1, timings }]));
    assert.equal(rows[0]?.durationUs, 43_500);
    const none = await read(har, harOf([{ ...PAGE, time: undefined, timings: undefined }]));
    assert.equal(none.rows[0]?.durationUs, undefined);
  });

  it('without headers has none', async () => {
    const { rows } = await read(
      har,
      harOf([entry('http://shop.example/', {}, { headers: undefined }, HTML)]),
    );
    assert.equal(rows[0]?.headers, undefined);
    assert.equal(rows[0]?.clientClass, 'unknown');
  });
});

describe('a HAR', () => {
  it('is put in order of its starts, whatever their zones', async () => {
    const at = (startedDateTime: string, path: string) =>
      entry(`https://www.shop.example${path}`, { startedDateTime }, {}, HTML);
    const text = harOf([
      at('2025-11-24T18:26:03.000+01:00', '/3'),
      at('2025-11-24T17:26:02.000Z', '/2'),
      at('2025-11-24T09:26:01.1234567-08:00', '/1'),
    ]);
    const { rows } = await read(har, text);
    assert.deepEqual(
      rows.map((row) => row.path),
      ['/1', '/2', '/3'],
    );
  });

  it('may hold the pages of several sites: each counts as own', async () => {
    const page = (url: string, pageref: string) => entry(url, { pageref }, {}, HTML);
    const text = harOf([
      page('https://www.shop.example/', 'p1'),
      entry('https://img.other.example/x.png', { pageref: 'p1' }),
      page('https://ads.example/frame', 'p1'),
      page('https://www.other.example/', 'p2'),
    ]);
    const { rows, unread } = await read(har, text);
    assert.deepEqual(
      rows.map((row) => row.host),
      ['www.shop.example', 'img.other.example', 'www.other.example'],
    );
    assert.deepEqual(unread, { [SET_APART.thirdParty]: 1 });
  });

  it('takes the page behind a redirect for the shop, not the short link', async () => {
    const text = harOf([
      entry('https://sho.rt/1', {}, {}, { ...HTML, status: 301 }),
      entry('https://www.shop.example/', {}, {}, HTML),
    ]);
    const { rows } = await read(har, text);
    assert.deepEqual(
      rows.map((row) => row.host),
      ['www.shop.example'],
    );
  });

  it('without a document takes the site of its first entry in time', async () => {
    const text = harOf([
      entry('https://b.example/', { startedDateTime: '2025-11-24T17:26:02Z' }),
      entry('https://api.a.example/', { startedDateTime: '2025-11-24T17:26:01Z' }),
    ]);
    const { rows } = await read(har, text);
    assert.deepEqual(
      rows.map((row) => row.host),
      ['api.a.example'],
    );
  });

  it('tells shops of a platform apart, and takes addresses and single names as they are', async () => {
    const text = harOf([
      entry('https://one.myshopify.com/', {}, {}, HTML),
      entry('https://two.myshopify.com/'),
      entry('http://10.0.0.7:8080/'),
      entry('http://localhost/', { pageref: 'p2' }, {}, HTML),
    ]);
    const { rows } = await read(har, text);
    assert.deepEqual(
      rows.map((row) => row.host),
      ['one.myshopify.com', 'localhost'],
    );
  });

  it('is one visitor, and another HAR is another', async () => {
    const first = await read(
      har,
      harOf([PAGE, entry('https://www.shop.example/a', { connection: '9' }, { headers: [] })]),
    );
    const second = await read(har, harOf([{ ...PAGE, startedDateTime: '2025-11-24T17:30:00.000Z' }]));
    assert.equal(new Set(first.rows.map((row) => row.client)).size, 1);
    assert.notEqual(first.rows[0]?.client, second.rows[0]?.client);
  });

  it('may begin with a byte order mark, and have its entries before its version', async () => {
    const text = JSON.stringify({ log: { entries: [PAGE], version: '1.2' } });
    assert.equal((await read(har, `\ufeff  ${text}\n`)).rows.length, 1);
  });

  it('is read past what stands beside its entries, keys of the same name too', async () => {
    const text = harOf([PAGE], {
      pages: [{ id: 'log', entries: [1, { a: [{}] }] }],
      comment: '"entries":[{}',
    });
    const { rows, seen } = await read(har, text);
    assert.equal(rows.length, 1);
    assert.equal(seen, 1);
  });

  it('has its entries in its log, and nowhere else', async () => {
    const text = `${harOf([PAGE]).slice(0, -1)},"other":{"entries":[{},{}]}}`;
    assert.equal((await read(har, text)).seen, 1);
  });

  it('may come in chunks that are used again', async () => {
    const bytes = Buffer.from(harOf([PAGE, PAGE]));
    const reading = detect(har, bytes);
    assert.ok(reading?.kind === 'records');
    const source = (async function* () {
      const chunk = Buffer.alloc(100);
      for (let at = 0; at < bytes.length; at += 100)
        yield chunk.subarray(0, bytes.copy(chunk, 0, at, at + 100));
    })();
    const unread: string[] = [];
    const counter = { seen: () => {}, unread: (why: string) => void unread.push(why), cut: () => {} };
    let rows = 0;
    for await (const batch of reading.read(source, new Clients('k', 256), counter)) rows += batch.length;
    assert.deepEqual(unread, []);
    assert.equal(rows, 2);
  });

  it('without entries has no rows', async () => {
    assert.equal((await read(har, harOf([]))).rows.length, 0);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [
      'cut off',
      harOf([PAGE, PAGE]).slice(0, -40),
      /is cut off: it ends in the middle \(line 1, column \d+\)/,
    ],
    ['a list of HARs', `[${harOf([PAGE])}]`, /is a list; one HAR/],
    ['a list for a log', '{"log":\n[ 1, 2 ]}', /has a list for its "log".* \(line 2, column 1\)/],
    [
      'brackets that do not match',
      '{"log":{"version":"1.2",\n  "entries":[}}',
      /brackets do not match \(line 2, column 14\)/,
    ],
    ['two HARs in a row', `${harOf([])}\n${harOf([])}`, /goes on behind its end \(line 2, column 1\)/],
    ['no entries', '{"log":{"version":"1.2"}}', /has no list of entries/],
    ['nested without end', `{"log":{"version":${'['.repeat(20_000)}`, /nested too deeply/],
  ];
  for (const [name, text, message] of refused) {
    it(`is refused with a place: ${name}`, async () => {
      await assert.rejects(read(har, text), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('counts an entry that is not JSON and reads the others', async () => {
    const text = harOf([PAGE, PAGE]).replace('"time":41.5', '"time":41,5');
    const { rows, unread } = await read(har, text);
    assert.equal(rows.length, 1);
    assert.deepEqual(unread, { [UNREAD.notJson]: 1 });
  });

  it('is told from the JSON lines of containers', () => {
    assert.equal(detect(har, '{"log":"GET / HTTP/1.1\\n","stream":"stdout"}\n'), null);
    assert.equal(detect(har, '{"log":{"level":"info"},"message":"x"}\n'), null);
    assert.equal(detect(har, '{"entries":[]}'), null);
  });

  it('of any damage is rows, counts or a UserError', async () => {
    const text = harOf([
      PAGE,
      entry('https://www.shop.example/a', {}, { method: 'POST', postData: { text: 'x' } }),
    ]);
    const damage = fc.array(
      fc.record({
        at: fc.nat(text.length),
        cut: fc.nat(30),
        by: fc.constantFrom('', '"', '\\', '{', ']', '[', '}', ',', '9', 'null', '\n', '\u0000', 'é'),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(damage, async (edits) => {
        let damaged = text;
        for (const { at, cut, by } of edits) damaged = damaged.slice(0, at) + by + damaged.slice(at + cut);
        if (detect(har, damaged) === null) return;
        try {
          const { rows, unread, seen } = await read(har, damaged);
          assert.equal(rows.length + Object.values(unread).reduce((sum, n) => sum + n, 0), seen);
          for (const row of rows) assert.match(row.path, /^\/[\x21-\x7e]*$/);
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
