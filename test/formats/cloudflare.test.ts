// Cloudflare's Logpush: stamps in all their forms, and requests that nobody outside made.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cloudflare } from '../../src/recording/formats/cloudflare.js';
import { SET_APART } from '../../src/recording/formats/format.js';
import { detect, read } from './support.js';

const ENTRY = {
  ClientIP: '192.0.2.7',
  ClientRequestHost: 'shop.example',
  ClientRequestMethod: 'GET',
  ClientRequestScheme: 'https',
  ClientRequestURI: '/p?x=1',
  ClientRequestPath: '/p',
  ClientRequestUserAgent: 'Mozilla/5.0 Firefox/140.0',
  EdgeResponseBytes: 12_480,
  EdgeResponseStatus: 200,
};

function line(start: string, end: string, more: object = {}): string {
  const rest = JSON.stringify({ ...ENTRY, ...more }).slice(1);
  return `{"EdgeStartTimestamp":${start},"EdgeEndTimestamp":${end},${rest}`;
}

describe('stamps of Logpush', () => {
  const cases: readonly [string, string, string, number, number | undefined, number][] = [
    ['RFC 3339 in whole seconds', '"2025-11-24T17:26:01Z"', '"2025-11-24T17:26:02Z"', 0, undefined, 1e6],
    [
      'RFC 3339 with nanoseconds',
      '"2025-11-24T17:26:01.250000123Z"',
      '"2025-11-24T17:26:01.273Z"',
      250_000,
      23_000,
      1,
    ],
    ['seconds', '1764005161', '1764005161', 0, undefined, 1e6],
    ['milliseconds in quotes', '"1764005161250"', '"1764005161273"', 250_000, 23_000, 1e3],
    ['nanoseconds', '1764005161250000999', '1764005161273000999', 250_000, 23_000, 1],
  ];
  for (const [name, start, end, us, durationUs, step] of cases) {
    it(`are read as ${name}`, async () => {
      const { reading, rows } = await read(cloudflare, line(start, end));
      assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', step]);
      assert.deepEqual([rows[0]?.startUs, rows[0]?.durationUs], [1_764_005_161_000_000 + us, durationUs]);
    });
  }

  it('count as whole seconds when all of many nanoseconds are', () => {
    const text = Array.from({ length: 20 }, (_, i) => line(`${1764005161 + i}000000000`, 'null')).join('\n');
    assert.equal(detect(cloudflare, text)?.resolutionUs, 1e6);
  });

  it('are ends where only the end is logged', async () => {
    const { reading, rows } = await read(
      cloudflare,
      JSON.stringify({ ...ENTRY, EdgeEndTimestamp: 1_764_005_161 }),
    );
    assert.equal(reading.stamp, 'end');
    assert.equal(rows[0]?.startUs, 1_764_005_161e6);
  });
});

it('keeps the query, the host and no status where there was no answer', async () => {
  const { rows } = await read(cloudflare, line('1764005161', '1764005161', { EdgeResponseStatus: 0 }));
  const { path, host, status, bytes } = rows[0]!;
  assert.deepEqual([path, host, status, bytes], ['/p?x=1', 'shop.example', undefined, 12_480]);
});

it("sets the platform's own requests apart", async () => {
  const own = [
    { WorkerSubrequest: true },
    { WorkerSubrequest: 'true' },
    { ClientRequestSource: 'edgeWorkerFetch' },
    { ClientRequestSource: 'healthcheck' },
  ];
  const outside = [{ ClientRequestSource: 'eyeball', WorkerSubrequest: false }, { ClientRequestSource: '' }];
  const text = [...own, ...outside].map((more) => line('1764005161', '1764005161', more)).join('\n');
  const { rows, unread } = await read(cloudflare, text);
  assert.deepEqual([rows.length, unread], [2, { [SET_APART.platform]: 4 }]);
});
