// Envoy's default format and Istio's, bare or behind what a container's runtime puts in front.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envoy } from '../../src/recording/formats/envoy.js';
import { UNREAD } from '../../src/recording/formats/format.js';
import { read } from './support.js';

const START_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3 + 310_000;
const HEAD = '[2025-11-24T17:26:01.310Z] "GET /p/1?a=b HTTP/2"';
const PEOPLE =
  '"192.0.2.7, 10.0.0.2" "Mozilla/5.0 (X11) Firefox/140.0" "cc21d9b0-cf5c" "shop.example" "10.0.2.1:80"';
const ENVOY = `200 - 154 512 226 100 ${PEOPLE}`;
const PLACES = 'outbound|80||web 10.0.0.4:41 10.0.0.9:8080 192.0.2.7:52030 shop.example default';

const EXPECTED = {
  startUs: START_US,
  durationUs: 226_000,
  method: 'GET',
  host: 'shop.example',
  path: '/p/1?a=b',
  status: 200,
  bytes: 512,
  clientClass: 'person',
  headers: undefined,
  body: undefined,
};

describe('a line of Envoy', () => {
  for (const [what, text] of [
    ['in its default format', `${HEAD} ${ENVOY}`],
    ['in the format of Istio', `${HEAD} 200 - via_upstream - "-" 154 512 226 100 ${PEOPLE} ${PLACES}`],
    ['in the format of an older Istio', `${HEAD} 200 - "-" 154 512 226 100 ${PEOPLE} ${PLACES}`],
    [
      'behind a stamp of the container runtime',
      `2025-11-24T17:26:04.493035218+01:00 stdout F ${HEAD} ${ENVOY}`,
    ],
    ['behind the name of a container', `web_1  | ${HEAD} ${ENVOY}`],
  ] as const) {
    it(`${what} gives all its fields`, async () => {
      const { rows, reading } = await read(envoy, `${text}\n`);
      assert.equal(rows.length, 1);
      const { client: _, ...row } = rows[0]!;
      assert.deepEqual(row, EXPECTED);
      assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1e3]);
    });
  }

  it('names the same client by forwarded address and by address with a port', async () => {
    const istio = (forwarded: string) =>
      `${HEAD} 200 - via_upstream - "-" 1 2 3 4 "${forwarded}" "a" "b" "c" "d" ${PLACES}\n`;
    const { rows } = await read(envoy, istio('192.0.2.7') + istio('-') + istio('192.0.2.8'));
    assert.equal(rows[0]?.client, rows[1]?.client);
    assert.notEqual(rows[0]?.client, rows[2]?.client);
  });

  it('has no status when the client left, which is code 0', async () => {
    const { rows } = await read(envoy, `${HEAD} 0 DC 0 0 5 - "-" "-" "-" "shop.example" "-"\n`);
    assert.deepEqual([rows[0]?.status, rows[0]?.durationUs], [undefined, 5_000]);
  });

  it('may have quotes and brackets in the path', async () => {
    const text =
      '[2025-11-24T17:26:01.310Z] "GET /a"b[1] HTTP/1.1" 200 - 0 0 1 - "-" "-" "-" "shop.example" "-"\n';
    assert.equal((await read(envoy, text)).rows[0]?.path, '/a"b[1]');
  });

  it('is no request when the connection had none', async () => {
    const text = `${HEAD} ${ENVOY}\n[2025-11-24T17:26:01.310Z] "- - -" 0 UF,URX 0 0 1 - "-" "-" "-" "-" "-"\n`;
    assert.deepEqual((await read(envoy, text)).unread, { [UNREAD.noRequest]: 1 });
  });
});
