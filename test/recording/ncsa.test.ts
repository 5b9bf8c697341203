// NCSA lines as servers and shippers really write them: what becomes a row, and why the rest does not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type LineReading, UNREAD } from '../../src/recording/formats/format.js';
import { sampleOf } from '../../src/recording/formats/index.js';
import { ncsa } from '../../src/recording/formats/ncsa.js';
import { Clients } from '../../src/recording/read/clients.js';
import { Zone } from '../../src/recording/read/zone.js';
import type { Row } from '../../src/recording/row.js';

const AT = '[24/Nov/2025:17:26:01 +0000]';
const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1000;
const AGENT = '"-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"';
const PHONE = '192.0.2.7';

/** How a log is read whose first line this is, with or without a duration. */
const TIMED = Buffer.from(`${PHONE} - - ${AT} "GET / HTTP/1.1" 200 512 ${AGENT} 0.250`);
const PLAIN = Buffer.from(`${PHONE} - - ${AT} "GET / HTTP/1.1" 200 512 ${AGENT}`);

function readingOf(bytes: Buffer): LineReading {
  const reading = ncsa.detect(sampleOf(bytes, bytes.length), { zone: Zone.UTC, fields: null });
  assert.ok(reading?.kind === 'lines');
  return reading;
}

function parseBytes(bytes: Buffer, like = PLAIN): Row | string {
  return readingOf(like).open(new Clients('test', 256)).parse(bytes, 0, bytes.length);
}

function parse(line: string, like = PLAIN): Row | string {
  return parseBytes(Buffer.from(line, 'latin1'), like);
}

function row(line: string, like = PLAIN): Row {
  const found = parse(line, like);
  if (typeof found === 'string') assert.fail(`${found}: ${line}`);
  return found;
}

/** A line with this request field. */
function asking(request: string, rest = '200 512'): string {
  return `${PHONE} - - ${AT} "${request}" ${rest} ${AGENT}`;
}

describe('an ordinary line', () => {
  it('gives all its fields', () => {
    const { client, ...rest } = row(asking('GET /p/1?a=b HTTP/1.1'));
    assert.match(client, /^[0-9a-f]{16}$/);
    assert.deepEqual(rest, {
      startUs: AT_US,
      durationUs: undefined,
      method: 'GET',
      host: undefined,
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
  });

  it('may be common, without agent', () => {
    assert.equal(row(`${PHONE} - - ${AT} "GET / HTTP/1.1" 200 512`).clientClass, 'unknown');
  });

  it('tells bots by their agent', () => {
    const bot = row(
      `${PHONE} - - ${AT} "GET / HTTP/1.1" 200 1 "-" "Googlebot/2.1 (+http://www.google.com/bot.html)"`,
    );
    assert.equal(bot.clientClass, 'bot');
  });

  it('names a client by address, agent and key, and by nothing else', () => {
    const one = row(asking('GET /a HTTP/1.1')).client;
    assert.equal(row(asking('POST /b HTTP/1.1')).client, one);
    assert.notEqual(row(asking('GET /a HTTP/1.1').replace(PHONE, '192.0.2.8')).client, one);
    assert.notEqual(row(asking('GET /a HTTP/1.1').replace('140', '141')).client, one);
    const bytes = Buffer.from(asking('GET /a HTTP/1.1'));
    const other = readingOf(PLAIN).open(new Clients('another key')).parse(bytes, 0, bytes.length) as Row;
    assert.notEqual(other.client, one);
  });
});

describe('request fields', () => {
  const cases: readonly (readonly [string, string, Partial<Row> | string])[] = [
    ['nothing came', '-', UNREAD.noRequest],
    ['nginx 400', '', UNREAD.noRequest],
    ['one word', 'HELP', UNREAD.notHttp],
    ['TLS hello', '\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC', UNREAD.notHttp],
    ['TLS hello with a space and a quote', '\\x16\\x03 \\x22\\x01 \\"', UNREAD.notHttp],
    ['raw TLS bytes', '\x16\x03\x01\x02', UNREAD.notHttp],
    ['a trojan', "lv|'|'|VHJvamFu|'|'|user name|'|'|x", UNREAD.notHttp],
    ['lower case', 'get / HTTP/1.1', UNREAD.notHttp],
    ['spaces in the URL', 'GET /a b  c HTTP/1.1', { path: '/a%20b%20%20c' }],
    ['two spaces', 'GET  /a HTTP/1.1', { path: '/a' }],
    ['no protocol', 'GET /old', { path: '/old' }],
    ['HTTP/2', 'GET /new HTTP/2', { path: '/new' }],
    ['protocol in the query', 'GET /a?x= HTTP/1.1 HTTP/1.1', { path: '/a?x=%20HTTP/1.1' }],
    ['absolute', 'GET http://User@Shop.Example:80/a?b HTTP/1.1', { host: 'shop.example', path: '/a?b' }],
    [
      'absolute, other port',
      'GET https://shop.example:8443 HTTP/1.1',
      { host: 'shop.example:8443', path: '/' },
    ],
    ['absolute, query only', 'GET http://shop.example?x=1 HTTP/1.1', { path: '/?x=1' }],
    ['absolute, no host', 'GET http:///a HTTP/1.1', UNREAD.noPath],
    ['CONNECT', 'CONNECT shop.example:443 HTTP/1.1', UNREAD.connect],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1', UNREAD.noPath],
    ['relative', 'GET index.html HTTP/1.0', UNREAD.noPath],
    ['WebDAV', 'PROPFIND /dav HTTP/1.1', { method: 'PROPFIND', path: '/dav' }],
    ['escaped quote (Apache)', 'GET /a?q=\\"x\\" HTTP/1.1', { path: '/a?q="x"' }],
    ['escaped quote (nginx)', 'GET /a?q=\\x22x\\x22 HTTP/1.1', { path: '/a?q="x"' }],
    ['escaped backslash', 'GET /a\\\\b HTTP/1.1', { path: '/a\\b' }],
    ['escaped newline', 'GET /a\\nb HTTP/1.1', { path: '/a%0Ab' }],
    ['escaped bytes', 'GET /caf\\xC3\\xA9 HTTP/1.1', { path: '/caf%C3%A9' }],
    ['raw bytes, not UTF-8', 'GET /caf\xe9 HTTP/1.1', { path: '/caf%E9' }],
    ['raw quotes (escape=none)', 'GET /?q="a" x HTTP/1.1', { path: '/?q="a"%20x' }],
    ['odd but safe characters', 'GET /f/27|13%20%D9,p53 HTTP/1.1', { path: '/f/27|13%20%D9,p53' }],
  ];
  for (const [name, request, expected] of cases) {
    it(name, () => {
      const found = parse(asking(request));
      if (typeof expected === 'string') assert.equal(found, expected);
      else assert.deepEqual({ ...(found as Row), ...expected }, found);
    });
  }
});

describe('status and bytes', () => {
  const cases: readonly (readonly [string, number | undefined, number | undefined])[] = [
    ['304 -', 304, undefined],
    ['000 0', undefined, 0],
    ['- -', undefined, undefined],
    ['499 0', 499, 0],
    ['408 12', 408, 12],
    ['206 5368709120', 206, 5368709120],
  ];
  for (const [rest, status, bytes] of cases) {
    it(rest, () => {
      const found = row(asking('GET / HTTP/1.1', rest));
      assert.deepEqual([found.status, found.bytes], [status, bytes]);
    });
  }
});

describe('time stamps', () => {
  it('take the zone from the line, across a change inside a file', () => {
    const parser = readingOf(PLAIN).open(new Clients('test'));
    const at = (stamp: string) => {
      const line = Buffer.from(`${PHONE} - - [${stamp}] "GET / HTTP/1.1" 200 1`);
      return (parser.parse(line, 0, line.length) as Row).startUs / 1e6;
    };
    const before = at('09/Mar/2025:01:59:59 -0500');
    assert.equal(at('09/Mar/2025:03:00:00 -0400'), before + 1);
    assert.equal(at('09/Mar/2025:12:30:00 +0530'), before + 1);
    assert.equal(at('10/Mar/2025:00:00:00 +0000') - at('09/Mar/2025:00:00:00 +0000'), 86_400);
  });

  for (const stamp of [
    '31/Feb/2025:00:00:00 +0000',
    '01/Foo/2025:00:00:00 +0000',
    '01/Jan/2025:24:00:00 +0000',
    '01/Jan/2025:00:00:00',
    '2025-01-01T00:00:00+00:00',
    '01/Jan/2025:00:00:00 00000',
    '31/Dec/1970:12:00:00 +0000',
    '01/Jan/2100:00:00:00 +0000',
  ]) {
    it(`refuse ${stamp}`, () => {
      assert.match(
        String(parse(`${PHONE} - - [${stamp}] "GET / HTTP/1.1" 200 1`)),
        /no time stamp|no quoted/,
      );
    });
  }
});

describe('what stands in front', () => {
  const tail = `${AT} "GET / HTTP/1.1" 200 1 ${AGENT}`;
  const cases: readonly (readonly [prefix: string, client: string, host: string | undefined])[] = [
    [`${PHONE} - ann`, PHONE, undefined],
    [`${PHONE} - ann lee smith`, PHONE, undefined],
    [`${PHONE} - ann [admin]`, PHONE, undefined],
    [`${PHONE} - -`, PHONE, undefined],
    [`Shop.Example:443 ${PHONE} - -`, PHONE, 'shop.example'],
    [`shop.example:8080 ${PHONE} - ann lee`, PHONE, 'shop.example:8080'],
    [`_ ${PHONE} - -`, PHONE, undefined],
    [`- ${PHONE} -`, PHONE, undefined],
    [`shop.example dial-7.isp.example - -`, 'dial-7.isp.example', 'shop.example'],
    [`${PHONE} shop.example -`, PHONE, 'shop.example'],
    [`shop.example ${PHONE} - 0f1e2d3c -`, PHONE, 'shop.example'],
    ['2001:db8::1 - -', '2001:db8::1', undefined],
    ['fe80::1%eth0 - -', 'fe80::1%eth0', undefined],
    ['shop.example 2001:db8::1 - -', '2001:db8::1', 'shop.example'],
    ['dial-7.isp.example - -', 'dial-7.isp.example', undefined],
    [`${PHONE}, 10.0.0.1, 127.0.0.1 - -`, PHONE, undefined],
    [`"${PHONE}, 10.0.0.1" - -`, PHONE, undefined],
    [`Jul  8 11:07:07 web1 nginx[2869]: ${PHONE} - -`, PHONE, undefined],
    [`Jul  8 11:07:07 web1 nginx: shop.example ${PHONE} - -`, PHONE, 'shop.example'],
    [`web_1  | ${PHONE} - -`, PHONE, undefined],
    [`2025-11-24T17:26:01.123Z stdout F ${PHONE} - -`, PHONE, undefined],
  ];
  for (const [prefix, client, host] of cases) {
    it(prefix, () => {
      const found = row(`${prefix} ${tail}`);
      assert.equal(found.client, row(`${client} - - ${tail}`).client);
      assert.equal(found.host, host);
    });
  }

  it('a whole line in quotes, its own plain, doubled or escaped', () => {
    const plain = asking('GET /a HTTP/1.1');
    for (const inner of [plain, plain.replaceAll('"', '""'), plain.replaceAll('"', '\\"')]) {
      assert.deepEqual(parse(`"${inner}"`), parse(plain));
    }
  });
});

describe('a line inside a JSON text', () => {
  const plain = asking('GET /a HTTP/1.1');
  const wrapped = (line: string) => JSON.stringify({ log: `${line}\n`, stream: 'stdout' });

  it('is read as the line that it is', () => {
    assert.deepEqual(parse(wrapped(plain)), parse(plain));
    assert.deepEqual(parse(wrapped(`web1 nginx: ${plain}`)), parse(plain));
    assert.deepEqual(parse(`2025-11-24T17:26:03Z stdout F ${wrapped(plain)}`), parse(plain));
  });

  it('keeps the escapes of its own, and bytes over 0x7F', () => {
    const odd = asking('GET /a\\x22b\\"c HTTP/1.1');
    assert.deepEqual(parse(wrapped(odd)), parse(odd));
    assert.equal(row(Buffer.from(wrapped(asking('GET /é HTTP/1.1'))).toString('latin1')).path, '/%C3%A9');
  });

  it('is counted by what is wrong with it when it is damaged', () => {
    for (const text of [
      wrapped(plain).slice(0, 70),
      wrapped(plain).replace('"GET', '"\\q'),
      `x${AT} \\"GET`,
    ]) {
      assert.equal(typeof parse(text), 'string', text);
    }
    assert.equal(parse(wrapped(asking('\\x16\\x03'))), UNREAD.notHttp);
  });
});

describe('what follows', () => {
  const line = `${PHONE} - - ${AT} "GET / HTTP/1.1" 200 1`;
  const plain = row(`${line} ${AGENT}`);

  it('is ignored after the agent: forwarded addresses, counts, upstreams', () => {
    for (const extra of [
      '"-"',
      '"10.0.0.1, 10.0.0.2"',
      '116075',
      '512 [web] [] 10.0.0.1:80 - -',
      '"a" "b" 1 2',
    ]) {
      assert.deepEqual(row(`${line} ${AGENT} ${extra}`), plain);
    }
  });

  it('is ignored before the referer', () => {
    assert.deepEqual(row(`${line} 3551 12 ${AGENT}`), plain);
  });

  it('may hold quotes inside the agent', () => {
    assert.equal(typeof parse(`${line} "-" "a \\"quoted\\" agent" "-"`), 'object');
    assert.equal(typeof parse(`${line} "-" "a "quoted" agent`), 'object');
  });

  it('is a duration only where every line has three decimals there', () => {
    const timed = Buffer.from(`${line} ${AGENT} 0.250\n${line} ${AGENT} "10.0.0.1" 1.003 0.001\n`);
    assert.equal(readingOf(timed).stamp, 'end');
    const mixed = Buffer.from(`${line} ${AGENT} 0.250\n${line} ${AGENT} 250\n`);
    assert.equal(readingOf(mixed).stamp, 'unknown');
    assert.equal(readingOf(mixed).score, 1);
    assert.equal(row(`${line} ${AGENT} 0.250`, TIMED).durationUs, 250_000);
    assert.equal(row(`${line} ${AGENT} "10.0.0.1, 1.234" 512 1.003 [x] 0.001`, TIMED).durationUs, 1_003_000);
    assert.equal(row(`${line} ${AGENT} -`, TIMED).durationUs, undefined);
    assert.equal(row(`${line} ${AGENT} 0.250`).durationUs, undefined);
  });
});

describe('any bytes', () => {
  const base = Buffer.from(asking('GET /caf\\xC3?q=\\"x\\" HTTP/1.1'), 'latin1');

  it('never throw, and give a path that is safe to send', () => {
    const edit = fc.record({
      at: fc.nat(base.length),
      drop: fc.nat(12),
      put: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        let bytes = base;
        for (const { at, drop, put } of edits) {
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + drop)]);
        }
        for (const format of [PLAIN, TIMED]) {
          const found = parseBytes(bytes, format);
          if (typeof found === 'string') continue;
          assert.match(found.path, /^\/[\x21-\x7e]*$/);
          assert.ok(Number.isSafeInteger(found.startUs));
          assert.match(found.client, /^[0-9a-f]{16}$/);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('never throw when the line is cut anywhere', () => {
    for (let n = 0; n <= base.length; n++) parseBytes(base.subarray(0, n));
  });

  it('are read in time that grows with their number only', () => {
    // A quadratic scanner would need minutes for these lines of 64 kB, and the whole suite would notice.
    for (const seed of [
      '"',
      '\\"',
      '[',
      '" 200 "',
      ' "x" ',
      '] ""',
      '1.1 ',
      'a:',
      '\\\\"',
      '\\',
      ', ',
      ' ',
    ]) {
      const filler = seed.repeat(65_536 / seed.length);
      parse(filler, TIMED);
      parse(asking(filler), TIMED);
      parse(`${filler} - - ${AT} "GET / HTTP/1.1" 200 1`, TIMED);
      parse(asking('GET / HTTP/1.1') + filler, TIMED);
      parse(`"${asking('GET / HTTP/1.1')}${filler}`, TIMED);
    }
  });
});
