// nginx-proxy-manager's two formats, which differ by what stands before the status.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { nginxProxyManager } from '../../src/recording/formats/npm.js';
import { read } from './support.js';

function line(answer = '- 200 200', request = 'GET https shop.example "/p/1?a=b"', sent = ' [Sent-to web1]') {
  const tail = `[Client 192.0.2.7] [Length 512] [Gzip 3.10]${sent} "Mozilla/5.0 (X11) Firefox/140.0" "-"`;
  return `[24/Nov/2025:17:26:01 +0100] ${answer} - ${request} ${tail}\n`;
}

describe('a line of nginx-proxy-manager', () => {
  it('gives all its fields; the stamp is the end', async () => {
    const { rows, reading } = await read(nginxProxyManager, line());
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: Date.UTC(2025, 10, 24, 16, 26, 1) * 1e3,
      durationUs: undefined,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['end', 1e6]);
  });

  it('has the status that the client got, after those of the cache and the upstreams', async () => {
    for (const [answer, status] of [
      ['404', 404],
      ['HIT 200 304', 304],
      ['- - 499', 499],
      ['- 502, 504 502', 502],
      ['MISS 502 : 200 200', 200],
    ] as const) {
      const { rows } = await read(nginxProxyManager, line(answer));
      assert.equal(rows[0]?.status, status, answer);
    }
  });

  it('may have no upstream, escapes in the path, and quotes escaped', async () => {
    const { rows } = await read(nginxProxyManager, line('200', 'GET http shop.example "/a\\x22b\\xC3"', ''));
    assert.equal(rows[0]?.path, '/a"b%C3');
    assert.equal(rows[0]?.clientClass, 'person');
  });

  it('is no request without a method, and lines of the error log are none either', async () => {
    const error = '2025/11/24 17:26:01 [error] 334#334: *338 user "a": password mismatch\n';
    const { unread } = await read(nginxProxyManager, line() + line('400', '- http localhost ""') + error);
    assert.deepEqual(unread, { [UNREAD.noRequest]: 1, [UNREAD.notFormat]: 1 });
  });
});
