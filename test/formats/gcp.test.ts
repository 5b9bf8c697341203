// Google Cloud's request logs, one entry a line or as the list that gcloud prints.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { gcp } from '../../src/recording/formats/gcp.js';
import { detect, read } from './support.js';

const ENTRY = {
  timestamp: '2025-11-24T17:26:01.250123Z',
  httpRequest: {
    latency: '0.058927s',
    remoteIp: '192.0.2.7',
    requestMethod: 'GET',
    requestSize: '257',
    requestUrl: 'https://shop.example/console/?a=1',
    responseSize: '1467',
    status: 302,
    userAgent: 'curl/8.5.0',
  },
  resource: { type: 'http_load_balancer' },
};

it('reads an entry: texts for sizes and latency, the host from the URL', async () => {
  const { reading, rows } = await read(gcp, JSON.stringify(ENTRY));
  assert.equal(reading.stamp, 'unknown');
  const { client: _, clientClass: __, ...rest } = rows[0]!;
  assert.deepEqual(rest, {
    startUs: 1_764_005_161_250_123,
    durationUs: 58_927,
    method: 'GET',
    host: 'shop.example',
    path: '/console/?a=1',
    status: 302,
    bytes: 1_467,
    headers: undefined,
    body: undefined,
  });
});

it('reads the list that gcloud prints', async () => {
  const { reading, rows } = await read(gcp, JSON.stringify([ENTRY, ENTRY, ENTRY], null, 2));
  assert.deepEqual([reading.kind, reading.score, rows.length], ['records', 1, 3]);
});

it('counts entries without a request and without a time', async () => {
  const { timestamp: _, ...untimed } = ENTRY;
  const other = { timestamp: ENTRY.timestamp, textPayload: 'started' };
  const text = [ENTRY, untimed, other].map((entry) => JSON.stringify(entry)).join('\n');
  const { rows, unread } = await read(gcp, text);
  assert.equal(rows.length, 1);
  assert.deepEqual(unread, { [UNREAD.noStamp]: 1, 'no request in it (an entry of another kind)': 1 });
  assert.equal(detect(gcp, JSON.stringify(other)), null);
});
