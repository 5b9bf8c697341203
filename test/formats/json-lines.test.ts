// JSON lines as servers and applications write them: which key is taken for what, and what broken JSON still gives.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FieldMap } from '../../src/recording/fields/field-map.js';
import { parseField } from '../../src/recording/fields/field-map.js';
import { UNREAD } from '../../src/recording/formats/format.js';
import { jsonLines } from '../../src/recording/formats/json-lines.js';
import { Clients } from '../../src/recording/read/clients.js';
import { Zone } from '../../src/recording/read/zone.js';
import type { Row } from '../../src/recording/row.js';
import { detect, read } from './support.js';

const AT = '2025-11-24T17:26:01.250Z';
const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1, 250) * 1000;

const lines = (...entries: readonly object[]) => entries.map((entry) => JSON.stringify(entry)).join('\n');

async function one(text: string, map?: readonly string[]): Promise<Row> {
  const { rows, unread } = await read(jsonLines, text, map ? { fields: fieldMap(map) } : {});
  assert.deepEqual(unread, {});
  return rows[0]!;
}

function fieldMap(texts: readonly string[]): FieldMap {
  const entries = texts.map((text) => {
    const parsed = parseField(text);
    assert.ok(parsed);
    return [parsed.of, parsed.field];
  });
  return Object.fromEntries(entries) as FieldMap;
}

const NGINX = {
  remote_addr: '192.0.2.7',
  time_local: '24/Nov/2025:17:26:01 +0100',
  request: 'GET /p/1?a=b HTTP/1.1',
  status: '200',
  body_bytes_sent: '512',
  request_time: '0.250',
  http_host: 'Shop.Example:443',
  http_user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
  http_x_forwarded_for: '-',
};

describe('JSON lines of nginx', () => {
  it('gives all fields of a line whose values are texts', async () => {
    const { client, ...rest } = await one(lines(NGINX));
    assert.match(client, /^[0-9a-f]{16}$/);
    assert.deepEqual(rest, {
      startUs: Date.UTC(2025, 10, 24, 16, 26, 1) * 1000,
      durationUs: 250_000,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
  });

  it('takes stamps for ends, in the step of the variable that wrote them', () => {
    const local = detect(jsonLines, lines(NGINX));
    assert.deepEqual([local?.stamp, local?.resolutionUs], ['end', 1e6]);
    const msec = detect(jsonLines, lines({ msec: '1764005161.250', uri: '/p', request_time: '0.1' }));
    assert.deepEqual([msec?.stamp, msec?.resolutionUs], ['end', 1e3]);
    const logged = detect(jsonLines, lines({ '@timestamp': AT, uri: '/p', request_time: 0.1 }));
    assert.equal(logged?.stamp, 'end');
  });

  it('puts the query back that $uri comes without', async () => {
    const row = await one(lines({ time: AT, request_method: 'POST', uri: '/cart', args: 'id=7' }));
    assert.deepEqual([row.method, row.path], ['POST', '/cart?id=7']);
  });

  it('prefers the forwarded address, the first of a list, and falls back where there is none', async () => {
    const from = (forwarded: string, addr: string) => ({
      ...NGINX,
      http_x_forwarded_for: forwarded,
      remote_addr: addr,
    });
    const { rows } = await read(
      jsonLines,
      lines(from('198.51.100.9, 10.0.0.1', '10.0.0.2'), from('-', '198.51.100.9'), from('-', '10.0.0.2')),
    );
    assert.equal(rows[0]?.client, rows[1]?.client);
    assert.notEqual(rows[1]?.client, rows[2]?.client);
  });
});

describe('JSON lines of others', () => {
  const cases: readonly [string, object, Partial<Row>, string][] = [
    [
      'Envoy, whose start_time is the start and whose duration is in milliseconds',
      {
        ':authority': 'shop.example',
        method: 'GET',
        'x-envoy-origin-path': '/p?x=1',
        response_code: 200,
        duration: 11,
        start_time: AT,
        bytes_sent: 42,
        protocol: 'HTTP/2',
        'x-forwarded-for': '192.0.2.7',
        'user-agent': 'curl/8.5.0',
      },
      {
        durationUs: 11_000,
        host: 'shop.example',
        path: '/p?x=1',
        status: 200,
        bytes: 42,
        clientClass: 'bot',
      },
      'start',
    ],
    [
      'Fastly, whose fields are the user’s',
      {
        timestamp: AT,
        client_ip: '192.0.2.7',
        host: 'shop.example',
        url: '/p',
        request_method: 'HEAD',
        response_status: 404,
      },
      { method: 'HEAD', host: 'shop.example', path: '/p', status: 404, durationUs: undefined },
      'unknown',
    ],
    [
      'API Gateway, whose requestTime is a time',
      {
        requestTime: '24/Nov/2025:17:26:01 +0000',
        requestTimeEpoch: 1_764_005_161_250,
        httpMethod: 'PUT',
        path: '/v1/p',
        status: '201',
      },
      { method: 'PUT', path: '/v1/p', status: 201 },
      'start',
    ],
    [
      'pino, which logs when the response is over',
      {
        time: 1_764_005_161_250,
        req: { method: 'GET', url: '/p', headers: { host: 'shop.example' } },
        res: { statusCode: 200 },
        responseTime: 12,
      },
      { durationUs: 12_000, host: 'shop.example', status: 200 },
      'end',
    ],
    [
      'ECS, with durations in nanoseconds',
      {
        '@timestamp': AT,
        http: { request: { method: 'GET' }, response: { status_code: 503 } },
        url: { original: '/p' },
        event: { duration: 12_345_678 },
      },
      { durationUs: 12_346, path: '/p', status: 503 },
      'unknown',
    ],
    [
      'an entry inside an outer key',
      { time: AT, jsonPayload: { verb: 'GET', path: '/p', latency: '0.5s' } },
      { method: 'GET', path: '/p', durationUs: 500_000 },
      'unknown',
    ],
    [
      'an absolute URL, which gives the host too',
      { ts: 1_764_005_161.25, url: 'https://shop.example:443/p?q=1', took_us: 77 },
      { host: 'shop.example', path: '/p?q=1', durationUs: 77 },
      'unknown',
    ],
  ];
  for (const [name, entry, expected, stamp] of cases) {
    it(`reads ${name}`, async () => {
      const text = lines(entry);
      const row = await one(text);
      assert.deepEqual({ ...row, ...expected }, row);
      assert.equal(row.startUs, AT_US);
      assert.equal(detect(jsonLines, text)?.stamp, stamp);
    });
  }

  it('reads what the user says is what, with units, before any name', async () => {
    const entry = {
      when: '1764005161250',
      meta: { ip: '192.0.2.7', 'el.apsed': 3 },
      target: '/p',
      url: '/other',
    };
    const row = await one(lines(entry), ['time=when@ms', 'path=target', 'duration=meta.el.apsed@s']);
    assert.deepEqual([row.startUs, row.path, row.durationUs], [AT_US, '/p', 3e6]);
  });

  it('does not fit where the user names a time that is not there', () => {
    assert.equal(detect(jsonLines, lines(NGINX), { fields: fieldMap(['time=when']) }), null);
  });

  it('reads local times in the zone that the user gives', async () => {
    const zone = Zone.parse('+0200');
    assert.ok(zone);
    const { rows } = await read(jsonLines, lines({ time: '2025-11-24 19:26:01.250', path: '/p' }), { zone });
    assert.equal(rows[0]?.startUs, AT_US);
  });

  it('reads nanoseconds to the microsecond, beyond what a double holds', async () => {
    const row = await one('{"ts":1764005161250123999,"path":"/p?n=\\"1764005161250123999\\""}');
    assert.equal(row.startUs, AT_US + 123);
    assert.equal(row.path, '/p?n="1764005161250123999"');
  });

  it('keeps text that is not ASCII as its UTF-8 bytes', async () => {
    const row = await one(`{"time":"${AT}","path":"/caf\\u00e9/é"}`);
    assert.equal(row.path, '/caf%C3%A9/%C3%A9');
  });
});

describe('JSON that is not quite', () => {
  const BASE = `"time":"${AT}","path":"/p"`;
  const cases: readonly [string, string, (row: Row) => void][] = [
    [
      '\\xHH, as nginx escapes by default',
      `{${BASE},"args":"q=\\xC3\\xA9\\x22"}`,
      (row) => assert.equal(row.path, '/p?q=%C3%A9"'),
    ],
    ['nothing where a number was', `{"status":,${BASE}}`, (row) => assert.equal(row.status, undefined)],
    [
      'a bare - where a number was',
      `{"status":200,${BASE},"took": - }`,
      (row) => assert.equal(row.status, 200),
    ],
    ['other escapes', `{${BASE},"args":"a\\'b"}`, (row) => assert.equal(row.path, "/p?a\\'b")],
    ['a bare tab', `{${BASE},"args":"a\tb"}`, (row) => assert.equal(row.path, '/p?a%09b')],
    [
      'colons and commas inside texts',
      `{"bytes":,${BASE},"args":"a:,b:}"}`,
      (row) => assert.equal(row.path, '/p?a:,b:}'),
    ],
  ];
  for (const [name, line, check] of cases) {
    it(`reads a line with ${name}`, async () => check(await one(line)));
  }

  it('keeps bytes that are no UTF-8', async () => {
    const row = await one(Buffer.from(`{${BASE},"args":"q=\xe9"}`, 'latin1').toString('latin1'));
    assert.equal(row.path, '/p?q=%C3%A9');
    const { rows } = await read(jsonLines, Buffer.from(`{${BASE},"args":"q=\xe9"}`, 'latin1'));
    assert.equal(rows[0]?.path, '/p?q=%E9');
  });

  it('counts what is no request by its reason', async () => {
    const { rows, unread } = await read(
      jsonLines,
      `${lines(NGINX, { time: AT, msg: 'ready' }, { ...NGINX, request: '' }, { ...NGINX, request: 'HELP' }, { ...NGINX, time_local: '-' })}\nstarting up\n{"cut": "of`,
    );
    assert.equal(rows.length, 1);
    assert.deepEqual(unread, {
      'no request in it (an entry of another kind)': 1,
      [UNREAD.noRequest]: 1,
      [UNREAD.notHttp]: 1,
      [UNREAD.noStamp]: 1,
      [UNREAD.notJson]: 2,
    });
  });
});

describe('a list of entries', () => {
  const entries = Array.from({ length: 40 }, (_, i) => ({
    ...NGINX,
    request: `GET /p/${i}?a={"]" HTTP/1.1`,
  }));

  it('is read when it is printed over several lines, on one line, or without its brackets', async () => {
    const texts = [
      JSON.stringify(entries, null, 2),
      JSON.stringify(entries),
      entries.map((entry) => JSON.stringify(entry, null, 2)).join('\n'),
      `\ufeff ${JSON.stringify(entries.slice(0, 20))}\n${JSON.stringify(entries.slice(20))}`,
    ];
    for (const text of texts) {
      const { reading, rows, unread, seen } = await read(jsonLines, text);
      assert.equal(reading.kind, 'records');
      assert.deepEqual([rows.length, unread, seen], [40, {}, 40]);
      assert.equal(rows[39]?.path, '/p/39?a={"]"');
    }
  });

  it('says where it was cut off, and keeps what came before', async () => {
    const { rows, unread } = await read(jsonLines, JSON.stringify(entries, null, 1).slice(0, -200));
    assert.equal(rows.length, 39);
    assert.deepEqual(unread, { 'cut: the JSON ends inside an object: read up to there': 1 });
  });

  it('drops an object over 1 MiB and goes on', async () => {
    const text = JSON.stringify([...entries, { ...NGINX, request: `GET /${'x'.repeat(1_100_000)}` }, NGINX]);
    const { rows, unread } = await read(jsonLines, text);
    assert.equal(rows.length, 41);
    assert.deepEqual(unread, { 'object longer than 1 MiB': 1 });
  });
});

describe('hostile JSON', () => {
  const parser = () => {
    const reading = detect(jsonLines, lines(NGINX));
    assert.ok(reading?.kind === 'lines');
    return reading;
  };

  it('never throws, whatever the bytes are', () => {
    const parse = parser().open(new Clients('test', 256));
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      '-',
      'x',
      '\\x4',
      '1764005161250123999',
      'request',
      'time_local',
      '\u00e9',
      '\x00',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const bytes = Buffer.from(`{${pieces.join('')}`);
        const row = parse.parse(bytes, 0, bytes.length);
        assert.ok(typeof row === 'string' || row.path.startsWith('/'));
      }),
    );
  });

  it('survives deep nesting, long runs of quotes and backslashes, and keys of objects', () => {
    const parse = parser().open(new Clients('test', 256));
    const inputs = [
      `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      `{"a":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
      `{"1234567890123456\\"${'\\"'.repeat(30_000)}\\`,
      `{${':'.repeat(60_000)}`,
      `{"a":${' '.repeat(60_000)}`,
      `{"__proto__":{"request":"GET / HTTP/1.1"},"constructor":1}`,
    ];
    for (const input of inputs) {
      const bytes = Buffer.from(input);
      assert.equal(typeof parse.parse(bytes, 0, bytes.length), 'string');
      detect(jsonLines, input);
    }
  });
});
