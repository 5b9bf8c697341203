// Caddy's access log among its other messages.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { caddy } from '../../src/recording/formats/caddy.js';
import { detect, read } from './support.js';

const HANDLED = {
  level: 'info',
  ts: 1764005161.250123,
  logger: 'http.log.access',
  msg: 'handled request',
  request: {
    remote_ip: '10.0.0.1',
    client_ip: '192.0.2.7',
    proto: 'HTTP/2.0',
    method: 'POST',
    host: 'shop.example',
    uri: '/cart?id=7',
    headers: {
      'User-Agent': ['Mozilla/5.0 Firefox/140.0'],
      Cookie: ['REDACTED'],
      Authorization: ['REDACTED'],
    },
  },
  duration: 0.000002701,
  size: 512,
  status: 201,
};

const text = (...entries: readonly object[]) => entries.map((entry) => JSON.stringify(entry)).join('\n');

it('reads a handled request: its end, its duration in seconds, and none of its headers', async () => {
  const { reading, rows } = await read(caddy, text(HANDLED));
  assert.deepEqual([reading.stamp, reading.resolutionUs], ['end', 1]);
  const { client, ...rest } = rows[0]!;
  assert.match(client, /^[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    startUs: 1_764_005_161_250_123,
    durationUs: 3,
    method: 'POST',
    host: 'shop.example',
    path: '/cart?id=7',
    status: 201,
    bytes: 512,
    clientClass: 'person',
    headers: undefined,
    body: undefined,
  });
});

it('reads durations and stamps that the server was told to write as texts', async () => {
  const cases: readonly [unknown, number][] = [
    ['1.5ms', 1_500],
    ['250µs', 250],
    ['2s', 2e6],
    [9e-7, 1],
  ];
  for (const [duration, us] of cases) {
    const { rows } = await read(caddy, text({ ...HANDLED, duration, ts: '2025-11-24T17:26:01.250Z' }));
    assert.deepEqual([rows[0]?.durationUs, rows[0]?.startUs], [us, 1_764_005_161_250_000]);
  }
});

it('has no status where nobody was answered', async () => {
  const { rows } = await read(caddy, text({ ...HANDLED, status: 0 }));
  assert.equal(rows[0]?.status, undefined);
});

it('counts other messages, and fits a file that is mostly those', async () => {
  const started = { level: 'info', ts: 1764005100.1, msg: 'serving initial configuration' };
  const { reading, rows, unread } = await read(caddy, text(...Array(30).fill(started), HANDLED));
  assert.deepEqual([reading.score, rows.length], [1, 1]);
  assert.deepEqual(unread, { 'no request in it (an entry of another kind)': 30 });
});

it('does not fit a file without a request, nor one of another server', () => {
  assert.equal(detect(caddy, text({ level: 'info', ts: 1764005100.1, msg: 'started' })), null);
  assert.equal(detect(caddy, text({ ...HANDLED, msg: 'request' })), null);
});
