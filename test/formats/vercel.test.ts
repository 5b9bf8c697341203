// Vercel's log drains: one row a request, whatever number of entries tell of it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { vercel } from '../../src/recording/formats/vercel.js';
import { detect, read } from './support.js';

function entry(requestId: string, more: object = {}): object {
  return {
    id: `log-${requestId}`,
    deploymentId: 'dpl_1',
    source: 'static',
    host: 'internal.example',
    timestamp: 1_764_005_161_900,
    requestId,
    statusCode: 200,
    proxy: {
      timestamp: 1_764_005_161_250,
      method: 'GET',
      host: 'shop.example',
      path: '/p?x=1',
      userAgent: ['Mozilla/5.0 Firefox/140.0'],
      clientIp: '192.0.2.7',
      statusCode: 200,
      scheme: 'https',
    },
    ...more,
  };
}

const OUTPUT = {
  id: 'o',
  deploymentId: 'dpl_1',
  source: 'lambda',
  requestId: 'r1',
  message: 'hello',
  timestamp: 1_764_005_161_300,
};

it('reads the entry of the proxy, and its own time', async () => {
  const { reading, rows } = await read(vercel, JSON.stringify(entry('r1')));
  assert.equal(reading.stamp, 'start');
  const { startUs, host, path, status, clientClass } = rows[0]!;
  assert.deepEqual(
    [startUs, host, path, status, clientClass],
    [1_764_005_161_250_000, 'shop.example', '/p?x=1', 200, 'person'],
  );
});

it('makes one row of several entries, in lists and in lines', async () => {
  const entries = [OUTPUT, entry('r1'), entry('r1', { source: 'lambda' }), entry('r2')];
  for (const text of [
    JSON.stringify(entries, null, 2),
    entries.map((one) => JSON.stringify(one)).join('\n'),
  ]) {
    const { reading, rows, unread } = await read(vercel, text);
    assert.deepEqual([reading.score, rows.length], [1, 2]);
    assert.deepEqual(unread, {
      'another entry of the same request': 1,
      'no request in it (an entry of another kind)': 1,
    });
  }
});

it('has no status where there was no answer', async () => {
  const { proxy } = entry('r1') as { proxy: object };
  const { rows } = await read(vercel, JSON.stringify(entry('r1', { proxy: { ...proxy, statusCode: -1 } })));
  assert.equal(rows[0]?.status, undefined);
});

it('remembers requests of late in bounded memory', async () => {
  const many = Array.from({ length: 40_000 }, (_, i) => JSON.stringify(entry(`r${i}`)));
  const { rows } = await read(vercel, [...many, many[39_999], many[20_000]].join('\n'));
  assert.equal(rows.length, 40_000);
});

it('does not fit what functions print alone', () => {
  assert.equal(detect(vercel, JSON.stringify(OUTPUT)), null);
});
