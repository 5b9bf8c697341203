// AWS load balancers: which instant is the start, which lines are no requests, and what a log from years ago looks like.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alb, elb } from '../../src/recording/formats/alb.js';
import { SET_APART, UNREAD } from '../../src/recording/formats/format.js';
import { detect, read } from './support.js';

const TIME = '2025-11-24T17:26:01.186641Z';
const TIME_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3 + 186_641;

interface AlbLine {
  readonly type?: string;
  readonly client?: string;
  readonly times?: string;
  readonly status?: string;
  readonly request?: string;
  readonly agent?: string;
  readonly created?: string;
}

function albLine(given: AlbLine = {}): string {
  const { type = 'https', client = '192.0.2.7:2817', times = '0.001 0.048 0.000', status = '200' } = given;
  const {
    request = 'GET https://shop.example:443/p/1?a=b HTTP/1.1',
    agent = 'Mozilla/5.0 (X11) Firefox/140.0',
  } = given;
  const { created = '2025-11-24T17:26:01.100000Z' } = given;
  return (
    `${type} ${TIME} app/shop/50dc ${client} 10.0.0.1:80 ${times} ${status} 200 34 366 "${request}" "${agent}" - - ` +
    `arn:aws:tg "Root=1-5833" "-" "-" 0 ${created} "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1 "new"\n`
  );
}

async function albRow(line: AlbLine = {}) {
  const { rows, unread } = await read(alb, albLine(line));
  assert.equal(rows.length, 1, JSON.stringify(unread));
  return rows[0]!;
}

describe('a line of an application load balancer', () => {
  it('gives all its fields, with the host and the path taken from the URL', async () => {
    const { client, ...row } = await albRow();
    assert.match(client, /^[0-9a-f]{16}$/);
    assert.deepEqual(row, {
      startUs: TIME_US - 86_641,
      durationUs: 86_641,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?a=b',
      status: 200,
      bytes: 366,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
  });

  it('starts when the request was created, if that was at most an hour before the response', async () => {
    const cases = [
      ['2025-11-24T16:26:01.186641Z', 3_600e6],
      ['2025-11-24T17:26:01.186641Z', 0],
      ['2025-11-24T16:26:01.186640Z', 49_000],
      ['2018-07-02T22:22:48.364000Z', 49_000],
      ['2025-11-24T17:26:01.186642Z', 49_000],
      ['-', 49_000],
    ] as const;
    for (const [created, durationUs] of cases) {
      const row = await albRow({ created });
      assert.equal(row.durationUs, durationUs, created);
      assert.equal(row.startUs, TIME_US - durationUs, created);
    }
  });

  it('has no duration when no target answered and its creation is not believed', async () => {
    const row = await albRow({ times: '-1 -1 -1', created: '-' });
    assert.equal(row.durationUs, undefined);
    assert.equal(row.startUs, TIME_US);
  });

  it('keeps spaces inside the URL, a port that is not the default, and stamps to the microsecond', async () => {
    const request = 'GET http://10.0.2.105:773/shell?cd+/tmp; rm HTTP/1.1';
    const row = await albRow({ type: 'http', request });
    assert.equal(row.host, '10.0.2.105:773');
    assert.equal(row.path, '/shell?cd+/tmp;%20rm');
    const reading = detect(alb, albLine());
    assert.deepEqual([reading?.stamp, reading?.resolutionUs, reading?.score], ['start', 1, 1]);
  });

  it('tells clients apart by address and agent, never by port, in IPv6 too', async () => {
    const names = [];
    for (const client of ['192.0.2.7:1', '192.0.2.7:2', '2001:db8::7:1', '2001:db8::7:2', '2001:db8::8:2']) {
      names.push((await albRow({ client })).client);
    }
    assert.equal(names[0], names[1]);
    assert.equal(names[2], names[3]);
    assert.equal(new Set(names).size, 3);
  });

  it('is read up to the agent when the agent has quotes inside', async () => {
    assert.equal((await albRow({ agent: 'a"b \\" c' })).path, '/p/1?a=b');
  });
});

describe('what is no request', () => {
  const network =
    'tls 2.0 2025-11-24T17:26:00 net/lb/c6e77e28c25b2234 g3d4b5e8 192.0.2.7:2817 10.0.0.1:80 5 2 98 246 - arn:aws:acm ' +
    '- ECDHE-RSA-AES128-SHA tlsv12 - lb.elb.amazonaws.com - - - 2025-11-24T17:25:50\n';
  const cases = [
    ['a websocket', albLine({ type: 'wss' }), SET_APART.upgrade],
    ['a plain websocket', albLine({ type: 'ws' }), SET_APART.upgrade],
    ['a switch of protocols', albLine({ status: '101' }), SET_APART.upgrade],
    [
      'a request that could not be read',
      albLine({ request: '- http://shop.example:80- ' }),
      UNREAD.noRequest,
    ],
    ['a connection without one', albLine({ request: '- - - ' }), UNREAD.noRequest],
    ['a CONNECT', albLine({ request: 'CONNECT https://shop.example:443/ HTTP/1.1' }), UNREAD.connect],
    ['a line of a network load balancer', network, 'line of a network load balancer: no HTTP request in it'],
    ['a line that was cut off', albLine().slice(0, 90), UNREAD.notFormat],
    ['a stamp that is none', albLine().replace('T17:26:01.186641Z', 'T37:26:01.186641Z'), UNREAD.notFormat],
  ] as const;
  for (const [what, line, reason] of cases) {
    it(`is counted as such: ${what}`, async () => {
      const { rows, unread } = await read(alb, `${albLine()}${line}`);
      assert.equal(rows.length, 1);
      assert.deepEqual(unread, { [reason]: 1 });
    });
  }

  it('is still known as a load balancer log when there is nothing else in it', async () => {
    assert.equal(detect(alb, network)?.score, 1);
  });
});

describe('a line of a classic load balancer', () => {
  const line = (request: string, rest = ' "curl/8.10.1" - -') =>
    `${TIME} shop 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "${request}"${rest}\n`;

  it('starts at its stamp and took the three times together', async () => {
    const { rows } = await read(elb, line('GET http://shop.example:80/p/1 HTTP/1.1'));
    const { startUs, durationUs, host, path, status, bytes } = rows[0]!;
    assert.deepEqual(
      { startUs, durationUs, host, path, status, bytes },
      { startUs: TIME_US, durationUs: 1178, host: 'shop.example', path: '/p/1', status: 200, bytes: 29 },
    );
  });

  it('may be of before 2014, when it had no agent', async () => {
    const { rows } = await read(elb, line('GET http://shop.example:80/p/1 HTTP/1.1', ''));
    assert.equal(rows[0]?.clientClass, 'unknown');
  });

  it('is no request when the listener is TCP', async () => {
    assert.deepEqual((await read(elb, line('- - - '))).unread, { [UNREAD.noRequest]: 1 });
  });
});
