// HAProxy's HTTP logs: what syslog puts in front, captured headers, escapes of its own, and what is no request.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { haproxy } from '../../src/recording/formats/haproxy.js';
import { Zone } from '../../src/recording/read/zone.js';
import { detect, read } from './support.js';

const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3 + 143_000;
const GET = 'GET /p/1?a=b HTTP/1.1';

interface Line {
  readonly front?: string;
  readonly client?: string;
  readonly timers?: string;
  readonly answer?: string;
  readonly captured?: string;
  readonly request?: string;
}

function line(given: Line = {}): string {
  const { front = '', client = '192.0.2.7:53332', timers = '0/0/7/14/21', answer = '200 512' } = given;
  const { captured = '', request = `"${GET}"` } = given;
  const head = `${front}${client} [24/Nov/2025:17:26:01.143] http-in~ shop/web1 ${timers} ${answer}`;
  return `${head} - - ---- 2/1/0/0/+1 0/0 ${captured}${request}\n`;
}

async function row(given: Line) {
  const { rows, unread } = await read(haproxy, line(given));
  assert.equal(rows.length, 1, JSON.stringify(unread));
  return rows[0]!;
}

describe('a line of HAProxy', () => {
  it('gives all its fields; the stamp is the start, to the millisecond', async () => {
    const { rows, reading } = await read(haproxy, line());
    const { client: _, ...found } = rows[0]!;
    assert.deepEqual(found, {
      startUs: AT_US,
      durationUs: 21_000,
      method: 'GET',
      host: undefined,
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'unknown',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1e3]);
  });

  it('is read behind whatever syslog puts in front', async () => {
    const { client } = await row({});
    for (const front of [
      'Nov 24 17:26:01 lb1 haproxy[7]: ',
      'Nov  4 17:26:01 192.0.2.1 haproxy[1]: ',
      '2025-11-24T17:26:01+00:00 lb1 haproxy[7]: ',
      '<134>1 2025-11-24T17:26:01Z lb1 haproxy 7 - [a b="c"] ',
    ]) {
      assert.equal((await row({ front })).client, client, front);
    }
  });

  it('has no zone, so its stamp is in the one that the user names', async () => {
    const { rows, stampModel } = await read(haproxy, line(), { zone: Zone.parse('America/New_York')! });
    assert.equal(rows[0]?.startUs, AT_US + 5 * 3600e6);
    assert.match(stampModel, /America\/New_York/);
  });

  it('has no duration when it was aborted or logged before its end', async () => {
    assert.equal((await row({ timers: '-1/-1/-1/-1/5000', answer: '408 212' })).durationUs, 5_000_000);
    assert.equal((await row({ timers: '0/0/7/14/+21', answer: '200 +512' })).durationUs, undefined);
    assert.equal((await row({ timers: '0/0/7/14/-1', answer: '-1 0' })).durationUs, undefined);
    assert.equal((await row({ answer: '-1 0' })).status, undefined);
  });

  it('may have captured headers, of which a host is taken when it alone can be one', async () => {
    const cases = [
      ['{shop.example} ', 'shop.example', 'unknown'],
      ['{Shop.Example:8443|Mozilla/5.0 (X11) Firefox/140.0} {} ', 'shop.example:8443', 'person'],
      ['{Mozilla/5.0 (X11; rv:65.0) Firefox/140.0|} {nginx} ', undefined, 'person'],
      ['{a.example|b.example} ', undefined, 'unknown'],
      ['{192.0.2.9|https://shop.example/} ', undefined, 'unknown'],
      ['{} {shop.example} ', undefined, 'unknown'],
    ] as const;
    for (const [captured, host, clientClass] of cases) {
      const found = await row({ captured });
      assert.deepEqual([found.host, found.clientClass], [host, clientClass], captured);
    }
  });

  it('writes quotes, hashes and what is not printable as #XX', async () => {
    assert.equal((await row({ request: '"GET /a#22b#23c#C3#A9 HTTP/1.1"' })).path, '/a"b#c%C3%A9');
  });

  it('may have an absolute URL, TLS fields behind the request, and an IPv6 client', async () => {
    const request = '"GET https://shop.example/p HTTP/2.0" 0/00000/0/0/0 TLSv1.3/TLS_AES_256';
    const found = await row({ request, client: '2001:db8::7:53332' });
    assert.deepEqual([found.host, found.path], ['shop.example', '/p']);
    assert.equal(found.client, (await row({ client: '2001:db8::7:1' })).client);
  });
});

describe('what is no request', () => {
  const long = 'x'.repeat(1_100);
  const connection = 'connection without a request (TLS handshake or protocol error)';
  const own = 'message of HAProxy about itself';
  const cases = [
    ['a bad request', line({ answer: '400 187', request: '"<BADREQ>"' }), UNREAD.noRequest],
    ['a request without its closing quote', line({ request: '"GET /p' }), 'request cut off by the log'],
    ['a URL cut at the length of the log', line({ request: `"GET /${long}"` }), 'request cut off by the log'],
    [
      'a failed handshake',
      '192.0.2.7:1 [24/Nov/2025:17:26:01.143] web/1: SSL handshake failure\n',
      connection,
    ],
    ['a start', 'Nov 24 17:26:01 lb1 haproxy[1]: Proxy web started.\n', own],
    ['a server that went down', 'Nov 24 17:26:01 lb1 haproxy[1]: Server shop/web1 is DOWN.\n', own],
    [
      'a TCP connection',
      '192.0.2.7:1 [24/Nov/2025:17:26:01.143] in shop/web1 0/0/5007 212 -- 0/0/0/0/3 0/0\n',
      'connection without HTTP (TCP log)',
    ],
    ["another program's line", 'Nov 24 17:26:01 lb1 sshd[4]: Accepted publickey\n', UNREAD.notFormat],
  ] as const;
  for (const [what, text, reason] of cases) {
    it(`is counted as such: ${what}`, async () => {
      const { rows, unread } = await read(haproxy, `${line()}${text}`);
      assert.equal(rows.length, 1);
      assert.deepEqual(unread, { [reason]: 1 });
    });
  }

  it('is not a line of a combined log', () => {
    const text = '192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET / HTTP/1.1" 200 512 "-" "-"\n';
    assert.equal(detect(haproxy, text), null);
  });
});
