// S3 server access logs: bracketed times, fields that may be missing, and what S3 does by itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { s3 } from '../../src/recording/formats/s3.js';
import { detect, read } from './support.js';

const START_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3;
const HEAD = '79a59df900b949e5 shop-assets [24/Nov/2025:17:26:01 +0000] 192.0.2.7 arn:aws:iam::1:user/a 3E57';
const TAIL =
  '- s9lzHYrF= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader shop-assets.s3.amazonaws.com TLSv1.2 - -';

function line(
  request: string,
  answer = '200 - 113 113 17 6',
  agent = '"-" "Mozilla/5.0 (X11) Firefox/140.0"',
): string {
  return `${HEAD} REST.GET.OBJECT img/a%2520b.jpg ${request} ${answer} ${agent} ${TAIL}\n`;
}

describe('a line of S3', () => {
  it('gives all its fields; the path is the one of the request, not the key', async () => {
    const { rows, reading } = await read(s3, line('"GET /img/a%20b.jpg?versionId=1 HTTP/1.1"'));
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: START_US,
      durationUs: 17_000,
      method: 'GET',
      host: 'shop-assets.s3.amazonaws.com',
      path: '/img/a%20b.jpg?versionId=1',
      status: 200,
      bytes: 113,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1e6]);
  });

  it('may have any field missing, or end early as old ones do', async () => {
    const { rows } = await read(
      s3,
      `${line('"GET /a HTTP/1.1"', '304 - - - - -')}${HEAD} REST.GET.OBJECT a "GET /b HTTP/1.1" 404 NoSuchKey\n`,
    );
    assert.deepEqual(
      rows.map(({ path, status, bytes, durationUs, host }) => [path, status, bytes, durationUs, host]),
      [
        ['/a', 304, undefined, undefined, 'shop-assets.s3.amazonaws.com'],
        ['/b', 404, undefined, undefined, undefined],
      ],
    );
  });

  it('may have quotes in the agent, which S3 does not escape', async () => {
    const { rows } = await read(s3, line('"GET /a HTTP/1.1"', undefined, '"-" "a "quoted"agent"'));
    assert.equal(rows[0]?.host, 'shop-assets.s3.amazonaws.com');
  });

  it('is no request when S3 did it by itself', async () => {
    const own = `${HEAD} S3.EXPIRE.OBJECT a - - - - 113 - - "-" "-" ${TAIL}\n`;
    assert.deepEqual((await read(s3, own)).unread, { [UNREAD.noRequest]: 1 });
  });

  it('is not taken for one where the operation is missing', () => {
    assert.equal(detect(s3, line('"GET /a HTTP/1.1"').replace('REST.GET.OBJECT', 'GET')), null);
  });
});
