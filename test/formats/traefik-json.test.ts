// Traefik's access log in JSON.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { traefikJson } from '../../src/recording/formats/traefik-json.js';
import { detect, read } from './support.js';

const ENTRY = {
  ClientAddr: '192.0.2.7:39496',
  ClientHost: '192.0.2.7',
  DownstreamContentSize: 357,
  DownstreamStatus: 200,
  Duration: 357_313,
  OriginDuration: 324_669,
  RequestAddr: 'shop.example:8443',
  RequestHost: 'shop.example',
  RequestMethod: 'GET',
  RequestPath: '/p?x=1',
  RequestScheme: 'https',
  StartLocal: '2025-11-24T18:26:01.250123456+01:00',
  StartUTC: '2025-11-24T17:26:01.250123456Z',
  'request_User-Agent': 'Nikto',
  time: '2025-11-24T17:26:09Z',
};

it('reads the start to the microsecond and the whole duration in nanoseconds', async () => {
  const { reading, rows } = await read(traefikJson, JSON.stringify(ENTRY));
  assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1]);
  const { startUs, durationUs, host, path, status, bytes, clientClass } = rows[0]!;
  assert.deepEqual([startUs, durationUs], [1_764_005_161_250_123, 357]);
  assert.deepEqual([host, path, status, bytes, clientClass], ['shop.example', '/p?x=1', 200, 357, 'bot']);
});

it('takes the local start and the address asked for where the others are left out', async () => {
  const { StartUTC: _, ...entry } = ENTRY;
  const { rows } = await read(traefikJson, JSON.stringify({ ...entry, RequestHost: '-' }));
  assert.deepEqual([rows[0]?.startUs, rows[0]?.host], [1_764_005_161_250_123, 'shop.example:8443']);
});

it('tells clients behind a proxy apart by the forwarded address', async () => {
  const from = (forwarded: string) => JSON.stringify({ ...ENTRY, 'request_X-Forwarded-For': forwarded });
  const { rows } = await read(
    traefikJson,
    [from('198.51.100.1, 10.0.0.1'), from('198.51.100.2'), from('-')].join('\n'),
  );
  assert.equal(new Set(rows.map(({ client }) => client)).size, 3);
});

it('sets the other messages of the server apart, and does not fit them alone', async () => {
  const message = JSON.stringify({ level: 'info', msg: 'Starting provider', time: '2025-11-24T17:26:01Z' });
  const { unread } = await read(traefikJson, `${message}\n${JSON.stringify(ENTRY)}`);
  assert.deepEqual(unread, { 'no request in it (an entry of another kind)': 1 });
  assert.equal(detect(traefikJson, message), null);
});
