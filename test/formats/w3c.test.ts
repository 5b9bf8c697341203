// W3C extended logs: headers that come again and change, columns by name, and what each writer does to its values.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseField } from '../../src/recording/fields/field-map.js';
import { SET_APART, UNREAD } from '../../src/recording/formats/format.js';
import { cloudfront, w3c } from '../../src/recording/formats/w3c.js';
import { Zone } from '../../src/recording/read/zone.js';
import { detect, read } from './support.js';

const AT = '2025-11-24 17:26:01';
const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3;
const IIS =
  '#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2025-11-24 17:26:01\n';
const FIELDS =
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs-host ' +
  'sc-status sc-substatus sc-win32-status sc-bytes time-taken\n';

function iis(stem: string, query = '-', agent = 'Mozilla/5.0+(Windows+NT+10.0)'): string {
  return `${AT} 10.0.0.1 GET ${stem} ${query} 443 - 192.0.2.7 ${agent} shop.example 200 0 64 512 123\n`;
}

describe('a log of IIS', () => {
  it('gives all its fields; the stamp is the end and durations are milliseconds', async () => {
    const { rows, reading, unread } = await read(w3c, IIS + FIELDS + iis('/p/1', 'a=b&c=+d'));
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: AT_US,
      durationUs: 123_000,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?a=b&c=+d',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs, reading.score], ['end', 1e6, 1]);
    assert.deepEqual(unread, { [UNREAD.directive]: 4 });
  });

  it('has its path encoded again, as IIS logs it decoded', async () => {
    const cases = [
      ['/my+page.aspx', '/my%20page.aspx'],
      ['/a?b#c', '/a%3Fb%23c'],
      ['/caf\u00e9', '/caf%C3%A9'],
    ] as const;
    for (const [stem, path] of cases) {
      const { rows } = await read(w3c, IIS + FIELDS + iis(stem));
      assert.equal(rows[0]?.path, path);
    }
  });

  it('is read by the latest header, which may come again and change', async () => {
    const other = `#Fields: time date cs-uri-stem cs-method sc-status\n17:26:02 2025-11-24 /other POST 201\n`;
    const { rows } = await read(w3c, IIS + FIELDS + iis('/a') + IIS + FIELDS + iis('/b') + other);
    assert.deepEqual(
      rows.map(({ path, method, status }) => [path, method, status]),
      [
        ['/a', 'GET', 200],
        ['/b', 'GET', 200],
        ['/other', 'POST', 201],
      ],
    );
  });

  it('tells clients behind a balancer apart by the address that it forwards', async () => {
    const fields = '#Fields: date time cs-method cs-uri-stem c-ip X-Forwarded-For\n';
    const line = (forwarded: string) => `${AT} GET / 10.0.0.9 ${forwarded}\n`;
    const { rows } = await read(w3c, fields + line('192.0.2.7') + line('192.0.2.8,+10.0.0.1') + line('-'));
    assert.equal(new Set(rows.map(({ client }) => client)).size, 3);
  });

  it('with a header alone is one of an hour without requests', async () => {
    const { reading, rows } = await read(w3c, IIS + FIELDS);
    assert.equal(reading.score, 1);
    assert.equal(rows.length, 0);
    assert.equal(detect(w3c, IIS), null, 'without #Fields nothing is known');
  });
});

describe('other W3C logs', () => {
  it('may quote values, with blanks and doubled quotes in them', async () => {
    const fields = '#Fields: date time cs-method cs-uri-stem c-ip cs(User-Agent) sc-status\n';
    const line = `"2025-11-24"  "17:26:01"   "GET" "/p" "192.0.2.7" "Mozilla/5.0 (X11) ""a"" b" "404"\n`;
    const { rows } = await read(w3c, fields + line);
    assert.deepEqual([rows[0]?.path, rows[0]?.status, rows[0]?.clientClass], ['/p', 404, 'person']);
  });

  it('may have the whole URI in one column, with or without its scheme', async () => {
    const fields = '#Fields: date time cs-method cs-uri cs-uri-query\n';
    const lines = ['/p?x=1 -', 'http://shop.example/p -', 'shop.example/p.php a=b'].map(
      (rest) => `${AT} GET ${rest}\n`,
    );
    const { rows } = await read(w3c, fields + lines.join(''));
    assert.deepEqual(
      rows.map(({ host, path }) => [host, path]),
      [
        [undefined, '/p?x=1'],
        ['shop.example', '/p'],
        ['shop.example', '/p.php?a=b'],
      ],
    );
  });

  it('may have a time alone, on the day of #Date, and pass midnight', async () => {
    const log =
      '#Date: 2025-11-24 23:59:58\n#Fields: time cs-method cs-uri-stem\n23:59:59 GET /a\n00:00:01 GET /b\n00:00:00 GET /c\n' +
      '#Date: 2025-12-01 10:00:00\n10:00:00 GET /d\n';
    const { rows } = await read(w3c, log);
    assert.deepEqual(
      rows.map(({ startUs }) => new Date(startUs / 1e3).toISOString().slice(5, 19)),
      ['11-24T23:59:59', '11-25T00:00:01', '11-25T00:00:00', '12-01T10:00:00'],
    );
  });

  it('may have local times, with milliseconds, in the zone that the user names', async () => {
    const log =
      '#Fields: date-local time-local cs-method cs-uri-stem TimeTakenMS\n2025-11-24 17:26:01.363 GET /a 9\n';
    const { rows, reading, stampModel } = await read(w3c, log, { zone: Zone.parse('+0200')! });
    assert.equal(rows[0]?.startUs, AT_US + 363_000 - 7200e6);
    assert.equal(rows[0]?.durationUs, 9_000);
    assert.equal(reading.resolutionUs, 1e3);
    assert.match(stampModel, /\+0200/);
  });

  it('have durations only where their unit is known: by a fraction, or from the user', async () => {
    const log = (taken: string) =>
      `#Fields: date time cs-method cs-uri-stem time-taken\n${AT} GET /a ${taken}\n`;
    assert.equal((await read(w3c, log('0.250'))).rows[0]?.durationUs, 250_000);
    assert.equal((await read(w3c, log('370879'))).rows[0]?.durationUs, undefined);
    const fields = { duration: parseField('duration=time-taken@us')!.field };
    assert.equal((await read(w3c, log('370879'), { fields })).rows[0]?.durationUs, 370_879);
  });

  const cases = [
    ['more columns than declared, so that nothing says which is which', `${AT} GET /a b\n`],
    ['fewer columns than declared', `${AT} GET\n`],
  ] as const;
  for (const [what, line] of cases) {
    it(`are not read where a line has ${what}`, async () => {
      const { unread, rows } = await read(w3c, `#Fields: date time cs-method cs-uri-stem\n${line}`);
      assert.equal(rows.length, 0);
      assert.equal(unread['columns are not those that #Fields declares'], 1);
    });
  }

  it('of FTP have no HTTP requests in them', async () => {
    const { unread } = await read(w3c, `#Fields: date time cs-method cs-uri-stem\n${AT} [2]USER anonymous\n`);
    assert.equal(unread[UNREAD.notHttp], 1);
  });
});

describe('a log of CloudFront', () => {
  const header =
    '#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status ' +
    'cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol ' +
    'cs-bytes time-taken x-forwarded-for\n';
  const line = (agent = 'Mozilla/5.0%20(X11)%20Firefox/140.0', protocol = 'https', host = 'shop.example') =>
    `2025-11-24\t17:26:01\tCDG50-P2\t703\t192.0.2.7\tGET\td1.cloudfront.net\t/p\t200\t-\t${agent}\ta=b\t-\tHit\t` +
    `375W==\t${host}\t${protocol}\t62\t0.113\t-\n`;

  it('has the host that the viewer asked for, and durations in seconds', async () => {
    const { rows, reading } = await read(cloudfront, header + line());
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: AT_US,
      durationUs: 113_000,
      method: 'GET',
      host: 'shop.example',
      path: '/p?a=b',
      status: 200,
      bytes: 703,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
    assert.equal(reading.stamp, 'end');
    assert.equal(
      (await read(cloudfront, header + line('-', 'https', '-'))).rows[0]?.host,
      'd1.cloudfront.net',
    );
  });

  it('has the same client whether agents are encoded once or twice', async () => {
    const { rows } = await read(
      cloudfront,
      header + line() + line('Mozilla/5.0%2520(X11)%2520Firefox/140.0'),
    );
    assert.equal(rows[0]?.client, rows[1]?.client);
  });

  it('is read without its header too, and its websockets are set apart', async () => {
    const { rows, unread } = await read(cloudfront, line() + line('-', 'wss'));
    assert.equal(rows.length, 1);
    assert.deepEqual(unread, { [SET_APART.upgrade]: 1 });
  });

  it('is not taken for one of IIS, nor one of IIS for it', () => {
    assert.equal(detect(w3c, header + line()), null);
    assert.equal(detect(cloudfront, IIS + FIELDS + iis('/a')), null);
  });
});
