// Traefik's common format: read from both ends, since quotes inside are not escaped, and told from combined logs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectFormat, sampleOf } from '../../src/recording/formats/index.js';
import { traefik } from '../../src/recording/formats/traefik.js';
import { Zone } from '../../src/recording/read/zone.js';
import { detect, read } from './support.js';

const START_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3;
const AGENT = 'Mozilla/5.0 (X11) Firefox/140.0';

function line(middle = `"-" "${AGENT}"`, tail = '240 "shop@docker" "http://10.0.0.3:80" 12ms', user = '-') {
  return `192.0.2.7 - ${user} [24/Nov/2025:17:26:01 +0000] "GET /p/1?a=b HTTP/1.1" 200 512 ${middle} ${tail}\n`;
}

describe('a line of Traefik', () => {
  it('gives all its fields; the stamp is the start', async () => {
    const { rows, reading } = await read(traefik, line());
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: START_US,
      durationUs: 12_000,
      method: 'GET',
      host: undefined,
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1e6]);
  });

  it('may have quotes in the referrer, the agent and the user', async () => {
    for (const text of [
      line('"-" "a "quoted" agent"'),
      line('"https://a.example/"q"" "b"'),
      line(undefined, undefined, 'ann smith'),
    ]) {
      const { rows } = await read(traefik, text);
      assert.deepEqual([rows[0]?.path, rows[0]?.durationUs], ['/p/1?a=b', 12_000], text);
    }
  });

  it('may have no status and no size, a chain of routers, or no router', async () => {
    const text = line(undefined, '244 "a@docker -> b@docker" "-" 42ms').replace('200 512', '- -');
    const { rows } = await read(traefik, text + line(undefined, '- "-" "-" 0ms'));
    assert.deepEqual(
      rows.map(({ status, bytes, durationUs }) => [status, bytes, durationUs]),
      [
        [undefined, undefined, 42_000],
        [200, 512, 0],
      ],
    );
  });

  it('goes before a combined log, and a combined line is none of Traefik', () => {
    const bytes = Buffer.from(line() + line());
    const options = { zone: Zone.UTC, fields: null };
    assert.equal(detectFormat('a.log', sampleOf(bytes, bytes.length), options).format.id, 'traefik');
    for (const tail of ['', '12ms', '240 "a" "b" 12', '240 "a" 12ms', '240 "a" "b" xms']) {
      assert.equal(detect(traefik, line(undefined, tail)), null, tail);
    }
  });
});
