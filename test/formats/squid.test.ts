// Squid's native log: padded columns, absolute URLs, and what never became a request.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { squid } from '../../src/recording/formats/squid.js';
import { detect, read } from './support.js';

const LINE =
  '1764005161.586    919 192.0.2.7 TCP_MISS/200 512 GET http://shop.example/p/1?a=b - HIER_DIRECT/198.51.100.2 text/html\n';

describe('a line of Squid', () => {
  it('gives all its fields; the stamp is the end, to the millisecond', async () => {
    const { rows, reading } = await read(squid, LINE);
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: 1_764_005_161_586_000,
      durationUs: 919_000,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'unknown',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['end', 1e3]);
  });

  for (const [what, line, reason] of [
    [
      'a tunnel',
      '1764005162.000 0 192.0.2.8 TCP_TUNNEL/200 39 CONNECT h:443 - HIER_NONE/- -\n',
      UNREAD.connect,
    ],
    [
      'a connection without a request',
      '1764005162.000 0 192.0.2.8 NONE_NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -\n',
      UNREAD.noRequest,
    ],
    ['a target that is no URL', LINE.replace('http://shop.example/p/1', 'urn:a:b'), UNREAD.noPath],
    ['a stamp without milliseconds', LINE.replace('.586', ''), UNREAD.notFormat],
  ] as const) {
    it(`is no request: ${what}`, async () => {
      assert.deepEqual((await read(squid, LINE + line)).unread, { [reason]: 1 });
    });
  }

  it('is not taken for one without a result code', () => {
    assert.equal(detect(squid, LINE.replace('TCP_MISS/200', '200')), null);
  });
});
